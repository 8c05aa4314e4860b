from __future__ import annotations

import datetime
import difflib
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: group_membership
short_description: Work out who is in which group, from the lists of people
description:
  - A member is a name, or C({name, until}) with the last day of the membership. From the day after, it is as if the
    name were not in the list; from two weeks before, it is announced.
  - An C(until) in the list C(users) ends all of that person's memberships. The user itself stays.
  - Unset is not empty; so a list that is missing, or is none, is an error.
positional: groups, today
options:
  _input:
    description: What is in C(vars/people.yml) of the credentials repo, lists of members by name, C(users) among them.
    type: dict
    required: true
  groups:
    description: Groups by name, each with the name of its list as C(members); O(access_groups).
    type: dict
    required: true
  today:
    description: The date as C(YYYY-MM-DD).
    type: str
    required: true
  announce_days:
    description: How long before its end a membership is announced.
    type: int
    default: 14
"""
EXAMPLES = r"""
- name: Show who is in which group today
  ansible.builtin.debug:
    msg: "{{ credentials['people'] | group_membership(access_groups, now(utc=true, fmt='%Y-%m-%d')) }}"
"""
RETURN = r"""
_value:
  description:
    - C(users), as M(dm_iam) takes them; C(members), the names by group; C(ending) and C(ended), sentences about
      memberships that end soon and that have ended but still stand in the list.
  type: dict
"""

_USERS = "users"


def _day(value: Any, where: str) -> datetime.date | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: until is {value!r}; allowed is a day as YYYY-MM-DD") from None


def _entries(people: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """[{"name", "until", "path"}] of one list; raises where it is no list, or an item no member."""
    if name not in people:
        raise ValueError(f"the list {name} is missing; an empty one is written {name}: []")
    listed = people[name]
    if not isinstance(listed, list | tuple):
        kind = "nothing" if listed is None else type(listed).__name__
        raise TypeError(f"{name} must be a list, got {kind}; an empty one is written {name}: []")
    entries = []
    for position, item in enumerate(listed, start=1):
        entry = {"name": item} if isinstance(item, str) else item
        where = f"{name}, item {position}"
        allowed = {"name", "until", "path"} if name == _USERS else {"name", "until"}
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str) or set(entry) - allowed:
            raise TypeError(
                f"{where}: {item!r} is no member; allowed is a name, or {{name: ada.example, until: 2027-01-31}}"
            )
        entries.append({"path": "/", **entry, "until": _day(entry.get("until"), where)})
    return entries


def _check(name: str, entries: list[dict[str, Any]], users: Mapping[str, Any]) -> None:
    seen: dict[str, int] = {}
    for position, entry in enumerate(entries, start=1):
        who = entry["name"]
        first = seen.setdefault(who.lower(), position)
        if first != position:
            other = entries[first - 1]["name"]
            how = "is there already" if other == who else f"differs from {other!r} only by case"
            raise ValueError(f"{name}, item {position}: {who!r} {how} (item {first}); remove one")
        if who not in users:
            same = [user for user in users if user.lower() == who.lower()]
            near = same or difflib.get_close_matches(who, users, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add it to users first"
            raise ValueError(f"{name}, item {position}: {who!r} is not among the users; {hint}")


def group_membership(
    people: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]], today: str, announce_days: int = 14
) -> dict[str, Any]:
    """See RETURN. Raises TypeError or ValueError, naming the list, the item and what is allowed."""
    if not isinstance(people, Mapping):
        raise TypeError(f"people must be a mapping of lists, got {type(people).__name__}")
    now = datetime.date.fromisoformat(today)
    soon = now + datetime.timedelta(days=announce_days)
    for name, declared in groups.items():
        if not isinstance(declared.get("members"), str):
            raise ValueError(f"access_groups.{name} does not say which list its members are in; add members: <list>")
    lists = {declared["members"] for declared in groups.values()}
    for listed in people:
        if listed not in lists | {_USERS}:
            near = difflib.get_close_matches(listed, lists, n=1)
            hint = f"did you mean {near[0]}?" if near else f"lists are {', '.join(sorted(lists))}"
            raise ValueError(f"the list {listed} belongs to no group of access_groups; {hint}")
    users = _entries(people, _USERS)
    last = {user["name"]: user["until"] for user in users}
    members: dict[str, list[str]] = {}
    ending: list[str] = []
    ended: list[str] = []
    for group in groups:
        listed = groups[group]["members"]
        entries = _entries(people, listed)
        _check(listed, entries, last)
        members[group] = []
        for entry in entries:
            until = min((day for day in (entry["until"], last[entry["name"]]) if day), default=None)
            if until and until < now:
                ended.append(f"{entry['name']} was in {group} until {until}; take the name out of {listed}")
                continue
            if until and until <= soon:
                ending.append(f"{entry['name']} is in {group} until {until}")
            members[group].append(entry["name"])
    return {
        "users": [{"name": user["name"], "path": user["path"]} for user in users],
        "members": members,
        "ending": ending,
        "ended": ended,
    }


def _group_membership_filter(
    people: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]], today: str, announce_days: int = 14
) -> dict[str, Any]:
    try:
        return group_membership(people, groups, today, announce_days)
    except (KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"group_membership: {exc} (vars/people.yml of the credentials repo).") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"group_membership": _group_membership_filter}
