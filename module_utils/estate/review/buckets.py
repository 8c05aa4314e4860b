"""Who may do what in a bucket: its own policy and everybody's identity policies judged together."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.evaluator.composed import Bucket, Estate, Who
from ansible.module_utils.estate.evaluator.evaluate import Evaluator, acts, applies
from ansible.module_utils.estate.evaluator.request import Known, Principal
from ansible.module_utils.estate.review.outsiders import conditions_of

# What people ask; the permission that answers, and whether it is one of objects.
ASKED = {
    "list": ("s3:ListBucket", False),
    "read": ("s3:GetObject", True),
    "write": ("s3:PutObject", True),
    "delete": ("s3:DeleteObject", True),
    "list versions": ("s3:ListBucketVersions", False),
    "delete versions": ("s3:DeleteObjectVersion", True),
    "change the policy": ("s3:PutBucketPolicy", False),
}
KEY = "any/key"  # of an object that stands for all: lists name whole buckets


def buckets(estate: Estate, evaluator: Evaluator) -> list[dict[str, Any]]:
    """A line for each bucket, question and set of conditions, with everybody who may."""
    found = []
    everybody = [who.principal for who in estate.who.values()]
    given = {action: {one.arn for one in everybody if _gives(one, action)} for action, _ in ASKED.values()}
    for bucket in estate.buckets.values():
        for asked, (action, of_objects) in ASKED.items():
            resource = f"arn:aws:s3:::{bucket.name}" + (f"/{KEY}" if of_objects else "")
            allowed: dict[tuple[str, ...], list[str]] = {}
            lets = any(one.allows and acts(one, action) for one in bucket.policy or ())
            # In its own account either side is enough, from another it takes both.
            perhaps = (
                one
                for one in everybody
                if (one.arn in given[action]) + lets >= (1 if one.account == bucket.account.id else 2)
            )
            for same in evaluator.alike(perhaps, action, bucket.policy):
                for needs in may(evaluator, same[0], action, resource, bucket):
                    allowed.setdefault(needs, []).extend(name(estate.who[one.arn]) for one in same)
            for needs in _unsigned(bucket, action, resource):
                allowed.setdefault(needs, []).append("anybody, unsigned")
            line = {"account": bucket.account.name, "bucket": bucket.name, "may": asked}
            found += [
                {**line, "who": sorted(them), "conditions": list(needs)} for needs, them in sorted(allowed.items())
            ]
    return found


def may(evaluator: Evaluator, who: Principal, action: str, resource: str, bucket: Bucket) -> set[tuple[str, ...]]:
    """The sets of conditions under which somebody may, without those that only ask for more."""
    answer = evaluator.verdict(who, action, resource, bucket.policy, bucket.account.id, trust=False)
    sets = {way.conditions for way in answer.ways}
    return {one for one in sets if not any(set(other) < set(one) for other in sets)}


def _gives(who: Principal, action: str) -> bool:
    """Whether some policy of its own allows the action on anything."""
    return any(one.allows and acts(one, action) for source in who.sources for one in source.statements)


def name(who: Who) -> str:
    return f"{who.account.name}:{who.name}" if who.kind == "role" else f"user {who.name}"


def _unsigned(bucket: Bucket, action: str, resource: str) -> list[tuple[str, ...]]:
    """Under which conditions a request that nobody signed is allowed. Deny statements may only take from that."""
    known = Known({"aws:securetransport": ("true",)})
    if bucket.blocked or bucket.policy is None:
        return []
    return [
        conditions_of(one)
        for one in bucket.policy
        if one.allows
        and (one.not_principals or ("AWS", "*") in one.principals)
        and applies(one, action, resource, known) is not None
    ]
