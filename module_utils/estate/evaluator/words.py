"""Conditions in a person's words: which key, compared how, with which value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible.module_utils.estate.evaluator.conditions import operator
from ansible.module_utils.estate.evaluator.request import ADDRESS, ISSUED, MFA, MFA_AGE, NOW


class Open(NamedTuple):
    """A condition that only the call itself decides."""

    operator: str
    key: str
    values: tuple[str, ...]


# A condition "BoolIfExists … true", or a denial of "Bool … false": requests signed with an access key lack the key.
WEAK = "MFA, or an access key"

_SAID = {
    **dict.fromkeys(("stringequals", "arnequals", "binaryequals", "bool"), ("is", "is not")),
    "stringequalsignorecase": ("is, in any case,", "is not, in any case,"),
    **dict.fromkeys(("stringlike", "arnlike"), ("is like", "is not like")),
    "ipaddress": ("is in", "is not in"),
    "equals": ("=", "≠"),
    "lessthan": ("<", "≥"),
    "lessthanequals": ("≤", ">"),
    "greaterthan": (">", "≤"),
    "greaterthanequals": ("≥", "<"),
}


def some(names: Sequence[str], most: int) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def phrases(opened: Iterable[Open], limits: Iterable[str]) -> tuple[str, ...]:
    said = {phrase(condition) for condition in opened} | set(limits)
    if "MFA" in said:
        said.discard(WEAK)
    return tuple(sorted(said - {""}, key=lambda one: (one != "MFA", one)))


def phrase(condition: Open, denied: bool = False) -> str:
    """What is asked of whoever gets in: that the condition holds, or, of a denial, that it does not."""
    name, key, values = condition
    of, lower, listed = operator(name), key.lower(), " or ".join(values)
    if name == "?":
        return f"not known, since {listed}"
    if name in ("Variable", "NotVariable"):
        return f"{'not ' if denied != (name == 'NotVariable') else ''}as ${{{key}}} says in {listed}"
    if of.base == "null" and of.known:
        absent = (values == ("true",)) != denied
        said = {MFA: ("a session", "an access key"), MFA_AGE: ("MFA", "without MFA")}
        return said.get(lower, (f"with {key}", f"without {key}"))[absent]
    if of.base == "bool" and lower == MFA and not of.every:
        return _mfa(values == ("true",), of.if_exists, denied)
    if not of.known:
        return f"{'not ' if denied else ''}{name} {key} {listed}, which is not known"
    positive = of.negated == denied
    order = of.base.removeprefix("date").removeprefix("numeric")
    if lower == ADDRESS and of.base == "ipaddress":
        return f"address {'in' if positive else 'not in'} {', '.join(values)}"
    if lower == MFA_AGE and order.startswith("lessthan") and positive:
        return f"MFA at most {listed} s ago"
    if lower in (NOW, ISSUED) and order[:4] in ("less", "grea"):
        early = order.startswith("lessthan") == positive
        return f"{'until' if early else 'from'} {listed}" if lower == NOW else (
            f"session from {'before' if early else 'after'} {listed}"
        )  # fmt: skip
    verb = _SAID.get(of.base) or _SAID[order]
    whose = {"forallvalues": "each value of ", "foranyvalue": "a value of "}.get(of.every, "")
    if denied and of.every:
        return f"not where {whose}{key} {verb[of.negated]} {listed}"
    # A request without the key slips through, though the words sound as if it had to have one.
    slips = positive and (of.negated or of.if_exists) != denied
    return f"{whose}{key} {verb[not positive]} {listed}{', or is absent' if slips else ''}"


def _mfa(wanted: bool, if_exists: bool, denied: bool) -> str:
    if denied:
        # A denial of "false" lets what lacks the key through, unless it says IfExists.
        return "without MFA" if wanted else ("MFA" if if_exists else WEAK)
    return "without MFA" if not wanted else (WEAK if if_exists else "MFA")


def unless(denied: Iterable[Open]) -> str:
    """What a denial under these conditions asks of whoever gets in."""
    denied = sorted(denied)
    if len(denied) == 1:
        return phrase(denied[0], denied=True)
    return f"not with {' and '.join(phrase(condition) for condition in denied)}"
