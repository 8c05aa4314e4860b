"""Replication: the configuration as it was put, and the objects it copies."""

from __future__ import annotations

import time

import pytest

from tests.integration.local_aws.conftest import allow, document, refusal

SOURCE, COPY = "dm-source", "dm-copy"
ROLE = "arn:aws:iam::333333333333:role/replication"


def rule(**words):
    return {
        "ID": "all",
        "Priority": 3,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{COPY}"},
        **words,
    }


def config(*rules):
    return {"Role": ROLE, "Rules": list(rules)}


@pytest.fixture
def source(estate_aws, bucket):
    """A versioned pair in two regions, and a role that may replicate anything."""
    bucket(SOURCE, versioned=True)
    bucket(COPY, region="eu-west-2", versioned=True)
    iam = estate_aws.client("iam", "production")
    trust = document(allow("sts:AssumeRole", Principal={"Service": "s3.amazonaws.com"}))
    iam.create_role(RoleName="replication", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="replication", PolicyName="all", PolicyDocument=document(allow("s3:*", "*")))
    return estate_aws.client("s3", "production")


@pytest.fixture
def copy(estate_aws):
    return estate_aws.client("s3", "production", "eu-west-2")


def put_rules(s3, *rules):
    s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration=config(*rules))


def status(s3, key, bucket=SOURCE):
    return s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus")


def keys(s3):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=COPY).get("Contents", [])]


def test_a_configuration_comes_back_exactly_as_it_was_put(source):
    wanted = config(
        rule(
            DeleteMarkerReplication={"Status": "Enabled"},
            SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            Destination={
                "Bucket": f"arn:aws:s3:::{COPY}",
                "Account": "333333333333",
                "StorageClass": "STANDARD_IA",
                "AccessControlTranslation": {"Owner": "Destination"},
                "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:eu-west-2:333333333333:key/x"},
                "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            },
        ),
        rule(ID="tagged", Priority=1, Filter={"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}]}}),
        rule(ID="one tag", Priority=2, Status="Disabled", Filter={"Tag": {"Key": "k", "Value": "v"}}),
    )
    source.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration=wanted)

    assert source.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"] == wanted


def test_the_first_versions_rules_come_back_too(source):
    old = {"ID": "old", "Prefix": "a/", "Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{COPY}"}}
    put_rules(source, old)
    assert source.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]["Rules"] == [old]


TARGET = f"arn:aws:s3:::{COPY}"
TAGGED = {"Filter": {"Tag": {"Key": "k", "Value": "v"}}}
KEY = "arn:aws:kms:eu-west-2:333333333333:key/x"
KMS = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}
TIMED = {"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}


@pytest.mark.parametrize(
    "words",
    [
        {"Destination": {"Bucket": "arn:aws:s3:::dm-nowhere"}},
        {"Destination": {"Bucket": f"arn:aws:s3:::{SOURCE}"}},
        {"Destination": {"Bucket": "arn:aws:s3:::dm-unversioned"}},
        {"Destination": {"Bucket": TARGET, "Account": "444444444444"}},
        {"Destination": {"Bucket": TARGET, **TIMED}},
        {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}},
        {**TAGGED, "DeleteMarkerReplication": {"Status": "Enabled"}},
        {"ExistingObjectReplication": {"Status": "Enabled"}},
        {**KMS, "Destination": {"Bucket": TARGET, "EncryptionConfiguration": {"ReplicaKmsKeyID": "alias/x"}}},
        {"Destination": {"Bucket": TARGET, "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY}}},
    ],
)
def test_a_rule_that_cannot_work_is_refused(source, bucket, words):
    bucket("dm-unversioned")
    wanted = config(rule(**words))
    assert refusal(source.put_bucket_replication, Bucket=SOURCE, ReplicationConfiguration=wanted) == "InvalidRequest"


def timed(minutes, threshold):
    time = {"Status": "Enabled", "Time": {"Minutes": minutes}}
    metrics = {"Status": "Enabled", **({"EventThreshold": {"Minutes": threshold}} if threshold else {})}
    return {"Destination": {"Bucket": TARGET, "ReplicationTime": time, "Metrics": metrics}}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"Destination": {"Bucket": TARGET, "StorageClass": "COLD"}}, "MalformedXML"),
        ({"DeleteMarkerReplication": {"Status": "On"}}, "MalformedXML"),
        ({"SourceSelectionCriteria": {"ReplicaModifications": {"Status": "On"}}}, "MalformedXML"),
        ({"Filter": {"Prefix": "a/", "Tag": {"Key": "k", "Value": "v"}}}, "MalformedXML"),
        ({"ID": ""}, "MalformedXML"),
        ({"ID": "x" * 256}, "MalformedXML"),
        ({"Priority": -1}, "InvalidArgument"),
        (timed(10, 15), "InvalidArgument"),
        (timed(15, 30), "InvalidArgument"),
        (timed(15, None), "InvalidArgument"),
        ({"Filter": {"And": {"Tags": [{"Key": "k", "Value": "v"}] * 2}}}, "InvalidTag"),
    ],
)
def test_what_a_rule_may_say_is_checked(source, words, code):
    wanted = config(rule(**words))
    assert refusal(source.put_bucket_replication, Bucket=SOURCE, ReplicationConfiguration=wanted) == code


def old(prefix="", **words):
    return {"ID": prefix or "all", "Prefix": prefix, "Status": "Enabled", "Destination": {"Bucket": TARGET}, **words}


@pytest.mark.parametrize(
    "rules",
    [
        [rule(), old("a/")],
        [old("a/", Priority=1)],
        [old("a/", DeleteMarkerReplication={"Status": "Enabled"})],
        [old("a/"), old("a/b/")],
        [old("a/"), old("b/", Destination={"Bucket": "arn:aws:s3:::dm-third"})],
    ],
)
def test_the_two_versions_of_rules_do_not_mix(source, bucket, rules):
    bucket("dm-third", versioned=True)
    wanted = config(*rules)
    assert refusal(source.put_bucket_replication, Bucket=SOURCE, ReplicationConfiguration=wanted) == "InvalidRequest"


def test_only_a_role_replicates(source):
    wanted = config(rule()) | {"Role": "arn:aws:iam::333333333333:user/x"}
    assert refusal(source.put_bucket_replication, Bucket=SOURCE, ReplicationConfiguration=wanted) == "InvalidArgument"


def test_an_unversioned_source_and_a_rule_without_its_priority_are_refused(source, bucket):
    bucket("dm-unversioned")
    wanted = config(rule())
    assert (
        refusal(source.put_bucket_replication, Bucket="dm-unversioned", ReplicationConfiguration=wanted)
        == "InvalidRequest"
    )
    bare = {key: value for key, value in rule().items() if key != "Priority"}
    assert (
        refusal(source.put_bucket_replication, Bucket=SOURCE, ReplicationConfiguration=config(bare)) == "InvalidRequest"
    )
    twins = config(rule(), rule(ID="two"))
    assert refusal(source.put_bucket_replication, Bucket=SOURCE, ReplicationConfiguration=twins) == "InvalidRequest"


def test_new_objects_arrive_whole_and_old_ones_do_not(estate_aws, source, copy):
    source.put_object(Bucket=SOURCE, Key="old", Body=b"old")
    put_rules(source, rule())
    put = source.put_object(
        Bucket=SOURCE, Key="new", Body=b"new", Metadata={"who": "ada"}, Tagging="kind=x", ContentType="text/plain"
    )
    estate_aws.settle()

    assert keys(copy) == ["new"]
    found = copy.get_object(Bucket=COPY, Key="new")
    assert found["Body"].read() == b"new"
    assert (found["VersionId"], found["ETag"]) == (put["VersionId"], put["ETag"])
    assert (found["Metadata"], found["ContentType"]) == ({"who": "ada"}, "text/plain")
    assert found["ReplicationStatus"] == "REPLICA"
    assert copy.get_object_tagging(Bucket=COPY, Key="new")["TagSet"] == [{"Key": "kind", "Value": "x"}]
    assert status(source, "new") == "COMPLETED"
    assert status(source, "old") is None


def test_a_canary_arrives_within_a_second(source, copy):
    put_rules(source, rule())
    source.put_object(Bucket=SOURCE, Key="canary", Body=b"x")
    deadline = time.monotonic() + 5
    while status(source, "canary") != "COMPLETED" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert keys(copy) == ["canary"]


def test_filters_choose_by_prefix_and_tag(estate_aws, source, copy):
    put_rules(
        source,
        rule(ID="prefix", Priority=1, Filter={"Prefix": "in/"}),
        rule(ID="tag", Priority=2, Filter={"And": {"Prefix": "", "Tags": [{"Key": "keep", "Value": "yes"}]}}),
    )
    source.put_object(Bucket=SOURCE, Key="in/a", Body=b"")
    source.put_object(Bucket=SOURCE, Key="out/b", Body=b"")
    source.put_object(Bucket=SOURCE, Key="out/c", Body=b"", Tagging="keep=yes")
    estate_aws.settle()
    assert keys(copy) == ["in/a", "out/c"]


@pytest.mark.parametrize(("setting", "left"), [("Enabled", []), ("Disabled", ["gone"])])
def test_delete_markers_follow_only_when_told(estate_aws, source, copy, setting, left):
    put_rules(source, rule(DeleteMarkerReplication={"Status": setting}))
    source.put_object(Bucket=SOURCE, Key="gone", Body=b"")
    source.delete_object(Bucket=SOURCE, Key="gone")
    estate_aws.settle()
    assert keys(copy) == left


def test_deleting_a_version_is_never_replicated(estate_aws, source, copy):
    put_rules(source, rule(DeleteMarkerReplication={"Status": "Enabled"}))
    version = source.put_object(Bucket=SOURCE, Key="a", Body=b"")["VersionId"]
    estate_aws.settle()
    source.delete_object(Bucket=SOURCE, Key="a", VersionId=version)
    estate_aws.settle()
    assert keys(copy) == ["a"]


def test_what_the_role_may_not_do_fails_without_failing_the_put(estate_aws, source, copy):
    iam = estate_aws.client("iam", "production")
    put_rules(source, rule())
    iam.put_role_policy(RoleName="replication", PolicyName="all", PolicyDocument=document(allow("s3:Get*", "*")))
    source.put_object(Bucket=SOURCE, Key="a", Body=b"")
    iam.delete_role_policy(RoleName="replication", PolicyName="all")
    iam.delete_role(RoleName="replication")
    source.put_object(Bucket=SOURCE, Key="b", Body=b"")
    estate_aws.settle()

    assert [status(source, "a"), status(source, "b")] == ["FAILED", "FAILED"]
    assert keys(copy) == []


def test_another_account_takes_its_buckets_policy_too(estate_aws, source, bucket):
    bucket("dm-vault", "backups", "eu-west-2", versioned=True)
    vault = estate_aws.client("s3", "backups", "eu-west-2")
    to = {
        "Bucket": "arn:aws:s3:::dm-vault",
        "Account": "444444444444",
        "AccessControlTranslation": {"Owner": "Destination"},
    }
    put_rules(source, rule(Destination=to))
    source.put_object(Bucket=SOURCE, Key="a", Body=b"a")
    estate_aws.settle()
    assert status(source, "a") == "FAILED"

    takes = ["s3:ReplicateObject", "s3:ObjectOwnerOverrideToBucketOwner"]
    policy = document(allow(takes, "arn:aws:s3:::dm-vault/*", Principal={"AWS": ROLE}))
    vault.put_bucket_policy(Bucket="dm-vault", Policy=policy)
    source.put_object(Bucket=SOURCE, Key="b", Body=b"b")
    estate_aws.settle()
    assert status(source, "b") == "COMPLETED"
    assert vault.get_object(Bucket="dm-vault", Key="b")["Body"].read() == b"b"


def test_a_multipart_upload_and_a_later_tag_arrive_too(estate_aws, source, copy):
    put_rules(source, rule())
    upload = source.create_multipart_upload(Bucket=SOURCE, Key="big")["UploadId"]
    part = source.upload_part(Bucket=SOURCE, Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    source.complete_multipart_upload(Bucket=SOURCE, Key="big", UploadId=upload, MultipartUpload=parts)
    estate_aws.settle()
    source.put_object_tagging(Bucket=SOURCE, Key="big", Tagging={"TagSet": [{"Key": "late", "Value": "1"}]})
    estate_aws.settle()

    assert copy.head_object(Bucket=COPY, Key="big")["ETag"] == source.head_object(Bucket=SOURCE, Key="big")["ETag"]
    assert copy.get_object_tagging(Bucket=COPY, Key="big")["TagSet"] == [{"Key": "late", "Value": "1"}]


def test_what_is_locked_is_copied_into_what_can_be_locked_alone_and_by_a_role_that_sees_its_locks(
    estate_aws, source, copy
):
    lock = {"ObjectLockEnabled": "Enabled"}
    put_rules(source, rule())
    source.put_object_lock_configuration(Bucket=SOURCE, ObjectLockConfiguration=lock)
    source.put_object(Bucket=SOURCE, Key="a", Body=b"")
    estate_aws.settle()
    assert (status(source, "a"), keys(copy)) == ("FAILED", [])

    copy.put_object_lock_configuration(Bucket=COPY, ObjectLockConfiguration=lock)
    iam = estate_aws.client("iam", "production")
    blind = document(allow("s3:*", "*"), {**allow("s3:GetObjectLegalHold", "*"), "Effect": "Deny"})
    for policy, key, seen in ((blind, "b", "FAILED"), (document(allow("s3:*", "*")), "c", "COMPLETED")):
        iam.put_role_policy(RoleName="replication", PolicyName="all", PolicyDocument=policy)
        source.put_object(Bucket=SOURCE, Key=key, Body=b"")
        estate_aws.settle()
        assert status(source, key) == seen
    assert keys(copy) == ["c"]
