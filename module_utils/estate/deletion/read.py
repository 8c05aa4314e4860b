"""What keeps a bucket's objects from being destroyed, as it is live, and the policies of their keys. Clients are given.

What is not understood is not told, so that nobody takes it for safe: None.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.access.read import WORKERS
from ansible.module_utils.estate.buckets.read import answered
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.buckets.settings.replication import rules
from ansible.module_utils.estate.errors import error_code

_UNREAD = ("AccessDenied", "403", "AccessDeniedException", "NotFoundException")
# What a lifecycle rule may say; transitions and what ends uploads destroy nothing.
_KNOWN = {
    "ID", "Status", "Prefix", "Filter", "Expiration", "NoncurrentVersionExpiration",
    "Transitions", "NoncurrentVersionTransitions", "AbortIncompleteMultipartUpload",
}  # fmt: skip


def kept(s3: Any, name: str) -> dict[str, Any] | None:
    """{"versioned", "mfa_delete", "lock", "days", "keys", "replicas", "gone"}; None where it may not be read.

    lock is "", "GOVERNANCE" or "COMPLIANCE" and days how long, by the default that new objects get. keys are what it
    encrypts with, replicas what its rules encrypt the copies with, by bucket. gone: see gone().
    """
    try:
        words = ("versioning", "object_lock", "replication", "encryption", "lifecycle")
        versioning, lock, copied, crypt, expiry = (answered(s3, name, BY_NAME[word]) for word in words)
    except Exception as exc:
        if error_code(exc) in _UNREAD:
            return None
        raise
    retention = (lock.get("ObjectLockConfiguration", {}).get("Rule") or {}).get("DefaultRetention") or {}
    crypt = crypt.get("ServerSideEncryptionConfiguration", {})
    encrypted = [one.get("ApplyServerSideEncryptionByDefault") or {} for one in crypt.get("Rules", [])]
    replicas: dict[str, list[str]] = {}
    for one in rules(copied):
        if one["Status"] == "Enabled":
            to = one["Destination"]
            key = (to.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
            replicas.setdefault(to["Bucket"].rpartition(":")[2], []).extend([key] if key else [])
    versioned = versioning.get("Status") == "Enabled"
    destroys = gone(expiry.get("Rules", []), versioned)
    return destroys and {
        "versioned": versioned,
        "mfa_delete": versioning.get("MFADelete") == "Enabled",
        "lock": retention.get("Mode", ""),
        "days": retention.get("Days", 0) + 365 * retention.get("Years", 0),
        "keys": [one["KMSMasterKeyID"] for one in encrypted if one.get("KMSMasterKeyID")],
        "replicas": replicas,
        "gone": destroys,
    }


def gone(listed: Iterable[Mapping[str, Any]], versioned: bool) -> dict[str, int] | None:
    """After how many days lifecycle rules delete for good, 0 for never: {"itself", "replaced", "tagged"}.

    What lies there, what was replaced or deleted, and what gets a tag. A rule that is about some keys counts for all.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    live = [rule for rule in listed if rule["Status"] == "Enabled"]
    if any(rule.keys() - _KNOWN for rule in live):
        return None
    replaced = _soonest(_replaced(rule) for rule in live if not _tags(rule))
    hidden = _soonest(_expires(rule) for rule in live if not _tags(rule))
    itself = hidden and (hidden + replaced if replaced else 0 if versioned else hidden)
    tagged = []
    for rule in live:
        old = _soonest([_replaced(rule), replaced])
        if _tags(rule) and (old or not versioned):
            tagged.append(_expires(rule) + old)
    return {"itself": itself, "replaced": replaced, "tagged": _soonest(tagged)}


def _tags(rule: Mapping[str, Any]) -> bool:
    asked = rule.get("Filter") or {}
    return bool(asked.get("Tag") or (asked.get("And") or {}).get("Tags"))


def _expires(rule: Mapping[str, Any]) -> int:
    said = rule.get("Expiration") or {}
    return said.get("Days") or (1 if "Date" in said else 0)


def _replaced(rule: Mapping[str, Any]) -> int:
    return (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays", 0)


def _soonest(days: Iterable[int]) -> int:
    return min(filter(None, days), default=0)


def by_trails(trails: Iterable[Mapping[str, Any]], buckets: Mapping[str, Mapping[str, Any]]) -> None:
    """Trails' files are encrypted by the trail's key, whatever the bucket's is: it is one of the bucket's, too."""
    for trail in trails:
        bucket = (buckets.get(trail["S3BucketName"]) or {}).get("kept")
        if bucket and trail.get("KmsKeyId"):
            bucket["keys"].append(trail["KmsKeyId"])


def keys(clients: Any, account_id: str, buckets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """By a key as a bucket names it {"arn", "policy"}; None where its policy cannot be told, nothing of AWS's own keys.

    AWS tells a key's policy to its own account alone, and without a region an id or alias is any key's. Grants are left
    out, since none gives what ends a key: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    A key in a store of one's own ends with the store, which nobody here judges.
    """
    named = set()
    for bucket in buckets.values():
        own = bucket.get("kept") or {"keys": (), "replicas": {}}
        named |= {*own["keys"], *(key for some in own["replicas"].values() for key in some)}
    asked = sorted(named)
    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(zip(asked, pool.map(lambda name: _key(clients, account_id, name), asked), strict=True))


def _key(clients: Any, account_id: str, name: str) -> dict[str, Any] | None:
    if not name.startswith("arn:") or name.split(":")[4] != account_id:
        return None
    kms = clients["kms", name.split(":")[3]]
    try:
        about = kms.describe_key(KeyId=name)["KeyMetadata"]
        if about["KeyManager"] == "AWS":
            return {}
        if about["Origin"] not in ("AWS_KMS", "EXTERNAL"):
            return None
        policy = kms.get_key_policy(KeyId=about["Arn"], PolicyName="default")["Policy"]
    except Exception as exc:
        if error_code(exc) in _UNREAD:
            return None
        raise
    return {"arn": about["Arn"], "policy": json.loads(policy)}
