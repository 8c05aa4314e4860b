from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: bucket_policy
short_description: Write a bucket's policy from lists of who may do what
description:
  - Denies everything without TLS, to the bucket and to its objects, and allows exactly what the lists say.
  - A list that is missing or empty allows nobody. Follows
    U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html).
positional: access
options:
  _input:
    description: The bucket's name.
    type: str
    required: true
  access:
    description: Who may do what; every key may be left out.
    type: dict
    suboptions:
      readers:
        description: ARNs that may get objects.
        type: list
        elements: str
      writers:
        description: ARNs that may put objects and their ACLs.
        type: list
        elements: str
      deleters:
        description: ARNs that may delete objects (versions stay).
        type: list
        elements: str
      listers:
        description: ARNs that may list the bucket and ask where it is.
        type: list
        elements: str
      version_listers:
        description: ARNs that may list versions.
        type: list
        elements: str
      replication_writers:
        description: ARNs of other accounts' replication roles that replicate into this bucket.
        type: list
        elements: str
      served_to:
        description: Address ranges (CIDR) from which anybody may get objects.
        type: list
        elements: str
      logs_from:
        description: Names of the buckets whose access logs S3 delivers here.
        type: list
        elements: str
      account_id:
        description: The account of the buckets in C(logs_from).
        type: str
      statements:
        description: More statements, as they are; each needs a C(Sid) of its own.
        type: list
        elements: dict
"""
EXAMPLES = r"""
- name: Show a policy
  ansible.builtin.debug:
    msg: "{{ 'digitalmarketplace-dev-uploads' | bucket_policy({'readers': ['arn:aws:iam::111111111111:root']}) }}"
"""
RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""

# What each list of principals allows: statement id, actions on the objects, actions on the bucket.
_GRANTS = {
    "readers": ("Read", ["s3:GetObject"], []),
    "writers": ("Write", ["s3:PutObject", "s3:PutObjectAcl"], []),
    "deleters": ("Delete", ["s3:DeleteObject"], []),
    "listers": ("List", [], ["s3:GetBucketLocation", "s3:ListBucket"]),
    "version_listers": ("ListVersions", [], ["s3:ListBucketVersions"]),
    "replication_writers": (
        "Replicate",
        ["s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
        ["s3:GetBucketVersioning", "s3:ListBucket"],
    ),
}


def _allow(sid: str, principal: Any, actions: list[str], resource: str, condition: dict | None = None) -> dict:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def bucket_policy(name: str, access: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document whose statements stand in a fixed order. Raises TypeError or ValueError."""
    allowed = [*_GRANTS, "served_to", "logs_from", "account_id", "statements"]
    if unknown := [key for key in access if key not in allowed]:
        raise ValueError(f"{unknown[0]!r} is no way of access; allowed are {', '.join(allowed)}")
    bucket = f"arn:aws:s3:::{name}"
    statements: list[dict[str, Any]] = [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    for key, (sid, on_objects, on_bucket) in _GRANTS.items():
        arns = access.get(key) or []
        if arns and on_objects:
            statements.append(_allow(f"{sid}Objects", {"AWS": list(arns)}, on_objects, f"{bucket}/*"))
        if arns and on_bucket:
            statements.append(_allow(sid, {"AWS": list(arns)}, on_bucket, bucket))
    if served_to := access.get("served_to"):
        # Limited to fixed addresses, this is not a public policy to AWS, so that public access stays blocked.
        condition = {"IpAddress": {"aws:SourceIp": list(served_to)}}
        statements.append(_allow("Serve", "*", ["s3:GetObject"], f"{bucket}/*", condition))
    if logs_from := access.get("logs_from"):
        if not access.get("account_id"):
            raise ValueError("logs_from needs account_id, the account of those buckets")
        condition = {
            "ArnLike": {"aws:SourceArn": [f"arn:aws:s3:::{source}" for source in sorted(logs_from)]},
            "StringEquals": {"aws:SourceAccount": access["account_id"]},
        }
        service = {"Service": "logging.s3.amazonaws.com"}
        statements.append(_allow("DeliverLogs", service, ["s3:PutObject"], f"{bucket}/*", condition))
    statements += access.get("statements") or []
    sids = [statement.get("Sid") for statement in statements]
    if repeated := next((sid for sid in sids if sids.count(sid) > 1), None):
        raise ValueError(f"statement {repeated!r} is there twice; each needs a Sid of its own")
    if None in sids:
        raise ValueError(f"statements[{sids.index(None) - (len(sids) - len(access['statements']))}] has no Sid")
    return {"Version": "2012-10-17", "Statement": statements}


def _bucket_policy_filter(name: str, access: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return bucket_policy(name, access)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"bucket_policy: {name}: {exc}.", obj=access) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"bucket_policy": _bucket_policy_filter}
