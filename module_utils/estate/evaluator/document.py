"""Policy documents as AWS hands them out, read once into statements. Never raises: what is odd is said to be odd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.policy import CURRENT, as_list, scalar


class Statement(NamedTuple):
    allows: bool
    actions: tuple[str, ...]
    not_actions: bool  # all actions but these
    resources: tuple[str, ...]
    not_resources: bool
    principals: tuple[tuple[str, str], ...]  # ("AWS", ARN, id or "*"), ("Service", …), ("Federated", …)
    not_principals: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]  # operator, key, values
    variables: bool  # whether ${…} means something, which the document's Version says
    odd: str  # what of it could not be read; "" where all could


Statements = tuple[Statement, ...]
ANYTHING = {"Version": CURRENT, "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def read(document: Any) -> Statements:
    """A document's statements; of one that is no document, one statement that may mean anything."""
    if not isinstance(document, Mapping):
        return (_odd(f"the policy is {type(document).__name__}, no document"),)
    found = document.get("Statement", [])
    variables = document.get("Version") == CURRENT
    return tuple(_statement(one, variables, place) for place, one in enumerate(as_list(found), start=1))


def _odd(why: str) -> Statement:
    return Statement(True, ("*",), False, ("*",), False, (("AWS", "*"),), False, (), False, why)


def _statement(given: Any, variables: bool, place: int) -> Statement:
    if not isinstance(given, Mapping):
        return _odd(f"statement {place} is {type(given).__name__}, no statement")
    conditions, odd = _conditions(given.get("Condition") or {})
    effect = given.get("Effect")
    if effect not in ("Allow", "Deny"):
        odd = f"its Effect is {effect!r}"
    return Statement(
        effect != "Deny",
        _texts(given.get("NotAction", given.get("Action", ()))),
        "NotAction" in given,
        _texts(given.get("NotResource", given.get("Resource", ()))),
        "NotResource" in given,
        _principals(given.get("NotPrincipal", given.get("Principal", {}))),
        "NotPrincipal" in given,
        conditions,
        variables,
        odd,
    )


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(scalar(one) for one in as_list(given))


def _principals(given: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(given, Mapping):
        return tuple((str(kind), name) for kind, names in given.items() for name in _texts(names))
    return tuple(("AWS", name) for name in _texts(given))


def _conditions(given: Any) -> tuple[tuple[tuple[str, str, tuple[str, ...]], ...], str]:
    if not isinstance(given, Mapping) or not all(isinstance(keys, Mapping) for keys in given.values()):
        return (), "its Condition is no mapping of mappings"
    found = ((str(op), str(key), _texts(values)) for op, keys in given.items() for key, values in keys.items())
    return tuple(found), ""


_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")


def account_of(name: str) -> str:
    """The account that a principal names as a whole, or ""."""
    found = _ACCOUNT.fullmatch(name)
    return found[1] if found else ""


def account_in(arn: str) -> str:
    """The account that an ARN is in, or ""."""
    return (arn.split(":", 5) + [""] * 5)[4]
