"""Grants that only one side gives: a policy that names a role, or a trust that names somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.evaluator.composed import Account
from ansible.module_utils.estate.evaluator.document import Statements, account_in, account_of
from ansible.module_utils.estate.evaluator.evaluate import UNGIVEN, applies, is_role
from ansible.module_utils.estate.evaluator.request import Principal, Source, known_of
from ansible.module_utils.estate.review.grants import ASSUME, Reach

Side = dict[str, Any]


def dangling(reach: Reach) -> tuple[list[Side], list[Side]]:
    """(grants with one side, grants for roles of accounts that are not ours)."""
    found: list[Side] = []
    outside: list[Side] = []
    for account in reach.estate.accounts:
        for one in _policy_sides(reach, account):
            (found if one["role"] else outside).append(one)
    for arn in reach.estate.roles:
        found += _trust_sides(reach, arn)
    return _once(found), _once(outside)


def _policy_sides(reach: Reach, account: Account) -> Iterator[Side]:
    for kind, items in account.holders.items():
        for name, item in items.items():
            people = account.members[name] if kind == "group" else [name]
            who = {n: (account.users if kind == "group" else items)[n]["arn"] for n in people}
            for source in account.held(kind, item):
                for arn in roles_named(source.statements, reach.evaluator.now, account, who):
                    yield from _policy_side(reach, account, source, arn, who)


def _policy_side(reach: Reach, account: Account, source: Source, arn: str, who: Mapping[str, str]) -> Iterator[Side]:
    there = reach.estate.by_id.get(account_in(arn))
    found: Side = {"side": "policy", "account": account.name, "holder": source.holder, "policy": source.policy}
    if there is None:
        yield {**found, "role_account": "", "role": "", "names": arn}
        return
    name = arn.rsplit("/", 1)[-1]
    found |= {"role_account": there.name, "role": name, "people": []}
    if arn not in reach.estate.roles:
        other_path = name in there.roles and f"the role is {there.roles[name]['arn']}; the policy names {arn}"
        yield {**found, "why": other_path or "there is no such role"}
    elif not who:
        if not _trusts_account(reach.estate.trusts[arn], account.id):
            yield {**found, "why": "the role's trust does not accept it"}
    else:
        lost: dict[str, list[str]] = {}
        for person, theirs in who.items():
            if theirs != arn and (why := reach.verdict(theirs, arn).why_not):
                lost.setdefault(why, []).append(person)
        for why, people in lost.items():
            yield {**found, "why": why, "people": sorted(people) if len(people) < len(who) else []}


def roles_named(document: Statements, now: str, account: Account, who: Mapping[str, str]) -> list[str]:
    """ARNs of roles that a policy names to be assumed; one whose time is over names nothing."""
    someone = Principal(next(iter(who.values()), f"arn:aws:iam::{account.id}:user/-"), account.id, (), None, {})
    known = known_of(someone, now, "")
    allows = [statement for statement in document if statement.allows and not statement.not_resources]
    named = (r for statement in allows for r in statement.resources if ":role/" in r and not set("*?$") & set(r))

    def given(arn: str) -> bool:
        return any((found := applies(one, ASSUME, arn, known)) and found.explicit for one in allows)

    return [arn for arn in dict.fromkeys(named) if given(arn)]


def _trusts_account(trust: Statements, account: str) -> bool:
    named = (name for one in trust if one.allows for kind, name in one.principals if kind == "AWS")
    return any(name == "*" or account_of(name) == account for name in named)


def _trust_sides(reach: Reach, arn: str) -> Iterator[Side]:
    for statement in reach.estate.trusts[arn]:
        for kind, name in statement.principals if statement.allows and not statement.not_principals else ():
            if kind == "AWS" and name != "*" and not name.startswith(("AIDA", "AROA")):
                yield from _trusted(reach, arn, name)


def _trusted(reach: Reach, arn: str, name: str) -> Iterator[Side]:
    """One principal of a trust: an account, a user or a role."""
    whole = account_of(name)
    account = reach.estate.by_id.get(whole or account_in(name))
    if account is None:
        return
    role = reach.estate.roles[arn]
    found: Side = {"role_account": role.account.name, "role": role.name, "side": "trust", "account": account.name,
                   "policy": "trust", "people": []}  # fmt: skip
    if whole:
        ours = [who for who, one in reach.estate.who.items() if one.account is account and who != arn]
        # An empty group that is given the role is the other side too: whoever joins it gets in.
        waiting = any(
            arn in roles_named(source.statements, reach.evaluator.now, account, {})
            for group, members in account.members.items()
            if not members and group in account.groups
            for source in account.held("group", account.groups[group])
        )
        # Where somebody is given it and yet kept out, the policy's side tells why.
        if not waiting and all(reach.verdict(who, arn).why_not == UNGIVEN for who in ours):
            yield {**found, "holder": f"account {account.name}", "why": "no policy there gives it"}
        return
    kind, _, path = name.split(":", 5)[-1].partition("/")
    session = kind == "assumed-role"
    who = next(
        (p for p in reach.estate.who if p == name or (session and is_role(p, account.id, path.split("/")[0]))), None
    )
    holder = f"role {path.split('/')[0]}" if session else f"{kind} {path.rsplit('/', 1)[-1]}"
    if who is None:
        yield {**found, "holder": holder, "why": "there is no such user or role"}
    elif who != arn and (why := reach.verdict(who, arn).why_not):
        yield {**found, "holder": holder, "why": why}


def _once(found: Iterable[Side]) -> list[Side]:
    return [kept for _, kept in sorted({str(sorted(one.items())): one for one in found}.items())]
