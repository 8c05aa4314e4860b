"""Judges a policy document as AWS does: principals, actions, resources, conditions; a deny wins. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

Context = Mapping[str, list[str]]  # condition key in lower case → its values; a key that is not there is absent


class Principal(NamedTuple):
    """Who asks. Of a role's session, arn is the session's and identity the role's; an anonymous caller has neither."""

    account: str = ""
    arn: str = ""
    identity: str = ""
    service: str = ""  # "logging.s3.amazonaws.com", when AWS itself asks


ANYBODY = Principal()


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@functools.lru_cache(4096)
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    parts = re.split(r"([*?])", text)
    body = "".join({"*": ".*", "?": "."}.get(part) or re.escape(part) for part in parts if part)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _pattern(pattern, ignore_case).fullmatch(text) is not None


def _arn_like(pattern: str, text: str) -> bool:
    """Each of the six parts by itself: a star does not reach across a colon."""
    wanted, found = pattern.split(":", 5), text.split(":", 5)
    if len(wanted) != 6 or len(found) != 6:
        return pattern == "*" or pattern == text
    return all(like(part, value) for part, value in zip(wanted, found, strict=True))


def _substitute(text: str, context: Context) -> str:
    """${aws:username} and the like; a variable without a value matches nothing."""
    if "${" not in text:
        return text
    fixed = {"*": "*", "?": "?", "$": "$"}

    def value(found: re.Match[str]) -> str:
        name, _, default = found.group(1).partition(",")
        values = context.get(name.strip().lower(), [])
        return fixed.get(name) or (values[0] if values else default.strip(" '") or "\0")

    return re.sub(r"\$\{([^}]+)\}", value, text)


def _address(pattern: str, text: str) -> bool:
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda wanted, found: found == wanted,
    "LessThan": lambda wanted, found: found < wanted,
    "LessThanEquals": lambda wanted, found: found <= wanted,
    "GreaterThan": lambda wanted, found: found > wanted,
    "GreaterThanEquals": lambda wanted, found: found >= wanted,
}


def _compared(test: Callable[[float, float], bool], number: Callable[[str], float], wanted: str, found: str) -> bool:
    return test(number(wanted), number(found))


# Positive forms: (pattern, value) → bool. Each has a negative one, "Not" within its name.
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.lower() == found.lower(),
    "StringLike": like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
    "IpAddress": _address,
    "BinaryEquals": lambda wanted, found: wanted == found,
}
for _name, _test in _COMPARE.items():
    OPERATORS[f"Numeric{_name}"] = functools.partial(_compared, _test, float)
    OPERATORS[f"Date{_name}"] = functools.partial(_compared, _test, _moment)
NEGATIVES = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}


def _holds(operator: str, key: str, wanted: Any, context: Context) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    quantifier, _, operator = operator.rpartition(":")
    found = context.get(key.lower())
    values = [_substitute(text(value), context) for value in listed(wanted)]
    if operator == "Null":
        return (found is None) == (values[0].lower() == "true")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    negative = operator in NEGATIVES
    test = OPERATORS[NEGATIVES.get(operator, operator)]
    if not found:
        return if_exists or negative or quantifier == "ForAllValues"
    matches = [any(test(value, have) for value in values) != negative for have in found]
    return any(matches) if quantifier == "ForAnyValue" else all(matches)


def text(value: Any) -> str:
    """A condition's value as AWS compares it: JSON's true is "true"."""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)


def conditions_hold(statement: Mapping[str, Any], context: Context) -> bool:
    return all(
        _holds(operator, key, wanted, context)
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    )


def _names(element: Any, who: Principal, deny: bool) -> bool:
    """Whether a Principal element means who.

    An account's root stands for everybody that account lets; a role stands for its sessions.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if element == "*":
        return True
    for kind, values in element.items():
        for value in listed(values):
            if kind == "Service":
                if who.service and like(value, who.service):
                    return True
            elif kind == "AWS" and (value == "*" or _is(value, who, deny)):
                return True
    return False


def _is(value: str, who: Principal, deny: bool) -> bool:
    if not who.account:
        return False
    if value in {who.account, f"arn:aws:iam::{who.account}:root"}:
        return True
    return value in {who.arn, who.identity} or (deny and value == who.identity)


def applies(statement: Mapping[str, Any], who: Principal | None, action: str, resource: str, context: Context) -> bool:
    """Whether a statement is about this call; who is None for a policy that belongs to an identity."""
    deny = statement.get("Effect") == "Deny"
    if who is not None:
        if "Principal" in statement and not _names(statement["Principal"], who, deny):
            return False
        if "NotPrincipal" in statement and _names(statement["NotPrincipal"], who, deny):
            return False
    if "Action" in statement and not _any(listed(statement["Action"]), action, ignore_case=True):
        return False
    if "NotAction" in statement and _any(listed(statement["NotAction"]), action, ignore_case=True):
        return False
    if resource:
        if "Resource" in statement and not _any(_filled(statement["Resource"], context), resource):
            return False
        if "NotResource" in statement and _any(_filled(statement["NotResource"], context), resource):
            return False
    return conditions_hold(statement, context)


def _any(patterns: Iterable[str], value: str, *, ignore_case: bool = False) -> bool:
    return any(like(pattern, value, ignore_case=ignore_case) for pattern in patterns)


def _filled(patterns: Any, context: Context) -> list[str]:
    return [_substitute(pattern, context) for pattern in listed(patterns)]


def decide(
    document: Mapping[str, Any] | None, who: Principal | None, action: str, resource: str, context: Context
) -> str:
    """ "Deny", "Allow" or "" where the document has nothing to say."""
    effects = {
        statement["Effect"]
        for statement in listed((document or {}).get("Statement"))
        if applies(statement, who, action, resource, context)
    }
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else ""


@functools.lru_cache(512)
def parsed(document: str | bytes) -> dict[str, Any]:
    """The same text is judged thousands of times; nobody may change what this returns."""
    return json.loads(document)


# Condition keys that, with fixed values, keep a statement for anybody from being public.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
FIXING = {
    "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
    "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "aws:principalorgid", "aws:principalorgpaths",
    "aws:principalarn", "aws:principalaccount", "aws:vpcsourceip", "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip


def _fixed(key: str, value: str) -> bool:
    if "${" in value:
        return False
    if key == "aws:sourceip":
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        return network.prefixlen >= (8 if network.version == 4 else 32)
    if key == "s3:dataaccesspointarn":
        return re.fullmatch(r"arn:aws:s3:[^:]*:\d{12}:.*", value) is not None
    if key in {"aws:sourcearn", "aws:principalarn"}:
        return re.match(r"arn:aws:[^:]*:[^:]*:(\d{12}:|:[^*?]+$)", value) is not None or "*" not in value
    return "*" not in value and "?" not in value


def is_public(document: Mapping[str, Any]) -> bool:
    """Whether any statement gives something to principals that are not fixed."""
    return any(_public(statement) for statement in listed(document.get("Statement")))


def _public(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    if "NotPrincipal" not in statement:
        everybody = principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS")))
        if not everybody:
            return False
    for operator, keys in (statement.get("Condition") or {}).items():
        if operator.rpartition(":")[2].removesuffix("IfExists") not in OPERATORS or operator.endswith("IfExists"):
            continue
        for key, wanted in keys.items():
            name = key.lower()
            known = name in FIXING or name == "aws:sourceip"
            if known and all(_fixed(name, text(value)) for value in listed(wanted)):
                return False
    return True
