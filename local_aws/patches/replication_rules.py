"""A replication configuration is checked when it is put, and comes back as it was put.

moto answers GetBucketReplication with a filter and a delete-marker setting of its own, and checks no destination.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
"""

from __future__ import annotations

import re
import secrets
from itertools import pairwise

from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from local_aws.errors import AwsError, invalid_argument, invalid_request, malformed_xml
from local_aws.patches.bucket_access import live
from local_aws.patches.bucket_configurations import KINDS, Config, Kind, kept

MOST = 1000
ROLE = re.compile(r"arn:aws:iam::\d{12}:role/\S+")
KEY = re.compile(r"arn:aws:kms:[a-z0-9-]+:\d{12}:(key|alias)/\S+")
HIGHEST = 2**31 - 1  # priority
MINUTES = 15
MOST_TAGS = 10
CLASSES = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR",
    "DEEP_ARCHIVE",
}  # fmt: skip
VERSION = (
    "for this version of Cross Region Replication configuration schema. "
    "Please refer to S3 Developer Guide for more information."
)


def config_of(bucket: FakeBucket) -> Config:
    return kept(bucket).get("replication", {})


def destination(arn: str) -> FakeBucket | None:
    return live(arn.removeprefix("arn:aws:s3:::"))


def check(_: S3Response, bucket: FakeBucket, config: Config) -> None:
    """Raise what AWS would; give rules without an ID one."""
    rules = config["Rules"]
    if not ROLE.fullmatch(config["Role"]):
        raise invalid_argument("Invalid Role specified in replication configuration")
    if len(rules) > MOST:
        raise invalid_request("The number of replication rules must not exceed the allowed limit of 1000 rules.")
    if not bucket.is_versioned:
        raise invalid_request("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    if len({"Filter" in rule for rule in rules}) > 1:
        raise invalid_request("Rules with a Filter and rules without one cannot be in one replication configuration")
    for rule in rules:
        rule.setdefault("ID", secrets.token_hex(24))
        _check_rule(bucket, rule)
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise invalid_argument("Rule Id must be unique. Found same Id for more than one rule")
    priorities = [rule["Priority"] for rule in rules if "Priority" in rule]
    if len(set(priorities)) < len(priorities):
        raise invalid_request("Found duplicate priority. Priority must be unique for each rule")
    if "Filter" not in rules[0]:
        _check_first_version(rules)


def _check_first_version(rules: list[Config]) -> None:
    """One destination, and no object that two rules mean."""
    if len({rule["Destination"]["Bucket"] for rule in rules}) > 1:
        raise invalid_request(f"Multiple destination buckets cannot be used {VERSION}")
    prefixes = sorted(rule["Prefix"] for rule in rules)
    for one, other in pairwise(prefixes):
        if other.startswith(one):
            raise invalid_request(f"Found overlapping prefixes '{one}' and '{other}'")


def _check_rule(bucket: FakeBucket, rule: Config) -> None:
    criteria = rule.get("SourceSelectionCriteria") or {}
    if not 1 <= len(rule["ID"]) <= 255 or "Status" not in rule.get("DeleteMarkerReplication", {"Status": ""}):
        raise malformed_xml()
    if "Filter" in rule:
        _check_filter(rule)
    elif "Prefix" not in rule:
        raise invalid_request(f"Filter must be specified {VERSION}") if "Priority" in rule else malformed_xml()
    else:
        for element in ("DeleteMarkerReplication", "Priority"):
            if element in rule:
                raise invalid_request(f"{element} cannot be used {VERSION}")
        if "ReplicaModifications" in criteria:
            raise invalid_request(f"ReplicaModifications cannot be used {VERSION}")
    if (rule.get("ExistingObjectReplication") or {}).get("Status") == "Enabled":
        raise invalid_request("ExistingObjectReplication is no longer supported; use S3 Batch Replication")
    _check_destination(bucket, rule, rule["Destination"])


def _check_filter(rule: Config) -> None:
    given = rule["Filter"] or {}
    if "Prefix" in rule:
        raise invalid_request("Filter and Prefix cannot both be specified in a rule")
    if len(given) > 1:
        raise malformed_xml()
    for element in ("DeleteMarkerReplication", "Priority"):
        if element not in rule:
            raise invalid_request(f"{element} must be specified {VERSION}")
    if not 0 <= rule["Priority"] <= HIGHEST:
        raise invalid_argument(f"Priority must be between 0 and {HIGHEST}")
    tags = [given["Tag"]] if given.get("Tag") else (given.get("And") or {}).get("Tags") or []
    if len({tag["Key"] for tag in tags}) < len(tags) or len(tags) > MOST_TAGS:
        raise AwsError("InvalidTag", "A filter has at most 10 tags, each key once")
    if tags and rule["DeleteMarkerReplication"].get("Status") == "Enabled":
        raise invalid_request("Delete marker replication is not supported if any Tag filter is specified.")


def _check_destination(bucket: FakeBucket, rule: Config, to: Config) -> None:
    target = destination(to["Bucket"])
    if target is None:
        raise invalid_request("Destination bucket must exist.")
    if target is bucket:
        raise invalid_request("Destination bucket cannot be the same as the source bucket.")
    if not target.is_versioned:
        raise invalid_request("Destination bucket must have versioning enabled.")
    if to.get("AccessControlTranslation") and not to.get("Account"):
        raise invalid_argument("Account must be specified if AccessControlTranslation is specified")
    if to.get("Account") and to["Account"] != target.account_id:
        raise invalid_request("Account must own the destination bucket.")
    if to.get("StorageClass", "STANDARD") not in CLASSES:
        raise malformed_xml()
    _check_time(to)
    kms = ((rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}).get("Status") == "Enabled"
    key = (to.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if kms != bool(key):
        missing = "EncryptionConfiguration" if kms else "SseKmsEncryptedObjects"
        raise invalid_request(f"{missing} must be specified if the other is present.")
    if key and not KEY.fullmatch(key):
        raise invalid_request("ReplicaKmsKeyID must be the ARN of a key, or of its alias")


def _check_time(to: Config) -> None:
    """Replication time control takes metrics, and both say fifteen minutes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationTimeValue.html
    """
    time, metrics = to.get("ReplicationTime") or {}, to.get("Metrics") or {}
    timed = time.get("Status") == "Enabled"
    if timed and metrics.get("Status") != "Enabled":
        raise invalid_request("Replication destination must contain both ReplicationTime and Metrics or neither.")
    for said in (time.get("Time"), metrics.get("EventThreshold")):
        if (said is None and timed) or (said is not None and said.get("Minutes") != MINUTES):
            raise invalid_argument("ReplicationTime and EventThreshold can be 15 minutes only")


def apply() -> None:
    missing = ("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
    KINDS["replication"] = Kind("BucketReplication", "ReplicationConfiguration", check, missing, wrapped=True)
