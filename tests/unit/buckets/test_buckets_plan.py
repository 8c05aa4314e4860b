"""What the plan does where the model of S3 in tests/property has no opinion: refusals, notes, order, the diff."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.estate.buckets.live import Live, LiveBucket, LiveRole
from ansible.module_utils.estate.buckets.plan import plan

ROLE_ARN = "arn:aws:iam::111111111111:role/replication"
ROLE = {
    "name": "replication",
    "path": "/",
    "trust": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    },
    "policy_name": "replication-shop",
    "policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
}
DENY = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}
VERSIONED = {"versioning": {"Status": "Enabled"}}


def bucket(name: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "region": "eu-west-1", **settings}


def made(*buckets: dict, live: Live | None = None, **declared: Any):
    return plan({"account": "shop", "buckets": list(buckets), **declared}, live or Live({}))


def methods(found) -> list[tuple[str, str]]:
    return [(action.resource, action.method) for action in found.actions]


def replicates_to(*names: str, **words: Any) -> dict[str, Any]:
    rules = [{"id": name, "priority": index, "bucket": name, **words} for index, name in enumerate(names)]
    return {"role": ROLE_ARN, "rules": rules}


def test_a_new_bucket_gets_its_settings_in_order_and_ownership_on_the_way():
    found = made(
        bucket(
            "shop",
            replication={"rules": []},
            policy={},
            public_access_block=True,
            ownership="BucketOwnerEnforced",
            encryption={"algorithm": "AES256"},
            versioning=True,
        )
    )
    assert [action.method for action in found.actions] == [
        "s3.create_bucket",
        "s3.put_public_access_block",
        "s3.put_bucket_versioning",
        "s3.put_bucket_encryption",
    ]
    assert found.actions[0].params == {
        "Bucket": "shop",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"},
        "ObjectOwnership": "BucketOwnerEnforced",
    }
    assert {action.verb for action in found.actions} == {"add"}
    assert found.diff[0]["before"] == ""
    assert found.diff[0]["after"]["ownership"] == "BucketOwnerEnforced"


def test_the_first_region_is_not_named():
    found = made({"name": "shop", "region": "us-east-1"})
    assert found.actions[0].params == {"Bucket": "shop"}


def test_replication_comes_last_and_needs_source_replica_and_role():
    source = bucket("source", versioning=True, replication=replicates_to("replica"))
    replica = bucket("replica", versioning=True)
    found = made(source, replica, replication_role=ROLE)

    assert methods(found)[:2] == [("role replication", "iam.create_role"), ("role replication", "iam.put_role_policy")]
    last = found.actions[-1]
    assert (last.resource, last.verb) == ("replication of source", "add")
    assert last.needs == ("bucket source: versioning", "bucket replica: versioning", "role replication")


def test_two_buckets_may_replicate_to_each_other():
    found = made(
        bucket("one", versioning=True, replication=replicates_to("two")),
        {**bucket("two", versioning=True, replication=replicates_to("one")), "region": "eu-west-2"},
        replication_role=ROLE,
    )
    assert [resource for resource, _ in methods(found)][-2:] == ["replication of one", "replication of two"]
    assert all("replication of" not in need for action in found.actions for need in action.needs)


def test_a_replica_of_another_account_is_nothing_to_wait_for():
    source = bucket("source", versioning=True, replication=replicates_to("replica", account="444444444444"))
    found = made(source, bucket("replica"))
    assert found.actions[-1].needs == ("bucket source: versioning",)


def test_whoever_is_logged_to_comes_first():
    logs = bucket("logs", policy={"Statement": [{"Sid": "a"}]})
    found = made(bucket("a", logging={"bucket": "logs", "prefix": "a/"}), logs)

    assert [resource for resource, _ in methods(found)] == ["bucket logs", "bucket logs", "bucket a", "bucket a"]
    assert found.actions[-1].needs == ("bucket logs: policy",)


def test_a_policy_that_names_the_role_waits_for_it():
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": [ROLE_ARN]}, "Action": "*", "Resource": "*"}]}
    found = made(bucket("a", policy=policy), replication_role=ROLE)
    assert found.actions[-1].needs == ("role replication",)


def test_versioning_ends_only_after_replication_has():
    config = {"Role": ROLE_ARN, "Rules": [{"ID": "x", "Destination": {"Bucket": "arn:aws:s3:::b"}}]}
    live = Live({"a": LiveBucket("eu-west-1", {**VERSIONED, "replication": {"ReplicationConfiguration": config}})})
    found = made(bucket("a", versioning=False, replication={"rules": []}), live=live)

    assert methods(found) == [
        ("replication of a", "s3.delete_bucket_replication"),
        ("bucket a", "s3.put_bucket_versioning"),
    ]
    assert found.actions[0].verb == "remove"
    assert found.actions[1].needs == ("replication of a",)


def test_versioning_of_a_source_is_never_ended_on_the_side():
    config = {"Role": ROLE_ARN, "Rules": [{"ID": "x", "Destination": {"Bucket": "arn:aws:s3:::b"}}]}
    live = Live({"a": LiveBucket("eu-west-1", {**VERSIONED, "replication": {"ReplicationConfiguration": config}})})
    found = made(bucket("a", versioning=False), live=live)

    assert list(found.actions) == []
    assert found.left_out["bucket a: versioning"].startswith("versioning is false, but the bucket replicates")


def test_a_bucket_cannot_move():
    found = made(bucket("a", tags={"a": "b"}), live=Live({"a": LiveBucket("eu-west-2")}))

    assert list(found.actions) == []
    assert found.left_out == {
        "bucket a": "declared in eu-west-1 but lives in eu-west-2, and a bucket cannot move: "
        "say region: eu-west-2, or give the new bucket another name",
    }


def test_a_role_cannot_move():
    live = Live({}, LiveRole("/service/", ROLE["trust"], ROLE["policy"]))
    source = bucket("a", versioning=True, replication=replicates_to("b", account="444444444444"))
    found = made(source, live=live, replication_role=ROLE)

    assert list(found.left_out) == ["role replication", "replication of a"]
    assert "iam" not in json.dumps(found.actions)


def test_what_cannot_be_read_is_left_out_and_only_what_needs_it_waits():
    live = Live({"logs": LiveBucket("eu-west-1")}, failed={"bucket logs": "cannot read its policy: AccessDenied"})
    found = made(
        bucket("logs", policy={}),
        bucket("a", tags={"a": "b"}, logging={"bucket": "logs"}),
        bucket("b", tags={"a": "b"}),
        live=live,
    )
    assert {resource for resource, _ in methods(found)} == {"bucket a", "bucket b"}
    assert ("bucket a", "s3.put_bucket_logging") not in methods(found)
    assert list(found.left_out) == ["bucket logs", "bucket a: logging"]
    assert "logging" not in next(diff for diff in found.diff if diff["after_header"] == "bucket b")["after"]
    assert next(diff for diff in found.diff if diff["after_header"] == "bucket a")["after"]["logging"] == {}


def test_logs_must_go_somewhere_in_this_account():
    found = made(bucket("a", logging={"bucket": "elsewhere"}))
    said = "its logging.bucket elsewhere is neither declared nor in this account"
    assert found.left_out == {"bucket a: logging": said}

    found = made(bucket("a", logging={"bucket": "elsewhere"}), live=Live({"elsewhere": LiveBucket("eu-west-1")}))
    assert found.left_out == {}


MFA = {"versioning": {"Status": "Enabled", "MFADelete": "Enabled"}}
MFA_OFF = {"versioning": {"Status": "Suspended", "MFADelete": "Enabled"}}


@pytest.mark.parametrize(
    ("declared", "answers", "said"),
    [
        ({"mfa_delete": True}, VERSIONED, "a: MFA delete is declared but off; only the root user can switch it on"),
        ({"mfa_delete": False}, MFA, "a: MFA delete is on but declared off; only the root user can switch it off"),
        (
            {"versioning": False},
            MFA,
            "a: versioning is declared off, but under MFA delete only the root user can change it",
        ),
        ({"versioning": True}, MFA_OFF, "a: versioning is declared on, but under MFA delete only the root user can"),
    ],
)
def test_mfa_delete_is_noted_and_versioning_left_alone(declared, answers, said):
    found = made(bucket("a", **declared), live=Live({"a": LiveBucket("eu-west-1", answers)}))

    assert list(found.actions) == []
    assert list(found.diff) == []
    assert [note[: len(said)] for note in found.drift] == [said]


def test_mfa_delete_as_declared_is_no_note():
    assert made(bucket("a", mfa_delete=True), live=Live({"a": LiveBucket("eu-west-1", MFA)})).drift == []
    assert made(bucket("a"), live=Live({"a": LiveBucket("eu-west-1", MFA)})).drift == []


def test_a_new_bucket_is_noted_too():
    assert "MFA delete is declared but off" in made(bucket("a", mfa_delete=True)).drift[0]


def test_replication_that_waits_for_the_root_user_fails_with_the_reason():
    live = Live({"b": LiveBucket("eu-west-2", MFA_OFF)})
    found = made(
        bucket("a", versioning=True, replication=replicates_to("b")),
        {**bucket("b", versioning=True), "region": "eu-west-2"},
        live=live,
        replication_role=ROLE,
    )
    assert found.left_out == {"replication of a": "only the root user can switch on versioning of b"}
    assert "put_bucket_replication" not in json.dumps(found.actions)


def test_mfa_delete_that_is_live_leaves_out_the_lifecycle_and_no_more():
    """The lost policy is put back, and what to do is said in the words of the vars."""
    live = Live({"a": LiveBucket("eu-west-1", {**MFA, "policy": {}})})
    found = made(bucket("a", lifecycle=[{"id": "x", "expire_days": 1}], policy={"Statement": [DENY]}), live=live)
    assert methods(found) == [("bucket a", "s3.put_bucket_policy")]
    assert (found.left_out, len(found.drift)) == ({}, 1)
    assert "S3 takes no lifecycle rules, so they are left out: say mfa_delete: true" in found.drift[0]


def live_replication(**rule: Any) -> Live:
    one = {"ID": "foreign", "Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::c"}, **rule}
    config = {"Role": ROLE_ARN, "Rules": [one]}
    return Live({"a": LiveBucket("eu-west-1", {**VERSIONED, "replication": {"ReplicationConfiguration": config}})})


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"Prefix": ""}, "is of version 1 and cannot stay beside others"),
        ({"Filter": {}, "Priority": 0}, "whose priority replica has too: choose another priority"),
    ],
)
def test_a_kept_rule_that_clashes_is_refused(rule, said):
    declared = bucket("a", versioning=True, replication={**replicates_to("replica"), "keep_rules": True})
    assert said in made(declared, live=live_replication(**rule)).left_out["replication of a"]


def test_a_kept_rule_stays_and_one_that_is_not_kept_shows_in_the_diff():
    kept = bucket("a", versioning=True, replication={**replicates_to("replica"), "keep_rules": True})
    live = live_replication(Filter={}, Priority=7, DeleteMarkerReplication={"Status": "Disabled"})

    found = made(kept, live=live)
    rules = found.actions[0].params["ReplicationConfiguration"]["Rules"]
    assert [rule["ID"] for rule in rules] == ["replica", "foreign"]

    kept["replication"]["keep_rules"] = False
    found = made(kept, live=live)
    assert found.actions[0].verb == "change"
    assert list(found.diff[0]["before"]["replication"]["rules"]) == ["foreign"]
    assert list(found.diff[0]["after"]["replication"]["rules"]) == ["replica"]


def test_the_role_owns_one_policy_only():
    live = Live({}, LiveRole("/", ROLE["trust"], {"Version": "2012-10-17", "Statement": []}))
    found = made(live=live, replication_role=ROLE)

    assert methods(found) == [("role replication", "iam.put_role_policy")]
    assert found.actions[0].params["PolicyName"] == "replication-shop"
    assert found.diff[0]["before_header"] == "role replication"


def test_a_changed_trust_is_repaired():
    other = {"Version": "2012-10-17", "Statement": [{**ROLE["trust"]["Statement"][0], "Principal": {"AWS": "*"}}]}
    found = made(live=Live({}, LiveRole("/", other, ROLE["policy"])), replication_role=ROLE)

    assert methods(found) == [("role replication", "iam.update_assume_role_policy")]
    assert found.diff[0]["before"]["trust"] != found.diff[0]["after"]["trust"]


def test_unmanaged_is_what_matches_and_nobody_declares():
    live = Live({name: LiveBucket("eu-west-1") for name in ("shop-a", "shop-b", "shop-c", "other")})
    found = made(bucket("shop-a"), live=live, known=["shop-[ab]"], unmanaged_pattern="shop-*")

    assert [one.resource for one in found.unmanaged] == ["bucket shop-c"]
    assert list(found.actions) == []


def test_what_is_unmanaged_may_be_adopted_where_the_caller_declares_buckets():
    found = made(live=Live({"a": LiveBucket("eu-west-1")}), unmanaged_pattern="*", adopt_under="buckets_standalone")
    [one] = found.unmanaged
    assert one.adopt.startswith("# under buckets_standalone\n# left as they are")
    assert "\n  a:\n    defaults: false\n    region: eu-west-1\n    leave:\n" in one.adopt


WIDE_OPEN = {"Owner": {"ID": "me"}, "Grants": [
    {"Grantee": {"ID": "me"}, "Permission": "FULL_CONTROL"},
    {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"},
]}  # fmt: skip
WRITER = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}


def test_what_closes_a_bucket_comes_first_and_needs_nothing():
    """buckets 1: opened to the world by hand, it is closed whatever else fails."""
    answers = {**VERSIONED, "ownership": {**WRITER, "acl": WIDE_OPEN}, "public_access_block": {}, "policy": {}}
    closed = {"public_access_block": True, "ownership": "BucketOwnerEnforced", "policy": {"Statement": [DENY]}}
    found = made(bucket("a", tags={"a": "b"}, **closed), live=Live({"a": LiveBucket("eu-west-1", answers)}))

    assert [action.method for action in found.actions] == [
        "s3.put_public_access_block",
        "s3.put_bucket_policy",
        "s3.put_bucket_acl",
        "s3.put_bucket_ownership_controls",
        "s3.put_bucket_tagging",
    ]
    assert all(action.step and not action.needs for action in found.actions)
    assert found.diff[0]["before"]["ownership"] == "ObjectWriter with the ACL READ for AllUsers"


def test_an_acl_that_delivers_logs_is_reset_behind_the_policy_that_does():
    logs = {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    acl = {"Owner": {"ID": "me"}, "Grants": [{"Grantee": logs, "Permission": "WRITE"}]}
    answers = {"ownership": {**WRITER, "acl": acl}, "policy": {}}
    declared = bucket("a", ownership="BucketOwnerEnforced", policy={"Statement": [DENY]})
    found = made(declared, live=Live({"a": LiveBucket("eu-west-1", answers)}))

    assert [(action.method, action.needs) for action in found.actions][1:] == [
        ("s3.put_bucket_acl", ("bucket a: policy",)),
        ("s3.put_bucket_ownership_controls", ("bucket a: policy",)),
    ]


def test_a_kept_rule_that_another_role_replicates_is_refused():
    """buckets 2: a bucket has one role for all its rules, and ours may do nothing for others'."""
    live = live_replication(Filter={}, Priority=7)
    role = live.buckets["a"].answers["replication"]["ReplicationConfiguration"]
    role["Role"] = "arn:aws:iam::111111111111:role/legacy-crr"
    declared = bucket("a", versioning=True, replication={**replicates_to("replica"), "keep_rules": True})

    found = made(declared, live=live, replication_role=ROLE)
    assert "which the role legacy-crr replicates, and a bucket has one role" in found.left_out["replication of a"]


def test_the_role_may_do_what_the_kept_rules_need():
    live = live_replication(Filter={}, Priority=7)
    declared = bucket("a", versioning=True, replication={**replicates_to("replica"), "keep_rules": True})
    found = made(declared, live=live, replication_role=ROLE)

    document = next(action for action in found.actions if action.method == "iam.put_role_policy").params[
        "PolicyDocument"
    ]
    assert {"arn:aws:s3:::c/*"} == {one["Resource"] for one in json.loads(document)["Statement"] if "Sid" in one}


def test_a_role_is_widened_before_a_rule_moves_and_narrowed_after():
    """buckets 17: whatever is written in between would fail for good."""
    old = {"Effect": "Allow", "Action": "s3:ReplicateObject", "Resource": "arn:aws:s3:::old/*"}
    new = {**old, "Resource": "arn:aws:s3:::replica/*"}
    role = {**ROLE, "policy": {"Version": "2012-10-17", "Statement": [new]}}
    live = live_replication(Filter={}, Priority=0)
    live = live._replace(role=LiveRole("/", ROLE["trust"], {"Version": "2012-10-17", "Statement": [old]}))
    found = made(bucket("a", versioning=True, replication=replicates_to("replica")), live=live, replication_role=role)

    first, moves, last = found.actions
    assert {"arn:aws:s3:::old/*", "arn:aws:s3:::replica/*"} == {
        one["Resource"] for one in json.loads(first.params["PolicyDocument"])["Statement"]
    }
    assert (moves.method, moves.needs[-1]) == ("s3.put_bucket_replication", "role replication")
    assert json.loads(last.params["PolicyDocument"])["Statement"] == [new]
    assert last.needs == ("replication of a",)


def test_a_role_that_has_nothing_left_to_replicate_loses_what_it_could_do():
    live = live_replication(Filter={}, Priority=0)._replace(role=LiveRole("/", ROLE["trust"], ROLE["policy"]))
    found = made(bucket("a", replication={"rules": []}), live=live, replication_role={**ROLE, "policy": {}})

    assert [(action.verb, action.method, action.needs) for action in found.actions] == [
        ("remove", "iam.delete_role_policy", ()),
        ("remove", "s3.delete_bucket_replication", ("role replication",)),
    ]
    assert list(made(bucket("a"), live=live, replication_role={**ROLE, "policy": {}}).actions)[1:] == []
