"""What somebody should look at, in sentences, what is worst first."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.review.able import Able, Administrator
from ansible.module_utils.estate.review.credentials import Finding, finding, of_frozen, of_people, of_root
from ansible.module_utils.estate.review.outsiders import Outsider

KINDS = (
    "invariant",
    "root",
    "anyone",
    "able",
    "no MFA",
    "key",
    "dangling",
    "dead",
    "outside",
    "federated",
    "administrator",
    "members",
    "own policy",
    "unreachable",
    "no group",
    "report",
)


def ordered(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (KINDS.index(one["kind"]), one["account"], one["subject"], one["finding"]))


def of_credentials(
    lives: Mapping[str, Mapping[str, Any]], now: str, key_days: int, everyone: list[str]
) -> Iterator[Finding]:
    moment = datetime.datetime.fromisoformat(now)
    central = {feature for live in lives.values() for feature in live.get("central_root") or ()}
    for account, live in lives.items():
        if "RootCredentialsManagement" in central:
            yield from of_frozen(account, live)
        yield from of_root(account, live["credentials"]["root"], moment, key_days)
        yield from of_people(account, live, moment, key_days, everyone)


def of_sides(dangling: Iterable[Mapping[str, Any]], outside: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    for one in dangling:
        people = f" ({', '.join(one['people'])})" if one["people"] else ""
        role = f"{one['role_account']}:{one['role']}"
        if one["side"] == "policy":
            said = f"{one['holder']}{people} is given {role} by its policy {one['policy']}, but {one['why']}"
            yield finding("dangling", one["account"], one["holder"], said)
        else:
            said = f"trusts {one['holder']} of {one['account']}, but {one['why']}"
            yield finding("dangling", one["role_account"], f"role {one['role']}", said)
    for one in outside:
        said = f"policy {one['policy']} gives {one['names']}, in an account that is not ours: not checked"
        yield finding("outside", one["account"], one["holder"], said)


def of_outsider(one: Outsider, account: str, role: str) -> Iterator[Finding]:
    subject, under = f"role {role}", _if(one.conditions)
    if one.kind == "dead":
        yield finding("dead", account, subject, "trusts somebody who was deleted; take the principal out")
    elif one.kind == "outside":
        said = f"trusts {one.names}, which is not ours{under or ', without conditions'}: who that is was not checked"
        yield finding("outside", account, subject, said)
    elif one.kind == "anyone":
        yield finding("anyone", account, subject, f"trusts {one.names}{under}")
    elif one.kind == "federated" and one.anyone:
        whom = f"anybody for whom {one.names} vouches: no condition says whose {one.missing} it must be"
        yield finding("anyone", account, subject, f"lets in {whom}{under}")
    elif one.kind == "federated":
        yield finding("federated", account, subject, f"lets in for whom {one.names} vouches{under}: not checked")


def of_able(
    administrators: Iterable[Administrator], able: Iterable[Able], expected: Iterable[str]
) -> Iterator[Finding]:
    """expected: roles that are administrators by their name in the vars, such as main:admins."""
    named = set(expected)
    for one in administrators:
        if one.who.kind == "role" and one.who.role not in named and not one.who.of_identity_center:
            said = f"may write every policy of {one.who.account.name}, and so do anything there{_if(one.conditions)}"
            yield finding("administrator", one.who.account.name, f"role {one.who.name}", said)
    each: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for able_ in able:
        who = able_.who
        key = (who.account.name, f"{who.kind} {who.name}", able_.target, able_.conditions)
        each.setdefault(key, []).append(able_.action)
    joins: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (account, who_, target, needs), actions in each.items():
        if who_.startswith("role ") and actions == ["iam:AddUserToGroup"]:  # no role is ever a member
            joins.setdefault((account, who_, needs), []).append(target.removeprefix("group "))
            continue
        become, of = ("more than it is", "itself") if target == who_ else (target, target)
        said = f"can make itself {become}, since it may {' and '.join(actions)} of {of}{_if(needs)}"
        yield finding("able", account, who_, said)
    for (account, who_, needs), groups in joins.items():
        yield finding("members", account, who_, f"may put users into the groups {', '.join(groups)}{_if(needs)}")


def _if(conditions: Iterable[str]) -> str:
    said = "; ".join(conditions)
    return f", if {said}" if said else ""
