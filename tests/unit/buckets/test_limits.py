"""A list of a bucket that is only_listed limits: judged by the evaluator, for somebody whose own policy allows all."""

import pytest
from ansible.module_utils.estate.buckets.statements import bucket_policy
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.evaluator.evaluate import judge
from ansible.module_utils.estate.evaluator.request import Principal, Source, known_of
from test_buckets_desired import buckets_desired, by_name, declared

OWN = "222222222222"
ALL = read({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
ASKED = {
    "read": ("s3:GetObject", "/key"),
    "read a version": ("s3:GetObjectVersion", "/key"),
    "write": ("s3:PutObject", "/key"),
    "tag": ("s3:PutObjectTagging", "/key"),
    "replicate": ("s3:ReplicateObject", "/key"),
    "delete": ("s3:DeleteObjectVersion", "/key"),
    "list": ("s3:ListBucket", ""),
    "list versions": ("s3:ListBucketVersions", ""),
    "open": ("s3:PutBucketPolicy", ""),
    "copy elsewhere": ("s3:PutReplicationConfiguration", ""),
    "read the canary": ("s3:GetObject", "/estate-canary.txt"),
}
LISTS = {
    "readers": {"read", "read a version", "read the canary"},
    "writers": {"write", "tag", "replicate", "read the canary"},
    "deleters": {"delete"},
    "listers": {"list"},
    "version_listers": {"list versions"},
    "keepers": {"list", "list versions", "open", "copy elsewhere", "read the canary"},
}


def role(name: str, account: str = OWN) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def may(policy: dict, who: str, bucket: str = "b") -> set[str]:
    """What somebody of the bucket's own account may whose own policies allow everything."""
    principal = Principal(who, OWN, (Source("role", "all", ALL),), None, {})
    known = known_of(principal, "2026-11-26T00:00:00Z", OWN)
    asked = {
        what: judge(principal, action, f"arn:aws:s3:::{bucket}{key}", read(policy), OWN, known).ways
        for what, (action, key) in ASKED.items()
    }
    return {what for what, ways in asked.items() if ways}


def limited(**lists: list[str]) -> dict:
    ours = {"keepers": [role("keeper")], "replicators": [role("replication")], "root": [f"arn:aws:iam::{OWN}:root"]}
    return bucket_policy("b", {"only_listed": True, **ours, **lists})


@pytest.mark.parametrize("word", LISTS)
def test_whoever_is_in_a_list_may_what_it_says_and_nobody_else(word):
    policy = limited(**{word: [role("listed")]})

    assert may(policy, role("listed")) == LISTS[word]
    assert may(policy, role("other")) == set()


def test_without_the_word_lists_only_add():
    assert may(bucket_policy("b", {"readers": [role("listed")]}), role("other")) == set(ASKED)


def test_an_account_in_a_list_is_everybody_it_lets():
    policy = limited(readers=[f"arn:aws:iam::{OWN}:root"])

    assert LISTS["readers"] <= may(policy, role("any"))


def test_the_root_user_deletes_versions_and_undoes_a_policy_and_proves_mfa_delete():
    assert may(limited(), f"arn:aws:iam::{OWN}:root") == {"delete", "open", "copy elsewhere", "read the canary"}


def test_the_role_that_replicates_reads_and_writes_but_deletes_and_changes_nothing():
    assert may(limited(), role("replication")) == {*LISTS["readers"], *LISTS["writers"], "list"}


def test_what_a_service_delivers_is_not_denied():
    for statement in limited()["Statement"]:
        assert statement["Condition"]["BoolIfExists"] == {"aws:PrincipalIsAWSService": "false"}


def test_a_replica_is_as_private_as_its_source():
    kinds = {"drafts": {"only_listed": True, "readers": ["development:developers"], "writers": ["development:x"],
                        "keepers": ["development:admins"], "replica": {"name": "drafts-in-london"}}}  # fmt: skip
    found = by_name(buckets_desired(declared(kinds=kinds, logs_kind="", overrides={})))
    policy = found["drafts-in-london"]["policy"]

    assert LISTS["readers"] <= may(policy, role("developers"), "drafts-in-london")
    assert "write" not in may(policy, role("developers"), "drafts-in-london")
    assert may(policy, role("x"), "drafts-in-london") == set()
    assert "DenyOtherReaders" in found["drafts-in-london"]["own"]


def test_nobody_left_who_may_change_the_bucket_is_refused():
    kinds = {"drafts": {"only_listed": True}}
    with pytest.raises(ValueError, match=r"buckets_kinds.drafts.only_listed needs keepers"):
        buckets_desired(declared(kinds=kinds, logs_kind="", overrides={}))


def test_a_known_role_is_declared_where_it_is_said_to_be():
    known = [{"name": "entry", "accounts": ["development"]}]
    words = {"roles": {"admins": {"development": {}, "main": {}}}, "known_roles": known}
    kinds = {"drafts": {"readers": ["development:entry"]}}
    assert buckets_desired(declared(kinds=kinds, logs_kind="", overrides={}, **words))
    with pytest.raises(ValueError, match=r"declared are admins$"):
        buckets_desired(declared(kinds={"drafts": {"readers": ["main:entry"]}}, logs_kind="", overrides={}, **words))
