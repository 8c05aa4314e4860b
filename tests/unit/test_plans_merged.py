"""Plans of single hosts as one: the same whoever made which."""

import itertools
import json

import pytest
from ansible.module_utils.estate.merged import merged

COMMITS = {"estate": "a" * 40, "credentials": "b" * 40}
HOSTS = ("backups-account", "development-account", "main-account", "production-account")


def part(host: str, **more) -> dict:
    """As dm_report stores a plan that a limit kept to one host."""
    row = {"add": 1, "change": 0, "remove": 0, "unmanaged": 0, "failed": 0}
    plan = {"inventory": "accounts", "check": True, "tags": "", "commits": COMMITS, "started": host, "seconds": 1.0}
    plan |= {"pending": 1, "summary": {host: row}, "looked_at": [host], "limit": host, "failures": []}
    plan |= {"left_out": {name: ["access"] for name in HOSTS if name != host}}
    plan |= {"plans": {host: {"access": {"digest": host}}}, "tasks": [{"host": host, "task": "t", "diff": []}]}
    return {"dm_reviewed": {host: {"access": host}}, "dm_plan": plan | more}


def test_it_is_the_same_in_whatever_order_and_groups_its_parts_come():
    parts = [part(host) for host in HOSTS]
    whole = json.dumps(merged(parts))

    for order in itertools.permutations(parts):
        assert json.dumps(merged(order)) == whole
    for size in (1, 2, 3):
        assert json.dumps(merged([merged(parts[:size]), merged(parts[size:])])) == whole


def test_nothing_is_lost_and_what_each_looked_at_was_looked_at():
    whole = merged([part(host) for host in HOSTS])

    assert whole["dm_reviewed"] == {host: {"access": host} for host in HOSTS}
    plan = whole["dm_plan"]
    assert (plan["pending"], plan["limit"], plan["looked_at"]) == (4, ",".join(HOSTS), list(HOSTS))
    assert plan["left_out"] == {host: [] for host in HOSTS}
    assert [*plan["plans"]] == [*plan["summary"]] == [task["host"] for task in plan["tasks"]] == list(HOSTS)


def test_a_host_that_nobody_looked_at_stays_left_out():
    plan = merged([part(host) for host in HOSTS[:2]])["dm_plan"]

    assert plan["left_out"] == {HOSTS[0]: [], HOSTS[1]: [], HOSTS[2]: ["access"], HOSTS[3]: ["access"]}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"commits": {**COMMITS, "estate": "c" * 40}}, "commits is"),
        ({"inventory": "preview"}, "inventory is"),
        ({"check": False}, "check is"),
        ({"tags": "buckets"}, "tags is"),
        ({"looked_at": ["main-account"]}, "main-account: planned twice"),
    ],
)
def test_what_is_no_part_of_one_plan_is_refused(other, said):
    with pytest.raises(ValueError, match=said):
        merged([part("main-account"), part("backups-account", **other)])
