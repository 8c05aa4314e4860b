from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: replication_role
short_description: Write the role that replicates, from the buckets it replicates
description:
  - Reads the replication rules of the buckets themselves, so that role and rules cannot disagree. Follows
    U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html).
positional: name, policy_name
options:
  _input:
    description: Buckets as M(dm_buckets) takes them; those without C(replication) are passed over.
    type: list
    elements: dict
    required: true
  name:
    description: The role's name.
    type: str
    required: true
  policy_name:
    description: The inline policy's name; one role serves every stage of an account, each with a policy of its own.
    type: str
    required: true
"""
EXAMPLES = r"""
- name: Show the role
  ansible.builtin.debug:
    msg: "{{ buckets | replication_role('replication', 'replication-preview') }}"
"""
RETURN = r"""
_value:
  description: The role as M(dm_buckets) takes it, or an empty mapping where nothing is replicated.
  type: dict
"""


def _resource(names: Iterable[str], suffix: str = "") -> list[str]:
    return sorted({f"arn:aws:s3:::{name}{suffix}" for name in names})


def replication_role(buckets: Sequence[Mapping[str, Any]], name: str, policy_name: str) -> dict[str, Any]:
    """{"name", "trust", "policy_name", "policy"}; {} where no bucket is replicated."""
    sources = [bucket for bucket in buckets if (bucket.get("replication") or {}).get("rules")]
    if not sources:
        return {}
    rules = [rule for bucket in sources for rule in bucket["replication"]["rules"]]
    source_names = [bucket["name"] for bucket in sources]
    replicate = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
    if any(rule.get("owner_override") for rule in rules):
        replicate.append("s3:ObjectOwnerOverrideToBucketOwner")
    statements: list[dict[str, Any]] = [
        {
            "Sid": "ReadSources",
            "Effect": "Allow",
            "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
            "Resource": _resource(source_names),
        },
        {
            "Sid": "ReadSourceVersions",
            "Effect": "Allow",
            "Action": ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"],
            "Resource": _resource(source_names, "/*"),
        },
        {
            "Sid": "ReplicateIntoReplicas",
            "Effect": "Allow",
            "Action": sorted(replicate),
            "Resource": _resource((rule["bucket"] for rule in rules), "/*"),
        },
    ]
    # A key is used through S3 in its bucket's region only, to read a source and to write a replica.
    read_keys = {b["encryption"]["key"] for b in sources if (b.get("encryption") or {}).get("key")}
    for sid, action, keys in (
        ("DecryptSources", "kms:Decrypt", read_keys),
        ("EncryptReplicas", "kms:Encrypt", {rule["kms_key"] for rule in rules if rule.get("kms_key")}),
    ):
        if keys:
            services = sorted({f"s3.{key.split(':')[3]}.amazonaws.com" for key in keys})
            condition = {"StringEquals": {"kms:ViaService": services}}
            statements.append(
                {"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": sorted(keys), "Condition": condition}
            )
    return {
        "name": name,
        "policy_name": policy_name,
        "trust": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
        "policy": {"Version": "2012-10-17", "Statement": statements},
    }


def _replication_role_filter(buckets: Sequence[Mapping[str, Any]], name: str, policy_name: str) -> dict[str, Any]:
    try:
        return replication_role(buckets, name, policy_name)
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise AnsibleFilterError(f"replication_role: {type(exc).__name__}: {exc}.", obj=buckets) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"replication_role": _replication_role_filter}
