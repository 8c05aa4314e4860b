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
