"""MFA delete is kept, can be set by root with a device only, and guards versions and the versioning itself.

moto drops it silently. Root's keys are in keys.json of the state directory; x-amz-mfa takes any serial and six digits
but 000000, each once, as AWS does.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response

from local_aws import callers, xml_bodies
from local_aws.errors import AwsError, denied
from local_aws.patches.bucket_configurations import answered
from local_aws.patches.replication_rules import config_of
from local_aws.replacing import extends, replaces

WITHOUT = "Mfa Authentication must be used for this request"


def enabled(bucket: FakeBucket) -> bool:
    return getattr(bucket, "mfa_delete", None) == "Enabled"


def demand_device(request: Any, bucket: FakeBucket) -> None:
    """Raise AccessDenied unless the account's root asks, with a device's code."""
    caller = callers.of(request.environ)
    given = request.headers.get("x-amz-mfa", "")
    root = caller.kind == "root" and caller.account == bucket.account_id
    used = vars(s3_backends[bucket.account_id]["aws"]).setdefault("codes_used", set())
    if not root or not re.fullmatch(r"\S+ (?!000000)\d{6}", given) or given in used:
        raise denied(WITHOUT)
    used.add(given)


def put_versioning(self: S3Response, bucket: FakeBucket) -> Any:
    wanted = xml_bodies.parsed(self, "PutBucketVersioning")["VersioningConfiguration"]
    status, mfa = wanted.get("Status"), wanted.get("MFADelete")
    if status not in {"Enabled", "Suspended"} or mfa not in {None, "Enabled", "Disabled"}:
        raise AwsError("IllegalVersioningConfigurationException", "The Versioning element must be specified")
    if enabled(bucket) or mfa == "Enabled":
        demand_device(self.request, bucket)
    present = "A replication" if config_of(bucket) else "An Object Lock"
    if status == "Suspended" and (config_of(bucket) or bucket.object_lock_enabled):
        message = f"{present} configuration is present on this bucket, so the versioning state cannot be changed."
        raise AwsError("InvalidBucketState", message)
    self.backend.put_bucket_versioning(self.bucket_name, status)
    if mfa:
        bucket.mfa_delete = mfa
    return answered(self, "PutBucketVersioning")


@replaces(S3Response)
def get_bucket_versioning(self: S3Response) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    mfa = getattr(bucket, "mfa_delete", None)
    return answered(
        self, "GetBucketVersioning", {"Status": bucket.versioning_status} | ({"MFADelete": mfa} if mfa else {})
    )


@extends(S3Response)
def _bucket_response_put(
    original: Any, self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]
) -> Any:
    if "versioning" in querystring:
        return put_versioning(self, self.backend.get_bucket(bucket_name))
    if "lifecycle" in querystring and enabled(self.backend.get_bucket(bucket_name)):
        message = "Lifecycle configuration is not allowed on a bucket with MFA delete enabled."
        raise AwsError("InvalidBucketState", message)
    return original(self, request, bucket_name, querystring)


@extends(S3Response)
def delete_object(original: Any, self: S3Response) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    if self.request.args.get("versionId") and enabled(bucket):
        demand_device(self.request, bucket)
    return original(self)


@extends(S3Response)
def _bucket_response_delete_keys(original: Any, self: S3Response, bucket_name: str, *args: Any, **words: Any) -> Any:
    bucket = self.backend.get_bucket(bucket_name)
    if enabled(bucket) and b"<VersionId>" in self.body:
        demand_device(self.request, bucket)
    return original(self, bucket_name, *args, **words)
