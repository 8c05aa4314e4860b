"""Whom rules on addresses would shut out: by what may be done from where, before and after, however written. Pure.

A denial of all but a list, a denial of a list, an allowance from a list alone, a trust or a boundary that asks for one:
all are looked at as what they leave of what somebody may, over all of his policies together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.read import Live
from ansible.module_utils.estate.effects.askers import Asker, others
from ansible.module_utils.estate.effects.contexts import addresses
from ansible.module_utils.estate.evaluator import words
from ansible.module_utils.estate.evaluator.composed import Estate, attached
from ansible.module_utils.estate.evaluator.document import ANYTHING, Statement, Statements
from ansible.module_utils.estate.evaluator.evaluate import NONE, applies, judge
from ansible.module_utils.estate.evaluator.patterns import filled
from ansible.module_utils.estate.evaluator.request import ADDRESS, NOW, Known, Principal, known_of
from ansible.module_utils.estate.evaluator.words import Open
from ansible.module_utils.estate.review.read import shape

_ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")


class Narrowed(NamedTuple):
    """Something that could be done from more addresses."""

    holders: tuple[str, ...]  # of the rules: "group Everyone"
    rule: str  # "address in 198.51.100.0/24"
    admits: Callable[[str], bool]  # whether it still can be from an address


def narrowed(live: Live, then: Live, documents: Mapping[str, Any], account_id: str) -> Iterator[Narrowed]:
    """Of people as they are to be members, so that joining is no news here. documents are AWS's own policies."""
    held, were = _held(then), _held(live)
    if all(were.get(key, one) == one for key, one in held.items()) or not any(ADDRESS in one for one in held.values()):
        return  # as nearly always, and ten thousand people are many
    users = {
        name: user._replace(groups=tuple(g for g in then.users[name].groups if g in live.groups))
        for name, user in live.users.items()
    }
    was, will_be = (_estate(state._replace(users=users), documents, account_id) for state in (live, then))
    alike = set()
    for arn, who in was.who.items():
        item = who.item
        key = (item.get("groups"), item["managed"], json.dumps(item["inline"], sort_keys=True), item["boundary"])
        if arn not in will_be.who or (who.kind == "user" and key in alike):
            continue
        alike.add(key)
        yield from _of(who.principal, will_be.who[arn].principal, who.kind, who.name)
        if who.kind == "role":
            yield from _trusted(who.name, was.trusts[arn], will_be.trusts[arn])


def _held(state: Live) -> dict[tuple[str, str], str]:
    """What is written, of each who holds it."""
    every: dict[tuple[str, str], Any] = {("policy", one.arn): one.document for one in state.policies.values()}
    for group in state.groups.values():
        every["group", group.name] = [sorted(group.managed), group.inline]
    for role in state.roles.values():
        every["role", role.name] = [sorted(role.managed), role.inline, role.trust, role.boundary]
    return {key: json.dumps(one, sort_keys=True, default=str).lower() for key, one in every.items()}


def _estate(state: Live, documents: Mapping[str, Any], account_id: str) -> Estate:
    read = shape(state, documents)
    unread = attached((*read["users"], *read["groups"], *read["roles"])) - read["policies"].keys()
    read["policies"] |= dict.fromkeys(unread, ANYTHING)
    return Estate({"": {"account_id": account_id, **read}})


def _asks(statement: Statement) -> bool:
    return any(key.lower() == ADDRESS for _, key, _ in statement.conditions)


def _of(now: Principal, then: Principal, kind: str, name: str) -> Iterator[Narrowed]:
    """What somebody's own policies, groups' policies and boundary leave."""
    before, after = (
        {(source.holder, one) for source in side.sources for one in source.statements}
        | {(f"the boundary of {kind} {name}", one) for one in side.boundary or ()}
        for side in (now, then)
    )
    rules = [(holder, one) for holder, one in after if _asks(one)]
    if before == after or not rules:
        return
    known = _known(known_of(now, "1970-01-01", now.account))
    everything = [one for _, one in before | after]
    samples: dict[tuple[bool, ...], tuple[str, str]] = {}
    for one in (one for one in everything if one.allows):
        for action, resource in _samples(one, known):
            alike = tuple(applies(other, action, resource, known) is not None for other in everything)
            samples.setdefault(alike, (action, resource))

    networks = _networks(everything)
    for action, resource in samples.values():
        about = [(holder, one) for holder, one in rules if applies(one, action, resource, known)]
        before_may, after_may = (partial(_may, side, action, resource) for side in (now, then))
        yield from _less(about, networks, known, before_may, after_may)


def _trusted(name: str, now: Statements, then: Statements) -> Iterator[Narrowed]:
    """What a role's trust leaves to each whom it names."""
    rules = [(f"the trust of role {name}", one) for one in then if _asks(one)]
    for asker in others(iter([now]), Estate({})).values() if rules and now != then else ():
        before_lets, after_lets = (partial(_lets_in, trust, asker) for trust in (now, then))
        yield from _less(rules, _networks([*now, *then]), _known(asker.known), before_lets, after_lets)


def _may(who: Principal, action: str, resource: str, known: Known) -> bool:
    return bool(judge(who, action, resource, None, who.account, known).ways)


def _lets_in(trust: Statements, asker: Asker, known: Known) -> bool:
    about = [
        (one.allows, is_.opens | more)
        for one in trust
        for action in _ASSUME
        if (is_ := applies(one, action, None, known))
        for _, more in asker.meant(one)
    ]
    return any(allows for allows, _ in about) and (False, NONE) not in about


def _less(
    rules: Iterable[tuple[str, Statement]], networks: list[str], known: Known,
    before: Callable[[Known], bool], after: Callable[[Known], bool],
) -> Iterator[Narrowed]:  # fmt: skip
    """Where something stays possible as far as the address is open, and from some address no longer is."""

    def at(address: str) -> Known:
        return Known({**known, ADDRESS: (address,)})

    if rules and after(known) and any(before(at(one)) and not after(at(one)) for one in addresses(networks)):
        asked = {
            words.phrase(Open(name, key, values), denied=not one.allows)
            for _, one in rules
            for name, key, values in one.conditions
            if key.lower() == ADDRESS
        }
        holders = tuple(sorted({holder for holder, _ in rules}))
        yield Narrowed(holders, " and ".join(sorted(asked)), lambda address: after(at(address)))


def _known(more: Mapping[str, Any]) -> Known:
    """Of a request that a person makes, at any time."""
    passing = {NOW, "aws:epochtime"}
    usual = {"aws:viaawsservice": ("false",), "aws:securetransport": ("true",)}
    return Known({key: value for key, value in {**more, **usual}.items() if key not in passing})


def _networks(statements: Iterable[Statement]) -> list[str]:
    return [v for one in statements for _, key, values in one.conditions if key.lower() == ADDRESS for v in values]


def _samples(statement: Statement, known: Known) -> Iterator[tuple[str, str]]:
    """What a statement allows, one of each pattern."""
    resources = ["-"] if statement.not_resources else [filled(one, known)[0] for one in statement.resources]
    for action in ["-:-"] if statement.not_actions else statement.actions:
        for resource in resources:
            yield _one(action), _one(resource)


def _one(pattern: str) -> str:
    return pattern.replace("*", "-").replace("?", "-")
