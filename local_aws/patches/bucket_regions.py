"""A bucket is asked in its own region, and regions have to exist.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import functools
from typing import Any

import boto3
from moto.s3.responses import S3Response

from local_aws import requests
from local_aws.errors import AwsError
from local_aws.patches.bucket_access import live
from local_aws.replacing import extends
from local_aws.signatures import MALFORMED

# Answered by any region: how a bucket's region is found out, and what is not about an existing bucket.
ANYWHERE = {"GetBucketLocation", "CreateBucket"}
MESSAGE = (
    "The bucket you are attempting to access must be addressed using the specified endpoint. "
    "Please send all future requests to this endpoint."
)


@functools.cache
def regions() -> frozenset[str]:
    return frozenset(boto3.Session().get_available_regions("s3"))


def check(response: S3Response, environ: dict[str, Any]) -> None:
    signed = requests.scope(environ)
    bucket = live(response.bucket_name)
    if bucket is None or environ.get(requests.OPERATION) in ANYWHERE:
        return
    host = requests.S3_HOST.match(environ.get("HTTP_HOST", ""))
    asked = signed.region if signed else host and host["region"]
    if asked in {None, "", bucket.region_name}:
        return
    if asked == "us-east-1":
        message = f"{MALFORMED}the region 'us-east-1' is wrong; expecting '{bucket.region_name}'"
        error = AwsError("AuthorizationHeaderMalformed", message, Region=bucket.region_name)
    else:
        endpoint = f"s3.{bucket.region_name}.amazonaws.com"
        error = AwsError("PermanentRedirect", MESSAGE, Bucket=bucket.name, Endpoint=endpoint)
    error.headers["x-amz-bucket-region"] = bucket.region_name
    raise error


@extends(S3Response, "_bucket_response", "_key_response")
def asked_where_it_is(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    if self.bucket_name:
        check(self, request.environ)
    return original(self, request, full_url)


@extends(S3Response)
def _get_location_constraint(original: Any, self: S3Response) -> str | None:
    found = original(self)
    if found and found not in regions():
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid")
    return found
