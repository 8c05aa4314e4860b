"""Last days of people as a policy that denies, so that access ends on its day also where nothing runs. Pure.

It hangs on a group of everybody, which nobody leaves by a list. Whom a last day in the list of users concerns may do
nothing from the day after; whom one in a group's list concerns, nothing of what no other group still gives.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.check import INLINE_SIZE, size
from ansible.module_utils.estate.effects.classes import overlap
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.evaluator.patterns import like
from ansible.module_utils.estate.people import Lists

NAME = "access-ends"  # of the inline policy
UNKNOWN: Mapping[str, Any] = {}  # the document of a policy that the vars do not have


class _What(NamedTuple):
    """Of a statement; Resource is written out one by one."""

    acts: str  # "Action" or "NotAction"
    actions: tuple[str, ...]
    on: str  # "Resource" or "NotResource"
    resources: tuple[str, ...]
    conditions: str = ""  # as text; what denies has none but the day's


_EVERYTHING = _What("Action", ("*",), "Resource", ("*",))


def ends(lists: Lists, given: Mapping[str, Sequence[Mapping[str, Any]]], room: int) -> tuple[dict[str, Any], list[str]]:
    """(the document, or {} where nothing ends; notes on what is left to the run that takes somebody out).

    given are the documents of what each group gives: its policies and its side of what it may assume.
    """
    found: dict[tuple[datetime.date, _What], set[str]] = {}
    left: dict[str, set[str]] = {}
    what = {group: [one for document in documents for one in _allowed(document)] for group, documents in given.items()}
    for user in lists.users.values():
        if user.until:
            found.setdefault((user.until, _EVERYTHING), set()).add(user.name)
    for group, members in lists.members.items():
        for one in members:
            if not one.until or one.until == lists.users[one.name].until or group in lists.everyone:
                continue
            kept = [thing for other in _longer(lists, one.name, one.until) for thing in what.get(other, ())]
            if UNKNOWN in given.get(group, ()):
                left.setdefault(f"a policy of {group} is not in the vars", set()).add(one.name)
            for thing in what.get(group, ()):
                pieces, whole = _without(thing, kept)
                for piece in pieces:
                    found.setdefault((one.until, piece._replace(conditions="")), set()).add(one.name)
                if not whole:
                    left.setdefault("another group gives part of the same", set()).add(one.name)
    document: dict[str, Any] = {}
    for (day, thing), names in sorted(_merged(found).items(), key=lambda item: (item[0][0], sorted(item[1]))):
        so_far = document.get("Statement", [])
        one_more = _statement(day, thing, sorted(names), len(so_far))
        longer = {"Version": "2012-10-17", "Statement": [*so_far, one_more]}
        if size(longer) <= room:
            document = longer
        else:
            left.setdefault("no policy has room", set()).update(names)
    return document, [
        f"{', '.join(sorted(names))}: the last day holds only once a run takes them out, since {why}"
        for why, names in left.items()
    ]


def room(inline: Mapping[str, Any]) -> int:
    """What a group's other inline policies leave."""
    return INLINE_SIZE["group"] - sum(size(document) for name, document in inline.items() if name != NAME)


def _longer(lists: Lists, name: str, day: datetime.date) -> Iterator[str]:
    """Groups in which somebody still is after a day."""
    for group, members in lists.members.items():
        if any(one.name == name and (not one.until or one.until > day) for one in members):
            yield group


def _allowed(document: Mapping[str, Any]) -> Iterator[_What]:
    for one in (one for one in read(document) if one.allows):
        acts, actions = "NotAction" if one.not_actions else "Action", tuple(sorted(one.actions))
        conditions = str(sorted(one.conditions)) if one.conditions else ""
        for resources in [one.resources] if one.not_resources else [[resource] for resource in one.resources]:
            on = "NotResource" if one.not_resources else "Resource"
            yield _What(acts, actions, on, tuple(sorted(resources)), conditions)


# --- what others give too ---------------------------------------------------------------------------------------------


def _without(thing: _What, kept: list[_What]) -> tuple[list[_What], bool]:
    """What denies a thing but for what is kept, and whether that is all of the rest."""
    near = [one for one in kept if _meet(thing, one)]
    if not near:
        return [thing], True
    # What is kept under conditions of its own is less than the thing, and no denial says the rest of it.
    alike = [one for one in near if one.conditions in ("", thing.conditions)]
    if thing in alike or thing._replace(conditions="") in alike:
        return [], True
    if any("Not" in one.acts + one.on for one in near) or thing.on == "NotResource":
        return [], False
    if thing.resources == ("*",) and (thing.acts == "NotAction" or thing.actions == ("*",)):
        pieces, whole = _all_but(thing, near, kept)
        return pieces, whole and alike == near
    if thing.acts == "NotAction":
        return [], False
    shared = {a for a in thing.actions if any(_meet(thing._replace(actions=(a,)), one) for one in near)}
    partly = [a for a in shared if not any(_covers(one, a, thing.resources[0]) for one in alike)]
    rest = tuple(a for a in thing.actions if a not in shared)
    return [thing._replace(actions=rest)] * bool(rest), not partly


def _all_but(thing: _What, near: list[_What], kept: list[_What]) -> tuple[list[_What], bool]:
    """Everything, but for what is kept: other actions anywhere, and the same actions elsewhere.

    That is not all of the rest where a part of an action is kept on more than the whole of it is, or on all but some.
    """
    but = (thing.actions if thing.acts == "NotAction" else ()) + tuple(a for one in near for a in one.actions)
    pieces = [_What("NotAction", tuple(sorted(set(but))), "Resource", ("*",))]
    elsewhere: dict[tuple[str, ...], set[str]] = {}
    whole = True
    for action in {a for one in near for a in one.actions}:
        named = [one for one in kept if _named(action, one)]
        where = {r for one in named for r in one.resources}
        known = all(one.on == "Resource" for one in named)
        whole = whole and known and all(any(_covers(one, action, r) for one in named) for r in where)
        if known and "*" not in where:
            elsewhere.setdefault(tuple(sorted(where)), set()).add(action)
    pieces += [_What("Action", tuple(sorted(a)), "NotResource", where) for where, a in sorted(elsewhere.items())]
    return pieces, whole


def _named(action: str, other: _What) -> bool:
    return other.acts == "Action" and any(overlap(action.lower(), one.lower()) for one in other.actions)


def _meet(one: _What, other: _What) -> bool:
    """Whether some request is in both; errs towards yes."""
    same_act = _cross(one.acts, one.actions, other.acts, other.actions)
    return same_act and _cross(one.on, one.resources, other.on, other.resources)


def _cross(how: str, words: Sequence[str], other_how: str, others: Sequence[str]) -> bool:
    if how.startswith("Not"):
        return other_how.startswith("Not") or any(not any(like(n, word, True) for n in words) for word in others)
    if other_how.startswith("Not"):
        return _cross(other_how, others, how, words)
    return any(overlap(_open(one), _open(other)) for one in words for other in others)


def _open(word: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "*", word.lower())


def _covers(one: _What, action: str, resource: str) -> bool:
    by_name = any(like(pattern, action, ignore_case=True) for pattern in one.actions)
    return by_name and any(p == resource or ("${" not in p and like(p, resource)) for p in one.resources)


# --- written ----------------------------------------------------------------------------------------------------------


def _merged(found: Mapping[tuple[datetime.date, _What], set[str]]) -> dict[tuple[datetime.date, _What], set[str]]:
    """Resources of the same names, actions and day in one statement."""
    alike: dict[tuple[datetime.date, str, tuple[str, ...], frozenset[str]], set[str]] = {}
    for (day, one), names in found.items():
        if one.on == "Resource":
            alike.setdefault((day, one.acts, one.actions, frozenset(names)), set()).update(one.resources)
    made = {
        (day, _What(acts, actions, "Resource", tuple(sorted(resources)))): set(names)
        for (day, acts, actions, names), resources in alike.items()
    }
    return made | {key: names for key, names in found.items() if key[1].on != "Resource"}


def _statement(day: datetime.date, what: _What, names: list[str], number: int) -> dict[str, Any]:
    begins = day + datetime.timedelta(days=1)
    return {
        "Sid": f"After{day:%Y%m%d}{number or ''}",
        "Effect": "Deny",
        what.acts: list(what.actions),
        what.on: list(what.resources),
        "Condition": {
            "StringEquals": {"aws:username": names},
            "DateGreaterThanEquals": {"aws:CurrentTime": f"{begins}T00:00:00Z"},
        },
    }
