"""A default retention is checked and kept, an object's is never shortened; with object lock versioning stays on.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from local_aws.errors import AwsError, denied, invalid_argument, invalid_request, malformed_xml
from local_aws.patches.bucket_configurations import KINDS, Config, Kind
from local_aws.patches.object_headers import check_lock, moment
from local_aws.replacing import extends

LONGEST = {"Days": 36500, "Years": 100}


def check(_: S3Response, bucket: FakeBucket, config: Config) -> None:
    if config.get("ObjectLockEnabled") != "Enabled":
        raise malformed_xml()
    if not bucket.is_versioned:
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise AwsError("InvalidBucketState", message)
    retention = (config.get("Rule") or {}).get("DefaultRetention") or {}
    units = [unit for unit in LONGEST if unit in retention]
    if "Rule" in config and (retention.get("Mode") not in {"GOVERNANCE", "COMPLIANCE"} or len(units) != 1):
        raise malformed_xml()
    for unit in units:
        if retention[unit] < 1:
            raise invalid_argument("Default retention period must be a positive integer value.")
        if retention[unit] > LONGEST[unit]:
            raise invalid_argument(f"Default retention period too large: at most {LONGEST[unit]} {unit}")
    bucket.object_lock_enabled = True  # what moto locks objects by
    bucket.default_lock_mode = retention.get("Mode")
    bucket.default_lock_days, bucket.default_lock_years = retention.get("Days", 0), retention.get("Years", 0)


@extends(S3Response)
def put_object_retention(original: Any, self: S3Response) -> Any:
    mode, until = self._mode_until_from_body()
    check_lock(mode, until)
    key = self.backend.get_object(self.bucket_name, self.parse_key_name(), self._get_param("versionId"))
    if key is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.")
    locked = key.lock_mode and key.lock_until and moment(key.lock_until) > datetime.now(UTC)
    less = locked and (not until or moment(until) < moment(key.lock_until) or mode != key.lock_mode)
    bypassed = self.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
    if less and (key.lock_mode == "COMPLIANCE" or not bypassed):
        raise denied("Access Denied because object protected by object lock.")
    return original(self)


@extends(S3Response)
def get_object_legal_hold(original: Any, self: S3Response) -> Any:
    if not self.backend.get_bucket(self.bucket_name).object_lock_enabled:
        raise invalid_request("Bucket is missing Object Lock Configuration")
    return original(self)


def apply() -> None:
    message = "Object Lock configuration does not exist for this bucket"
    missing = ("ObjectLockConfigurationNotFoundError", message)
    shape = "ObjectLockConfiguration"
    KINDS["object-lock"] = Kind(shape, shape, check, missing, wrapped=True)
