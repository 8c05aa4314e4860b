"""The lists of people: who is a user, who is in which group, until when. Read once, for all. No Ansible, no I/O.

people = {"users": [entry], "<list>": [entry]}: vars/people.yml of the credentials repo.
An entry is a name, or {"name", "until"} with the last day; of users also "path".
groups = {group: {"members": the name of its list, …}}: access_groups.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.names import name_problem, path_problem
from ansible.module_utils.estate.errors import Refusal, nearest

USERS = "users"
FILE = "vars/people.yml of the credentials repo"
Where = Callable[[Any], str]  # " (line 7)" of a value, or ""

_KEYS = ("name", "until")
_MEMBER = "allowed is a name, or {name: ada.example, until: 2027-01-31}"


class Listed(NamedTuple):
    name: str
    until: datetime.date | None  # the last day
    path: str


class Lists(NamedTuple):
    """Every list, checked against the others."""

    users: dict[str, Listed]
    members: dict[str, list[Listed]]  # by group; until is the earlier of the membership's and the person's
    titles: dict[str, str]  # of each group's list
    everyone: frozenset[str]  # groups of everybody: their policies deny, so whoever's day is over stays in them


def _nowhere(_: Any) -> str:
    return ""


def read(people: Any, groups: Mapping[str, Mapping[str, Any]], where: Where = _nowhere) -> Lists:
    """Raises Refusal, naming the list, the item and what is allowed. Unset is not empty: a missing list is an error."""
    if not isinstance(people, Mapping):
        raise Refusal(f"people must be a mapping of lists, got {type(people).__name__}")
    for name, declared in groups.items():
        title = declared.get("members")
        if not isinstance(title, str) or not re.fullmatch(r"\S+", title):
            raise Refusal(f"access_groups.{name} does not say which list its members are in; add members: <list>")
    known = {declared["members"] for declared in groups.values()}
    for listed in people:
        if listed not in known | {USERS}:
            hint = nearest(listed, known) or f"; lists are {', '.join(sorted(known))}"
            raise Refusal(f"the list {listed} belongs to no group of access_groups{hint}{where(listed)}")
    users = {entry.name: entry for entry in _entries(people, USERS, where)}
    lists = {USERS: list(users.values())}
    for title in known - {USERS}:
        lists[title] = _entries(people, title, where, users)
    members = {
        group: [entry._replace(until=_earlier(entry.until, users[entry.name].until)) for entry in lists[one["members"]]]
        for group, one in groups.items()
    }
    everyone = frozenset(group for group, one in groups.items() if one.get("everyone"))
    return Lists(users, members, {group: one["members"] for group, one in groups.items()}, everyone)


def _earlier(*days: datetime.date | None) -> datetime.date | None:
    return min((day for day in days if day), default=None)


def _entries(
    people: Mapping[str, Any], title: str, where: Where, users: Mapping[str, Listed] | None = None
) -> list[Listed]:
    if title not in people:
        raise Refusal(f"the list {title} is missing; an empty one is written {title}: []")
    listed = people[title]
    if not isinstance(listed, list | tuple):
        kind = "nothing" if listed is None else type(listed).__name__
        raise Refusal(f"{title} must be a list, got {kind}; an empty one is written {title}: []{where(listed)}")
    found: dict[str, tuple[int, Listed]] = {}
    for position, item in enumerate(listed, start=1):
        at = f"{title}, item {position}{where(item)}"
        entry = _entry(item, at, title == USERS, where)
        first, other = found.setdefault(entry.name.lower(), (position, entry))
        if first != position:
            how = "is there already" if other.name == entry.name else f"differs from {other.name!r} only by case"
            raise Refusal(f"{at}: {entry.name!r} {how} (item {first}); remove one")
        if users is not None and entry.name not in users:
            hint = nearest(entry.name, users) or "; add it to users first"
            raise Refusal(f"{at}: {entry.name!r} is not among the users{hint}")
    return [entry for _, entry in found.values()]


def _entry(item: Any, at: str, is_user: bool, where: Where) -> Listed:
    entry = item if isinstance(item, Mapping) else {"name": item}
    name = entry.get("name")
    if not isinstance(name, str):
        if isinstance(name, bool | int | float | datetime.date):
            raise Refusal(f'{at}: YAML reads this as {_read_as(name)}, no name; write it in quotes: "{name}"')
        raise Refusal(f"{at}: {item!r} is no member; {_MEMBER}")
    for key in entry:
        if key not in (*_KEYS, "path") or (key == "path" and not is_user):
            raise Refusal(f"{at}: {name} has {key!r}, which no member has{nearest(key, _KEYS)}; {_MEMBER}{where(key)}")
    until = _day(entry["until"], at, name, where) if "until" in entry else None
    path = entry.get("path", "/")
    if wrong := name_problem("user", name) or path_problem("user", name, path):
        raise Refusal(f"{at}: {wrong}")
    return Listed(name, until, path)


def _read_as(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a date" if isinstance(value, datetime.date) else f"the number {value}"


def _day(value: Any, at: str, name: str, where: Where) -> datetime.date:
    """A day of the calendar and nothing else: what has an hour or a zone, or counts weeks, may mean another day."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = str(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) and value != str(datetime.date.max):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError as exc:
            raise Refusal(f"{at}: until of {name} is {value!r}: {exc}{where(value)}") from None
    given = "empty" if value is None else repr(str(value))
    raise Refusal(f"{at}: until of {name} is {given}; allowed is a day as YYYY-MM-DD, or no until at all{where(value)}")


def membership(lists: Lists, today: datetime.date, announce_days: int = 14) -> dict[str, Any]:
    """What the module dm_access takes: {"users", "members", "ended", "notes"}; ended are those whose last day is over.

    Whoever's day is over is in no group but those of everybody, whose policies deny.
    """
    soon = today + datetime.timedelta(days=announce_days)
    members: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    ending: list[str] = []
    ended: list[str] = []
    for group, entries in lists.members.items():
        over = {one.name: one.until for one in entries if one.until and one.until < today}
        stays = group in lists.everyone
        members[group] = [one.name for one in entries if stays or one.name not in over]
        gone[group] = [] if stays else list(over)
        for name, until in over.items():
            then = "offboard, then take" if stays else "take"
            ended.append(f"{name} was in {group} until {until}; {then} the name out of {lists.titles[group]}")
        ending += [
            f"{one.name} is in {group} until {one.until}" for one in entries if one.until and today <= one.until <= soon
        ]
    return {
        "users": [{"name": user.name, "path": user.path} for user in lists.users.values()],
        "members": members,
        "ended": {group: names for group, names in gone.items() if names},
        "notes": [*ended, *ending],
    }


def ends(lists: Lists) -> dict[str, dict[str, str]]:
    """The last days by group and user: {"Admins": {"ada.example": "2027-01-31"}}."""
    dated = {
        group: {one.name: str(one.until) for one in sorted(entries) if one.until}
        for group, entries in lists.members.items()
    }
    return {group: days for group, days in dated.items() if days}


def naming(people: Any, name: str) -> list[str]:
    """Lists that name the person, also with other capitals, or with a last day that is over; whatever else they say."""
    found = []
    for title, listed in people.items() if isinstance(people, Mapping) else ():
        entries = listed if isinstance(listed, list | tuple) else []
        names = [entry.get("name") if isinstance(entry, Mapping) else entry for entry in entries]
        if any(isinstance(one, str) and one.lower() == name.lower() for one in names):
            found.append(title)
    return found


def mentions(value: Any, name: str, at: str, where: Where = _nowhere) -> list[str]:
    """Where else the vars name a person: as a key, an item, or at the end of an ARN; whatever the values are."""
    found = []
    if isinstance(value, Mapping):
        for key, part in value.items():
            if str(key).lower() == name.lower():
                found.append(f"{at}{where(key)}")
            else:
                found += mentions(part, name, f"{at}.{key}", where)
    elif isinstance(value, list | tuple):
        found += [one for part in value for one in mentions(part, name, at, where)]
    elif isinstance(value, str) and value.lower().rsplit("/", 1)[-1] == name.lower():
        found.append(f"{at}{where(value)}")
    return list(dict.fromkeys(found))


def missing(lists: Lists, name: str, in_groups: Iterable[str]) -> str:
    """What to add where before a person can be onboarded; "" where nothing is missing."""
    to_join = ", ".join(sorted({title for group, title in lists.titles.items() if group not in lists.everyone}))
    if name not in lists.users:
        hint = nearest(name, lists.users)
        return f"{name} is not in the list users{hint}: add a line '- {name}' there and in one of {to_join}"
    if not set(in_groups) - lists.everyone:
        return f"{name} is in no list of today's members: add a line '- {name}' to one of {to_join}"
    return ""
