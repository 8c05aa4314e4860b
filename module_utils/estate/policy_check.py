"""What AWS has against a policy document, found before it is asked. Pure, but for the names of actions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html. The names of
actions are parliament's, which has them from AWS's service authorization reference.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import ipaddress
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.policy import as_list, scalar

_OR_NOT = ("Principal", "Action", "Resource")  # of which there is a Not, too
_ELEMENTS = ("Sid", "Effect", *(f"{no}{element}" for element in _OR_NOT for no in ("", "Not")), "Condition")
_KINDS = {
    "String": ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"),
    "Numeric": ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
    "Date": ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
    "Arn": ("Equals", "NotEquals", "Like", "NotLike"),
    "": ("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
}
OPERATORS = tuple(f"{kind}{how}" for kind, hows in _KINDS.items() for how in hows)
# What holds a grant to everybody within bounds: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
BOUNDS = (
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
)
_OF_AN_ACCOUNT = re.compile(r"arn:[^:*?]+:[^:*?]+:[^:]*:\d{12}:")
WIDEST = {4: 8, 6: 32}
# So that the usual policies need no table of eight thousand actions.
_USUAL = frozenset(
    f"s3:{name}".lower()
    for name in (
        "*",
        "AbortMultipartUpload",
        "BypassGovernanceRetention",
        "DeleteBucket*",
        "DeleteObject",
        "DeleteObject*",
        "DeleteObjectVersion",
        "Get*",
        "GetBucketAcl",
        "GetBucketLocation",
        "GetBucketVersioning",
        "GetObject",
        "GetObject*",
        "GetObjectTagging",
        "GetObjectVersion",
        "List*",
        "ListBucket",
        "ListBucketMultipartUploads",
        "ListBucketVersions",
        "ObjectOwnerOverrideToBucketOwner",
        "Put*Configuration",
        "PutBucket*",
        "PutObject",
        "PutObject*",
        "PutObjectAcl",
        "PutObjectTagging",
        "Replicate*",
        "ReplicateDelete",
        "ReplicateObject",
        "ReplicateTags",
        "RestoreObject",
    )
)


def statement_mistakes(statement: Any, names: bool = True, valued: bool = True) -> Iterator[str]:
    """Sentences that go on after the statement's name: ": Effect is 'Denny'; …".

    IAM takes actions that no service has, and conditions without a value, S3 does not: names is whether the actions are
    looked up, which takes a table of all, and valued whether each condition must have a value.
    """
    if not isinstance(statement, Mapping):
        yield f" is {statement!r}; it must be a mapping"
        return
    for key in statement:
        if key not in _ELEMENTS:
            yield f" has the unknown element {key!r}; allowed are {', '.join(_ELEMENTS)}{nearest(str(key), _ELEMENTS)}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f": Effect must be Allow or Deny, and is {statement.get('Effect')!r}"
    for key in _OR_NOT:
        if statement.get(key) and statement.get(f"Not{key}"):
            yield f" has both {key} and Not{key}; choose one"
    if not (statement.get("Action") or statement.get("NotAction")):
        yield " has no Action"
    for action in [*as_list(statement.get("Action") or []), *as_list(statement.get("NotAction") or [])]:
        yield from action_mistakes(action) if names else ()
    yield from _condition(statement.get("Condition"), valued)


def action_mistakes(action: Any) -> Iterator[str]:
    if not isinstance(action, str) or (action != "*" and ":" not in action):
        yield f": Action is {action!r}; allowed are * and service:Name, such as s3:GetObject"
        return
    if action == "*" or action.lower() in _USUAL:
        return
    service, _, name = action.partition(":")
    known = actions().get(service.lower())
    if known is None:
        if actions():
            yield f": Action {action} names no service of AWS's"
    elif not fnmatch.filter((one.lower() for one in known), name.lower()):
        yield f": Action {action} is none of AWS's{nearest(name, known)}"


@functools.cache
def actions() -> dict[str, list[str]]:
    """{service: names}; {} where parliament is not at hand, as on another machine than the controller."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports pkg_resources
            from parliament import iam_definition
    except ImportError:
        return {}
    found: dict[str, list[str]] = {}
    for service in iam_definition:
        found.setdefault(service["prefix"], []).extend(one["privilege"] for one in service["privileges"])
    return found


def _condition(given: Any, valued: bool) -> Iterator[str]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        yield f": Condition is {given!r}; it must be a mapping"
        return
    for operator, keys in given.items():
        of, _, name = str(operator).rpartition(":")
        plain = name.removesuffix("IfExists")
        if plain not in OPERATORS or of not in ("", "ForAllValues", "ForAnyValue") or name == "NullIfExists":
            yield f": Condition has the unknown operator {operator!r}{nearest(plain, OPERATORS)}"
        if not isinstance(keys, Mapping) or not keys:
            yield f": Condition {operator} must be a mapping of keys to values"
            continue
        for key, values in keys.items():
            if valued and values == []:
                yield f": Condition {operator} {key} has no value"
            for value in as_list(values):
                if not isinstance(value, (str, int, float, bool)):
                    yield f": Condition {operator} {key} is {value!r}; it must be text, a number, true or false"
                elif plain in ("Bool", "Null") and scalar(value).lower() not in ("true", "false"):
                    yield f": Condition {operator} {key} is {value!r}; allowed are true and false"
                elif not _can_be_compared(plain, scalar(value)):
                    what = "a number" if plain.startswith("Numeric") else "a time such as 2030-01-31T00:00:00Z"
                    yield f": Condition {operator} {key} is {value!r}; it must be {what}"
                elif plain.endswith("IpAddress"):
                    yield from _network(f": Condition {operator} {key}", scalar(value))


def _can_be_compared(operator: str, value: str) -> bool:
    if "${" in value:
        return True
    with contextlib.suppress(InvalidOperation, ValueError):
        if operator.startswith("Numeric"):
            return Decimal(value).is_finite()
        return not operator.startswith("Date") or value.isdigit() or bool(datetime.fromisoformat(value))
    return False


def _network(where: str, value: str) -> Iterator[str]:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        yield f"{where} has {value!r}, which is no address range"


def _everybody(statement: Mapping[str, Any]) -> bool:
    """Whoever is allowed for not being somebody is anybody."""
    if statement.get("NotPrincipal") and statement.get("Effect") == "Allow":
        return True
    principal = statement.get("Principal")
    return "*" in as_list(principal.get("AWS") if isinstance(principal, Mapping) else principal)


def _is_bound(statement: Mapping[str, Any]) -> bool:
    """Whether a condition holds the grant to fixed values, as S3 understands that."""
    for operator, keys in (statement.get("Condition") or {}).items():
        if "Not" in operator or operator.endswith("IfExists"):
            continue
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            if key.lower() in BOUNDS and all(_is_fixed(key.lower(), value) for value in map(scalar, as_list(values))):
                return True
    return False


def _is_fixed(key: str, value: str) -> bool:
    """Without a wildcard or a variable; an ARN may have a wildcard behind its account."""
    if "${" in value:
        return False
    if key == "aws:sourceip":
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        return network.prefixlen >= WIDEST[network.version]
    return not re.search(r"[*?]", value) or (key.endswith("arn") and bool(_OF_AN_ACCOUNT.match(value)))


def public_mistakes(statement: Any) -> Iterator[str]:
    """What the public access block refuses, and what shuts everybody out."""
    if not isinstance(statement, Mapping) or not _everybody(statement):
        return
    if statement.get("Effect") == "Allow" and not _is_bound(statement):
        yield (
            " allows everybody, which the public access block refuses: name who may, or hold it to addresses, "
            "accounts, networks or an organization by a Condition"
        )
    whole = any(str(action).lower() in ("*", "s3:*") for action in as_list(statement.get("Action") or []))
    if statement.get("Effect") == "Deny" and whole and not statement.get("Condition"):
        yield " denies everything to everybody, ourselves included, and only root could undo it; give it a Condition"
