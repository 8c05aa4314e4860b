"""Versions and delete markers as S3 has them, also in a bucket whose versioning is suspended.

moto forgets every version at the first write once versioning is suspended, makes no marker for a key that never was,
and answers 404 where a marker is met.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersionSuspendedBuckets.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManagingDelMarkers.html
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response

from local_aws.errors import AwsError, invalid_argument
from local_aws.replacing import extends, replaces

VERSION = re.compile(r"null|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _suspended(bucket: FakeBucket) -> bool:
    return bucket.versioning_status == "Suspended"


def _set_aside(bucket: FakeBucket, key_name: str) -> list[Any]:
    """Every version but the null one, taken out of the bucket."""
    versions = dict.pop(bucket.keys, key_name, [])
    return [version for version in versions if version.version_id != "null"]


@extends(S3Backend)
def put_object(original: Any, self: S3Backend, bucket_name: str, key_name: str, *args: Any, **words: Any) -> FakeKey:
    bucket = self.get_bucket(bucket_name)
    if not _suspended(bucket):
        return original(self, bucket_name, key_name, *args, **words)
    others = _set_aside(bucket, key_name)
    key = original(self, bucket_name, key_name, *args, **words)
    bucket.keys.setlist(key_name, [*others, key])
    return key


@replaces(S3Backend)
def _set_delete_marker(self: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
    bucket = self.get_bucket(bucket_name)
    marker = FakeDeleteMarker(key=bucket.keys.get(key_name) or SimpleNamespace(name=key_name))
    others = bucket.keys.getlist(key_name, [])
    if _suspended(bucket):
        others, marker._version_id = _set_aside(bucket, key_name), "null"
    bucket.keys.setlist(key_name, [*others, marker])
    return marker


@extends(S3Backend)
def delete_object(
    original: Any, self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> tuple[bool, dict[str, Any]]:
    bucket = self.get_bucket(bucket_name)
    if not bucket.versioning_status:
        return original(self, bucket_name, key_name, None if version_id == "null" else version_id, bypass)
    if version_id is None:
        marker = self._set_delete_marker(bucket_name, key_name)
        return True, {"version-id": marker.version_id, "delete-marker": "true"}
    removed = next((v for v in bucket.keys.getlist(key_name, []) if v.version_id == version_id), None)
    status, bucket.versioning_status = bucket.versioning_status, "Enabled"  # moto keeps versions of no other
    try:
        done, meta = original(self, bucket_name, key_name, version_id, bypass)
    finally:
        bucket.versioning_status = status
    meta.pop("delete-marker", None)
    if isinstance(removed, FakeDeleteMarker):
        meta["delete-marker"] = "true"
    return done, {"version-id": version_id, **meta}


@extends(S3Response)
def _key_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    version = request.args.get("versionId")
    if version is not None and not VERSION.fullmatch(version):
        raise invalid_argument("Invalid version id specified", ArgumentName="versionId", ArgumentValue=version)
    return original(self, request, full_url)


@extends(S3Response)
def _get_key(original: Any, self: S3Response, *args: Any, **words: Any) -> Any:
    """A delete marker says so in the headers of the error that it is answered with."""
    name, version = self.parse_key_name(), self.querystring.get("versionId", [None])[0]
    marker = self.backend.get_object(self.bucket_name, name, version_id=version, return_delete_marker=True)
    if not isinstance(marker, FakeDeleteMarker):
        return original(self, *args, **words)
    if version is None:
        error = AwsError("NoSuchKey", "The specified key does not exist.", Key=name)
    else:
        message = "The specified method is not allowed against this resource."
        error = AwsError("MethodNotAllowed", message, Method="GET", ResourceType="DeleteMarker")
        error.headers |= {"Allow": "DELETE", "Last-Modified": FakeKey.last_modified_RFC1123.fget(marker)}
    error.headers |= {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version_id}
    raise error
