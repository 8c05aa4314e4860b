"""A replication configuration is checked when it is put, and comes back as it was put.

moto answers GetBucketReplication with a filter and a delete-marker setting of its own, and checks no destination.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
"""

from __future__ import annotations

import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response

from local_aws import xml_bodies
from local_aws.errors import AwsError

MOST = 1000
V2 = (
    "must be specified for this version of Cross Region Replication configuration schema. "
    "Please refer to S3 Developer Guide for more information."
)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidRequest", message)


def destination(arn: str) -> FakeBucket | None:
    name = arn.removeprefix("arn:aws:s3:::")
    owner = s3_backends.bucket_accounts.get(name)
    return s3_backends[owner[1]]["aws"].buckets.get(name) if owner else None


def check(bucket: FakeBucket, config: dict[str, Any]) -> None:
    """Raise what AWS would; give rules without an ID one."""
    rules = config.get("Rules") or []
    if not config.get("Role") or not rules:
        raise AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate")
    if not config["Role"].startswith("arn:aws:iam::"):
        raise AwsError("InvalidArgument", "Invalid Role specified in replication configuration")
    if len(rules) > MOST:
        raise invalid("The number of replication rules must not exceed the allowed limit of 1000 rules.")
    if not bucket.is_versioned:
        raise invalid("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    for rule in rules:
        rule.setdefault("ID", secrets.token_hex(24))
        _check_rule(bucket, rule)
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise AwsError("InvalidArgument", "Rule Id must be unique. Found same Id for more than one rule")
    priorities = [rule["Priority"] for rule in rules if "Priority" in rule]
    if len(set(priorities)) < len(priorities):
        raise invalid("Found duplicate priority. Priority must be unique for each rule")


def _check_rule(bucket: FakeBucket, rule: dict[str, Any]) -> None:
    if len(rule["ID"]) > 255 or rule.get("Status") not in {"Enabled", "Disabled"}:
        raise AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate")
    if "Filter" in rule:
        if "Prefix" in rule:
            raise invalid("Filter and Prefix cannot both be specified in a rule")
        for element in ("DeleteMarkerReplication", "Priority"):
            if element not in rule:
                raise invalid(f"{element} {V2}")
        tags = rule["Filter"].get("Tag") or rule["Filter"].get("And", {}).get("Tags")
        if tags and rule["DeleteMarkerReplication"].get("Status") == "Enabled":
            raise invalid("Delete marker replication is not supported if any Tag filter is specified.")
    elif "Prefix" not in rule and "Priority" in rule:
        raise invalid(f"Filter {V2}")
    _check_destination(bucket, rule, rule.get("Destination") or {})


def _check_destination(bucket: FakeBucket, rule: dict[str, Any], to: dict[str, Any]) -> None:
    target = destination(to.get("Bucket", ""))
    if target is None:
        raise invalid("Destination bucket must exist.")
    if target is bucket:
        raise invalid("Destination bucket cannot be the same as the source bucket.")
    if not target.is_versioned:
        raise invalid("Destination bucket must have versioning enabled.")
    if to.get("AccessControlTranslation") and not to.get("Account"):
        raise AwsError("InvalidArgument", "Account must be specified if AccessControlTranslation is specified")
    if to.get("Account") and to["Account"] != target.account_id:
        raise invalid("Account must own the destination bucket.")
    timed = (to.get("ReplicationTime") or {}).get("Status") == "Enabled"
    if timed and (to.get("Metrics") or {}).get("Status") != "Enabled":
        raise invalid("Replication destination must contain both ReplicationTime and Metrics or neither.")
    kms = ((rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled"
    if kms != bool((to.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")):
        missing = "EncryptionConfiguration" if kms else "SseKmsEncryptedObjects"
        raise invalid(f"{missing} must be specified if the other is present.")


def bucket_response_put(self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    if "replication" not in querystring:
        return originals["_bucket_response_put"](self, request, bucket_name, querystring)
    bucket = self.backend.get_bucket(bucket_name)
    config = xml_bodies.parsed(self, "PutBucketReplication").get("ReplicationConfiguration") or {}
    check(bucket, config)
    bucket.replication = config
    return 200, {}, ""


def get_bucket_replication(self: S3Response) -> Any:
    self.data["Action"] = "GetBucketReplication"
    config = self.backend.get_bucket_replication(self.bucket_name)
    if not config:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    return self.serialized(ActionResult({"ReplicationConfiguration": config}))


originals: dict[str, Any] = {}


def apply() -> None:
    originals["_bucket_response_put"] = S3Response._bucket_response_put
    S3Response._bucket_response_put = bucket_response_put
    S3Response.get_bucket_replication = get_bucket_replication
