"""What plans of several accounts mean together: a change in main and one in another account are one change."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import pytest
from ansible.module_utils.estate.effects.together import TOGETHER, failures, judged, state
from ansible.module_utils.estate.merged import merged

from tests.support.access_world import IDS, MFA, World, allow, arn, root, trust
from tests.unit.test_plans_merged import part

NAMES = {number: name for name, number in IDS.items()}
NO_KEYS = {
    "name": "nobody_reads_docs", "never": ["s3:GetObject"], "of": ["arn:aws:s3:::docs/*"], "who": ["people"],
    "because": "they are suppliers' own",
}  # fmt: skip


def world() -> World:
    made = World()
    made.group("Readers", {"p": allow(arn("production", "readers"))})
    made.user("ada.example")
    made.role("production", "readers", trust(), inline={"p": allow("arn:aws:s3:::docs/*", "s3:GetObject")})
    made.accounts["production"]["buckets"] = {"docs": {"policy": None, "restricted": True}}
    return made


def plans(before: World, after: World, effects: dict[str, list[str]] | None = None, *only: str) -> dict[str, Any]:
    """As they are stored, and so read back from JSON."""
    made: dict[str, Any] = {}
    for name in only or ("main", "production"):
        was, then = before.accounts[name], after.accounts[name]
        own = {"grants": was != then, "effects": (effects or {}).get(name, [])}
        made[f"{name}-account"] = {"access": {**own, "estate": state(was, then, NAMES, [NO_KEYS])}}
    return json.loads(json.dumps(made))


def joined_and_trusted() -> World:
    """Either change alone gives nothing; both do."""
    made = copy.deepcopy(world())
    made.accounts["main"]["users"][0]["groups"] = ["Readers"]
    made.accounts["production"]["roles"][0]["trust"] = trust(root("main"), Condition=MFA)
    return made


def test_a_membership_and_a_trust_are_one_gain() -> None:
    found = judged(plans(world(), joined_and_trusted()))["together"]

    assert found["grants"]
    [line] = [line for line in found["effects"] if line.startswith("ada.example")]
    assert line == "ada.example gains production:readers through group Readers (p), if MFA"


def test_what_the_other_account_does_not_let_in_is_no_gain() -> None:
    then = copy.deepcopy(world())
    then.accounts["main"]["users"][0]["groups"] = ["Readers"]

    assert judged(plans(world(), then)) == {
        "together": {"effects": ["this grants nobody anything new"], "grants": False, "broken": []},
        "grants": False,
    }
    assert judged(plans(world(), then, None, "main"))["grants"], "of production nothing is known"


def test_an_invariant_that_both_break_together_is_refused() -> None:
    found = judged(plans(world(), joined_and_trusted()))["together"]

    [why] = found["broken"]
    assert why.startswith("invariant nobody_reads_docs would not hold: ada.example as role production:readers may")
    assert failures(found)[0]["host"] == TOGETHER


def test_nothing_is_said_twice_nor_of_plans_that_change_nothing() -> None:
    told = {"main": ["ada.example gains production:readers through group Readers (p), if MFA"]}
    lines = judged(plans(world(), joined_and_trusted(), told))["together"]["effects"]

    assert not [line for line in lines if line.startswith("ada.example")]
    assert judged(plans(world(), world())) == {"together": {}, "grants": False}


def test_what_one_plan_writes_beside_another_counts_for_both() -> None:
    """An account's buckets and its access: each plan tells what it changes, and neither undoes the other."""
    then, opened = joined_and_trusted(), copy.deepcopy(world())
    deny = allow("arn:aws:s3:::docs/*", "s3:GetObject", effect="Deny", Principal="*")
    opened.accounts["production"]["buckets"]["docs"]["policy"] = deny
    both = plans(world(), then)
    both["production"] = {"buckets": plans(world(), opened, None, "production")["production-account"]["access"]}

    assert judged(both)["together"]["broken"] == [], "the bucket's new denial keeps everybody out"


def first_buckets(reader: str) -> dict[str, Any]:
    """Plans of the very first buckets, beside access as it is to be: nobody is there yet."""
    nobody, then, opened = World(), joined_and_trusted(), World()
    del then.accounts["production"]["buckets"]
    reads = allow("arn:aws:s3:::docs/*", "s3:GetObject", Principal={"AWS": arn("production", reader)})
    opened.accounts["production"]["buckets"] = {"docs": {"policy": reads, "restricted": True}}
    return plans(nobody, then) | {
        "production": {"buckets": plans(nobody, opened, None, "production")["production-account"]["access"]}
    }


def test_the_first_buckets_of_all_are_judged_on_the_access_that_is_declared_with_them() -> None:
    made = first_buckets("readers")

    found = judged(made)["together"]

    [why] = found["broken"]
    assert why.startswith("invariant nobody_reads_docs would not hold: ada.example as role production:readers may")
    assert not [line for line in found["effects"] if line.startswith("not proved")]


def test_what_a_role_may_that_is_not_there_yet_is_not_proved() -> None:
    made = first_buckets("writers")

    found = judged(made)

    assert found["grants"]
    assert [line for line in found["together"]["effects"] if line.startswith("not proved")] == [
        "not proved: what production:writers may do with bucket docs: it is not there yet, nor in this plan; "
        "converge access first, or in the same run"
    ]


def test_a_policy_of_aws_that_no_plan_read_may_be_anything() -> None:
    before = world()
    before.accounts["production"]["roles"][0]["managed"] = ["arn:aws:iam::aws:policy/Unheard"]
    then = copy.deepcopy(before)
    then.accounts["main"]["users"][0]["groups"] = ["Readers"]

    assert judged(plans(before, then))["together"]["grants"] is False


@pytest.mark.parametrize("size", [0, 1])
def test_merged_plans_are_judged_over_all_accounts(size: int) -> None:
    made = plans(world(), joined_and_trusted())
    parts = [part(host, plans={host: made[host]}, grants=True) for host in made]

    for order in itertools.permutations(parts):
        whole = merged([merged(order[:1]), *order[1:]] if size else order)["dm_plan"]
        assert whole["together"]["broken"]
        assert [one["host"] for one in whole["failures"]] == [TOGETHER]


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        ({"a": {"buckets": ["x", "y"]}, "b": {"buckets": ["y"]}}, ["a and b declare y; it belongs to one host"]),
        (
            {"c": {"buckets": ["x"]}, "a": {"buckets": ["x", "z"]}, "b": {"buckets": ["x", "z"]}},
            ["a and b and c declare x; it belongs to one host", "a and b declare z; it belongs to one host"],
        ),
        ({"a": {"buckets": ["x"]}, "b": {"buckets": ["y"], "access": ["x"]}}, []),
        ({"a": {"buckets": []}, "b": {"buckets": []}}, []),
    ],
)
def test_a_name_is_one_hosts(plans, said):
    stored = {
        host: {purpose: {"declares": names, "grants": False} for purpose, names in own.items()}
        for host, own in plans.items()
    }
    found = judged(stored)

    assert [line.partition(" (")[0] for line in found["together"].get("broken", [])] == said
    assert [one["host"] for one in failures(found["together"])] == [TOGETHER] * len(said)
    assert found["grants"] is False
