"""Who can destroy the last copy, by which way, and what stops him."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.deletion.judge import Deletion
from ansible.module_utils.estate.deletion.read import by_trails, gone, kept, keys
from botocore.exceptions import ClientError

from tests.support.access_world import IDS, World, allow, arn, controls, root, trust

SOURCE, REPLICA = "shop", "shop-copy"
ADVISED = {"mfa_delete": ["shop*"], "compliance": []}


def world(*actions: str, on: str = "*", source: dict | None = None, replica: dict | None = None) -> World:
    """production:worker may take these actions; shop is replicated into shop-copy."""
    made = World()
    made.role("production", "worker", trust("ec2.amazonaws.com", kind="Service"),
              inline={"p": allow(on, list(actions))} if actions else {})  # fmt: skip
    made.accounts["production"]["buckets"] = {
        SOURCE: {"policy": None, "restricted": True, "kept": controls(replicas={REPLICA: []}, **(source or {}))},
        REPLICA: {"policy": None, "restricted": True, "kept": controls(**(replica or {}))},
    }
    return made


def proof(made: World, who: str = "production:worker", **more: Any) -> dict[str, Any]:
    words = {"advised": ADVISED, "holds": [SOURCE], **more}
    return Deletion(made.lives()).proof("him", [who], words["advised"], words["holds"])


def today(made: World, **more: Any) -> list[str]:
    [row] = proof(made, **more)["rows"]
    return list(filter(None, row["today"].split("; ")))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"who": "production:wroker"}, "nobody there is called production:wroker"),
        ({"who": "*:wroker"}, "nobody there is called *:wroker"),
        ({"who": "group:Wrokers"}, "nobody there is called group:Wrokers"),
        ({"holds": ["shop", "shpo*"]}, "no bucket there that is nobody's replica is called shpo*"),
        ({"holds": [REPLICA]}, f"no bucket there that is nobody's replica is called {REPLICA}"),
    ],
)
def test_against_a_misspelt_name_and_of_one_nothing_is_proved(more, why):
    found = proof(world(), **more)

    assert (found["verdict"], found["why"], found["cause"]) == ("failed", why, why)
    assert proof(world(), **more | {"holds": []})["verdict"] == "proved", "of whom nothing has to hold"


@pytest.mark.parametrize(
    ("actions", "way"),
    [
        (["s3:DeleteObjectVersion"], "delete versions"),
        (["s3:PutBucketPolicy"], "delete versions, by a policy of its own making"),
        (["s3:PutLifecycleConfiguration"], "lifecycle, within a day or two"),
        (["organizations:CloseAccount"], ""),  # which only main can
        (["s3:DeleteObject", "s3:PutObject"], ""),  # hides it behind a marker or another version
        (["s3:PutBucketVersioning", "s3:PutReplicationConfiguration"], ""),
        ([], ""),
    ],
)
def test_each_way_is_found_and_mfa_delete_stops_it(actions, way):
    found = proof(world(*actions))
    [row] = found["rows"]

    assert (row["today"], row["advised"]) == (way, "")
    assert found["verdict"] == ("waiting" if way else "proved")
    told = proof(world(*actions), advised={})
    assert told["verdict"] == ("failed" if way else "proved")
    assert told["cause"] == "him can destroy every copy"
    assert bool(told["of"]) == bool(way)
    assert proof(world(*actions, source={"mfa_delete": True}, replica={"mfa_delete": True}))["verdict"] == "proved"


def test_what_could_not_be_looked_at_is_not_proved():
    made = world()
    made.accounts["production"]["buckets"]["shop-other"] = {"policy": None, "restricted": None, "kept": None}
    assert proof(made)["verdict"] == "proved"
    found = proof(made, holds=["shop*"])
    assert (found["verdict"], found["why"]) == ("failed", "shop-other could not be looked at")


def test_what_hides_and_destroys_nothing_is_told_apart():
    [row] = proof(world("s3:PutBucketVersioning", "s3:PutReplicationConfiguration"))["rows"]
    assert row["hides"] == "replicate over; suspend versioning"


def test_the_last_copy_is_not_lost_where_one_of_them_stays():
    assert today(world("s3:DeleteObjectVersion", on=f"arn:aws:s3:::{SOURCE}/*")) == []
    assert today(world("s3:DeleteObjectVersion", replica={"mfa_delete": True})) == []
    assert today(world("s3:DeleteObjectVersion", replica={"lock": "COMPLIANCE", "days": 30})) == []


def test_what_is_told_are_the_ways_to_the_copy_that_is_hardest_to_destroy():
    both = world("s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration", replica={"lock": "COMPLIANCE"})
    assert today(both) == []
    assert today(both, who="root") == ["close the account, within 90 days"]


def test_governance_stops_whoever_may_not_bypass_it():
    locked = {"source": {"lock": "GOVERNANCE"}, "replica": {"lock": "GOVERNANCE"}}
    assert today(world("s3:DeleteObjectVersion", **locked)) == []
    assert today(world("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", **locked)) == ["delete versions"]
    assert today(world("s3:PutLifecycleConfiguration", **locked)) == []


def test_a_lock_is_said_with_the_days_that_it_lasts():
    [row] = proof(world(source={"lock": "COMPLIANCE", "days": 30}), advised={"compliance": [REPLICA]})["rows"]
    assert row["controls today"] == "object lock (compliance, 30 days); none"
    assert row["controls advised"] == "object lock (compliance, 30 days); object lock (compliance)"


def test_without_versions_deleting_is_enough():
    plain = {"source": {"versioned": False}, "replica": {"versioned": False}}
    assert today(world("s3:DeleteObject", **plain)) == ["delete or overwrite, since there are no versions"]


KEY = f"arn:aws:kms:eu-west-1:{IDS['production']}:key/1"
DELEGATES = allow("*", "kms:*", Principal={"AWS": root("production")})
ENDS = ["delete its key, within 7 to 30 days"]


def encrypted(*actions: str, policy: dict | None, **more: Any) -> World:
    """Both copies by one key, which is guarded from all else."""
    guarded = {"mfa_delete": True, "lock": "COMPLIANCE", "keys": [KEY]}
    made = world(*actions, source=guarded, replica=guarded, **more)
    made.accounts["production"]["keys"] = {KEY: policy and {"arn": KEY, "policy": policy}}
    return made


@pytest.mark.parametrize("right", ["kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:DeleteImportedKeyMaterial"])
def test_whoever_may_end_a_key_destroys_what_it_encrypts_whatever_s3_guards(right):
    assert today(encrypted(right, policy=DELEGATES)) == ENDS
    assert today(encrypted("s3:*", policy=DELEGATES)) == []


def test_a_keys_own_policy_decides_who_ends_it():
    worker = {"AWS": arn("production", "worker")}
    named = allow("*", "kms:PutKeyPolicy", Principal=worker)
    assert today(encrypted(policy=named)) == ENDS, "no policy of his own is needed"
    assert today(encrypted("kms:*", policy=allow("*", "kms:*", Principal={"AWS": arn("production", "admins")}))) == []
    denied = {
        **DELEGATES,
        "Statement": [*DELEGATES["Statement"], *allow("*", "kms:*", "Deny", Principal=worker)["Statement"]],
    }
    assert today(encrypted("kms:*", policy=denied)) == []


def test_a_key_whose_policy_nobody_could_tell_is_not_proved():
    found = proof(encrypted(policy=None), holds=["shop*"])
    assert (found["verdict"], found["why"]) == ("failed", "shop, shop-copy could not be looked at")
    made = encrypted(policy=None)
    made.accounts["production"]["keys"] = {KEY: {}}
    assert proof(made)["verdict"] == "proved", "one of AWS's own, which nobody ends"


def test_a_key_that_only_the_rule_names_encrypts_the_copies():
    made = world("s3:DeleteObjectVersion", "kms:ScheduleKeyDeletion", replica={"mfa_delete": True})
    made.accounts["production"]["buckets"][SOURCE]["kept"]["replicas"] = {REPLICA: [KEY]}
    assert proof(made, holds=["shop*"])["why"].endswith("; shop-copy could not be looked at")
    made.accounts["production"]["keys"] = {KEY: {"arn": KEY, "policy": DELEGATES}}
    assert today(made) == ENDS


@pytest.mark.parametrize(
    ("actions", "gone", "way"),
    [
        (["s3:PutObject"], {"replaced": 7}, "delete or overwrite, and live lifecycle rules after 7 days"),
        (["s3:DeleteObject"], {"replaced": 7}, "delete or overwrite, and live lifecycle rules after 7 days"),
        (["s3:PutObjectTagging"], {"tagged": 14}, "tag, and live lifecycle rules after 14 days"),
        (["s3:PutObjectVersionTagging"], {"tagged": 14}, "tag, and live lifecycle rules after 14 days"),
        (["s3:PutObjectTagging"], {"replaced": 7}, ""),
        (["s3:PutObject"], {"tagged": 14}, ""),
        ([], {"itself": 30}, ""),
    ],
)
def test_a_live_lifecycle_rule_destroys_what_may_be_replaced_or_tagged(actions, gone, way):
    both = {"source": {"gone": gone}, "replica": {"gone": gone}}
    found = proof(world(*actions, **both))
    assert (found["rows"][0]["today"], found["rows"][0]["advised"]) == (way, "")
    locked = {where: {"gone": gone, "lock": "COMPLIANCE"} for where in ("source", "replica")}
    assert today(world(*actions, **locked)) == []


def test_what_is_put_or_tagged_in_the_source_is_so_in_its_replica():
    gone = {"source": {"gone": {"replaced": 7}}, "replica": {"gone": {"replaced": 7}}}
    only = f"arn:aws:s3:::{SOURCE}/*"
    assert today(world("s3:PutObject", on=only, **gone)) == [
        "delete or overwrite, and live lifecycle rules after 7 days"
    ]
    assert today(world("s3:PutObject", on=f"arn:aws:s3:::{REPLICA}/*", **gone)) == []


def test_a_put_that_fails_where_there_is_something_replaces_nothing():
    made = world("s3:PutObject", source={"gone": {"replaced": 7}}, replica={"gone": {"replaced": 7}})
    asks = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    made.accounts["production"]["roles"][0]["inline"]["add"] = allow("*", "s3:PutObject", "Deny", Condition=asks)
    assert today(made) == []


def test_whoever_destroys_the_source_waits_for_a_replica_that_goes_by_itself():
    made = world("s3:DeleteObjectVersion", on=f"arn:aws:s3:::{SOURCE}/*", replica={"gone": {"itself": 14}})
    assert today(made) == ["its own expiry, within 14 days"]


def test_whoever_takes_a_policy_away_does_what_only_its_denials_forbid():
    made = world("s3:DeleteObjectVersion", "s3:DeleteBucketPolicy", "s3:PutLifecycleConfiguration")
    for bucket in made.accounts["production"]["buckets"].values():
        bucket["policy"] = allow("*", ["s3:DeleteObjectVersion", "s3:PutLifecycle*"], "Deny", Principal="*")
    assert today(made) == ["delete versions", "lifecycle, within a day or two"]

    for bucket in made.accounts["production"]["buckets"].values():
        bucket["policy"]["Statement"][0]["Action"].append("s3:DeleteBucket*")
    assert today(made) == []
    assert today(world("s3:DeleteBucketPolicy")) == [], "there is nothing else that it lets one do"


def test_root_is_stopped_by_compliance_alone_and_closes_accounts():
    close = "close the account, within 90 days"
    mfa = {"mfa_delete": True}
    assert today(world(source=mfa, replica=mfa), who="root") == [
        close,
        "delete versions",
        "lifecycle, within a day or two",
    ]
    locked = {"lock": "COMPLIANCE"}
    assert today(world(source=locked, replica=locked), who="root") == [close]


def test_what_one_can_become_counts_and_a_denial_does():
    made = world("s3:DeleteObjectVersion")
    made.accounts["production"]["roles"][0]["trust"] = trust(arn("main", "jenkins"))
    made.role("main", "jenkins", trust("ec2.amazonaws.com", kind="Service"),
              inline={"p": allow(arn("production", "worker"))})  # fmt: skip
    assert today(made, who="main:jenkins") == ["delete versions"]

    deny = allow(f"arn:aws:s3:::{SOURCE}/*", "s3:DeleteObject*", "Deny", Principal="*")
    made.accounts["production"]["buckets"][SOURCE]["policy"] = deny
    assert today(made, who="main:jenkins") == []


def test_a_group_is_its_members():
    made = world()
    made.group("Developers", {"p": allow(arn("production", "worker"))})
    made.user("ada.example", "Developers")
    made.role("production", "worker", trust("arn:aws:iam::111111111111:root"), inline={"p": allow("*", "s3:*")})
    assert "delete versions" in today(made, who="group:Developers")
    assert today(made, who="group:Nobody") == []


class S3:
    """A bucket that has nothing configured, or may not be looked at."""

    def __init__(self, **answers):
        self.answers = answers

    def __getattr__(self, name):
        def call(**_):
            answer = self.answers.get(name, {})
            if isinstance(answer, str):
                raise ClientError({"Error": {"Code": answer}}, name)
            return answer

        return call


def rule(status="Enabled", **more):
    return {"ID": "x", "Status": status, "Filter": {"Prefix": ""}, **more}


OLD, TAG = {"NoncurrentVersionExpiration": {"NoncurrentDays": 7}}, {"Filter": {"Tag": {"Key": "k", "Value": "v"}}}
BOTH = {"Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "k", "Value": "v"}]}}}
AFTER = {"Expiration": {"Days": 30}}


@pytest.mark.parametrize(
    ("rules", "itself", "replaced", "tagged"),
    [
        ([], 0, 0, 0),
        ([rule(**OLD)], 0, 7, 0),
        ([rule(**AFTER)], 0, 0, 0),  # a marker hides it
        ([rule(**AFTER), rule(**OLD)], 37, 7, 0),
        ([rule(Expiration={"Date": "2026-01-01"}, **OLD)], 8, 7, 0),
        ([rule(**AFTER, **OLD, **TAG)], 0, 0, 37),
        ([rule(**OLD, **BOTH)], 0, 0, 7),
        ([rule(**AFTER, **TAG), rule(**OLD)], 0, 7, 37),
        ([rule(**AFTER, **TAG)], 0, 0, 0),
        ([rule(**OLD), rule(NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 2})], 0, 3, 0),
        ([rule("Disabled", **OLD)], 0, 0, 0),
        ([rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})], 0, 0, 0),
    ],
)
def test_live_lifecycle_rules_are_read_by_what_they_delete(rules, itself, replaced, tagged):
    assert gone(rules, versioned=True) == {"itself": itself, "replaced": replaced, "tagged": tagged}


def test_a_lifecycle_rule_that_nobody_knows_is_not_taken_for_harmless():
    assert gone([rule(**AFTER)], versioned=False)["itself"] == 30
    assert gone([rule(NewSetting={})], versioned=True) is None


class Kms:
    region = "eu-west-1"

    def __init__(self, **about):
        self.about, self.refused = about, ""

    def __getitem__(self, which):
        assert which == ("kms", "eu-west-2")
        return self

    def describe_key(self, KeyId):
        assert KeyId == NAMED
        if self.refused:
            raise ClientError({"Error": {"Code": self.refused}}, "DescribeKey")
        return {"KeyMetadata": {"Arn": "arn:real", "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", **self.about}}

    def get_key_policy(self, KeyId, PolicyName):
        assert (KeyId, PolicyName) == ("arn:real", "default")
        return {"Policy": '{"Statement": []}'}


NAMED = "arn:aws:kms:eu-west-2:333333333333:alias/shop"


def keys_of(kms, named=NAMED):
    buckets = {
        "a": {"kept": controls(keys=[named])},
        "b": {"kept": controls(replicas={"c": [named]})},
        "c": {"kept": None},
    }
    return keys(kms, "333333333333", buckets)[named]


def test_a_trails_key_is_one_of_its_buckets():
    trails = [{"S3BucketName": "a", "KmsKeyId": NAMED}, {"S3BucketName": "b"}, {"S3BucketName": "another's"}]
    buckets = {name: {"kept": controls(keys=[])} for name in "ab"}
    by_trails(trails, buckets)
    assert [buckets[name]["kept"]["keys"] for name in "ab"] == [[NAMED], []]


def test_a_keys_policy_is_read_by_its_own_account_or_is_not_known():
    assert keys_of(Kms()) == {"arn": "arn:real", "policy": {"Statement": []}}
    assert keys_of(Kms(KeyManager="AWS")) == {}
    assert keys_of(Kms(Origin="AWS_CLOUDHSM")) is None
    for code in ("AccessDeniedException", "NotFoundException"):
        kms = Kms()
        kms.refused = code
        assert keys_of(kms) is None
    assert keys_of(Kms(), "arn:aws:kms:eu-west-2:444444444444:key/1") is None
    assert keys_of(Kms(), "alias/shop") is None


def test_what_keeps_a_bucket_is_read_as_it_is():
    absent = {"get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
              "get_bucket_replication": "ReplicationConfigurationNotFoundError",
              "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
              "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration"}  # fmt: skip
    nothing = S3(**absent)
    assert kept(nothing, "b") == controls(versioned=False)
    assert kept(S3(get_bucket_versioning="AccessDenied"), "b") is None
    unknown = {"get_bucket_lifecycle_configuration": {"Rules": [rule(NewSetting={})]}}
    assert kept(S3(**absent | unknown), "b") is None
    retention = {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}}
    rules = [
        {"Status": status, "Destination": {"Bucket": f"arn:aws:s3:::{status}",
                                           "EncryptionConfiguration": {"ReplicaKmsKeyID": "r"}}}
        for status in ("Enabled", "Disabled")
    ]  # fmt: skip
    key = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}
    everything = S3(get_bucket_versioning={"Status": "Enabled", "MFADelete": "Enabled"},
                    get_object_lock_configuration={"ObjectLockConfiguration": retention},
                    get_bucket_replication={"ReplicationConfiguration": {"Rules": rules}},
                    get_bucket_encryption={"ServerSideEncryptionConfiguration": {"Rules": [key]}},
                    get_bucket_lifecycle_configuration={"Rules": [rule(**OLD)]})  # fmt: skip
    assert kept(everything, "b") == controls(
        mfa_delete=True,
        lock="COMPLIANCE",
        days=365,
        keys=["k"],
        replicas={"Enabled": ["r"]},
        gone={"itself": 0, "replaced": 7, "tagged": 0},
    )
