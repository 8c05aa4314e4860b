"""Objects that KMS encrypts: with keys of the bucket's region that the caller, or the replication role, may use."""

from __future__ import annotations

import pytest

from tests.integration.local_aws import raw
from tests.integration.local_aws.conftest import allow, document, refusal

NAME, COPY, ROLE = "a-bucket", "b-bucket", "arn:aws:iam::333333333333:role/replication"


@pytest.fixture
def s3(estate_aws, bucket):
    bucket(versioned=True)
    return estate_aws.client("s3", "production")


@pytest.fixture
def key(estate_aws):
    """key(region, policy): the ARN of a new key."""

    def make(region="eu-west-1", **words):
        return estate_aws.client("kms", "production", region).create_key(**words)["KeyMetadata"]["Arn"]

    return make


def put(s3, **words):
    return s3.put_object(Bucket=NAME, Key="a", Body=b"hello", **words)


def test_a_key_has_to_be_there_and_usable_in_the_buckets_region(estate_aws, s3, key):
    good, elsewhere = key(), key("eu-west-2")
    encrypted = {"ServerSideEncryption": "aws:kms"}
    for wrong in (elsewhere, "no-such-key", "arn:aws:kms:eu-west-1:333333333333:key/none", "alias/none"):
        assert refusal(put, s3=s3, **encrypted, SSEKMSKeyId=wrong) == "KMS.NotFoundException"
    assert put(s3, **encrypted, SSEKMSKeyId=good.rpartition("/")[2])["SSEKMSKeyId"] == good
    assert ":key/" in put(s3, **encrypted)["SSEKMSKeyId"]  # AWS's own
    assert refusal(put, s3=s3, ServerSideEncryption="rot13") == "InvalidArgument"
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": elsewhere}}
    s3.put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration={"Rules": [default]})
    assert refusal(put, s3=s3) == "KMS.NotFoundException"
    estate_aws.client("kms", "production").disable_key(KeyId=good.rpartition("/")[2])
    assert refusal(put, s3=s3, **encrypted, SSEKMSKeyId=good) == "KMS.DisabledException"


def test_nobody_reads_it_without_a_signature(estate_aws, s3):
    s3.delete_public_access_block(Bucket=NAME)
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{NAME}/*", Principal="*"))
    s3.put_bucket_policy(Bucket=NAME, Policy=policy)
    put(s3)
    assert raw.send(estate_aws, "GET", f"/{NAME}/a").status == 200
    put(s3, ServerSideEncryption="aws:kms")
    answer = raw.send(estate_aws, "GET", f"/{NAME}/a")

    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert "require AWS Signature Version 4" in answer.body


@pytest.mark.usefixtures("s3")
def test_the_caller_needs_the_key_too(estate_aws, key, become):
    arn = key()
    words = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    objects = allow("s3:*", f"arn:aws:s3:::{NAME}/*")
    reader = estate_aws.client_of("s3", become("reader", "production", objects, allow("kms:Decrypt", arn)))
    writer = estate_aws.client_of("s3", become("writer", "production", objects, allow("kms:GenerateDataKey", arn)))

    assert refusal(put, s3=reader, **words) == "AccessDenied"
    put(writer, **words)
    assert refusal(writer.get_object, Bucket=NAME, Key="a") == "AccessDenied"
    assert reader.get_object(Bucket=NAME, Key="a")["Body"].read() == b"hello"
    put(reader, ServerSideEncryption="aws:kms")  # AWS's own key takes no more than the right to the object


def test_a_key_policy_that_delegates_nothing_keeps_identity_policies_out(estate_aws, s3, key, become):
    only = allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::333333333333:role/OrganizationAccountAccessRole"})
    arn = key(Policy=document(only), BypassPolicyLockoutSafetyCheck=True)
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    other = become("reader", "production", allow("s3:*", f"arn:aws:s3:::{NAME}/*"), allow("kms:*", "*"))
    assert refusal(estate_aws.client_of("s3", other).get_object, Bucket=NAME, Key="a") == "AccessDenied"


def test_a_key_policy_that_shuts_out_who_writes_it_is_refused(estate_aws, key):
    kms = estate_aws.client("kms", "production")
    account = allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::333333333333:root"})
    others = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/admins"}}
    keepers = {**allow("kms:PutKeyPolicy", "*", Principal="*", Condition=others), "Effect": "Deny"}
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match="update the key policy in the future"):
        key(Policy=document(account, keepers))
    arn = key(Policy=document(account))
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match="update the key policy in the future"):
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=document(account, keepers))
    kms.put_key_policy(
        KeyId=arn, PolicyName="default", Policy=document(account, keepers), BypassPolicyLockoutSafetyCheck=True
    )


@pytest.mark.parametrize(
    ("region", "grants", "status"),
    [
        ("eu-west-2", ("kms:Decrypt", "kms:Encrypt"), "COMPLETED"),
        ("eu-west-2", ("kms:Encrypt",), "FAILED"),
        ("eu-west-2", ("kms:Decrypt",), "FAILED"),
        ("eu-west-1", ("kms:Decrypt", "kms:Encrypt"), "FAILED"),  # the key of another region
    ],
)
def test_replication_takes_the_role_both_keys_and_the_replicas_in_its_region(
    estate_aws, s3, bucket, key, region, grants, status
):
    bucket(COPY, region="eu-west-2", versioned=True)
    source, replica = key(), key(region)
    iam = estate_aws.client("iam", "production")
    trust = allow("sts:AssumeRole", Principal={"Service": "s3.amazonaws.com"})
    iam.create_role(RoleName="replication", AssumeRolePolicyDocument=document(trust))
    may = [allow("s3:*", "*"), *(allow(grant, "*") for grant in grants)]
    iam.put_role_policy(RoleName="replication", PolicyName="own", PolicyDocument=document(*may))
    rule = {
        "ID": "one", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{COPY}", "EncryptionConfiguration": {"ReplicaKmsKeyID": replica}
        },
    }  # fmt: skip
    s3.put_bucket_replication(Bucket=NAME, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})
    put(s3, ServerSideEncryption="aws:kms", SSEKMSKeyId=source)
    estate_aws.settle()

    assert s3.head_object(Bucket=NAME, Key="a")["ReplicationStatus"] == status
    there = estate_aws.client("s3", "production", "eu-west-2").list_objects_v2(Bucket=COPY).get("Contents", [])
    assert len(there) == (status == "COMPLETED")
