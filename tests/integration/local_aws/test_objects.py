"""Objects as S3 takes, keeps, lists, copies and deletes them."""

from __future__ import annotations

import base64
import hashlib

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws import raw
from tests.integration.local_aws.conftest import refusal

NAME = "a-bucket"
BODY = b"hello world"


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    return estate_aws.client("s3", "production")


@pytest.fixture
def versioned(s3):
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    return s3


def failure(call, **words):
    """(code, status, headers) of a refusal."""
    with pytest.raises(ClientError) as refused:
        call(**words)
    answer = refused.value.response
    meta = answer["ResponseMetadata"]
    return answer["Error"]["Code"], meta["HTTPStatusCode"], meta["HTTPHeaders"]


CHECKSUMS = {
    "CRC32": "DUoRhQ==",
    "CRC32C": "yZRlqg==",
    "CRC64NVME": "jSnVw/bqjr4=",
    "SHA1": "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    "SHA256": "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
}


@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_a_wrong_checksum_stores_nothing_and_a_right_one_is_kept(s3, algorithm):
    words = {"Bucket": NAME, "Key": "a"}
    wrong = base64.b64encode(bytes(len(base64.b64decode(CHECKSUMS[algorithm])))).decode()
    assert refusal(s3.put_object, **words, Body=BODY, **{f"Checksum{algorithm}": wrong}) == "BadDigest"
    assert refusal(s3.put_object, **words, Body=BODY, **{f"Checksum{algorithm}": "YQ=="}) == "InvalidRequest"
    assert "Contents" not in s3.list_objects_v2(Bucket=NAME)
    s3.put_object(**words, Body=BODY, **{f"Checksum{algorithm}": CHECKSUMS[algorithm]})

    head = s3.head_object(**words, ChecksumMode="ENABLED")
    attributes = s3.get_object_attributes(**words, ObjectAttributes=["Checksum"])
    assert (head[f"Checksum{algorithm}"], head["ChecksumType"]) == (CHECKSUMS[algorithm], "FULL_OBJECT")
    assert attributes["Checksum"][f"Checksum{algorithm}"] == CHECKSUMS[algorithm]


def test_an_object_without_a_checksum_gets_one(estate_aws, s3):
    client = estate_aws.client_of(
        "s3", estate_aws.keys["session"]["333333333333"], request_checksum_calculation="when_required"
    )
    assert client.put_object(Bucket=NAME, Key="a", Body=BODY)["ChecksumCRC64NVME"] == CHECKSUMS["CRC64NVME"]
    assert s3.head_object(Bucket=NAME, Key="a", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == CHECKSUMS["CRC64NVME"]


def test_content_md5_is_compared(s3):
    right, wrong = (
        base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode() for data in (BODY, b"other")
    )
    assert refusal(s3.put_object, Bucket=NAME, Key="a", Body=BODY, ContentMD5=wrong) == "BadDigest"
    assert refusal(s3.put_object, Bucket=NAME, Key="a", Body=BODY, ContentMD5="abc") == "InvalidDigest"
    s3.put_object(Bucket=NAME, Key="a", Body=BODY, ContentMD5=right)


def test_more_than_one_checksum_and_a_missing_one_are_refused(estate_aws, s3):
    both = {"ChecksumCRC32": CHECKSUMS["CRC32"], "ChecksumSHA1": CHECKSUMS["SHA1"]}
    assert refusal(s3.put_object, Bucket=NAME, Key="a", Body=BODY, **both) == "InvalidRequest"
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"
    for path, method, content in ((f"/{NAME}?delete", "POST", body), (f"/{NAME}?tagging", "PUT", b"<Tagging/>")):
        answer = raw.send(estate_aws, method, path, raw.sign(estate_aws, method, path, {}, content), content)
        assert (answer.status, answer.code) == (400, "InvalidRequest")


def uploaded(s3, *parts, **words):
    upload = s3.create_multipart_upload(Bucket=NAME, Key="a", **words)["UploadId"]
    done = []
    for number, part in enumerate(parts, 1):
        answer = s3.upload_part(Bucket=NAME, Key="a", UploadId=upload, PartNumber=number, Body=part)
        kept = {name: value for name, value in answer.items() if name.startswith("Checksum") and name != "ChecksumType"}
        done.append({"PartNumber": number, "ETag": answer["ETag"], **kept})
    return {"Bucket": NAME, "Key": "a", "UploadId": upload, "MultipartUpload": {"Parts": done}}


def test_a_multipart_uploads_parts_and_whole_are_compared(s3):
    words = uploaded(s3, b"a" * 5 * 1024**2, b"b", ChecksumAlgorithm="CRC32")
    parts = words["MultipartUpload"]["Parts"]
    wrong = {"Parts": [{**parts[0], "ChecksumCRC32": "AAAAAA=="}, parts[1]]}
    assert refusal(s3.complete_multipart_upload, **{**words, "MultipartUpload": wrong}) == "InvalidPart"
    assert refusal(s3.complete_multipart_upload, **words, MpuObjectSize=7) == "InvalidRequest"
    s3.complete_multipart_upload(**words)

    head = s3.head_object(Bucket=NAME, Key="a", ChecksumMode="ENABLED")
    assert (head["ChecksumType"], head["ChecksumCRC32"][-2:]) == ("COMPOSITE", "-2")
    assert s3.get_object_acl(Bucket=NAME, Key="a")["Grants"][0]["Permission"] == "FULL_CONTROL"


def test_a_full_objects_checksum_is_compared_when_the_upload_completes(s3):
    whole = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
    words = uploaded(s3, BODY, **whole)
    words |= {"ChecksumType": "FULL_OBJECT"}
    assert refusal(s3.complete_multipart_upload, **words, ChecksumCRC64NVME="AAAAAAAAAAA=") == "BadDigest"
    s3.complete_multipart_upload(**words, ChecksumCRC64NVME=CHECKSUMS["CRC64NVME"])


def test_sizes_beyond_s3s_are_refused(s3):
    put = {"Bucket": NAME, "Key": "a", "Body": b""}
    assert refusal(s3.put_object, **put, Metadata={"a": "x" * 2048}) == "MetadataTooLarge"
    s3.put_object(**put, Metadata={"a": "x" * 2047})
    assert refusal(s3.put_object, **put, CacheControl="x" * 8000) == "RequestHeaderSectionTooLarge"
    assert refusal(s3.put_object, **{**put, "Key": "k" * 1025}) == "KeyTooLongError"
    assert refusal(s3.put_object, **{**put, "Key": "ä" * 513}) == "KeyTooLongError"
    assert refusal(s3.get_object, Bucket=NAME, Key="k" * 1025) == "KeyTooLongError"
    s3.put_object(**{**put, "Key": "ä" * 512})


def test_a_page_has_a_thousand_keys_and_so_has_a_deletion(s3):
    for number in range(1003):
        s3.put_object(Bucket=NAME, Key=f"{number:04}", Body=b"")
    page = s3.list_objects_v2(Bucket=NAME, MaxKeys=5000)
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (1000, 1000, True)
    rest = s3.list_objects_v2(Bucket=NAME, ContinuationToken=page["NextContinuationToken"])
    assert [item["Key"] for item in rest["Contents"]] == ["1000", "1001", "1002"]
    assert len(s3.list_objects(Bucket=NAME, MaxKeys=5000)["Contents"]) == 1000
    assert len(s3.list_object_versions(Bucket=NAME, MaxKeys=5000)["Versions"]) == 1000

    keys = [{"Key": f"{number:04}"} for number in range(1001)]
    assert refusal(s3.delete_objects, Bucket=NAME, Delete={"Objects": keys}) == "MalformedXML"
    answer = s3.delete_objects(Bucket=NAME, Delete={"Objects": keys[:1000], "Quiet": True})
    assert "Deleted" not in answer
    assert s3.list_objects_v2(Bucket=NAME)["KeyCount"] == 3


@pytest.mark.parametrize(
    "query",
    ["list-type=2&continuation-token=nonsense", "list-type=2&max-keys=many", "max-keys=-1", "versions&max-keys=x"],
)
def test_a_listing_that_makes_no_sense_is_refused(estate_aws, s3, query):
    s3.put_object(Bucket=NAME, Key="a", Body=b"")
    answer = raw.send(estate_aws, "GET", f"/{NAME}?{query}", raw.sign(estate_aws, "GET", f"/{NAME}?{query}"))

    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_a_delete_marker_says_what_it_is(versioned):
    versioned.put_object(Bucket=NAME, Key="a", Body=b"")
    marker = versioned.delete_object(Bucket=NAME, Key="a")["VersionId"]
    words = {"Bucket": NAME, "Key": "a"}

    code, status, headers = failure(versioned.get_object, **words)
    assert (code, status, headers["x-amz-delete-marker"]) == ("NoSuchKey", 404, "true")
    code, status, headers = failure(versioned.get_object, **words, VersionId=marker)
    assert (code, status, headers["x-amz-delete-marker"]) == ("MethodNotAllowed", 405, "true")
    assert failure(versioned.head_object, **words, VersionId=marker)[1] == 405
    assert versioned.delete_object(**words, VersionId=marker)["DeleteMarker"] is True
    assert versioned.get_object(**words)["ContentLength"] == 0


def test_a_version_that_is_none_is_no_version_that_is_missing(versioned):
    words = {"Bucket": NAME, "Key": "a"}
    version = versioned.put_object(**words, Body=b"")["VersionId"]
    other = version[:-1] + ("0" if version[-1] != "0" else "1")

    assert failure(versioned.get_object, **words, VersionId=other)[:2] == ("NoSuchVersion", 404)
    assert failure(versioned.get_object, **words, VersionId="nonsense")[:2] == ("InvalidArgument", 400)
    assert failure(versioned.delete_object, **words, VersionId="nonsense")[:2] == ("InvalidArgument", 400)
    assert failure(versioned.head_object, **words, VersionId="nonsense")[1] == 400


def test_a_key_that_never_was_gets_a_marker_too(versioned):
    assert versioned.delete_object(Bucket=NAME, Key="never")["DeleteMarker"] is True
    deleted = versioned.delete_objects(Bucket=NAME, Delete={"Objects": [{"Key": "nowhere"}]})["Deleted"]
    assert deleted[0]["DeleteMarker"] is True
    markers = versioned.list_object_versions(Bucket=NAME)["DeleteMarkers"]
    assert [marker["Key"] for marker in markers] == ["never", "nowhere"]


def test_suspended_versioning_keeps_what_was_and_replaces_the_null_version(versioned):
    words = {"Bucket": NAME, "Key": "a"}
    first = versioned.put_object(**words, Body=b"1")["VersionId"]
    versioned.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"})
    for body in (b"2", b"3"):
        versioned.put_object(**words, Body=body)

    versions = versioned.list_object_versions(Bucket=NAME)["Versions"]
    assert [version["VersionId"] for version in versions] == ["null", first]
    assert versioned.get_object(**words)["Body"].read() == b"3"
    assert versioned.get_object(**words, VersionId=first)["Body"].read() == b"1"

    assert versioned.delete_object(**words)["VersionId"] == "null"
    found = versioned.list_object_versions(Bucket=NAME)
    assert [version["VersionId"] for version in found["Versions"]] == [first]
    assert found["DeleteMarkers"][0]["VersionId"] == "null"
    versioned.delete_object(**words, VersionId="null")
    assert versioned.get_object(**words)["Body"].read() == b"1"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"CopySourceIfMatch": "other"}, False),
        ({"CopySourceIfMatch": "ETAG"}, True),
        ({"CopySourceIfNoneMatch": "ETAG"}, False),
        ({"CopySourceIfModifiedSince": "2035-01-01"}, False),
        ({"CopySourceIfUnmodifiedSince": "2020-01-01"}, False),
        ({"CopySourceIfMatch": "ETAG", "CopySourceIfUnmodifiedSince": "2020-01-01"}, True),
        ({"CopySourceIfNoneMatch": "other", "CopySourceIfModifiedSince": "2035-01-01"}, True),
    ],
)
def test_a_copy_is_made_only_while_its_conditions_hold(s3, condition, holds):
    etag = s3.put_object(Bucket=NAME, Key="a", Body=BODY)["ETag"]
    words = {name: etag if value == "ETAG" else value for name, value in condition.items()}
    words |= {"Bucket": NAME, "Key": "b", "CopySource": f"{NAME}/a"}
    if holds:
        s3.copy_object(**words)
    else:
        assert failure(s3.copy_object, **words)[:2] == ("PreconditionFailed", 412)


def test_an_object_is_copied_onto_itself_only_for_a_change(s3):
    s3.put_object(Bucket=NAME, Key="a", Body=BODY)
    words = {"Bucket": NAME, "Key": "a", "CopySource": f"{NAME}/a"}
    assert refusal(s3.copy_object, **words) == "InvalidRequest"
    s3.copy_object(**words, MetadataDirective="REPLACE", Metadata={"a": "b"})
    s3.copy_object(**words, StorageClass="STANDARD_IA")


@pytest.mark.parametrize(
    ("path", "key"),
    [("a+b.pdf", "a b.pdf"), ("a%2Bb.pdf", "a+b.pdf"), ("a%20b.pdf", "a b.pdf"), ("a%0Ab", "a\nb"), ("%0A", "\n")],
)
def test_a_path_is_read_as_s3_does(estate_aws, s3, path, key):
    answer = raw.send(
        estate_aws, "PUT", f"/{NAME}/{path}", raw.sign(estate_aws, "PUT", f"/{NAME}/{path}", {}, BODY), BODY
    )
    assert answer.status == 200, answer.body
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=NAME)["Contents"]] == [key]
    assert s3.get_object(Bucket=NAME, Key=key)["Body"].read() == BODY
