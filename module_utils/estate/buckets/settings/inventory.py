"""Lists of all objects, delivered to a bucket: {id: {"bucket", "to", "prefix", "format", "frequency", …}}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.listed import Rule, listed
from ansible.module_utils.estate.buckets.names import name_mistake
from ansible.module_utils.estate.buckets.objects import rest
from ansible.module_utils.estate.buckets.schema import TEXT, listing
from ansible.module_utils.estate.buckets.setting import Bucket, World
from ansible.module_utils.estate.policy import as_list, partition, statements

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
    other = rest(to, "Bucket", "Prefix", "Format", "AccountId")
    other |= {} if rule.get("IsEnabled") else {"IsEnabled": False}
    return shape | ({"other": other} if other else {})


def _aws(rule: Rule, bucket: Bucket) -> dict[str, Any]:
    arn = f"arn:{partition(bucket['region'])}:s3:::{rule['bucket']}"
    to = {"Bucket": arn, "Format": rule.get("format") or "Parquet"}
    return {
        "IsEnabled": True,
        "IncludedObjectVersions": "All" if rule.get("versions") else "Current",
        "Schedule": {"Frequency": rule.get("frequency") or "Daily"},
        "Destination": {"S3BucketDestination": to | ({"Prefix": rule["to"]} if rule.get("to") else {})},
        **({"Filter": {"Prefix": rule["prefix"]}} if rule.get("prefix") else {}),
        **({"OptionalFields": sorted(rule["fields"])} if rule.get("fields") else {}),
    }


def _mistakes(rule: Rule, bucket: Bucket, world: World) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html"""
    name, target = rule["bucket"], world.buckets.get(rule["bucket"])
    if mistake := name_mistake(name):
        yield f": bucket {name} {mistake}"
    if target and target["region"] != bucket["region"]:
        yield f": bucket {name} is in {target['region']}, but S3 delivers lists within a region: {bucket['region']}"
    if target and target.get("policy") is not None and not any(map(_admits, statements(target["policy"]))):
        yield f": bucket {name} lets S3 deliver no lists; say delivers: [inventories] there"


def _admits(statement: Mapping[str, Any]) -> bool:
    """Whether it lets S3 itself put objects."""
    who = statement.get("Principal")
    services = as_list(who.get("Service") if isinstance(who, Mapping) else who)
    actions = [str(action).lower() for action in as_list(statement.get("Action") or [])]
    put = any(fnmatch.fnmatchcase("s3:putobject", action) for action in actions)
    return statement.get("Effect") == "Allow" and put and bool({"s3.amazonaws.com", "*"} & set(map(str, services)))


SETTING = listed(
    "inventory",
    "Inventory",
    _live,
    _aws,
    {
        "bucket": TEXT,
        "to": TEXT,
        "format": {"enum": list(FORMATS)},
        "frequency": {"enum": ["Daily", "Weekly"]},
        "versions": {"type": "boolean"},
        "fields": {**listing({"enum": list(FIELDS)}), "uniqueItems": True},
    },
    "bucket",
    mistakes=_mistakes,
)
