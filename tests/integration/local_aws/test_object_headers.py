"""What the headers of an object say is known, goes together, and is not passed over."""

from __future__ import annotations

import pytest

from tests.integration.local_aws.conftest import refusal
from tests.integration.local_aws.raw import send, sign

NAME = "a-bucket"
KEY = {"Bucket": NAME, "Key": "one"}
COPY = {"Bucket": NAME, "Key": "two", "CopySource": f"{NAME}/one"}


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    client = estate_aws.client("s3", "production")
    client.put_object(**KEY, Body=b"hello")
    return client


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"ServerSideEncryption": "AES256", "SSEKMSKeyId": "abc"}, "InvalidArgument"),
        ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}, "NotImplemented"),
        ({"Tagging": "a=1&a=2"}, "InvalidArgument"),
        ({"WebsiteRedirectLocation": "elsewhere"}, "InvalidRedirectLocation"),
        ({"IfNoneMatch": '"etag"'}, "NotImplemented"),
        ({"ACL": "open"}, "InvalidArgument"),
        ({"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2046-01-01T00:00:00Z"}, "InvalidRequest"),
    ],
)
def test_a_put_that_makes_no_sense_stores_nothing(s3, words, code):
    assert refusal(s3.put_object, Bucket=NAME, Key="new", Body=b"", **words) == code
    assert refusal(s3.head_object, Bucket=NAME, Key="new") == "404"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"MetadataDirective": "KEEP"}, "InvalidArgument"),
        ({"TaggingDirective": "KEEP"}, "InvalidArgument"),
        ({"CopySource": "one"}, "InvalidArgument"),
        ({"ExpectedSourceBucketOwner": "111111111111"}, "AccessDenied"),
        ({"IfMatch": '"etag"'}, "NoSuchKey"),
        ({"Key": "one", "IfNoneMatch": "*", "MetadataDirective": "REPLACE"}, "PreconditionFailed"),
        ({"Key": "one", "IfMatch": '"etag"', "MetadataDirective": "REPLACE"}, "PreconditionFailed"),
    ],
)
def test_a_copy_that_makes_no_sense_is_refused(s3, words, code):
    assert refusal(s3.copy_object, **{**COPY, **words}) == code
    assert refusal(s3.head_object, Bucket=NAME, Key="two") == "404"


def test_a_tag_decides_before_a_date(s3):
    etag = s3.head_object(**KEY)["ETag"]
    assert s3.get_object(**KEY, IfMatch=etag, IfUnmodifiedSince="2001-01-01T00:00:00Z")
    assert refusal(s3.get_object, **KEY, IfMatch='"other"', IfUnmodifiedSince="2046-01-01T00:00:00Z")
    assert refusal(s3.get_object, **KEY, IfNoneMatch=etag, IfModifiedSince="2001-01-01T00:00:00Z") == "304"


def test_a_range_is_one_of_bytes(estate_aws, s3):
    for asked, status in (("items=0-1", 200), ("bytes=0-1", 206), ("bytes=5-9", 416)):
        headers = {"range": asked}
        path = f"/{NAME}/one"
        answer = send(estate_aws, "GET", path, headers | sign(estate_aws, "GET", path, headers))
        assert answer.status == status, asked
    assert refusal(s3.get_object, **KEY, PartNumber=1, Range="bytes=0-1") == "InvalidRequest"


def test_what_is_asked_for_is_known(s3):
    assert refusal(s3.get_object_attributes, **KEY, ObjectAttributes=["Colour"]) == "InvalidArgument"
    assert refusal(s3.list_objects_v2, Bucket=NAME, EncodingType="base64") == "InvalidArgument"
    assert refusal(s3.delete_object_tagging, Bucket=NAME, Key="none") == "NoSuchKey"
    assert refusal(s3.get_bucket_location, Bucket=NAME, ExpectedBucketOwner="me") == "InvalidBucketOwnerAWSAccountID"
    twice = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    assert refusal(s3.put_object_tagging, **KEY, Tagging=twice) == "InvalidTag"


def test_a_locks_retention_is_never_shortened(s3):
    s3.create_bucket(
        Bucket="locked", ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    def retention(mode, year):
        return {"Mode": mode, "RetainUntilDate": f"{year}-01-01T00:00:00Z"}

    for mode, until in (("GOVERNANCE", None), ("SOFT", "2046-01-01T00:00:00Z"), ("GOVERNANCE", "2006-01-01T00:00:00Z")):
        said = {"ObjectLockMode": mode} | ({"ObjectLockRetainUntilDate": until} if until else {})
        assert refusal(s3.put_object, Bucket="locked", Key="new", Body=b"", **said) == "InvalidArgument"

    for mode, bypassed in (("COMPLIANCE", False), ("GOVERNANCE", True)):
        one = {"Bucket": "locked", "Key": mode}
        s3.put_object(**one, Body=b"", ObjectLockMode=mode, ObjectLockRetainUntilDate="2046-01-01T00:00:00Z")
        shorter = {**one, "Retention": retention(mode, 2040)}
        assert refusal(s3.put_object_retention, **shorter) == "AccessDenied"
        s3.put_object_retention(**one, Retention=retention(mode, 2047))
        if bypassed:
            s3.put_object_retention(**shorter, BypassGovernanceRetention=True)
        else:
            assert refusal(s3.put_object_retention, **shorter, BypassGovernanceRetention=True) == "AccessDenied"
    assert refusal(s3.put_object_legal_hold, **one, LegalHold={"Status": "MAYBE"}) == "MalformedXML"
    assert refusal(s3.get_object_legal_hold, **KEY) == "InvalidRequest"
