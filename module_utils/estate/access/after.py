"""An account as a declaration leaves it, and who may administer it: judged by all policies together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.effects import by_user
from ansible.module_utils.estate.access.plan import arn_of, changes, moved_policies
from ansible.module_utils.estate.access.read import Group, Live, Policy, Role, User, Version
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.review.able import able
from ansible.module_utils.estate.review.grants import Reach
from ansible.module_utils.estate.review.read import shape


def after(wanted: Mapping[str, Any], live: Live) -> Live:
    """Live once the plan is carried out."""
    moved = moved_policies(wanted, live)
    users, groups, roles, policies = dict(live.users), dict(live.groups), dict(live.roles), dict(live.policies)

    def held(item: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(moved.get(one, one) for one in item["policies"])

    for item in wanted["policies"]:
        name, declared = item["name"], arn_of(wanted, "policy", item)
        versions = (Version("v1", True, item["document"]),)
        policies[name] = Policy(name, item["path"], moved.get(declared, declared), versions)
    for item in wanted["groups"]:
        name, where = item["name"], arn_of(wanted, "group", item)
        groups[name] = Group(name, item["path"], where, held(item), item["inline"])
    for item in wanted["roles"]:
        name, new = item["name"], Role(item["name"], "", arn_of(wanted, "role", item), {}, (), {}, (), "", {})
        was = live.roles.get(name, new)
        roles[name] = was._replace(
            path=item["path"],
            trust=item["trust"],
            managed=held(item),
            inline=item["inline"],
            boundary=moved.get(item["boundary"], item["boundary"]) or was.boundary,
            tags={**was.tags, **item["tags"]},
        )
    for item in wanted["users"]:
        where = arn_of(wanted, "user", item)
        users.setdefault(item["name"], User(item["name"], item["path"], where, (), (), {}, "", {}))
    joins, leaves = changes(wanted, live)
    more, less = by_user(joins), by_user(leaves)
    for name in {*more, *less}:
        left = {*users[name].groups, *more.get(name, ())} - {*less.get(name, ())}
        users[name] = users[name]._replace(groups=tuple(sorted(left)))
    return Live(users, groups, roles, policies)


class Powers(NamedTuple):
    """Names of who may write any policy of the account, and so do anything there, at least under some conditions."""

    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()  # that give it


def powers(live: Live, documents: Mapping[str, Any], account_id: str, now: str) -> Powers:
    """By their own policies and their groups', or by a role of the account that they may assume."""
    members = {f"-member of {name}-": name for name in live.groups}  # so that a group without members tells, too
    probes = {
        probe: User(probe, "/", f"arn:aws:iam::{account_id}:user/{probe}", (group,), (), {}, "", {})
        for probe, group in members.items()
    }
    state = shape(live._replace(users={**live.users, **probes}), documents)
    estate = Estate({"": {"account_id": account_id, **state}})
    reach = Reach(estate, now)
    direct = {one.who.principal.arn for one in able(estate, reach.evaluator)[0]}
    every: set[str] = set(direct)
    for arn in direct & estate.roles.keys():
        every |= {who for who in estate.who if reach.verdict(who, arn).ways}
    users = [estate.who[arn].name for arn in every if estate.who[arn].kind == "user"]
    roles = [estate.who[arn].name for arn in every if estate.who[arn].kind == "role"]
    return Powers(
        frozenset(one for one in users if one not in members),
        frozenset(roles),
        frozenset(members[one] for one in users if one in members),
    )
