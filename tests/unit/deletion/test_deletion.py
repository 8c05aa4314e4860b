"""Who can destroy the last copy, by which way, and what stops him."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.deletion.judge import Deletion
from ansible.module_utils.estate.deletion.read import kept
from botocore.exceptions import ClientError

from tests.support.access_world import IDS, World, allow, arn, trust

SOURCE, REPLICA = "shop", "shop-copy"
ADVISED = {"mfa_delete": ["shop*"], "compliance": []}


def controls(**more: Any) -> dict[str, Any]:
    return {"versioned": True, "mfa_delete": False, "lock": "", "days": 0, "key": "", "replicas": [], **more}


def world(*actions: str, on: str = "*", source: dict | None = None, replica: dict | None = None) -> World:
    """production:worker may take these actions; shop is replicated into shop-copy."""
    made = World()
    made.role("production", "worker", trust("ec2.amazonaws.com", kind="Service"),
              inline={"p": allow(on, list(actions))} if actions else {})  # fmt: skip
    made.accounts["production"]["buckets"] = {
        SOURCE: {"policy": None, "restricted": True, "kept": controls(replicas=[REPLICA], **(source or {}))},
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
    assert proof(world(*actions), advised={})["verdict"] == ("failed" if way else "proved")
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


def test_a_key_destroys_what_it_encrypts_whatever_s3_guards():
    key = f"arn:aws:kms:eu-west-1:{arn('production', 'x').split(':')[4]}:key/1"
    guarded = {"mfa_delete": True, "lock": "COMPLIANCE", "key": key}
    way = ["delete its key, within 7 to 30 days"]
    assert today(world("kms:ScheduleKeyDeletion", source=guarded, replica=guarded)) == way
    assert today(world("s3:*", source=guarded, replica=guarded)) == []


@pytest.mark.parametrize("right", ["kms:PutKeyPolicy", "kms:DeleteImportedKeyMaterial"])
def test_a_right_to_a_keys_policy_or_its_material_ends_it_too(right):
    key = {"key": f"arn:aws:kms:eu-west-1:{IDS['production']}:key/1"}
    assert today(world(right, source=key, replica=key)) == ["delete its key, within 7 to 30 days"]


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


def test_what_keeps_a_bucket_is_read_as_it_is():
    nothing = S3(get_object_lock_configuration="ObjectLockConfigurationNotFoundError",
                 get_bucket_replication="ReplicationConfigurationNotFoundError",
                 get_bucket_encryption="ServerSideEncryptionConfigurationNotFoundError")  # fmt: skip
    assert kept(nothing, "b") == controls(versioned=False)
    assert kept(S3(get_bucket_versioning="AccessDenied"), "b") is None
    retention = {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}}
    rules = [
        {"Status": status, "Destination": {"Bucket": f"arn:aws:s3:::{status}"}} for status in ("Enabled", "Disabled")
    ]
    key = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}
    everything = S3(get_bucket_versioning={"Status": "Enabled", "MFADelete": "Enabled"},
                    get_object_lock_configuration={"ObjectLockConfiguration": retention},
                    get_bucket_replication={"ReplicationConfiguration": {"Rules": rules}},
                    get_bucket_encryption={"ServerSideEncryptionConfiguration": {"Rules": [key]}})  # fmt: skip
    assert kept(everything, "b") == controls(
        mfa_delete=True, lock="COMPLIANCE", days=365, key="k", replicas=["Enabled"]
    )
