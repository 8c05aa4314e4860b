"""IAM's condition operators: whether a key's values meet what a policy wants. True, False, or None: not decided.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from ansible.module_utils.estate import policy_check
from ansible.module_utils.estate.evaluator.patterns import NEVER, arn_like, like, plain

Answer = bool | None


# --- values -----------------------------------------------------------------------------------------------------------

# The forms of https://www.w3.org/TR/NOTE-datetime, which AWS documents, with or without a zone.
_W3C = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?", re.IGNORECASE
)


@lru_cache(maxsize=10_000)
def moment(text: str) -> float | None:
    """Seconds since 1970 of a time as IAM takes it: W3C's forms, or such seconds. Four digits are a year."""
    found = _W3C.fullmatch(text)
    if not found:
        return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
    *parts, fraction, zone = found.groups()
    try:
        year, *rest = (int(part or least) for part, least in zip(parts, (1, 1, 1, 0, 0, 0), strict=True))
        at = datetime.datetime(year, *rest, tzinfo=datetime.UTC)  # type: ignore[arg-type, misc] # six in all
        ahead = 0 if not zone or zone in "Zz" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[-2:]))
        return at.timestamp() - 60 * ahead + float(f"0.{fraction or 0}")
    except (ValueError, OverflowError):
        return None


def number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@lru_cache(maxsize=10_000)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _address(value: str, wanted: str) -> Answer:
    ours, theirs = network(value), network(wanted)
    if theirs is None:
        return None
    return ours is not None and ours.version == theirs.version and ours.subnet_of(theirs)  # type: ignore[arg-type]


def _bool(value: str, wanted: str) -> Answer:
    if wanted.lower() not in ("true", "false"):
        return None
    return value.lower() == wanted.lower()


def _binary(value: str, wanted: str) -> Answer:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except (binascii.Error, ValueError):
        return value == wanted


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "equals": lambda one, other: one == other,
    "lessthan": lambda one, other: one < other,
    "lessthanequals": lambda one, other: one <= other,
    "greaterthan": lambda one, other: one > other,
    "greaterthanequals": lambda one, other: one >= other,
}


def _ordered(read: Callable[[str], float | Decimal | None], order: str) -> Callable[[str, str], Answer]:
    def compare(value: str, wanted: str) -> Answer:
        one, other = read(value), read(wanted)
        if other is None:
            return None
        return one is not None and _ORDER[order](one, other)  # type: ignore[arg-type]

    return compare


# Operators without their Not, in lower case: one value of the request against one that the policy wants.
_COMPARE: dict[str, Callable[[str, str], Answer]] = {
    # Without wildcards * and ? are themselves, however they were written.
    "stringequals": lambda value, wanted: value == plain(wanted),
    "stringequalsignorecase": lambda value, wanted: value.lower() == plain(wanted).lower(),
    "stringlike": lambda value, wanted: like(wanted, value),
    "arnequals": lambda value, wanted: arn_like(wanted, value),
    "arnlike": lambda value, wanted: arn_like(wanted, value),
    "bool": _bool,
    "binaryequals": _binary,
    "ipaddress": _address,
    **{f"numeric{order}": _ordered(number, order) for order in _ORDER},
    **{f"date{order}": _ordered(moment, order) for order in _ORDER},
}
OPERATORS = frozenset(map(str.lower, policy_check.OPERATORS))
_NOT = {name: name.replace("not", "", 1) for name in OPERATORS if "not" in name}


# --- the answer -------------------------------------------------------------------------------------------------------


class Operator:
    """An operator's name taken apart: "ForAnyValue:StringNotLikeIfExists"."""

    def __init__(self, name: str) -> None:
        self.every, _, rest = name.lower().rpartition(":")  # "", "forallvalues" or "foranyvalue"
        self.if_exists = rest.endswith("ifexists")
        rest = rest.removesuffix("ifexists")
        self.negated = rest in _NOT
        self.base = _NOT.get(rest, rest)
        self.known = rest in OPERATORS and self.every in ("", "forallvalues", "foranyvalue")


operator = lru_cache(maxsize=2_000)(Operator)


def holds(name: str, wanted: Sequence[str], values: Sequence[str] | None) -> Answer:
    """Whether a request with these values of a key (None: without the key) meets the condition."""
    of = operator(name)
    if not of.known:
        return None
    if of.base == "null":
        return _any(_bool("false" if values else "true", want) for want in wanted)
    if not values:
        if of.every:
            # AWS's page says that IfExists makes it true, the simulators that nothing is no "any".
            return None if of.every == "foranyvalue" and of.if_exists else of.every == "forallvalues"
        return of.negated or of.if_exists
    if not of.every and len(values) > 1:
        return False
    met = [_met(of, wanted, value) for value in values]
    return _all(met) if of.every == "forallvalues" else _any(met)


def _met(of: Operator, wanted: Sequence[str], value: str) -> Answer:
    compare = _COMPARE[of.base]
    # Whether a value differs from a variable that has none: AWS's page and the simulators do not agree.
    found = _any((None if of.negated else False) if NEVER in want else compare(value, want) for want in wanted)
    return found if not of.negated or found is None else not found


def _any(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return True if True in found else None if None in found else False


def _all(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return False if False in found else None if None in found else True
