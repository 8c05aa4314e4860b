"""Who may do what in the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World, foreign
from ansible.module_utils.estate.policy import (
    as_list,
    partition,
    same_policy,
    show_policy,
    statements,
    written,
)
from ansible.module_utils.estate.policy_check import public_mistakes, statement_mistakes

_MAX = 20 * 1024


def live(answer: Answer) -> dict[str, Any]:
    return json.loads(answer["Policy"]) if answer.get("Policy") else {}


def _nameless(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": [{key: value for key, value in statement.items() if key != "Sid"}]}


def wanted(bucket: Bucket, answer: Answer) -> dict[str, Any]:
    """The declared statements, then where asked for the live ones that are somebody else's."""
    declared = bucket["policy"] or {}
    if not bucket.get("keep_statements"):
        return declared
    found, own = live(answer), statements(declared)
    sids = {statement["Sid"] for statement in own if statement.get("Sid")}
    kept = [
        statement
        for statement in statements(found)
        if statement.get("Sid") not in sids
        and foreign(bucket, statement.get("Sid") or "")
        and not any(same_policy(_nameless(statement), _nameless(one)) for one in own)
    ]
    version = declared.get("Version") or found.get("Version") or "2012-10-17"
    return {"Version": version, "Statement": [*own, *kept]} if own or kept else {}


def _write(bucket: Bucket, answer: Answer) -> Calls:
    policy = wanted(bucket, answer)
    if not statements(policy):
        return [("delete_bucket_policy", {})]
    return [("put_bucket_policy", {"Policy": written(policy)})]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    policy, arn = bucket["policy"], f"arn:{partition(bucket['region'])}:s3:::"
    size = len(json.dumps(policy, separators=(",", ":")))
    if size > _MAX:
        yield f" has {size} characters; AWS allows {_MAX}"
    if policy and not statements(policy):
        yield " has no Statement; say {} for no policy at all"
    sids: list[str] = []
    for index, statement in enumerate(statements(policy)):
        sid = statement.get("Sid") if isinstance(statement, dict) else None
        where = f" statement {sid or index + 1}"
        wrong = list(statement_mistakes(statement))
        if bucket.get("public_access_block"):
            wrong += public_mistakes(statement)
        yield from (f"{where}{said}" for said in wrong)
        if not isinstance(statement, dict):
            continue
        named = [*as_list(statement.get("Action") or []), *as_list(statement.get("NotAction") or [])]
        if strange := next((one for one in named if str(one) != "*" and not str(one).lower().startswith("s3:")), None):
            yield f"{where}: Action {strange} is nothing that can be done with a bucket; allowed are s3:… and *"
        if not (statement.get("Principal") or statement.get("NotPrincipal")):
            yield f"{where} has no Principal; a bucket's policy must say whom it is about"
        resources = as_list(statement.get("Resource") or statement.get("NotResource") or [])
        if not resources:
            yield f"{where} has no Resource"
        for resource in resources:
            of = str(resource).removeprefix(arn).partition("/")[0]
            if not fnmatch.fnmatchcase(bucket["name"], of):
                yield (
                    f"{where}: Resource names {resource}, which is not of this bucket; "
                    f"allowed are {arn}{bucket['name']} and {arn}{bucket['name']}/…"
                )
        if sid and sid in sids:
            yield f"{where} is there for the second time; every statement needs a Sid of its own"
        sids += [sid] if sid else []


SETTING = Setting(
    name="policy",
    order=5,
    read="get_bucket_policy",
    absent="NoSuchBucketPolicy",
    live=live,
    wanted=wanted,
    write=_write,
    check=_check,
    same=same_policy,
    show=show_policy,
)
