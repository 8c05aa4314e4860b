"""ACLs are off where the owner is enforced, and public ones are refused where they are blocked.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeAcl, FakeBucket, S3Backend, get_canned_acl
from moto.s3.responses import S3Response

from local_aws import xml_bodies
from local_aws.backends import current
from local_aws.errors import AwsError, denied
from local_aws.replacing import extends, replaces
from local_aws.requests import OPERATION

EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
}
OWNER = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"  # everybody's canonical id in moto
OFF = "The bucket does not allow ACLs"


def public(acl: FakeAcl | None) -> bool:
    return any(grantee.uri in EVERYBODY for grant in (acl.grants if acl else []) for grantee in grant.grantees)


def check(bucket: FakeBucket, acl: FakeAcl | None) -> None:
    """Of ACLs that are off, only the one that changes nothing is taken."""
    canned = current().headers.get("x-amz-acl", "")
    if bucket.ownership_rule == "BucketOwnerEnforced" and canned != "bucket-owner-full-control":
        raise AwsError("AccessControlListNotSupported", OFF)
    block = bucket.public_access_block
    if block and block.block_public_acls and public(acl):
        raise denied("User is not authorized because public ACLs are prevented by the BlockPublicAcls setting.")


@extends(S3Response)
def _acl_from_headers(original: Any, self: S3Response, headers: Any) -> FakeAcl | None:
    acl = original(self, headers)
    if acl is not None and self.parse_key_name():
        check(self.backend.get_bucket(self.bucket_name), acl)
    return acl


@extends(S3Backend)
def put_bucket_acl(original: Any, self: S3Backend, bucket_name: str, acl: FakeAcl | None) -> None:
    if current().environ.get(OPERATION) != "CreateBucket":
        check(self.get_bucket(bucket_name), acl)
    original(self, bucket_name, acl)


@extends(S3Backend)
def put_object_acl(
    original: Any, self: S3Backend, bucket_name: str, key_name: str, acl: FakeAcl | None, **words: Any
) -> None:
    if acl is not None:
        check(self.get_bucket(bucket_name), acl)
    original(self, bucket_name, key_name, acl, **words)


@extends(S3Backend)
def put_bucket_ownership_controls(original: Any, self: S3Backend, bucket_name: str, ownership: Any) -> None:
    bucket = self.get_bucket(bucket_name)
    if ownership == "BucketOwnerEnforced" and bucket.acl and len(bucket.acl.grants) > 1:
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise AwsError("InvalidBucketAclWithObjectOwnership", message)
    original(self, bucket_name, ownership)


@extends(S3Response, "put_object_acl")
def put_own_acl(original: Any, self: S3Response) -> Any:
    """Where ACLs are off, the one that gives the owner everything is taken, also as XML: s3cmd copies so."""
    bucket = self.backend.get_bucket(self.bucket_name)
    if bucket.ownership_rule == "BucketOwnerEnforced" and self.body:
        given = (xml_bodies.parsed(self, "PutObjectAcl").get("AccessControlPolicy") or {}).get("Grants") or []
        if given and all(
            grant.get("Permission") == "FULL_CONTROL" and (grant.get("Grantee") or {}).get("ID") == OWNER
            for grant in given
        ):
            return 200, {}, ""
    return original(self)


@replaces(S3Backend)
def get_object_acl(_: S3Backend, key: Any) -> FakeAcl:
    """moto has none of a multipart object, and fails."""
    return key.acl or get_canned_acl("private")


@extends(S3Response)
def _bucket_response_put(
    original: Any, self: S3Response, req: Any, bucket_name: str, querystring: dict[str, Any]
) -> Any:
    creates = not querystring
    if creates and req.headers.get("x-amz-acl", "private") != "private" and "x-amz-object-ownership" not in req.headers:
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise AwsError("InvalidBucketAclWithObjectOwnership", message)
    return original(self, req, bucket_name, querystring)
