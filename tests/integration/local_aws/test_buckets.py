"""What is true of buckets as such: MFA delete, logging, regions, listing, owners."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.conftest import allow, document, refusal

NAME = "a-bucket"
DEVICE = "arn:aws:iam::333333333333:mfa/root 123456"
NEXT = "arn:aws:iam::333333333333:mfa/root 654321"
ON = {"Status": "Enabled", "MFADelete": "Enabled"}


@pytest.fixture
def s3(estate_aws, bucket):
    bucket(versioned=True)
    return estate_aws.client("s3", "production")


@pytest.fixture
def root(estate_aws):
    return estate_aws.client("s3", "production", root=True)


def test_mfa_delete_is_switched_on_by_root_with_a_device_only(s3, root):
    for client, words in ((s3, {"MFA": DEVICE}), (root, {}), (root, {"MFA": "device 000000"})):
        assert refusal(client.put_bucket_versioning, Bucket=NAME, VersioningConfiguration=ON, **words) == "AccessDenied"
    root.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=ON, MFA=DEVICE)

    found = s3.get_bucket_versioning(Bucket=NAME)
    assert (found["Status"], found["MFADelete"]) == ("Enabled", "Enabled")


def test_with_mfa_delete_only_root_changes_versioning_or_deletes_versions(s3, root):
    root.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=ON, MFA=DEVICE)
    version = s3.put_object(Bucket=NAME, Key="a", Body=b"")["VersionId"]

    for wanted in ({"Status": "Enabled"}, {"Status": "Suspended"}):
        assert refusal(s3.put_bucket_versioning, Bucket=NAME, VersioningConfiguration=wanted) == "AccessDenied"
    assert refusal(s3.delete_object, Bucket=NAME, Key="a", VersionId=version) == "AccessDenied"
    many = {"Objects": [{"Key": "a", "VersionId": version}]}
    assert refusal(s3.delete_objects, Bucket=NAME, Delete=many) == "AccessDenied"
    s3.delete_object(Bucket=NAME, Key="a")
    root.delete_object(Bucket=NAME, Key="a", VersionId=version, MFA=NEXT)
    assert "Versions" not in s3.list_object_versions(Bucket=NAME)


@pytest.mark.usefixtures("s3")
def test_a_code_is_taken_once(root):
    root.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=ON, MFA=DEVICE)

    off = {"Status": "Enabled", "MFADelete": "Disabled"}
    assert refusal(root.put_bucket_versioning, Bucket=NAME, VersioningConfiguration=off, MFA=DEVICE) == "AccessDenied"
    root.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=off, MFA=NEXT)


def test_a_bucket_with_mfa_delete_takes_no_lifecycle(s3, root):
    root.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=ON, MFA=DEVICE)
    rules = {"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    assert (
        refusal(s3.put_bucket_lifecycle_configuration, Bucket=NAME, LifecycleConfiguration=rules)
        == "InvalidBucketState"
    )


def log_to(target, prefix="a-bucket/"):
    enabled = {"TargetBucket": target, "TargetPrefix": prefix}
    return {"Bucket": NAME, "BucketLoggingStatus": {"LoggingEnabled": enabled}}


def test_logs_go_where_the_logging_service_is_let_in(s3, bucket):
    bucket("the-logs")
    arn = "arn:aws:s3:::the-logs"
    tls = allow("s3:*", [arn, f"{arn}/*"], "Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    service = {"Service": "logging.s3.amazonaws.com"}

    def let_in(condition):
        statement = allow(["s3:PutObject"], f"{arn}/*", Principal=service, Condition=condition)
        s3.put_bucket_policy(Bucket="the-logs", Policy=document(tls, statement))

    assert refusal(s3.put_bucket_logging, **log_to("the-logs")) == "InvalidTargetBucketForLogging"
    let_in({"StringEquals": {"aws:SourceAccount": "444444444444"}})
    assert refusal(s3.put_bucket_logging, **log_to("the-logs")) == "InvalidTargetBucketForLogging"
    let_in({"StringEquals": {"aws:SourceAccount": "333333333333"}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::a-*"}})
    s3.put_bucket_logging(**log_to("the-logs"))

    found = s3.get_bucket_logging(Bucket=NAME)["LoggingEnabled"]
    assert found == {"TargetBucket": "the-logs", "TargetPrefix": "a-bucket/"}


def test_logs_stay_in_their_region_and_need_a_bucket(s3, bucket):
    bucket("the-logs", region="eu-west-2")
    assert refusal(s3.put_bucket_logging, **log_to("the-logs")) == "CrossLocationLoggingProhibited"
    assert refusal(s3.put_bucket_logging, **log_to("no-logs")) == "InvalidTargetBucketForLogging"


def test_a_bucket_is_asked_in_its_own_region(estate_aws, s3):
    london = estate_aws.client("s3", "production", "eu-west-2")
    virginia = estate_aws.client("s3", "production", "us-east-1")
    assert london.get_bucket_location(Bucket=NAME)["LocationConstraint"] == "eu-west-1"
    estate_aws.forget_calls()
    assert london.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"  # boto3 follows the redirect
    assert virginia.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"

    statuses = [call["status"] for call in estate_aws.calls() if call["operation"] == "GetBucketVersioning"]
    assert statuses == [301, 200, 400, 200]
    assert s3.head_bucket(Bucket=NAME)["BucketRegion"] == "eu-west-1"


@pytest.mark.parametrize(
    ("constraint", "code"),
    [
        ("eu-west-2", "IllegalLocationConstraintException"),
        (None, "IllegalLocationConstraintException"),
        ("mars-north-1", "InvalidLocationConstraint"),
    ],
)
def test_a_bucket_is_made_where_it_is_asked_for(estate_aws, constraint, code):
    s3 = estate_aws.client("s3", "production")
    words = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    assert refusal(s3.create_bucket, Bucket="b-bucket", **words) == code


def test_a_name_that_is_taken_says_whose_it_is(estate_aws, s3):
    words = {"Bucket": NAME, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    assert refusal(s3.create_bucket, **words) == "BucketAlreadyOwnedByYou"
    assert refusal(estate_aws.client("s3", "backups").create_bucket, **words) == "BucketAlreadyExists"


def test_buckets_are_listed_in_pages_with_their_region(estate_aws, bucket):
    for number in range(5):
        bucket(f"b-{number}", region="eu-west-2" if number % 2 else "eu-west-1")
    s3 = estate_aws.client("s3", "production")
    pages = list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))

    found = [item for page in pages for item in page["Buckets"]]
    assert [len(page["Buckets"]) for page in pages] == [2, 2, 1]
    assert [(item["Name"], item["BucketRegion"]) for item in found][:2] == [("b-0", "eu-west-1"), ("b-1", "eu-west-2")]
    assert [item["Name"] for item in s3.list_buckets(Prefix="b-", BucketRegion="eu-west-2")["Buckets"]] == [
        "b-1",
        "b-3",
    ]
    assert "BucketRegion" not in s3.list_buckets()["Buckets"][0]


def test_what_another_account_writes_the_owner_finds(estate_aws, s3):
    policy = document(allow("s3:Put*", f"arn:aws:s3:::{NAME}/*", Principal={"AWS": "111111111111"}))
    s3.put_bucket_policy(Bucket=NAME, Policy=policy)
    estate_aws.client("s3", "main").put_object(Bucket=NAME, Key="a", Body=b"", Tagging="from=main")

    assert s3.get_object_tagging(Bucket=NAME, Key="a")["TagSet"] == [{"Key": "from", "Value": "main"}]


def test_answers_are_named_as_s3_names_them(estate_aws, bucket):
    s3 = estate_aws.client("s3", "production")
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket=bucket(), Key="none")
    with pytest.raises(ClientError) as refused:
        estate_aws.client_of("s3", ["AKIA" + "A" * 16, "x" * 40, ""]).list_buckets()
    for answer in (s3.list_buckets(), missing.value.response, refused.value.response):
        told = answer["ResponseMetadata"]
        assert len(told["RequestId"]) == 16
        assert told["HostId"]
        assert "x-amzn-requestid" not in told["HTTPHeaders"]
