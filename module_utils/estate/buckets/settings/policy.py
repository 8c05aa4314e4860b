"""Who may do what in the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
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
# What is about objects: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_OF_OBJECTS = re.compile(r"Object|MultipartUpload(s|Parts)?$|:Replicate|BypassGovernanceRetention$", re.IGNORECASE)
_OF_BUCKETS = re.compile(r"BucketMultipart|BucketObjectLock", re.IGNORECASE)


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


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
_PRINCIPALS = {
    "AWS": r"\*|\d{12}|A(IDA|ROA)[A-Z0-9]+|arn:aws[-a-z]*:("
    r"iam::(cloudfront:user/[^*?]+|\d{12}:(root|(role|user)/[^*?\s]+))|"
    r"sts::\d{12}:(assumed-role/[^*?\s/]+|federated-user)/[^*?\s/]+)",
    "Service": r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?",
    "Federated": r".+",
    "CanonicalUser": r"[0-9a-f]{64}",
}
_EXAMPLES = {
    "AWS": "an account's 12 digits, or the ARN of a role, a user or a session",
    "Service": "such as s3.amazonaws.com",
}


def _principal(given: Any) -> Iterator[str]:
    if given is not None and given != "*" and not (given and isinstance(given, Mapping)):
        yield f"is {given!r}; allowed are * and a mapping of {', '.join(_PRINCIPALS)}"
    for kind, values in given.items() if isinstance(given, Mapping) else ():
        if kind not in _PRINCIPALS or not as_list(values):
            yield f"{kind} is {values!r}; allowed are {', '.join(_PRINCIPALS)}, each with somebody"
            continue
        for value in as_list(values):
            if not re.fullmatch(_PRINCIPALS[kind], str(value)):
                yield f"{kind} is {value!r}; allowed is {_EXAMPLES.get(kind, _PRINCIPALS[kind])}"


def _condition_keys(condition: Any) -> list[Any]:
    maps = condition.values() if isinstance(condition, Mapping) else ()
    return [key for keys in maps if isinstance(keys, Mapping) for key in keys]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    policy, arn = bucket["policy"], f"arn:{partition(bucket['region'])}:s3:::"
    size = len(json.dumps(policy, separators=(",", ":"), default=str))
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
        yield from (
            f"{where}: {key} is empty" for key in statement if key != "Sid" and statement[key] in ("", [], None)
        )
        for of in ("Principal", "NotPrincipal"):
            yield from (f"{where}: {of} {said}" for said in _principal(statement.get(of)))
        resources = as_list(statement.get("Resource") or statement.get("NotResource") or [])
        if not resources:
            yield f"{where} has no Resource"
        for key in _condition_keys(statement.get("Condition")):
            if not re.match(r"(aws|s3):\w", str(key), re.IGNORECASE):
                yield f"{where}: Condition has the key {key!r}; a bucket's policy knows aws:… and s3:… only"
        on_bucket = [str(one) for one in resources if "/" not in str(one) and not str(one).endswith("*")]
        for action in map(str, as_list(statement.get("Action") or []) if resources else []):
            of_objects = bool(_OF_OBJECTS.search(action) and not _OF_BUCKETS.search(action))
            if not re.search(r"[*?]", action) and of_objects not in (
                one not in on_bucket for one in map(str, resources)
            ):
                mine = f"{arn}{bucket['name']}{'/*' if of_objects else ''}"
                yield f"{where}: Action {action} is about none of its resources; it needs {mine}"
        for resource in resources:
            if not re.match(rf"{re.escape(arn + bucket['name'])}([/*]|$)", str(resource)):
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
