"""What a run must not do to people's access unasked. No Ansible, no boto3, no I/O; every refusal is one sentence.

wanted is dm_access's, whose groups also say "protected": an empty one would lock everybody out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.check import GROUPS_OF_A_USER
from ansible.module_utils.estate.access.plan import changes
from ansible.module_utils.estate.access.read import Live
from ansible.module_utils.estate.people import FILE as _WHERE

Pairs = list[tuple[str, str]]  # (user, group)


class Limits(NamedTuple):
    """What may go in one run: the larger of a share of what there is and a number, or what was allowed for this run."""

    share: float = 0.3
    number: int = 5
    allowed: int | None = None

    def of(self, there: int) -> int:
        return max(int(self.share * there), self.number) if self.allowed is None else self.allowed


def refusals(wanted: Mapping[str, Any], live: Live, limits: Limits, caller: str = "") -> list[str]:
    """Why this plan must not be carried out; [] when it may be. caller is the ARN of whoever runs it.

    The declaration must have passed check.problems().
    """
    joins, leaves = changes(wanted, live)
    return [
        *_cases(wanted, live),
        *_too_many(wanted, live, leaves, limits),
        *_protected(wanted, live),
        *_own(wanted, live, joins, leaves, caller),
        *_crowded(wanted, live, joins, leaves),
    ]


def _cases(wanted: Mapping[str, Any], live: Live) -> list[str]:
    found = []
    for kind, plural in (("user", "users"), ("group", "groups"), ("role", "roles"), ("policy", "policies")):
        there = {name.lower(): name for name in getattr(live, plural)}
        for item in wanted[plural]:
            name = item["name"]
            other = there.get(name.lower(), name)
            if other != name and name not in getattr(live, plural):
                found.append(
                    f"{kind} {name!r} is {other!r} in AWS, which does not tell case apart: spell it as it is there"
                )
    return found


def _too_many(wanted: Mapping[str, Any], live: Live, leaves: Pairs, limits: Limits) -> list[str]:
    everyone = {group["name"] for group in wanted["groups"] if group["everyone"]}
    there = [(user.name, group) for user in live.users.values() for group in user.groups if group in wanted["members"]]
    # Being in a group of everybody is no access that somebody could be left with.
    had = {user for user, group in there if group not in everyone}
    kept = {user for group, users in wanted["members"].items() if group not in everyone for user in users}
    found = []
    for what, going, of in (("memberships", len(leaves), len(there)), ("people", len(had - kept), len(had))):
        if going > limits.of(of):
            found.append(
                f"{going} of {of} {what} would go, and {limits.of(of)} at most may: check {_WHERE}, "
                f"or allow it for this run with -e access_removals_allowed={max(len(leaves), going)}"
            )
    return found


def _protected(wanted: Mapping[str, Any], live: Live) -> list[str]:
    there = live.members()
    found = []
    for group in (group["name"] for group in wanted["groups"] if group["protected"]):
        want, have = wanted["members"][group], there.get(group, ())
        if not want:
            found.append(f"protected group {group} would be empty: keep somebody in it ({_WHERE})")
        elif have and not set(want) & set(have):
            found.append(
                f"the last of the present members of protected group {group} would go: keep {' or '.join(have[:3])} "
                f"until the new ones have signed in ({_WHERE})"
            )
    return found


_USER = re.compile(r"arn:aws:iam::\d{12}:user/(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:aws:sts::\d{12}:assumed-role/([^/]+)/(.+)")


def _own(wanted: Mapping[str, Any], live: Live, joins: Pairs, leaves: Pairs, caller: str) -> list[str]:
    user, session = _USER.fullmatch(caller), _SESSION.fullmatch(caller)
    found = []
    # A session is named after the person where the profile says so (role_session_name).
    person = user[1] if user else session[2] if session else ""
    if person in live.users:
        found += _own_groups(wanted, live, joins, leaves, person)
    role = session[1] if session else ""
    if role and not found and _shut_off(wanted, live, person, role):
        who = f"{person}, who runs this, could no longer" if person in live.users else "nobody could any longer"
        found.append(f"{who} assume role {role}, which runs this: let another role do that")
    declared = next((item for item in wanted["roles"] if item["name"] == role), None)
    if declared and role in live.roles:
        lost = _principals(live.roles[role].trust) - _principals(declared["trust"])
        lost = {who for who in lost if _root(who) not in _principals(declared["trust"])}
        if lost:
            found.append(
                f"role {role}, which runs this, would no longer trust {' and '.join(sorted(lost))}: "
                "let another role do that, so that nobody locks themselves out"
            )
        if _holds(live.roles[role]) and not declared["policies"] and not declared["inline"]:
            found.append(f"role {role}, which runs this, would be left without any policy: let another role do that")
    return found


def _shut_off(wanted: Mapping[str, Any], live: Live, person: str, role: str) -> bool:
    """Whether a group gives the role now and none would then: of the person's groups, or of all where it is unknown."""
    declared = {group["name"]: group["inline"] for group in wanted["groups"]}
    there, members = live.members(), wanted["members"]
    mine = [g for g in declared if person not in live.users or person in members[g]]
    stays = [g for g in mine if g in live.groups and (person not in live.users or person in there[g])]
    arn = re.compile(rf"arn:aws:iam::{wanted['account_id']}:role/(.*/)?{re.escape(role)}")

    def gives(inline: Mapping[str, Any]) -> bool:
        named = (one for document in inline.values() for one in _named(document))
        return any(arn.fullmatch(one) for one in named)

    return any(gives(live.groups[g].inline) for g in stays) and not any(gives(declared[g]) for g in mine)


def _named(document: Mapping[str, Any]) -> Iterable[str]:
    """What a policy allows to be assumed, as it names it."""
    statements = document.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement.get("Effect") == "Allow" and "sts:AssumeRole" in _many(statement.get("Action")):
            yield from _many(statement.get("Resource"))


def _many(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _holds(item: Any) -> bool:
    return bool(item.managed or item.inline)


def _own_groups(wanted: Mapping[str, Any], live: Live, joins: Pairs, leaves: Pairs, person: str) -> list[str]:
    gives = {group["name"]: set(group["grants"]) or {f"group {group['name']}"} for group in wanted["groups"]}
    now = {group for group in live.users[person].groups if group in gives}
    then = now - {group for user, group in leaves if user == person} | {g for user, g in joins if user == person}
    before, after = ({grant for group in groups for grant in gives[group]} for groups in (now, then))
    found = []
    if before - after:
        lost = " and ".join(sorted(before - after))
        found.append(f"{person}, who runs this, would lose {lost}: let somebody else do that")
    for group in wanted["groups"]:
        bare = not group["policies"] and not group["inline"]
        if group["name"] in then and bare and group["name"] in live.groups and _holds(live.groups[group["name"]]):
            found.append(
                f"group {group['name']} of {person}, who runs this, would be left without any policy: "
                "let somebody else do that"
            )
    return found


def _principals(trust: Mapping[str, Any]) -> set[str]:
    statements = trust.get("Statement", [])
    found: set[str] = set()
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal", {})
        if statement.get("Effect") != "Allow":
            continue
        for value in [principal] if isinstance(principal, str) else principal.values():
            found |= {_spelt(who) for who in ([value] if isinstance(value, str) else value)}
    return found


def _spelt(principal: str) -> str:
    return f"arn:aws:iam::{principal}:root" if re.fullmatch(r"\d{12}", principal) else principal


def _root(principal: str) -> str:
    parts = principal.split(":")
    return f"arn:aws:iam::{parts[4]}:root" if len(parts) > 5 else principal


def _crowded(wanted: Mapping[str, Any], live: Live, joins: Pairs, leaves: Pairs) -> list[str]:
    """Groups that are not declared count too."""
    more: dict[str, int] = {}
    for user, _ in joins:
        more[user] = more.get(user, 0) + 1
    for user, _ in leaves:
        more[user] = more.get(user, 0) - 1
    found = []
    for user, change in more.items():
        if user in live.users and change > 0 and len(live.users[user].groups) + change > GROUPS_OF_A_USER:
            other = sorted(group for group in live.users[user].groups if group not in wanted["members"])
            found.append(
                f"user {user!r} would be in {len(live.users[user].groups) + change} groups, "
                f"and IAM allows {GROUPS_OF_A_USER}: take it out of {' or '.join(other) or 'some'} first"
            )
    return found
