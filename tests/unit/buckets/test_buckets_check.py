"""What is refused before the first call, and the one sentence that says so."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible.module_utils.estate.buckets.check import mistakes, told
from ansible.module_utils.estate.buckets.names import name_mistake

REGIONS = {"eu-west-1", "eu-west-2", "us-east-1"}
OTHER_KEY = "arn:aws:kms:eu-west-1:111111111111:key/a"
KEY = "arn:aws:kms:eu-west-2:111111111111:key/a"


def declaration() -> dict[str, Any]:
    """A good one: a source, its replica, their logs."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Tls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::shop-documents", "arn:aws:s3:::shop-documents/*"],
            }
        ],
    }
    rule = {"id": "all", "priority": 0, "bucket": "shop-replica", "region": "eu-west-2", "metrics": True}
    source = {
        "name": "shop-documents",
        "region": "eu-west-1",
        "versioning": True,
        "encryption": {"algorithm": "AES256"},
        "policy": policy,
        "logging": {"bucket": "shop-logs"},
        "lifecycle": [{"id": "retention", "expire_days": 1}],
        "tags": {"Stage": "preview"},
        "cors": [{"id": "shop", "origins": ["*"], "methods": ["GET"]}],
        "notifications": {
            "topics": [{"id": "t", "arn": "arn:aws:sns:eu-west-1:111111111111:t", "events": ["s3:ObjectCreated:*"]}]
        },
        "replication": {"role": "arn:aws:iam::111111111111:role/replication", "rules": [rule]},
    }
    replica = {"name": "shop-replica", "region": "eu-west-2", "versioning": True}
    logs = {"name": "shop-logs", "region": "eu-west-1"}
    role = {
        "name": "replication",
        "path": "/",
        "trust": {"Statement": [{}]},
        "policy_name": "p",
        "policy": {"Statement": [{}]},
    }
    return {"name": "shop", "buckets": [source, replica, logs], "replication_role": role}


def test_a_good_declaration_has_no_mistakes():
    assert told(mistakes(declaration(), REGIONS)) == []


def at(path: str, value: Any) -> dict[str, Any]:
    """The good declaration with one thing changed: at("buckets.0.region", …)."""
    changed: Any = copy.deepcopy(declaration())
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    here = changed
    for step in steps:
        here = here[step]
    here[last] = value
    return changed


RULE = "buckets.0.replication.rules.0"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "buckets.1.name",
            "shop-documents",
            "shop-documents: name is there twice; every bucket must be declared once.",
        ),
        ("buckets.2.name", "Shop", "name (Shop) has 'S' at position 1"),
        (
            "buckets.1.region",
            "eu-west-9",
            "shop-replica: region is 'eu-west-9', which is no region of AWS's; did you mean eu-west-2?",
        ),
        ("buckets.0.encryption", {"algorithm": "AES256", "key": KEY}, "which takes no key"),
        (
            "buckets.0.encryption",
            {"algorithm": "aws:kms", "key": KEY},
            ".key is of eu-west-2, but shop-documents is in",
        ),
        ("buckets.0.encryption", {"algorithm": "aws:kms", "key": "key/a"}, "it must be the ARN of a KMS key or alias"),
        (
            "buckets.0.encryption",
            {"algorithm": "aws:kms"},
            "encrypts with AWS's own key, which the role that replicates",
        ),
        (f"{RULE}.kms_key", OTHER_KEY, "the replica's encryption.key is of eu-west-1, but the replica is in eu-west-2"),
        ("buckets.0.policy.Statement.0.Resource", 5, "Resource names 5, which is not of this bucket"),
        ("buckets.0.encryption", {"algorithm": "aws:kms:dsse", "bucket_key": True}, "does not go with aws:kms:dsse"),
        ("buckets.0.policy.Statement", [], "shop-documents: policy has no Statement; say {} for no policy at all."),
        (
            "buckets.0.policy.Statement.0.Effect",
            "deny",
            "policy statement Tls: Effect must be Allow or Deny, and is 'deny'.",
        ),
        ("buckets.0.policy.Statement.0.Principal", "", "statement Tls has no Principal"),
        ("buckets.0.policy.Statement.0.Resource", [], "statement Tls has no Resource"),
        ("buckets.0.policy.Statement.0.Resource", "arn:aws:s3:::shop-logs/*", "which is not of this bucket"),
        ("buckets.0.policy.Statement.0.Resource", "arn:aws:s3:::shop-documents-2/*", "which is not of this bucket"),
        ("buckets.0.policy.Version", "x" * 21000, "AWS allows 20480"),
        ("buckets.2.region", "eu-west-2", "S3 writes access logs only within a region."),
        ("buckets.2.encryption", {"algorithm": "aws:kms"}, "it must have AES256."),
        (
            "buckets.2.logging",
            {"bucket": "shop-documents"},
            "shop-documents: logging goes in a circle: shop-documents →",
        ),
        ("buckets.0.mfa_delete", True, "lifecycle and mfa_delete exclude each other in S3"),
        ("buckets.0.lifecycle", [{"id": "a"}], "lifecycle rule a does nothing; it needs one of"),
        (
            "buckets.0.lifecycle.0.expire_days",
            0,
            "lifecycle rule retention: expire_days is 0; allowed are 1 to 2147483647.",
        ),
        ("buckets.0.lifecycle.0.id", "", "has an id of 0 characters; allowed are 1 to 255."),
        ("buckets.0.lifecycle", [{"id": "a", "expire_days": 1}] * 2, "lifecycle rule a has the id 'a', as rule a has"),
        (
            "buckets.0.lifecycle",
            [{"id": str(i), "expire_days": 1} for i in range(1001)],
            "1001 rules; AWS allows 1000.",
        ),
        (
            "buckets.0.lifecycle",
            [{"id": "a", "abort_upload_days": 1, "tags": {"a": "b"}}],
            "has tags, which what abort_upload_days is about has not",
        ),
        ("buckets.0.tags", {str(i): "x" for i in range(51)}, "tags has 51 tags; AWS allows 50."),
        ("buckets.0.tags", {"aws:x": "y"}, "tags.aws:x begins with aws:, which AWS reserves."),
        ("buckets.0.tags", {"": "y"}, "has a key of 0 characters"),
        ("buckets.0.tags", {"a": "y" * 257}, "has a value of 257 characters; allowed are 256."),
        ("buckets.0.tags", {"a": "b;c"}, "may have letters, digits, spaces"),
        ("buckets.0.cors.0.origins", [], "cors rule shop: origins is empty; AWS needs at least one."),
        ("buckets.0.cors.0.origins", ["*.*"], "AWS allows one asterisk"),
        ("buckets.0.notifications.topics.0.arn", "arn:aws:sqs:x", "it must begin with arn:aws:sns:"),
        (
            "buckets.0.notifications.topics.0.arn",
            "arn:aws:sns:us-east-1:111111111111:t",
            "arn is of 'us-east-1', but S3",
        ),
        ("buckets.0.notifications.topics.0.events", ["s3:ObjectMade:*"], "which is none of S3's"),
        ("buckets.0.notifications.topics.0.events", ["ObjectCreated"], "events must be a list of events such as"),
        (
            "buckets.0.versioning",
            None,
            "replication needs versioning of shop-documents; say versioning: true",
        ),
        (
            "buckets.1.versioning",
            False,
            "replication rule all: shop-replica needs versioning; say versioning: true there.",
        ),
        (
            "buckets.0.replication.role",
            "replication",
            "replication.role is 'replication'; it must be the ARN",
        ),
        (f"{RULE}.region", "eu-west-1", "region is eu-west-1, but shop-replica is declared in eu-west-2."),
        (f"{RULE}.region", "eu-west-22", "replication rule all: region is 'eu-west-22', which is no region"),
        (f"{RULE}.region", "us-east-1", "region is us-east-1, but shop-replica is declared in eu-west-2."),
        (f"{RULE}.bucket", "Bad", "rule all: Bad has 'B' at position 1"),
        (f"{RULE}.bucket", "shop-documents", "rule all: the replica is the source itself."),
        (f"{RULE}.priority", -1, "rule all: priority is -1; allowed are 0 to 2147483647."),
        (f"{RULE}.account", "12345", "rule all: account is '12345'; it must be 12 digits in quotes."),
        (f"{RULE}.owner_override", True, "rule all: owner_override needs account"),
        (f"{RULE}.metrics", False, None),
        (f"{RULE}.storage_class", "ICE", "rule all: storage_class is 'ICE'; allowed are STANDARD,"),
        (
            "buckets.0.encryption",
            {"algorithm": "aws:kms"},
            "encrypts with KMS, so the replica needs an encryption.key of its own",
        ),
        (f"{RULE}.tags", {"aws:a": "b"}, "rule all: tags.aws:a begins with aws:"),
        ("replication_role.name", "a b", "replication_role.name is 'a b'"),
        ("replication_role.path", "x", "replication_role.path is 'x'; it must begin and end with /."),
        ("replication_role.policy_name", "", "replication_role.policy_name is ''"),
        ("replication_role.trust", {}, "replication_role.trust has no Statement."),
    ],
)
def test_each_mistake_is_one_sentence_that_names_the_variable(path, value, said):
    found = told(mistakes(at(path, value), REGIONS))

    if said is None:
        assert found == []
        return
    assert any(said in sentence for sentence in found), found
    assert all(sentence.endswith((".", "?")) and "\n" not in sentence for sentence in found)


def test_time_control_needs_metrics_and_delete_markers_go_with_no_tags():
    declared = declaration()
    declared["buckets"][0]["replication"]["rules"][0] |= {"metrics": False, "replication_time_control": True}
    assert "needs metrics; say metrics: true." in told(mistakes(declared, REGIONS))[0]

    declared = declaration()
    declared["buckets"][0]["replication"]["rules"][0] |= {"delete_markers": True, "tags": {"a": "b"}}
    assert "rule all: delete_markers does not go with tags" in told(mistakes(declared, REGIONS))[0]


def test_rules_of_one_bucket_need_their_own_ids_and_priorities():
    declared = declaration()
    declared["buckets"][0]["replication"]["rules"] *= 2

    assert told(mistakes(declared, REGIONS)) == [
        "shop-documents: replication rule all has the id 'all', as rule all has; each needs its own.",
        "shop-documents: replication rule all has the priority 0, as rule all has; each needs its own.",
    ]


def test_where_a_replica_is_must_be_known():
    declared = at(f"{RULE}.region", None)
    assert told(mistakes(declared, REGIONS)) == []  # the replica is declared, and says it

    declared["buckets"][0]["replication"]["rules"][0]["bucket"] = "elsewhere"
    assert told(mistakes(declared, REGIONS)) == [
        "shop-documents: replication rule all: region is missing; say where elsewhere is."
    ]


def test_a_replica_of_another_account_is_not_taken_for_one_of_ours():
    declared = at(f"{RULE}.account", "444444444444")
    declared["buckets"][1]["versioning"] = False

    assert told(mistakes(declared, REGIONS)) == []


@pytest.mark.parametrize(
    "name", ["abc", "a" * 63, "digitalmarketplace-documents-preview-preview", "a.b-c", "1.2.3", "123"]
)
def test_good_names(name):
    assert name_mistake(name) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ab", "has 2 characters; allowed are 3 to 63"),
        ("a" * 64, "has 64 characters; allowed are 3 to 63"),
        ("shop_logs", "has '_' at position 5; allowed are a-z"),
        ("Shop", "has 'S' at position 1"),
        ("-shop", "must begin and end with a letter or a digit"),
        ("shop.", "must begin and end with a letter or a digit"),
        ("a..b", "has two dots side by side"),
        ("192.168.5.4", "looks like an IP address"),
        ("xn--shop", "begins with xn--, which AWS reserves"),
        ("sthree-shop", "begins with sthree-, which AWS reserves"),
        ("shop-s3alias", "ends with -s3alias, which AWS reserves"),
        ("shop--x-s3", "ends with --x-s3, which AWS reserves"),
    ],
)
def test_bad_names(name, said):
    assert name_mistake(name).startswith(said)


def test_what_is_wrong_with_several_buckets_is_said_once():
    declared = {"buckets": [{"name": name, "region": "eu-west-9"} for name in ("one", "two", "Bad")]}

    assert told(mistakes(declared, {"eu-west-1"})) == [
        "one, two, Bad: region is 'eu-west-9', which is no region of AWS's; did you mean eu-west-1?",
        "Bad: name (Bad) has 'B' at position 1; allowed are a-z, 0-9, dots and hyphens.",
    ]
