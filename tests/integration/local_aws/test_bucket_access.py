"""Who may do what in a bucket: its policy with conditions, accounts, ACLs, blocks; pre-signed URLs."""

from __future__ import annotations

import http.client
import socket
import ssl
import time

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.conftest import allow, document, refusal

NAME = "a-bucket"
BUCKET, OBJECTS = f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"
EVERYBODY = {"Principal": "*"}


def when(operator, key, value):
    return {"Condition": {operator: {key: value}}}


HERE = when("IpAddress", "aws:SourceIp", "127.0.0.1/32")


def get(estate_aws, path, host=f"{NAME}.s3.eu-west-1.amazonaws.com", method="GET", body=None, headers=None):
    """As nginx asks: AWS's name in SNI and Host, this machine's address."""
    context = ssl.create_default_context(cafile=estate_aws.ca)
    connection = http.client.HTTPSConnection("127.0.0.1", estate_aws.port, context=context)
    connection._create_connection = lambda _, *rest: socket.create_connection(("127.0.0.1", estate_aws.port), *rest)
    connection.host = host
    connection.request(method, path, body, {"Host": host, **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    client = estate_aws.client("s3", "production")
    client.put_object(Bucket=NAME, Key="public/one", Body=b"one")
    return client


def put_policy(s3, *statements):
    s3.put_bucket_policy(Bucket=NAME, Policy=document(*statements))


def test_a_deny_without_tls_closes_nothing_to_those_who_come_with_it(s3):
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    put_policy(s3, allow("s3:*", [BUCKET, OBJECTS], "Deny", **EVERYBODY, Condition=condition))
    assert s3.get_object(Bucket=NAME, Key="public/one")["Body"].read() == b"one"

    put_policy(s3, allow("s3:*", [BUCKET, OBJECTS], "Deny", **EVERYBODY, **when("Bool", "aws:SecureTransport", "true")))
    assert refusal(s3.get_object, Bucket=NAME, Key="public/one") == "AccessDenied"


def test_root_can_always_take_back_a_policy_that_locks_everybody_out(estate_aws, s3):
    put_policy(s3, allow("s3:*", [BUCKET, OBJECTS], "Deny", **EVERYBODY))
    assert refusal(s3.delete_bucket_policy, Bucket=NAME) == "AccessDenied"
    estate_aws.client("s3", "production", root=True).delete_bucket_policy(Bucket=NAME)
    assert s3.list_objects_v2(Bucket=NAME)["KeyCount"] == 1


def test_nobody_unsigned_reads_until_a_policy_lets_them_from_where_they_are(estate_aws, s3):
    assert get(estate_aws, "/public/one")[0] == 403

    condition = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}
    put_policy(s3, allow("s3:GetObject", f"{BUCKET}/public/*", **EVERYBODY, Condition=condition))
    assert get(estate_aws, "/public/one")[0] == 403
    assert get(estate_aws, "/public/one", headers={"x-local-aws-source-ip": "203.0.113.9"}) == (200, b"one")

    put_policy(
        s3,
        allow("s3:GetObject", f"{BUCKET}/public/*", **EVERYBODY, **HERE),
    )
    assert get(estate_aws, "/public/one") == (200, b"one")
    assert get(estate_aws, f"/{NAME}/public/one", host="s3.amazonaws.com") == (200, b"one")
    assert get(estate_aws, "/public/one", host=f"{NAME}.s3.amazonaws.com") == (200, b"one")
    assert get(estate_aws, "/private/one")[0] == 403


def test_a_missing_key_is_found_missing_only_by_who_may_list(estate_aws, s3):
    put_policy(s3, allow("s3:GetObject", OBJECTS, **EVERYBODY, **HERE))
    assert get(estate_aws, "/no/such")[0] == 403
    assert refusal(s3.get_object, Bucket=NAME, Key="no/such") == "NoSuchKey"

    put_policy(
        s3,
        allow("s3:GetObject", OBJECTS, **EVERYBODY, **HERE),
        allow("s3:ListBucket", BUCKET, **EVERYBODY, **HERE),
    )
    assert get(estate_aws, "/no/such")[0] == 404


def test_another_account_takes_the_buckets_policy_and_its_own(estate_aws, s3, become):
    backups = estate_aws.client("s3", "backups")
    assert refusal(backups.list_objects_v2, Bucket=NAME) == "AccessDenied"
    reader = estate_aws.client_of("s3", become("reader", "backups"))

    put_policy(s3, allow("s3:ListBucket", BUCKET, Principal={"AWS": "arn:aws:iam::444444444444:role/reader"}))
    assert refusal(backups.list_objects_v2, Bucket=NAME) == "AccessDenied"
    assert refusal(reader.list_objects_v2, Bucket=NAME) == "AccessDenied"
    estate_aws.client("iam", "backups").put_role_policy(
        RoleName="reader", PolicyName="list", PolicyDocument=document(allow("s3:ListBucket", "*"))
    )
    assert reader.list_objects_v2(Bucket=NAME)["KeyCount"] == 1

    put_policy(s3, allow("s3:ListBucket", BUCKET, Principal={"AWS": "444444444444"}))
    assert backups.list_objects_v2(Bucket=NAME)["KeyCount"] == 1


def test_in_the_own_account_either_policy_is_enough(estate_aws, s3, become):
    role = "arn:aws:iam::333333333333:role/developers"
    developers = estate_aws.client_of("s3", become("developers"))
    assert refusal(developers.list_objects_v2, Bucket=NAME) == "AccessDenied"
    put_policy(
        s3, allow("s3:ListBucket", BUCKET, Principal={"AWS": role}, Condition={"StringLike": {"s3:prefix": "public/*"}})
    )

    assert developers.list_objects_v2(Bucket=NAME, Prefix="public/o")["KeyCount"] == 1
    assert refusal(developers.list_objects_v2, Bucket=NAME, Prefix="private/") == "AccessDenied"
    assert refusal(developers.list_objects_v2, Bucket=NAME) == "AccessDenied"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/OrganizationAccountAccessRole"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/Organization*"}},
        {"StringEquals": {"aws:PrincipalAccount": ["1", "333333333333"]}},
        {"StringNotLike": {"aws:PrincipalArn": "*:role/somebody"}},
        {"Null": {"aws:SourceAccount": "true"}},
        {"StringEqualsIfExists": {"aws:SourceAccount": "999999999999"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": False}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    ],
)
def test_a_condition_that_holds_makes_the_statement_apply(s3, condition):
    put_policy(s3, allow("s3:GetObject", OBJECTS, "Deny", **EVERYBODY, Condition=condition))
    assert refusal(s3.get_object, Bucket=NAME, Key="public/one") == "AccessDenied"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/organizationAccountAccessRole"}},
        {"StringEquals": {"aws:SourceAccount": "333333333333"}},
        {"Null": {"aws:PrincipalArn": "true"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*"}},
        {"StringLike": {"aws:PrincipalArn": "*"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "5"}},
    ],
)
def test_a_condition_that_does_not_hold_keeps_the_statement_out(s3, condition):
    put_policy(s3, allow("s3:GetObject", OBJECTS, "Deny", **EVERYBODY, Condition=condition))
    assert s3.get_object(Bucket=NAME, Key="public/one")


def test_a_denied_key_of_many_is_the_only_one_not_deleted(s3):
    s3.put_object(Bucket=NAME, Key="kept/two", Body=b"")
    put_policy(s3, allow("s3:DeleteObject", f"{BUCKET}/kept/*", "Deny", **EVERYBODY))
    done = s3.delete_objects(Bucket=NAME, Delete={"Objects": [{"Key": "public/one"}, {"Key": "kept/two"}]})

    assert [error["Key"] for error in done["Errors"]] == ["kept/two"]
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=NAME)["Contents"]] == ["kept/two"]


NOBODY = "arn:aws:iam::333333333333:role/nobody"


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        ("nonsense", "JSON"),
        ('{"Version": "2012-10-17", "Statement": []}', "no statement"),
        (document(allow("s3:GetObject", OBJECTS)), "no principal"),
        (document(allow("s3:GetObject", "arn:aws:s3:::another/*", **EVERYBODY)), "another bucket"),
        (document(allow("s3:GetObject", BUCKET, **EVERYBODY)), "an object's action on the bucket"),
        (document(allow("s3:ListBucket", OBJECTS, **EVERYBODY)), "the bucket's action on objects"),
        (document(allow("ec2:RunInstances", OBJECTS, **EVERYBODY)), "another service"),
        (
            document(allow("s3:GetObject", OBJECTS, Principal={"AWS": "arn:aws:iam::333333333333:role/nobody"})),
            "nobody",
        ),
        (document(allow("s3:GetObject", OBJECTS, "Permit", **EVERYBODY)), "effect"),
        (
            document(allow("s3:GetObject", OBJECTS, **EVERYBODY, **when("IpAdress", "aws:SourceIp", "::1"))),
            "operator",
        ),
        (
            document(allow("s3:GetObject", OBJECTS, **EVERYBODY, **when("IpAddress", "aws:SourceIp", "1.2.3"))),
            "address",
        ),
        (document(allow("s3:GetObject", OBJECTS, **EVERYBODY, **when("StringEquals", "s3:colour", "red"))), "no key"),
        (
            document(allow("s3:GetObject", OBJECTS, **EVERYBODY, **when("StringEquals", "s3:prefix", "a"))),
            "a key of another action",
        ),
    ],
)
def test_malformed_policies_are_refused(s3, policy, what):
    assert refusal(s3.put_bucket_policy, Bucket=NAME, Policy=policy) == "MalformedPolicy", what


def test_public_policies_are_refused_while_they_are_blocked(s3):
    public = [
        document(allow("s3:GetObject", OBJECTS, **EVERYBODY)),
        document(
            allow("s3:GetObject", OBJECTS, Principal={"AWS": "*"}, Condition={"Bool": {"aws:SecureTransport": "true"}})
        ),
        document(allow("s3:GetObject", OBJECTS, **EVERYBODY, **when("IpAddress", "aws:SourceIp", "0.0.0.0/1"))),
    ]
    for policy in public:
        assert refusal(s3.put_bucket_policy, Bucket=NAME, Policy=policy) == "AccessDenied"
    fixed = document(allow("s3:GetObject", OBJECTS, **EVERYBODY, **when("IpAddress", "aws:SourceIp", "203.0.113.0/24")))
    s3.put_bucket_policy(Bucket=NAME, Policy=fixed)
    assert s3.get_bucket_policy_status(Bucket=NAME)["PolicyStatus"]["IsPublic"] is False

    s3.delete_public_access_block(Bucket=NAME)
    for policy in public:
        s3.put_bucket_policy(Bucket=NAME, Policy=policy)
        assert s3.get_bucket_policy_status(Bucket=NAME)["PolicyStatus"]["IsPublic"] is True


def test_restricting_public_buckets_closes_what_a_public_policy_opened(estate_aws, s3):
    s3.delete_public_access_block(Bucket=NAME)
    put_policy(s3, allow("s3:GetObject", OBJECTS, **EVERYBODY))
    assert get(estate_aws, "/public/one") == (200, b"one")

    s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert get(estate_aws, "/public/one")[0] == 403
    assert s3.get_object(Bucket=NAME, Key="public/one")


def test_acls_are_off_until_the_ownership_allows_them(estate_aws, s3):
    for call, words in (
        (s3.put_bucket_acl, {"ACL": "private"}),
        (s3.put_object_acl, {"Key": "public/one", "ACL": "public-read"}),
        (s3.put_object, {"Key": "two", "ACL": "public-read"}),
    ):
        assert refusal(call, Bucket=NAME, **words) == "AccessControlListNotSupported"
    s3.put_object(Bucket=NAME, Key="two", ACL="bucket-owner-full-control")

    s3.put_bucket_ownership_controls(Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert refusal(s3.put_object_acl, Bucket=NAME, Key="public/one", ACL="public-read") == "AccessDenied"
    s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    s3.put_object_acl(Bucket=NAME, Key="public/one", ACL="public-read")
    assert get(estate_aws, "/public/one")[0] == 403
    s3.delete_public_access_block(Bucket=NAME)
    assert get(estate_aws, "/public/one") == (200, b"one")


def test_a_new_bucket_has_what_aws_gives_it(s3):
    rule = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    assert s3.head_object(Bucket=NAME, Key="public/one")["ServerSideEncryption"] == "AES256"


def signed(estate_aws, method="get_object", seconds=60, key="public/one"):
    client = estate_aws.client_of("s3", estate_aws.keys["session"]["333333333333"], signature_version="s3v4")
    return client.generate_presigned_url(method, {"Bucket": NAME, "Key": key}, ExpiresIn=seconds).partition(
        "/a-bucket"
    )[2]


@pytest.mark.usefixtures("s3")
def test_presigned_urls_open_exactly_what_was_signed_until_they_expire(estate_aws):
    host = f"127.0.0.1:{estate_aws.port}"
    path = f"/{NAME}{signed(estate_aws)}"
    assert get(estate_aws, path, "127.0.0.1", headers={"Host": host}) == (200, b"one")

    status, text = get(estate_aws, path.replace("public/one", "public/two"), "127.0.0.1", headers={"Host": host})
    assert (status, b"SignatureDoesNotMatch" in text) == (403, True)
    status, text = get(estate_aws, path[:-4] + "0000", "127.0.0.1", headers={"Host": host})
    assert (status, b"SignatureDoesNotMatch" in text) == (403, True)
    assert get(estate_aws, path, "127.0.0.1", "HEAD", headers={"Host": host})[0] == 403

    short = f"/{NAME}{signed(estate_aws, seconds=1)}"
    time.sleep(2.1)
    status, text = get(estate_aws, short, "127.0.0.1", headers={"Host": host})
    assert (status, b"Request has expired" in text) == (403, True)


def test_presigned_urls_head_and_put_too(estate_aws, s3):
    host = f"127.0.0.1:{estate_aws.port}"
    head = f"/{NAME}{signed(estate_aws, 'head_object')}"
    assert get(estate_aws, head, "127.0.0.1", "HEAD", headers={"Host": host})[0] == 200
    put = f"/{NAME}{signed(estate_aws, 'put_object', key='new/two')}"
    assert get(estate_aws, put, "127.0.0.1", "PUT", b"two", {"Host": host})[0] == 200
    assert s3.get_object(Bucket=NAME, Key="new/two")["Body"].read() == b"two"


def test_a_presigned_url_dies_with_its_signers_right(estate_aws, s3):
    host = f"127.0.0.1:{estate_aws.port}"
    path = f"/{NAME}{signed(estate_aws)}"
    put_policy(s3, allow("s3:GetObject", OBJECTS, "Deny", **EVERYBODY))
    assert get(estate_aws, path, "127.0.0.1", headers={"Host": host})[0] == 403


def test_each_key_of_a_batch_takes_the_permission_of_its_own_kind(estate_aws, s3, become):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=NAME, Key="public/one", Body=b"")["VersionId"]
    developers = estate_aws.client_of("s3", become("developers", "production", allow("s3:DeleteObject", OBJECTS)))
    both = [{"Key": "public/one", "VersionId": version}, {"Key": "public/one"}]
    done = developers.delete_objects(Bucket=NAME, Delete={"Objects": both})

    assert [error["Code"] for error in done["Errors"]] == ["AccessDenied"]
    assert [one["DeleteMarker"] for one in done["Deleted"]] == [True]
    assert refusal(developers.delete_object, Bucket=NAME, Key="public/one", VersionId=version) == "AccessDenied"
    only = estate_aws.client_of("s3", become("only", "production", allow("s3:DeleteObjectVersion", OBJECTS)))
    assert refusal(only.delete_object, Bucket=NAME, Key="public/one") == "AccessDenied"
    assert only.delete_objects(Bucket=NAME, Delete={"Objects": both[:1]})["Deleted"]


TAGGED = {"CopySource": f"{NAME}/tagged"}


@pytest.mark.parametrize(
    ("call", "words", "actions"),
    [
        ("get_object", {}, ["GetObject"]),
        ("head_object", {}, ["GetObject"]),
        ("get_object_attributes", {"ObjectAttributes": ["ETag"]}, ["GetObject", "GetObjectAttributes"]),
        ("get_object_tagging", {}, ["GetObjectTagging"]),
        ("put_object", {}, ["PutObject"]),
        ("put_object", {"Tagging": "a=b"}, ["PutObject", "PutObjectTagging"]),
        ("create_multipart_upload", {"Tagging": "a=b"}, ["PutObject", "PutObjectTagging"]),
        ("copy_object", {"CopySource": f"{NAME}/private/two"}, ["PutObject", "GetObject"]),
        ("copy_object", TAGGED, ["PutObject", "GetObject", "GetObjectTagging", "PutObjectTagging"]),
        ("copy_object", {**TAGGED, "TaggingDirective": "REPLACE"}, ["PutObject", "GetObject"]),
        ("delete_object_tagging", {}, ["DeleteObjectTagging"]),
    ],
)
def test_a_call_about_an_object_takes_exactly_what_aws_asks_for(estate_aws, s3, become, call, words, actions):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
    s3.put_object(Bucket=NAME, Key="private/two", Body=b"")
    s3.put_object(Bucket=NAME, Key="tagged", Body=b"", Tagging="a=b")
    iam = estate_aws.client("iam", "production")
    client = estate_aws.client_of("s3", become("developers", "production", allow("s3:ListBucket", "*")))

    def may(granted):
        policy = document(allow([f"s3:{action}" for action in granted], OBJECTS))
        iam.put_role_policy(RoleName="developers", PolicyName="own", PolicyDocument=policy)
        try:
            return bool(getattr(client, call)(Bucket=NAME, Key="public/one", **words))
        except ClientError as exc:
            if exc.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            return False

    for left_out in actions:
        assert not may([*(set(actions) - {left_out}), "Nothing"]), left_out
    assert may(actions)


def test_a_replication_role_is_handed_on_by_who_may_pass_it_only(estate_aws, s3, become):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html"""
    iam = estate_aws.client("iam", "production")
    trust = document(allow("sts:AssumeRole", Principal={"Service": "s3.amazonaws.com"}))
    role = iam.create_role(RoleName="replication", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for name in (NAME, "another-bucket"):
        if name != NAME:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "all", "Status": "Enabled", "Priority": 1, "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::another-bucket"},
    }  # fmt: skip
    words = {"Bucket": NAME, "ReplicationConfiguration": {"Role": role, "Rules": [rule]}}
    putting = allow("s3:PutReplicationConfiguration", "*")

    deploy = estate_aws.client_of("s3", become("deploy", "production", putting))
    assert refusal(deploy.put_bucket_replication, **words) == "AccessDenied"
    iam.put_role_policy(
        RoleName="deploy", PolicyName="own", PolicyDocument=document(putting, allow("iam:PassRole", role))
    )
    assert deploy.put_bucket_replication(**words)
