"""Lists of all objects, delivered to a bucket: {id: {"bucket", "to", "prefix", "format", "frequency", …}}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.listed import Rule, listed
from ansible.module_utils.estate.buckets.names import name_mistake
from ansible.module_utils.estate.buckets.objects import rest
from ansible.module_utils.estate.buckets.setting import Bucket
from ansible.module_utils.estate.policy import partition

FORMATS = ("CSV", "ORC", "Parquet")
FIELDS = (
    "Size", "LastModifiedDate", "StorageClass", "ETag", "IsMultipartUploaded", "ReplicationStatus", "EncryptionStatus",
    "ObjectLockRetainUntilDate", "ObjectLockMode", "ObjectLockLegalHoldStatus", "ObjectLockEventHoldStatus",
    "ObjectLockEventHoldDuration", "IntelligentTieringAccessTier", "IntelligentTieringReferenceDate", "BucketKeyStatus",
    "ChecksumAlgorithm", "ObjectAccessControlList", "ObjectOwner", "LifecycleExpirationDate",
)  # fmt: skip


def _live(rule: Rule) -> dict[str, Any]:
    to = rule["Destination"]["S3BucketDestination"]
    shape = {
        "prefix": (rule.get("Filter") or {}).get("Prefix", ""),
        "bucket": to["Bucket"].split(":::")[-1],
        "to": to.get("Prefix", ""),
        "format": to["Format"],
        "frequency": rule["Schedule"]["Frequency"],
        "versions": rule["IncludedObjectVersions"] == "All",
        "fields": sorted(rule.get("OptionalFields") or []),
    }
    other = rest(to, "Bucket", "Prefix", "Format", "AccountId").get("other", {})
    other |= {} if rule.get("IsEnabled") else {"IsEnabled": False}
    return shape | ({"other": other} if other else {})


def _wanted(rule: Rule) -> dict[str, Any]:
    return {
        "prefix": rule.get("prefix") or "",
        "bucket": rule["bucket"],
        "to": rule.get("to") or "",
        "format": rule.get("format") or "Parquet",
        "frequency": rule.get("frequency") or "Daily",
        "versions": bool(rule.get("versions")),
        "fields": sorted(rule.get("fields") or []),
    }


def _aws(rule: Rule, bucket: Bucket) -> dict[str, Any]:
    wanted = _wanted(rule)
    to = {"Bucket": f"arn:{partition(bucket['region'])}:s3:::{wanted['bucket']}", "Format": wanted["format"]}
    return {
        "IsEnabled": True,
        "IncludedObjectVersions": "All" if wanted["versions"] else "Current",
        "Schedule": {"Frequency": wanted["frequency"]},
        "Destination": {"S3BucketDestination": to | ({"Prefix": wanted["to"]} if wanted["to"] else {})},
        **({"Filter": {"Prefix": wanted["prefix"]}} if wanted["prefix"] else {}),
        **({"OptionalFields": wanted["fields"]} if wanted["fields"] else {}),
    }


def _mistakes(rule: Rule) -> Iterator[str]:
    if mistake := name_mistake(rule["bucket"]):
        yield f": bucket {rule['bucket']} {mistake}"


SETTING = listed(
    "inventory",
    "Inventory",
    _live,
    _wanted,
    _aws,
    {
        "properties": {
            "bucket": {"type": "string"},
            "to": {"type": "string"},
            "format": {"enum": list(FORMATS)},
            "frequency": {"enum": ["Daily", "Weekly"]},
            "versions": {"type": "boolean"},
            "fields": {"type": "array", "items": {"enum": list(FIELDS)}, "uniqueItems": True},
        },
        "required": ["bucket"],
    },
    _mistakes,
)
