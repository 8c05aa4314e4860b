"""Judges a policy document as AWS does: principals, actions, resources, conditions; a deny wins. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

Context = Mapping[str, list[str]]  # condition key in lower case → its values; a key that is not there is absent


class Principal(NamedTuple):
    """Who asks. Of a role's session, arn is the session's and identity the role's; an anonymous caller has neither."""

    account: str = ""
    arn: str = ""
    identity: str = ""
    service: str = ""  # "logging.s3.amazonaws.com", when AWS itself asks


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


# A star or question mark that a variable brings is a character like any other: in a pattern, one of these.
_LITERAL = str.maketrans("*?", "\ue000\ue001")
_PLAIN = str.maketrans("\ue000\ue001", "*?")


@functools.lru_cache(4096)
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    parts = re.split(r"([*?])", text)
    body = "".join({"*": ".*", "?": "."}.get(part) or re.escape(part.translate(_PLAIN)) for part in parts if part)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _pattern(pattern, ignore_case).fullmatch(text) is not None


def _arn_like(pattern: str, text: str) -> bool:
    """Each of the six parts by itself: a star does not reach across a colon."""
    wanted, found = pattern.split(":", 5), text.split(":", 5)
    if len(wanted) != 6 or len(found) != 6:
        return pattern in {"*", text}
    return all(like(part, value) for part, value in zip(wanted, found, strict=True))


def _substitute(text: str, context: Context, variables: bool) -> str:
    """${aws:username} and the like; a variable without a value matches nothing."""
    if "${" not in text or not variables:
        return text

    def value(found: re.Match[str]) -> str:
        name, _, default = found.group(1).partition(",")
        values = [name] if name in {"*", "?", "$"} else context.get(name.strip().lower(), [])
        return (values[0] if values else default.strip(" '") or "\0").translate(_LITERAL)

    return re.sub(r"\$\{([^}]+)\}", value, text)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Also with bits of a host; None of what is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(pattern: str, text: str) -> bool:
    wanted = network(pattern)
    try:
        return wanted is not None and ipaddress.ip_address(text) in wanted
    except ValueError:
        return False


def _moment(text: str) -> float:
    """Without a zone it is UTC, wherever this machine is."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda wanted, found: found == wanted,
    "LessThan": lambda wanted, found: found < wanted,
    "LessThanEquals": lambda wanted, found: found <= wanted,
    "GreaterThan": lambda wanted, found: found > wanted,
    "GreaterThanEquals": lambda wanted, found: found >= wanted,
}


def _compared(test: Callable[[float, float], bool], number: Callable[[str], float], wanted: str, found: str) -> bool:
    try:
        return test(number(wanted), number(found))
    except ValueError:
        return False


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
PATTERNS = {like, _arn_like}
NEGATIVES = {name: name.replace("Not", "") for name in (
    "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike", "NotIpAddress",
    "NumericNotEquals", "DateNotEquals",
)}  # fmt: skip


# Keys that hold many values at once: only ForAllValues and ForAnyValue see them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
MANY = {
    "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths", "aws:tagkeys",
    "s3:requestobjecttagkeys", "sts:transitivetagkeys",
}  # fmt: skip


def _holds(operator: str, key: str, wanted: Any, context: Context, variables: bool) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    quantifier, _, operator = operator.rpartition(":")
    found = context.get(key.lower())
    values = [_substitute(text(value), context, variables) for value in listed(wanted)]
    if operator == "Null":
        return any((found is None) == (value.lower() == "true") for value in values)
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    negative = operator in NEGATIVES
    test = OPERATORS[NEGATIVES.get(operator, operator)]
    if not found:
        return if_exists or quantifier == "ForAllValues" or (negative and not quantifier)
    if not quantifier and key.lower() in MANY:
        return False
    if negative and any("\0" in value for value in values):
        return False  # nothing can be said to differ from what has no value
    if test not in PATTERNS:
        values = [value.translate(_PLAIN) for value in values]
    matches = [any(test(value, have) for value in values) != negative for have in found]
    return any(matches) if quantifier == "ForAnyValue" else all(matches)


def text(value: Any) -> str:
    """A condition's value as AWS compares it: JSON's true is "true"."""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)


def conditions_hold(statement: Mapping[str, Any], context: Context, variables: bool = True) -> bool:
    return all(
        _holds(operator, key, wanted, context, variables)
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    )


DIRECT, BY_ROLE, BY_ACCOUNT, DENY = "direct", "by role", "by account", "deny"


def _named(element: Any, who: Principal) -> set[str]:
    """How a Principal element means who, in all its ways: directly, as a session of a role, through its account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if element == "*":
        return {DIRECT}
    ways = {_way(kind, value, who) for kind, values in element.items() for value in listed(values)}
    return ways - {""}


def _way(kind: str, value: str, who: Principal) -> str:
    if kind in {"Service", "Federated"}:
        return DIRECT if who.service == value else ""
    if kind != "AWS":
        return ""
    if value == "*":
        return DIRECT
    if not who.account:
        return ""
    if value in {who.account, f"arn:aws:iam::{who.account}:root"}:
        return BY_ACCOUNT
    if value == who.arn:
        return DIRECT
    return BY_ROLE if value == who.identity else ""


def _means(statement: Mapping[str, Any], who: Principal | None, bounded: bool) -> set[str]:
    """The ways in which a statement is about who; None for a policy that belongs to an identity, which names nobody.

    A NotPrincipal denies whoever has a boundary, whatever it says:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if who is None:
        return {DIRECT}
    if "Principal" in statement:
        return _named(statement["Principal"], who)
    left_out = _named(statement["NotPrincipal"], who) if "NotPrincipal" in statement else set()
    if left_out and not (bounded and statement["Effect"] == "Deny"):
        return set()
    return {DIRECT}


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context, variables: bool) -> bool:
    """variables: whether ${…} means one, which it does since version 2012-10-17 of the language only.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """
    if "Action" in statement and not _any(listed(statement["Action"]), action):
        return False
    if "NotAction" in statement and _any(listed(statement["NotAction"]), action):
        return False
    if resource:
        for element, wanted in (("Resource", True), ("NotResource", False)):
            patterns = (_substitute(pattern, context, variables) for pattern in listed(statement.get(element)))
            if element in statement and any(_resource(pattern, resource) for pattern in patterns) != wanted:
                return False
    return conditions_hold(statement, context, variables)


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(like(pattern, action, ignore_case=True) for pattern in patterns)


def _resource(pattern: str, resource: str) -> bool:
    """A star at the end of a part reaches on: "arn:aws:s3*" is everything of S3.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    missing = 5 - pattern.count(":")
    if pattern.startswith("arn:") and missing > 0:
        pattern += ":*" * missing
    return _arn_like(pattern, resource)


def ways(
    document: Mapping[str, Any] | None, who: Principal | None, action: str, resource: str, context: Context,
    bounded: bool = False,
) -> set[str]:  # fmt: skip
    """What a document says of a request: DENY, and the ways in which it allows it."""
    document = document or {}
    variables = document.get("Version") == "2012-10-17"
    found: set[str] = set()
    for statement in listed(document.get("Statement")):
        means = _means(statement, who, bounded)
        if means and _applies(statement, action, resource, context, variables):
            found |= means if statement["Effect"] == "Allow" else {DENY}
    return found


def decide(
    document: Mapping[str, Any] | None, who: Principal | None, action: str, resource: str, context: Context
) -> str:
    """ "Deny", "Allow" or "" where the document has nothing to say."""
    found = ways(document, who, action, resource, context)
    return "Deny" if DENY in found else "Allow" if found else ""


@functools.lru_cache(512)
def parsed(document: str | bytes) -> dict[str, Any]:
    """The same text is judged thousands of times; nobody may change what this returns."""
    return json.loads(document)
