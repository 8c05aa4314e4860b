"""What keeps a bucket to those in its lists, whatever their own policies let them do. Pure.

A bucket's policy that allows adds to what somebody's own policies allow, and so limits nobody; one that denies does.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What proves replication and the routers is no secret of keepers', who write it.
CANARIES = ("*estate-canary*.txt", "*assets-router-canary*")
# Who is not denied what: the lists that say so, the actions, and what of the bucket they are about.
_BUCKET, _OBJECTS = ("Resource", ""), ("Resource", "/*")
_CANARIES, _BUT_CANARIES = ((element, *(f"/{key}" for key in CANARIES)) for element in ("Resource", "NotResource"))
_LIMITS: dict[str, tuple[tuple[str, ...], list[str], tuple[str, ...]]] = {
    "DenyOtherReaders": (("readers", "replicators", "batch"), ["s3:GetObject*"], _BUT_CANARIES),
    "DenyOtherWriters": (
        ("writers", "taggers", "replication_writers", "replicators"),
        [
            "s3:AbortMultipartUpload",
            "s3:ObjectOwnerOverrideToBucketOwner",
            "s3:PutObject*",
            "s3:Replicate*",
            "s3:RestoreObject",
        ],
        _BUT_CANARIES,
    ),
    "DenyOtherProvers": (  # root proves MFA delete, which nobody else can
        ("root", "keepers", "readers", "writers", "taggers", "replication_writers", "replicators"),
        ["s3:GetObject*", "s3:PutObject*", "s3:Replicate*"],
        _CANARIES,
    ),
    # A version that MFA delete keeps is root's to delete.
    "DenyOtherDeleters": (("deleters", "root"), ["s3:BypassGovernanceRetention", "s3:DeleteObject*"], _OBJECTS),
    "DenyOtherListers": (
        ("listers", "keepers", "replication_writers", "replicators"),
        ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
        _BUCKET,
    ),
    "DenyOtherVersionListers": (("version_listers", "keepers"), ["s3:ListBucketVersions"], _BUCKET),
    # Whoever writes the policy, or where the objects are copied to, gets at them.
    "DenyOtherKeepers": (("keepers", "root"), ["s3:DeleteBucket*", "s3:Put*Configuration", "s3:PutBucket*"], _BUCKET),
}
SIDS = tuple(_LIMITS)


def limits(arn: str, access: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The denials of a bucket; access has lists of ARNs, keepers, replicators and root among them."""
    denials = []
    for sid, (lists, actions, (element, *keys)) in _LIMITS.items():
        # Services deliver by statements of their own; who has not signed is no service.
        condition: dict[str, Any] = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
        if who := sorted({_pattern(word, one) for word in lists for one in access.get(word) or ()}):
            condition["ArnNotLike"] = {"aws:PrincipalArn": who}
        where = {element: [f"{arn}{key}" for key in keys]}
        denials.append(
            {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": actions, **where, "Condition": condition}
        )
    return denials


def _pattern(word: str, principal: str) -> str:
    """An account in a list is everybody whom it lets."""
    account = principal.removesuffix(":root")
    return f"{account}:*" if account != principal and word != "root" else principal
