"""What a plan of buckets means for whom, and which invariants it would break."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.estate.buckets.effects import before_and_after, looked_into
from ansible.module_utils.estate.buckets.live import Live, LiveBucket
from ansible.module_utils.estate.effects.planned import planned
from ansible.module_utils.estate.plan import Action, Plan

from tests.support.access_world import World, allow, arn, trust

OWN = "arn:aws:s3:::shop"
NAMES = {"333333333333": "production"}
PRIVATE = {
    "name": "shop_is_private",
    "never": ["s3:GetObject"],
    "of": [f"{OWN}/*"],
    "who": ["*:developers"],
    "because": "x",
}


def policy(*principals: str, action: str = "s3:GetObject", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return allow(f"{OWN}/*", action, effect, Principal={"AWS": list(principals)} if principals else "*", **more)


def bucket(document: dict[str, Any] | None) -> LiveBucket:
    blocked = {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}}
    answers = {"public_access_block": blocked, "policy": {"Policy": json.dumps(document)} if document else {}}
    return LiveBucket("eu-west-1", answers)


def account() -> dict[str, Any]:
    world = World()
    world.role("production", "developers", trust("ec2.amazonaws.com", kind="Service"))
    world.role("production", "powerful", trust("ec2.amazonaws.com", kind="Service"), inline={"all": allow("*", "*")})
    return world.lives()["production"]


def plan(*actions: tuple[str, dict[str, Any]]) -> Plan:
    return Plan("buckets", "production", [Action("change", "bucket shop", method, given) for method, given in actions])


def meant(live: dict[str, LiveBucket], *actions: tuple[str, dict[str, Any]], invariants: Any = ()) -> Any:
    made = plan(*actions)
    assert looked_into(made)
    was, will_be = before_and_after(made, Live(live), account())
    return planned({"production": was}, {"production": will_be}, NAMES, invariants)


def put(document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "s3.put_bucket_policy", {"Bucket": "shop", "Policy": json.dumps(document)}


def test_whoever_a_policy_newly_lets_in_gains() -> None:
    said, broken = meant({"shop": bucket(None)}, put(policy(arn("production", "developers"))))

    assert broken == []
    assert said.grants
    assert any("production:developers" in line and "s3:GetObject" in line for line in said.gains)


def test_a_denial_takes_and_grants_nothing_new() -> None:
    said, _ = meant({"shop": bucket(None)}, put(policy(effect="Deny", action="s3:*")))

    assert not said.grants
    assert any("production:powerful" in line for line in said.losses)


def test_a_denial_that_goes_is_a_gain_of_whom_it_kept_out() -> None:
    before = {"shop": bucket(policy(effect="Deny", action="s3:*"))}
    said, _ = meant(before, ("s3.delete_bucket_policy", {"Bucket": "shop"}))

    assert any("production:powerful" in line for line in said.gains)


def test_what_the_role_that_replicates_newly_may_is_told() -> None:
    document = json.dumps(allow(f"{OWN}/*", "s3:ReplicateObject"))
    made = trust("s3.amazonaws.com", kind="Service")
    given = {"RoleName": "replication", "AssumeRolePolicyDocument": json.dumps(made)}
    said, _ = meant(
        {},
        ("iam.create_role", given),
        ("iam.put_role_policy", {"RoleName": "replication", "PolicyName": "p", "PolicyDocument": document}),
    )

    assert any("production:replication" in line and "s3:ReplicateObject" in line for line in said.gains)


def test_a_plan_that_would_break_an_invariant_must_not_be_carried_out() -> None:
    lets_in = put(policy(arn("production", "developers")))
    _, broken = meant({"shop": bucket(None)}, lets_in, invariants=[PRIVATE])
    assert broken == [
        "invariant shop_is_private would not hold: role production:developers may s3:GetObject on arn:aws:s3:::shop/*; "
        "it must not be, because x"
    ]

    # One that does not hold as it is, the audit tells; a plan may be what mends it.
    _, broken = meant({"shop": bucket(policy(arn("production", "developers")))}, lets_in, invariants=[PRIVATE])
    assert broken == []


def test_what_decides_nothing_is_not_looked_into() -> None:
    assert not looked_into(plan(("s3.put_bucket_tagging", {"Bucket": "shop"})))
