"""Who gets into which role, through whose policy, under which conditions, and on from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.evaluate import Evaluator, Verdict, Way
from ansible.module_utils.estate.review.outsiders import Outsider

ASSUME = "sts:AssumeRole"
STEPS = 6  # roles after roles that are followed
ALTERNATIVES = 4  # ways with other conditions from one to another that are told

Grant = dict[str, Any]


class Reach:
    """Verdicts of everybody on every role, each worked out once."""

    def __init__(self, estate: Estate, now: str) -> None:
        self.estate, self.evaluator = estate, Evaluator(now)

    def verdict(self, who: str, role: str) -> Verdict:
        there = self.estate.roles[role].account.id
        trust = self.estate.trusts[role]
        return self.evaluator.verdict(self.estate.who[who].principal, ASSUME, role, trust, there, trust=True)


def grants(reach: Reach, outsiders: Iterable[Outsider], until: Mapping[str, Mapping[str, str]]) -> list[Grant]:
    """A line for each way in. until has last days of memberships by group and user."""
    found = []
    everybody = [who.principal for who in reach.estate.who.values()]
    for role, trust in reach.estate.trusts.items():
        for same in reach.evaluator.alike(everybody, ASSUME, trust):
            for way in reach.verdict(same[0].arn, role).ways:
                # That a role may assume itself again is no news.
                found += [_line(reach, one.arn, role, way, until) for one in same if one.arn != role]
    found += [_outside_line(reach, one) for one in outsiders if one.kind != "service"]
    return sorted(found + list(_chains(found)), key=order)


def _line(reach: Reach, arn: str, role: str, way: Way, until: Mapping[str, Mapping[str, str]]) -> Grant:
    who, needs = reach.estate.who[arn], list(way.conditions)
    group = way.holder.removeprefix("group ")
    if last := group != way.holder and until.get(group, {}).get(who.name):
        needs.append(f"until the end of {last}")
    kind = "identity center" if who.of_identity_center else who.kind
    return _grant(
        reach, role, who=who.name, kind=kind, account=who.account.name, through=way.holder, policy=way.policy,
        explicit=way.explicit, conditions=needs,
    )  # fmt: skip


def _outside_line(reach: Reach, one: Outsider) -> Grant:
    return _grant(
        reach, one.role, who=one.names, kind=one.kind, account="outside", through="the role's trust", policy="trust",
        explicit=not one.anyone, conditions=list(one.conditions),
    )  # fmt: skip


def _grant(reach: Reach, role: str, **said: Any) -> Grant:
    there = reach.estate.roles[role]
    return {**said, "role_account": there.account.name, "role": there.name, "via": []}


def _chains(direct: list[Grant]) -> Iterable[Grant]:
    """What is reached through other roles, with the conditions of every step; explicit where every step is."""
    steps: dict[tuple[str, str], list[Grant]] = {}
    starts: dict[tuple[str, str, str], list[Grant]] = {}
    for grant in direct:
        if grant["kind"] in ("role", "identity center"):
            steps.setdefault((grant["account"], grant["who"]), []).append(grant)
        if grant["kind"] != "role":
            starts.setdefault((grant["kind"], grant["account"], grant["who"]), []).append(grant)
    for first in starts.values():
        told: dict[tuple[str, str], list[frozenset[str]]] = {}
        for grant in first:
            told.setdefault(_role(grant), []).append(frozenset(grant["conditions"]))
        queue = sorted(first, key=lambda grant: not grant["explicit"])
        while queue:
            here = queue.pop(0)
            for step in steps.get(_role(here), []) if len(here["via"]) < STEPS else ():
                needs = list(dict.fromkeys([*here["conditions"], *step["conditions"]]))
                known = told.setdefault(_role(step), [])
                if len(known) >= ALTERNATIVES or any(one <= set(needs) for one in known):
                    continue
                known.append(frozenset(needs))
                further = here | {
                    "role_account": step["role_account"],
                    "role": step["role"],
                    "explicit": here["explicit"] and step["explicit"],
                    "policy": here["policy"] if step["explicit"] else step["policy"],
                    "conditions": needs,
                    "via": [*here["via"], f"{here['role_account']}:{here['role']}"],
                }
                queue.append(further)
                yield further


def _role(grant: Grant) -> tuple[str, str]:
    return grant["role_account"], grant["role"]


def order(grant: Grant) -> tuple:
    last = ("through", "kind", "account", "who", "policy", "conditions")
    return (*_role(grant), not grant["explicit"], len(grant["via"]), *(grant[key] for key in last))
