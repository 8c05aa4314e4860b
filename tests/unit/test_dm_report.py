import re

import dm_report
import pytest
from ansible.module_utils.estate.findings.said import diffs, sentence, together
from ansible.module_utils.estate.findings.summary import done, failures, listed
from dm_report import CallbackModule


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
        ("A 'when' expression failed: buckets_region is missing.", "buckets_region is missing."),
        ("Error processing keyword 'environment': no.", "no."),
    ],
)
def test_a_failure_is_the_tasks_own_sentence(message, said):
    assert sentence({"msg": message}) == said


def test_what_an_argument_spec_refuses_names_the_variable_what_is_allowed_and_where_it_is_said():
    errors = [
        "missing required arguments: buckets_kinds, buckets_tags",
        "argument 'buckets_known' is of type NoneType and we were unable to convert to list: <class 'NoneType'> no",
        "argument 'buckets_defaults' is of type str and we were unable to convert to dict: no",
        "argument 'RequireNumbers' is of type str found in 'buckets_tags'. and we were unable to convert to bool: no",
        "buckets_tags.Owner. Supported parameters include: Kind, Stage.",
        "value of manager must be one of: none, systemd, got: cron",
    ]

    said = sentence({"argument_errors": errors, "validate_args_context": {"name": "buckets"}, "msg": "Validation …"})

    assert said == (
        "buckets_kinds is missing, buckets_tags is missing, buckets_known is empty; allowed is a list, "
        "buckets_defaults is of type str; allowed is a mapping, "
        "buckets_tags.RequireNumbers is of type str; allowed is true or false, "
        "buckets_tags.Owner is unknown; allowed are Kind, Stage, "
        "value of manager must be one of: none, systemd, got: cron "
        "(inventories/*/group_vars/all and host_vars; roles/buckets/meta/argument_specs.yml)."
    )


def test_failures_of_a_loop_are_each_said_once():
    items = [{"failed": True, "msg": "no"}, {"failed": False, "msg": "yes"}, {"failed": True, "msg": "no"}]

    assert sentence({"msg": "One or more items failed", "results": items}) == "no"


def test_what_befell_several_hosts_alike_is_one_line():
    found = [{"host": host, "sentence": said} for host, said in (("b", "no."), ("c", "never."), ("a", "no."))]

    assert failures(found) == ["a, b: no.", "c: never."]


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


def test_what_is_noted_of_several_buckets_is_said_once():
    notes = ["one-bucket: MFA delete is off", "ada leaves: soon", "other-bucket: MFA delete is off", "ada leaves: soon"]

    assert together(notes) == ["one-bucket, other-bucket: MFA delete is off", "ada leaves: soon"]


def test_what_befalls_many_says_what_before_the_line_is_full():
    notes = [f"topic t{number} tells email nothing yet" for number in range(9)] + ["zone a.example: new"]
    notes += [f"one-{number}: MFA delete is off" for number in range(6)]

    assert together(notes, 3) == [
        "topic t0, t1, t2 and 6 more tells email nothing yet",
        "zone a.example: new",
        "one-0, one-1, one-2 and 3 more: MFA delete is off",
    ]


def test_a_diff_goes_by_the_file_that_changes_and_not_by_the_one_it_was_written_to_first():
    def run(temporary):
        diff = {"before": "a", "before_header": "/etc/x", "after": "b", "after_header": temporary}
        new = {"before": "", "after": "b", "after_header": temporary}
        return {"results": [{"diff": [diff, new]}, {"diff": {"prepared": "+ key"}}, {}]}

    assert diffs(run("/tmp/1/x.j2")) == diffs(run("/tmp/2/x.j2"))
    assert diffs(run("/tmp/1/x.j2")) == [
        {"before": "a", "before_header": "/etc/x", "after": "b", "after_header": "/etc/x"},
        {"before": "", "after": "b"},
        {"prepared": "+ key"},
    ]


def test_a_new_file_goes_by_its_own_name():
    new = {"before": "", "after": "a\nb\n", "after_header": "/tmp/1/x.j2"}

    assert listed("+", diffs({"diff": [new], "dest": "/etc/nginx.conf"})) == "+ nginx.conf (2 lines)"


def test_a_checked_files_fault_is_told_in_the_checkers_words():
    failed = {"msg": "Task failed: Module failed: failed to validate", "stderr": "nginx: [emerg] invalid network"}

    assert sentence({**failed, "stdout": ""}) == "failed to validate: nginx: [emerg] invalid network"
    assert sentence({"msg": "failed to validate", "stdout": "bad", "stderr": ""}) == "failed to validate: bad"


def test_what_is_new_is_a_line_and_what_differs_is_a_diff(monkeypatch):
    said = CallbackModule()
    monkeypatch.setattr(said._display, "verbosity", 0)
    new = [
        {"before_header": f"bucket shop-{number}", "before": "", "after": {"tags": {"Stage": "x"}}}
        for number in range(22)
    ]
    unset = {"before_header": "account password policy", "before": {"Length": None}, "after": {"Length": 12}}
    file = {"before_header": "/etc/nginx.conf", "before": "", "after": "line\n" * 700}
    changed = {"before_header": "bucket old", "before": {"tags": {}}, "after": {"tags": {"Stage": "x"}}}
    gained = {"before_header": "group Admins", "before": "", "after": {"inline more": "all"}}

    said._verbs, said._run.check = {"group Admins": "change"}, True
    text = re.sub(r"\x1b\[[\d;]*m", "", said._get_diff([*new, unset, file, changed, gained]))

    first = "+ 22 buckets; account password policy; nginx.conf (700 lines)\n--- before: bucket old"
    assert text.startswith(first)
    assert text.count("Stage") == 1
    assert "--- before: group Admins" in text, "something new of what is there is no new resource"
    said._run.check = False
    done = re.sub(r"\x1b\[[\d;]*m", "", said._get_diff([changed, gained]))
    assert done == "~ bucket old; group Admins", "a plan has shown how"
    monkeypatch.setattr(said._display, "verbosity", 1)
    assert said._get_diff(new).count("Stage") == 22


def test_what_is_new_is_told_by_its_kind_few_by_name(monkeypatch):
    said = CallbackModule()
    monkeypatch.setattr(said._display, "verbosity", 0)
    new = [{"before_header": f"log group /shop/{name}", "before": "", "after": {"days": 1}} for name in "ab"]
    new += [{"before_header": f"alarm shop-{number}", "before": "", "after": {"threshold": 1}} for number in range(40)]

    new += [{"before_header": f"policy {number}", "before": "", "after": {"a": 1}} for number in range(9)]
    new += [{"before_header": f"records of {number}.example", "before": "", "after": {"a": 1}} for number in range(9)]

    text = re.sub(r"\x1b\[[\d;]*m", "", said._get_diff(new))

    assert text == "+ log group /shop/a, /shop/b; 40 alarms; 9 policies; records of 9"


def test_of_many_what_fits_no_line_is_counted_the_longest_first_and_of_few_all_is_named():
    buckets = [{"before_header": f"bucket digitalmarketplace-{name * 20}", "after": {"a": 1}} for name in "abcd"]
    topics = [{"before_header": f"topic {name}", "after": {"a": 1}} for name in "ab"]
    alarms = [{"before_header": f"alarm {number}", "after": {"a": 1}} for number in range(9)]

    queue = [{"before_header": f"queue {'q' * 90}", "after": {"a": 1}}]

    assert listed("+", [*buckets, *topics, *alarms]) == "+ 4 buckets; topic a, b; 9 alarms"
    assert listed("+", [*buckets, *queue, *alarms]) == "+ 4 buckets; 1 queue; 9 alarms"
    assert listed("+", [*buckets, *topics]).count("digitalmarketplace-") == 4


def test_the_code_of_a_page_is_kept_where_it_can_be_and_is_of_the_page_that_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(dm_report, "ROOT", tmp_path)
    page, kept = tmp_path / "callback_plugins/page.j2", tmp_path / "build/templates"
    page.parent.mkdir()
    page.write_text("{{ said }}")
    assert dm_report.render("page.j2", {"said": "<b>"}) == "&lt;b&gt;"
    assert not kept.exists()

    kept.mkdir(parents=True)
    assert dm_report.render("page.j2", {"said": 1}) == dm_report.render("page.j2", {"said": 1}) == "1"
    assert [*kept.glob("page-*.cache")]
    page.write_text("now {{ said }}")
    assert dm_report.render("page.j2", {"said": 1}) == "now 1"
