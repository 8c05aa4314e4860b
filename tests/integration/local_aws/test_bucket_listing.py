"""ListBuckets in pages, with regions."""

from __future__ import annotations


def test_pages_name_every_bucket_once_and_its_region(estate_aws):
    regions = {"a-bucket": "eu-west-1", "b-bucket": "eu-west-2", "c-bucket": "us-east-1"}
    for name, region in regions.items():
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        estate_aws.client("s3", "development", region).create_bucket(Bucket=name, **where)
    s3 = estate_aws.client("s3", "development")

    pages = list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["Buckets"]) for page in pages] == [2, 1]
    found = {bucket["Name"]: bucket["BucketRegion"] for page in pages for bucket in page["Buckets"]}
    assert found == regions
    assert list(s3.list_buckets(Prefix="b")["Buckets"][0]) == ["Name", "CreationDate", "BucketRegion"]


def test_without_a_parameter_there_are_no_regions(estate_aws):
    s3 = estate_aws.client("s3", "development")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    assert "BucketRegion" not in s3.list_buckets()["Buckets"][0]


def test_keys_of_versions_are_encoded_where_that_is_asked_for(estate_aws):
    """boto3 asks for it, and decodes them."""
    s3 = estate_aws.client("s3", "development")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="a-bucket", VersioningConfiguration={"Status": "Enabled"})
    keys = ["a+b c", "d/é\x01\n", "gone\x02"]
    for key in keys:
        s3.put_object(Bucket="a-bucket", Key=key, Body=b"")
    s3.delete_object(Bucket="a-bucket", Key="gone\x02")

    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket="a-bucket", PaginationConfig={"PageSize": 1}))

    assert [one["Key"] for page in pages for one in page.get("Versions", [])] == keys
    assert [one["Key"] for page in pages for one in page.get("DeleteMarkers", [])] == ["gone\x02"]
    asked = s3.list_object_versions(Bucket="a-bucket", EncodingType="url", Prefix="d")
    assert (asked["EncodingType"], asked["Prefix"], asked["Versions"][0]["Key"]) == ("url", "d", "d/%C3%A9%01%0A")
