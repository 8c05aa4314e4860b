"""What keeps a bucket's objects from being destroyed, as it is live. The client is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.estate.errors import error_code

_ABSENT = (
    "ReplicationConfigurationNotFoundError",
    "ObjectLockConfigurationNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)


def kept(s3: Any, name: str) -> dict[str, Any] | None:
    """{"versioned", "mfa_delete", "lock", "days", "key", "replicas"}; None where it may not be read.

    lock is "", "GOVERNANCE" or "COMPLIANCE" and days how long, by the default that new objects get.
    """
    try:
        versioning = s3.get_bucket_versioning(Bucket=name)
        lock = _or_nothing(lambda: s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"])
        copied = _or_nothing(lambda: s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"])
        crypt = _or_nothing(lambda: s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"])
    except Exception as exc:
        if error_code(exc) in ("AccessDenied", "403"):
            return None
        raise
    retention = (lock.get("Rule") or {}).get("DefaultRetention") or {}
    rules = [one.get("ApplyServerSideEncryptionByDefault") or {} for one in crypt.get("Rules", [])]
    live = [one for one in copied.get("Rules", []) if one["Status"] == "Enabled"]
    return {
        "versioned": versioning.get("Status") == "Enabled",
        "mfa_delete": versioning.get("MFADelete") == "Enabled",
        "lock": retention.get("Mode", ""),
        "days": retention.get("Days", 0) + 365 * retention.get("Years", 0),
        "key": next((one["KMSMasterKeyID"] for one in rules if one.get("KMSMasterKeyID")), ""),
        "replicas": sorted({one["Destination"]["Bucket"].rpartition(":")[2] for one in live}),
    }


def _or_nothing(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as exc:
        if error_code(exc) in _ABSENT:
            return {}
        raise
