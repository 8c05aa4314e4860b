from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError


def looked_up(aws, name, region):
    client = aws.client("cloudtrail", "main", region)
    events = client.lookup_events(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}])["Events"]
    return [(event["EventName"], json.loads(event["CloudTrailEvent"])["userIdentity"]["arn"]) for event in events]


def test_who_made_which_change_is_known_without_a_trail_and_iams_in_us_east_1_alone(estate_aws):
    iam, s3 = estate_aws.client("iam", "main"), estate_aws.client("s3", "main")
    iam.create_user(UserName="ada.example")
    with pytest.raises(ClientError):
        iam.create_user(UserName="ada.example")
    s3.create_bucket(Bucket="shop-documents", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="shop-documents", Key="k", Body=b"")
    s3.get_bucket_location(Bucket="shop-documents")
    me = estate_aws.client("sts", "main").get_caller_identity()["Arn"]

    assert looked_up(estate_aws, "ada.example", "us-east-1") == [("CreateUser", me)]
    assert looked_up(estate_aws, "ada.example", "eu-west-1") == []
    assert looked_up(estate_aws, "shop-documents", "eu-west-1") == [("CreateBucket", me)], "neither objects nor reads"

    estate_aws.reset()
    assert looked_up(estate_aws, "ada.example", "us-east-1") == []
