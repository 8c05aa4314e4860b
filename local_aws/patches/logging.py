"""A bucket's logs go where the target's policy lets the logging service write, with its conditions.

moto fails with 500 on a target whose policy has "Principal": "*", and compares resources and actions as text.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.exceptions import CrossLocationLoggingProhibited, InvalidTargetBucketForLogging
from moto.s3.models import FakeBucket, S3Backend

from local_aws.policies import Principal, decide, parsed
from local_aws.replacing import replaces

SERVICE = Principal(service="logging.s3.amazonaws.com")


def may_log(source: FakeBucket, target: FakeBucket, prefix: str) -> bool:
    if not target.policy:
        return False
    given = {
        "aws:securetransport": ["true"],
        "aws:sourcearn": [f"arn:aws:s3:::{source.name}"],
        "aws:sourceaccount": [source.account_id],
        "aws:principalisawsservice": ["true"],
        "aws:principalservicename": [SERVICE.service],
    }
    resource = f"arn:aws:s3:::{target.name}/{prefix}2026-01-01-00-00-00-0000000000000000"
    return decide(parsed(target.policy), SERVICE, "s3:PutObject", resource, given) == "Allow"


@replaces(FakeBucket)
def set_logging(self: FakeBucket, logging_config: dict[str, Any] | None, bucket_backend: S3Backend) -> None:
    if not logging_config:
        self.logging = {}
        return
    target = bucket_backend.buckets.get(logging_config["TargetBucket"])
    if target is None:
        raise InvalidTargetBucketForLogging("The target bucket for logging does not exist")
    if target.region_name != self.region_name:
        raise CrossLocationLoggingProhibited
    by_acl = target.ownership_rule != "BucketOwnerEnforced" and self._log_permissions_enabled_acl(target)
    if not by_acl and not may_log(self, target, logging_config.get("TargetPrefix") or ""):
        raise InvalidTargetBucketForLogging(
            "You must either provide the necessary permissions to the logging service using a bucket "
            "policy or give the log-delivery group WRITE and READ_ACP permissions to the target bucket"
        )
    self.logging = logging_config
