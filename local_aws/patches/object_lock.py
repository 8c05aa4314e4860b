"""A default retention is checked and kept; a bucket with object lock keeps its versioning.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
"""

from __future__ import annotations

from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from local_aws.errors import AwsError, malformed_xml
from local_aws.patches.bucket_configurations import KINDS, Config, Kind

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
            raise AwsError("InvalidArgument", "Default retention period must be a positive integer value.")
        if retention[unit] > LONGEST[unit]:
            raise AwsError("InvalidArgument", f"Default retention period too large: at most {LONGEST[unit]} {unit}")
    bucket.object_lock_enabled = True  # what moto locks objects by
    bucket.default_lock_mode = retention.get("Mode")
    bucket.default_lock_days, bucket.default_lock_years = retention.get("Days", 0), retention.get("Years", 0)


def apply() -> None:
    message = "Object Lock configuration does not exist for this bucket"
    missing = ("ObjectLockConfigurationNotFoundError", message)
    shape = "ObjectLockConfiguration"
    KINDS["object-lock"] = Kind(shape, shape, check, missing, wrapped=True)
