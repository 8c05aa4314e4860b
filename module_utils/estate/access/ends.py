"""Last days of people as a policy that denies, so that access ends on its day also where nothing runs. Pure.

It hangs on a group of everybody, which nobody leaves by a list. Whom a last day in the list of users concerns may do
nothing from the day after; whom one in a group's list concerns, nothing of what that group alone gives.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.access.check import INLINE_SIZE, size
from ansible.module_utils.estate.people import Lists
from ansible.module_utils.estate.policy import statements

NAME = "access-ends"  # of the inline policy
_What = tuple[str, tuple[str, ...], str, tuple[str, ...]]  # Action or NotAction, its words, Resource or NotResource, …
_EVERYTHING: _What = ("Action", ("*",), "Resource", ("*",))


def ends(lists: Lists, given: Mapping[str, Iterable[Mapping[str, Any]]], room: int) -> tuple[dict[str, Any], list[str]]:
    """(the document, or {} where nothing ends; notes on what does not fit in).

    given are the documents of what each group gives: its policies and its side of what it may assume.
    """
    found: dict[tuple[datetime.date, _What], set[str]] = {}
    what = {group: {one for document in documents for one in _allowed(document)} for group, documents in given.items()}
    for user in lists.users.values():
        if user.until:
            found.setdefault((user.until, _EVERYTHING), set()).add(user.name)
    for group, members in lists.members.items():
        for one in members:
            if not one.until or one.until == lists.users[one.name].until or group in lists.everyone:
                continue
            for thing in what.get(group, ()):
                days = [
                    next((m.until for m in others if m.name == one.name), None)
                    for other, others in lists.members.items()
                    if thing in what.get(other, ()) and any(m.name == one.name for m in others)
                ]
                if None not in days:
                    found.setdefault((max(day for day in days if day), thing), set()).add(one.name)
    document: dict[str, Any] = {}
    left: list[str] = []
    for (day, thing), names in sorted(found.items(), key=lambda item: (item[0], sorted(item[1]))):
        more = [
            *document.get("Statement", []),
            _statement(day, thing, sorted(names), len(document.get("Statement", []))),
        ]
        longer = {"Version": "2012-10-17", "Statement": more}
        if size(longer) <= room:
            document = longer
        else:
            left += names
    said = (
        f"{', '.join(sorted(set(left)))}: the last day holds only once a run takes them out, since no policy has room"
    )
    return document, [said] * bool(left)


def room(inline: Mapping[str, Any]) -> int:
    """What a group's other inline policies leave."""
    return INLINE_SIZE["group"] - sum(size(document) for name, document in inline.items() if name != NAME)


def _allowed(document: Mapping[str, Any]) -> Iterable[_What]:
    for statement in statements(document):
        if statement.get("Effect") == "Allow":
            acts = "NotAction" if "NotAction" in statement else "Action"
            on = "NotResource" if "NotResource" in statement else "Resource"
            yield (acts, _words(statement[acts]), on, _words(statement[on]))


def _words(value: Any) -> tuple[str, ...]:
    return tuple(sorted(map(str, value))) if isinstance(value, list | tuple) else (str(value),)


def _statement(day: datetime.date, what: _What, names: list[str], number: int) -> dict[str, Any]:
    acts, actions, on, resources = what
    begins = day + datetime.timedelta(days=1)
    return {
        "Sid": f"After{day:%Y%m%d}{number or ''}",
        "Effect": "Deny",
        acts: list(actions),
        on: list(resources),
        "Condition": {
            "StringEquals": {"aws:username": names},
            "DateGreaterThanEquals": {"aws:CurrentTime": f"{begins}T00:00:00Z"},
        },
    }
