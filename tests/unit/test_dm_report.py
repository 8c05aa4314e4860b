import pytest
from dm_report import done, sentence


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Task failed: Action failed: Account main is another.", "Account main is another."),
        ("Task failed: Module failed: No.", "No."),
        (
            "Task failed: Finalization of task args for 'dm_buckets' failed: "
            "Error while resolving value for 'buckets': "
            "buckets_overrides names the unknown kind 'x'; allowed are y (inventories/a.yml:3).",
            "buckets_overrides names the unknown kind 'x'; allowed are y (inventories/a.yml:3).",
        ),
        ("two\n  lines", "two lines"),
    ],
)
def test_a_failure_is_the_tasks_own_sentence(message, said):
    assert sentence({"msg": message}) == said


def test_failures_of_a_loop_are_each_said_once():
    items = [{"failed": True, "msg": "no"}, {"failed": False, "msg": "yes"}, {"failed": True, "msg": "no"}]

    assert sentence({"msg": "One or more items failed", "results": items}) == "no"


def test_only_what_was_brought_to_an_end_counts_as_done():
    actions = [
        {"resource": "bucket a", "verb": "add"},
        {"resource": "bucket a", "verb": "change"},
        {"resource": "bucket b", "verb": "add"},
        {"resource": "bucket b", "verb": "change"},
        {"resource": "bucket c", "verb": "change"},
    ]
    outcomes = [
        {"resource": "bucket a", "status": "done"},
        {"resource": "bucket a", "status": "done"},
        {"resource": "bucket b", "status": "done"},
        {"resource": "bucket b", "status": "failed"},
        {"resource": "bucket c", "status": "not tried"},
    ]

    assert done({"actions": actions, "outcomes": outcomes}) == {"add": 1, "change": 0, "remove": 0}
    assert done({"actions": actions, "outcomes": []}) == {"add": 0, "change": 0, "remove": 0}
