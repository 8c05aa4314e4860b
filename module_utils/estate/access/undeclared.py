"""What is live in IAM and nobody declares: told, with the YAML that adopts it, and never touched. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from ansible.module_utils.estate.access.check import PLURALS
from ansible.module_utils.estate.access.read import Group, Live, Role
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.evaluator.patterns import like
from ansible.module_utils.estate.plan import Unmanaged

# Roles that AWS makes and keeps itself are no business of a declaration.
_AWS_OWN = re.compile(r"/aws-(service-role|reserved)/")


def unmanaged(wanted: Mapping[str, Any], live: Live) -> list[Unmanaged]:
    """What is live but not declared, each with the YAML that declares it as it is: pasted, it gives an empty plan."""
    found: list[Unmanaged] = []
    declared = {plural: {item["name"] for item in wanted[plural]} for plural in PLURALS.values()}

    def report(kind: str, name: str, *lines: str) -> None:
        found.append(Unmanaged(f"{kind} {name}", "\n".join(lines).rstrip()))

    # Groups and people are declared for the main account only, which is the one that has any.
    people = bool(wanted["groups"])
    members = live.members()
    for name in sorted(live.users.keys() - declared["users"]):
        path = live.users[name].path
        listed: Any = name if path == "/" else {"name": name, "path": path}
        report(
            "user", name, "# vars/people.yml", _yaml({"users": [listed]}) if people else "# of the main account only"
        )
    for name in sorted(live.groups.keys() - declared["groups"]):
        title = name.lower() if name.lower() not in ("users", *wanted["titles"]) else f"{name.lower()}_members"
        group = live.groups[name]
        # Of a group that is not protected Jenkins may change the members, which would be new.
        entry: dict[str, Any] = {"members": title, "protected": True, **_elsewhere(group), **_adopt(group, live)}
        lists = _yaml({title: list(members[name])})
        report("group", name, "# vars/people.yml", lists, _FILE, _yaml({"access_groups": {name: entry}}))
    known = {role["name"] for role in wanted["known_roles"]}
    for name in sorted(live.roles.keys() - declared["roles"] - known):
        role = live.roles[name]
        if not _AWS_OWN.match(role.path):
            made: dict[str, Any] = {**_elsewhere(role), "trust": role.trust, **_adopt(role, live)}
            made |= {"boundary": _named(role.boundary, live)} if role.boundary else {}
            tags = {key: value for key, value in role.tags.items() if not key.lower().startswith("aws:")}  # AWS's own
            made |= {"tags": tags} if tags else {}
            made |= {"instance_profile": True} if name in role.instance_profiles else {}
            report("role", name, _FILE, _yaml({"access_roles": {name: {wanted["account"]: made}}}))
    holders: list[Group | Role] = [*live.groups.values(), *live.roles.values()]
    held = {arn for holder in holders for arn in (*holder.managed, getattr(holder, "boundary", ""))}
    for name in sorted(live.policies.keys() - declared["policies"]):
        policy = live.policies[name]
        if not _AWS_OWN.match(policy.path):
            loose = [] if policy.arn in held else ["# attached to nothing: name it under policies of a group or role"]
            report("policy", name, *loose, _FILE, _yaml({"access_policies": {name: policy.document}}))
    return found


_FILE = "# group_vars/all/access.yml"


def _yaml(value: Any) -> str:
    """As a YAML writer says it: names that YAML would take for something else are quoted."""
    return yaml.safe_dump(value, sort_keys=False, width=120)


def _elsewhere(holder: Group | Role) -> dict[str, Any]:
    return {"path": holder.path} if holder.path != "/" else {}


def _adopt(holder: Group | Role, live: Live) -> dict[str, Any]:
    held = {"policies": [_named(arn, live) for arn in holder.managed], "inline": holder.inline}
    return {key: value for key, value in held.items() if value}


def _named(arn: str, live: Live) -> str:
    """A policy of the account by its name, as it is declared; AWS's own by their ARN."""
    name = arn.rsplit("/", 1)[-1]
    return name if name in live.policies and live.policies[name].arn == arn else arn


def of_their_own(live: Live) -> list[str]:
    """Users with policies of their own: no list ends what these give."""
    said = []
    for user in live.users.values():
        inline = [name for name in user.inline if name != "AWSRevokeOlderSessions"]
        held = [*inline, *(arn.rsplit("/", 1)[-1] for arn in user.managed)]
        if held:
            said.append(f"{user.name} has policies of its own, which no list ends: {', '.join(held)}")
    return said


def beyond(known_roles: Iterable[Mapping[str, Any]], live: Live) -> list[str]:
    """What roles that are declared elsewhere hold, or whom they trust, beyond what they are known for."""
    said = []
    for known in known_roles:
        role = live.roles.get(known["name"])
        if role is None:
            continue
        found = [f"trusts {who}" for who in _trusted(role.trust) if who not in known["trusts"]]
        found += [f"has policy {arn}" for arn in role.managed if arn not in known["policies"]]
        for name, document in role.inline.items():
            beyond_them = (a for a in _granted(document) if not any(like(p, a, True) for p in known["actions"]))
            found += [f"may {action} by {name}" for action in beyond_them]
        if found:
            said.append(f"role {known['name']} {', '.join(found)}, which no declaration accounts for")
    return said


def _trusted(trust: Mapping[str, Any]) -> list[str]:
    allowing = [one for one in read(trust) if one.allows]
    but_some = {"anyone but some" for one in allowing if one.not_principals}
    return sorted(but_some.union(name for one in allowing if not one.not_principals for _, name in one.principals))


def _granted(document: Mapping[str, Any]) -> list[str]:
    return sorted({a for one in read(document) if one.allows for a in (("*",) if one.not_actions else one.actions)})
