"""The role that replicates, written from the rules themselves, so that the two cannot disagree. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.settings.encryption import key_region
from ansible.module_utils.estate.policy import partition

PATH = "/"


def replication_role(buckets: Sequence[Mapping[str, Any]], name: str, policy_name: str) -> dict[str, Any]:
    """{"name", "trust", "policy_name", "policy"}; the policy is {} where no bucket is replicated."""
    sources = [bucket for bucket in buckets if (bucket.get("replication") or {}).get("rules")]
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": _statements(sources)} if sources else {}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return {"name": name, "path": PATH, "policy_name": policy_name, "trust": trust, "policy": policy}


def _statements(sources: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    arns = partition(sources[0]["region"])

    def resource(names: Iterable[str], suffix: str = "") -> list[str]:
        return sorted({f"arn:{arns}:s3:::{name}{suffix}" for name in names})

    rules = [rule for bucket in sources for rule in bucket["replication"]["rules"]]
    names = [bucket["name"] for bucket in sources]
    replicate = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
    if any(rule.get("owner_override") for rule in rules):
        replicate.append("s3:ObjectOwnerOverrideToBucketOwner")
    read = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
    if any(bucket.get("object_lock") is not None for bucket in sources):
        read += ["s3:GetObjectLegalHold", "s3:GetObjectRetention"]
    wanted = [
        ("ReadSources", ["s3:GetReplicationConfiguration", "s3:ListBucket"], resource(names)),
        ("ReadSourceVersions", sorted(read), resource(names, "/*")),
        ("ReplicateIntoReplicas", sorted(replicate), resource((rule["bucket"] for rule in rules), "/*")),
    ]
    statements: list[dict[str, Any]] = [
        {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources} for sid, actions, resources in wanted
    ]
    # A key is used through S3 in its bucket's region only, to read a source and to write a replica.
    read_keys = {bucket["encryption"]["key"] for bucket in sources if (bucket.get("encryption") or {}).get("key")}
    for sid, action, keys in (
        ("DecryptSources", "kms:Decrypt", read_keys),
        ("EncryptReplicas", "kms:Encrypt", {rule["kms_key"] for rule in rules if rule.get("kms_key")}),
    ):
        if keys:
            services = sorted({f"s3.{key_region(key)}.amazonaws.com" for key in keys})
            condition = {"StringEquals": {"kms:ViaService": services}}
            statements.append(
                {"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": sorted(keys), "Condition": condition}
            )
    return statements
