"""Uploads in parts: whose they are, their numbers, their order, and how they are listed."""

from __future__ import annotations

import pytest

from tests.integration.local_aws.conftest import refusal
from tests.integration.local_aws.raw import send, sign

NAME = "a-bucket"


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    return estate_aws.client("s3", "production")


@pytest.fixture
def words(s3):
    return {"Bucket": NAME, "Key": "k", "UploadId": s3.create_multipart_upload(Bucket=NAME, Key="k")["UploadId"]}


def part(s3, words, number, body=b"x"):
    return {"PartNumber": number, "ETag": s3.upload_part(**words, PartNumber=number, Body=body)["ETag"]}


def test_parts_are_put_together_in_the_order_of_their_numbers(s3, words):
    one, two = part(s3, words, 7, b"x" * 5 * 2**20), part(s3, words, 10_000)
    for parts, code in (
        ([two, one], "InvalidPartOrder"),
        ([one, one], "InvalidPartOrder"),
        ([one, {**two, "PartNumber": 8}], "InvalidPart"),
        ([one, {"PartNumber": 10_000}], "InvalidPart"),
        ([], "MalformedXML"),
    ):
        assert refusal(s3.complete_multipart_upload, **words, MultipartUpload={"Parts": parts}) == code, parts
    s3.complete_multipart_upload(**words, MultipartUpload={"Parts": [one, two]})
    assert s3.head_object(Bucket=NAME, Key="k")["ContentLength"] == 5 * 2**20 + 1


@pytest.mark.parametrize("number", [0, 10_001])
def test_a_part_has_a_number_from_one_to_ten_thousand(s3, words, number):
    assert refusal(s3.upload_part, **words, PartNumber=number, Body=b"") == "InvalidArgument"


def test_an_upload_is_one_keys(s3, words):
    one = part(s3, words, 1)
    for other in ({**words, "Key": "another"}, {**words, "UploadId": "unknown"}):
        assert refusal(s3.upload_part, **other, PartNumber=1, Body=b"") == "NoSuchUpload"
        assert refusal(s3.list_parts, **other) == "NoSuchUpload"
        assert refusal(s3.complete_multipart_upload, **other, MultipartUpload={"Parts": [one]}) == "NoSuchUpload"
        assert refusal(s3.abort_multipart_upload, **other) == "NoSuchUpload"
    s3.abort_multipart_upload(**words)
    assert refusal(s3.list_parts, **words) == "NoSuchUpload"


@pytest.mark.parametrize("asked", ["bytes=0-5", "0-0", "bytes=3-1", "bytes=0-"])
def test_a_copied_part_is_within_its_source(s3, words, asked):
    s3.put_object(Bucket=NAME, Key="source", Body=b"12345")
    words = words | {"PartNumber": 1, "CopySource": f"{NAME}/source"}
    assert refusal(s3.upload_part_copy, **words, CopySourceRange=asked) == "InvalidArgument"
    s3.upload_part_copy(**words, CopySourceRange="bytes=0-4")


def test_parts_and_uploads_are_listed_by_pages(s3, words):
    for number in (2, 5, 9):
        part(s3, words, number)
    pages = s3.get_paginator("list_parts").paginate(**words, PaginationConfig={"PageSize": 2})
    assert [[one["PartNumber"] for one in page["Parts"]] for page in pages] == [[2, 5], [9]]
    for key in ("a", "k", "z"):
        s3.create_multipart_upload(Bucket=NAME, Key=key)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=NAME, PaginationConfig={"PageSize": 3})
    assert [[one["Key"] for one in page["Uploads"]] for page in pages] == [["a", "k", "k"], ["z"]]
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=NAME, Prefix="z")["Uploads"]] == ["z"]
    assert refusal(s3.list_multipart_uploads, Bucket=NAME, Delimiter="/") == "NotImplemented"


def test_words_of_a_query_are_signed_by_name_and_then_by_value(estate_aws, bucket):
    """ "prefix" stands before "prefix-x" by name, and after it where name and value are one text."""
    bucket()
    path = f"/{NAME}?list-type=2&prefix=a&prefix-x=&prefix.y="
    assert send(estate_aws, "GET", path, sign(estate_aws, "GET", path)).status == 200
