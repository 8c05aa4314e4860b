"""What a run must not do to people's access unasked. No Ansible, no boto3; every refusal is one sentence.

Judged by effect: who may administer the account before and after, over all policies together, whatever they are
called. wanted is dm_access's; what is asked of AWS on the way (who can sign in, and from where people did) are calls.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.addresses import narrowed
from ansible.module_utils.estate.access.after import Powers, after
from ansible.module_utils.estate.access.check import GROUPS_OF_A_USER, PLURALS
from ansible.module_utils.estate.access.effects import by_user
from ansible.module_utils.estate.access.plan import changes, everybodys
from ansible.module_utils.estate.access.read import Live
from ansible.module_utils.estate.evaluator.document import account_in, read
from ansible.module_utils.estate.evaluator.evaluate import applies
from ansible.module_utils.estate.evaluator.request import Known
from ansible.module_utils.estate.people import FILE

Pairs = list[tuple[str, str]]  # (user, group)


class Limits(NamedTuple):
    """What may go in one run: the larger of a share of what there is and a number, or what was allowed for this run."""

    share: float = 0.3
    number: int = 5
    allowed: int | None = None

    def of(self, there: int) -> int:
        return max(int(self.share * there), self.number) if self.allowed is None else self.allowed


class Asked(NamedTuple):
    """What is known beside the sweep, and asked only where something is at stake."""

    caller: str = ""  # ARN of whoever runs this
    powers: Callable[[Live], Powers] | None = None  # who may administer the account
    signs_in: Callable[[str], bool] = lambda _name: False  # whether a user has a device, and a password or key
    seen: Callable[[], list[str]] = list  # addresses that people signed in from lately
    confirmed: tuple[str, ...] = ()
    documents: Mapping[str, Any] = {}  # of AWS's own policies, by ARN


def refusals(wanted: Mapping[str, Any], live: Live, limits: Limits, asked: Asked = Asked()) -> list[str]:  # noqa: B008
    """Why this plan must not be carried out; [] when it may be. The declaration must have passed check.problems()."""
    joins, leaves = changes(wanted, live)
    then = after(wanted, live)
    now_able, then_able = (asked.powers(state) if asked.powers else Powers() for state in (live, then))
    return [
        *_cases(wanted, live),
        *_too_many(wanted, live, leaves, limits),
        *_protected(wanted, live, then, now_able, then_able, asked),
        *_own(wanted, live, then, joins, leaves, now_able, then_able, asked),
        *_shut_out(wanted, live, then, asked),
        *_crowded(wanted, live, joins, leaves),
    ]


def _cases(wanted: Mapping[str, Any], live: Live) -> list[str]:
    found = []
    for kind, plural in PLURALS.items():
        there = getattr(live, plural)
        spelt = {name.lower(): name for name in there}
        for name in (item["name"] for item in wanted[plural]):
            if name not in there and (other := spelt.get(name.lower())):
                said = "which does not tell case apart: spell it as it is there"
                found.append(f"{kind} {name!r} is {other!r} in AWS, {said}")
    return found


# --- how many ---------------------------------------------------------------------------------------------------------


def _too_many(wanted: Mapping[str, Any], live: Live, leaves: Pairs, limits: Limits) -> list[str]:
    """In all, and of each group. Whoever's last day is over goes as declared, and does not count."""
    everyone, ended = everybodys(wanted), {group: set(names) for group, names in wanted["ended"].items()}
    leaves = [(user, group) for user, group in leaves if user not in ended.get(group, ())]
    there = [(user.name, group) for user in live.users.values() for group in user.groups if group in wanted["members"]]
    # Being in a group of everybody is no access that somebody could be left with, nor one that a list ends.
    had = [(user, group) for user, group in there if group not in everyone]
    kept = {user for group, users in wanted["members"].items() if group not in everyone for user in users}
    gone = {user for user, group in leaves if user not in kept}
    going, members = Counter(group for _, group in leaves), live.members()
    counted = [
        ("memberships", len(leaves), len(had)),
        ("people", len(gone), len({user for user, _ in had})),
        *((f"members of group {group}", going[group], len(members.get(group, ()))) for group in wanted["members"]),
    ]
    found = [
        f"{some} of {of} {what} would go, and {limits.of(of)} at most may"
        for what, some, of in counted
        if some > limits.of(of)
    ]
    closed = (group for group, left in wanted["members"].items() if not left)
    emptied = [group for group in closed if going[group] == len(members.get(group, ())) > 0]
    if len(emptied) > 1 and limits.allowed is None:
        found.append(f"groups {' and '.join(emptied)} would all be empty")
    allow = f"check {FILE}, or allow it for this run with -e access_removals_allowed={len(leaves)}"
    return [f"{said}: {allow}" for said in found]


# --- who is left ------------------------------------------------------------------------------------------------------


def _protected(
    wanted: Mapping[str, Any], live: Live, then: Live, now_able: Powers, then_able: Powers, asked: Asked
) -> list[str]:
    """Groups that are declared protected, and those whose members may administer: as it was, not as it is to be."""
    there, members = live.members(), then.members()
    declared = [group["name"] for group in wanted["groups"] if group["protected"]]
    found = []
    for group in dict.fromkeys([*declared, *(name for name in there if now_able.groups & {name})]):
        have, want = there.get(group, ()), members.get(group, ())
        if not want and group in declared:
            found.append(f"protected group {group} would be empty: keep somebody in it ({FILE})")
        elif have and not set(want) & set(have):
            found.append(
                f"the last of the present members of protected group {group} would go: keep {' or '.join(have[:3])} "
                f"until the new ones have signed in ({FILE})"
            )
        else:
            found += _signing_in(group, have, want, now_able, then_able, asked)
    return found


def _signing_in(
    group: str, have: Iterable[str], want: Iterable[str], now_able: Powers, then_able: Powers, asked: Asked
) -> list[str]:
    if set(have) <= set(want) and then_able.users >= now_able.users:
        return []
    administers = group in now_able.groups
    before = [one for one in have if asked.signs_in(one) and (not administers or one in now_able.users)]
    left = [one for one in want if asked.signs_in(one) and (not administers or one in then_able.users)]
    what = f"in {group} who can sign in{' and administer' if administers else ''}"
    if before and not left:
        return [f"nobody would be left {what}: keep {' or '.join(before[:3])} until another one can"]
    if len(left) < min(2, len(before)) and group not in asked.confirmed:
        return [
            f"{left[0]} alone would be left {what}: keep another one, or confirm it with -e access_confirmed={group}"
        ]
    return []


# --- whoever runs this ------------------------------------------------------------------------------------------------

_USER = re.compile(r"arn:aws:iam::\d{12}:user/(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:aws:sts::\d{12}:assumed-role/([^/]+)/(.+)")


def _own(
    wanted: Mapping[str, Any], live: Live, then: Live, joins: Pairs, leaves: Pairs,
    now_able: Powers, then_able: Powers, asked: Asked,
) -> list[str]:  # fmt: skip
    user, session = _USER.fullmatch(asked.caller), _SESSION.fullmatch(asked.caller)
    # A session is named after the person where the profile says so (role_session_name).
    person = user[1] if user else session[2] if session else ""
    role = session[1] if session else ""
    found = _own_groups(wanted, live, joins, leaves, person) if person in live.users else []
    for who, name, powers in ((f"role {role}", role, "roles"), (person, person, "users")):
        if name in getattr(now_able, powers) - getattr(then_able, powers):
            found.append(f"{who}, who runs this, could no longer administer the account: let somebody else do that")
    if role and not found and _shut_off(wanted, live, then, person, role, asked):
        who = f"{person}, who runs this, could no longer" if person in live.users else "nobody could any longer"
        found.append(f"{who} assume role {role}, which runs this: let another role do that")
    declared = next((item for item in wanted["roles"] if item["name"] == role), None)
    if declared and role in live.roles:
        trusted = _principals(declared["trust"])
        lost = _principals(live.roles[role].trust) - trusted
        lost = {who for who in lost if f"arn:aws:iam::{account_in(who)}:root" not in trusted}
        if lost:
            found.append(
                f"role {role}, which runs this, would no longer trust {' and '.join(sorted(lost))}: "
                "let another role do that, so that nobody locks themselves out"
            )
    return found


def _shut_off(wanted: Mapping[str, Any], live: Live, then: Live, person: str, role: str, asked: Asked) -> bool:
    """Whether a group gives the role now and none would then: of the person's groups, or of all where it is unknown."""
    there, members = live.members(), wanted["members"]
    mine = [g["name"] for g in wanted["groups"] if person not in live.users or person in members[g["name"]]]
    stays = [g for g in mine if g in live.groups and (person not in live.users or person in there[g])]
    known = live.roles[role].arn if role in live.roles else ""
    arn = known or f"arn:aws:iam::{wanted['account_id']}:role/{role}"

    def gives(state: Live, name: str) -> bool:
        group, own = state.groups[name], {one.arn: one.document for one in state.policies.values()}
        held = [*group.inline.values(), *({**asked.documents, **own}.get(one) for one in group.managed)]
        found = (one for document in held if document for one in read(document))
        return any(one.allows and applies(one, "sts:AssumeRole", arn, Known()) for one in found)

    return any(gives(live, g) for g in stays) and not any(gives(then, g) for g in mine)


def _own_groups(wanted: Mapping[str, Any], live: Live, joins: Pairs, leaves: Pairs, person: str) -> list[str]:
    gives = {group["name"]: set(group["grants"]) or {f"group {group['name']}"} for group in wanted["groups"]}
    now = {group for group in live.users[person].groups if group in gives}
    then = now - {group for user, group in leaves if user == person} | {g for user, g in joins if user == person}
    before, later = ({grant for group in groups for grant in gives[group]} for groups in (now, then))
    if before <= later:
        return []
    return [f"{person}, who runs this, would lose {' and '.join(sorted(before - later))}: let somebody else do that"]


def _principals(trust: Mapping[str, Any]) -> set[str]:
    """Whom a trust lets in, but for the ids of users and roles that are no more: nobody is let in by those."""
    named = {name for one in read(trust) if one.allows and not one.not_principals for _, name in one.principals}
    spelt = {f"arn:aws:iam::{name}:root" if re.fullmatch(r"\d{12}", name) else name for name in named}
    return {name for name in spelt if not name.startswith(("AIDA", "AROA"))}


# --- from where -------------------------------------------------------------------------------------------------------


def _shut_out(wanted: Mapping[str, Any], live: Live, then: Live, asked: Asked) -> list[str]:
    """Where a rule on addresses takes some away, somebody must have signed in lately from what is left."""
    if "office" in asked.confirmed:
        return []
    found = list(narrowed(live, then, asked.documents, wanted["account_id"]))
    seen = asked.seen() if found else []
    shut: dict[str, dict[str, None]] = {}
    for one in found:
        if not any(map(one.admits, seen)):
            shut.setdefault(one.rule, {}).update(dict.fromkeys(one.holders))
    why = f"but from {', '.join(seen[:3])}" if seen else "as far as CloudTrail tells"
    return [
        f"{' and '.join(sorted(holders))} would ask for {rule}, and nobody signed in from there lately, {why}: "
        "check the networks (access_office_addresses), or confirm them with -e access_confirmed=office"
        for rule, holders in shut.items()
    ]


def _crowded(wanted: Mapping[str, Any], live: Live, joins: Pairs, leaves: Pairs) -> list[str]:
    """Groups that are not declared count too."""
    gone, found = by_user(leaves), []
    for user, groups in by_user(pair for pair in joins if pair[0] in live.users).items():
        have = live.users[user].groups
        then = len(have) + len(groups) - len(gone.get(user, ()))
        if then > max(len(have), GROUPS_OF_A_USER):
            other = sorted(group for group in have if group not in wanted["members"])
            found.append(
                f"user {user!r} would be in {then} groups, "
                f"and IAM allows {GROUPS_OF_A_USER}: take it out of {' or '.join(other) or 'some'} first"
            )
    return found
