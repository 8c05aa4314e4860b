"""Plan of one account's IAM: users, policies, roles, groups and who is in them. No Ansible, no boto3, no I/O.

wanted = {
  "account": its name in dm_accounts,
  "account_id": 12 digits,
  "users": [{"name", "path"}],
  "policies": [{"name", "path", "document"}],
  "roles": [{"name", "path", "trust", "policies": [ARN], "inline": {name: document}, "instance_profile": bool}],
  "groups": [{"name", "path", "policies", "inline", "everyone": bool,
              "grants": ["production:developers"]}],   # what it gives: roles as account:role, or words
  "members": {group: [user]},
  "known_roles": [name],            # declared elsewhere: neither changed nor reported
  "alias": str or None,             # None: neither read nor changed
  "password_policy": {AWS's parameter: value} or None,
}

What is live and not declared is never changed. What is declared is made exactly so, but for a user's own policies,
keys and devices, and for what IAM fixes at creation. In order of needs: users, policies, roles, groups, members.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.dm_iam_live import Group, Live, Policy, Role
from ansible.module_utils.dm_iam_rules import ATTACHED, GROUPS_OF_A_USER, INLINE_SIZE, size
from ansible.module_utils.dm_plan import Action

VERSIONS = 5  # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
# Roles that AWS makes and keeps itself are no business of a declaration.
_AWS_OWN = re.compile(r"/aws-(service-role|reserved)/")

_Call = tuple[str, dict[str, Any], str | None]  # method, its parameters, and the policy that it needs
Differs = Callable[[Any, Any], bool]  # amazon.aws' compare_policies: whether two policies say different things


class Plan(NamedTuple):
    actions: list[Action]
    people: list[str]  # what it means for whom, one sentence each
    diff: list[dict[str, str]]
    unmanaged: list[dict[str, str]]
    notes: list[str]


def text(document: Any) -> str:
    """A policy as it is sent: without the white space that IAM does not count but does receive."""
    return json.dumps(document, separators=(",", ":"))


def membership(user: str, group: str) -> str:
    """The resource of an action on a membership."""
    return f"{user} in {group}"


def plan(
    wanted: Mapping[str, Any],
    live: Live,
    differs: Differs,
    alias: str | None = None,
    password_policy: Mapping[str, Any] | None = None,
) -> Plan:
    """What turns live into wanted. alias and password_policy are the live ones, read only where declared."""
    made = _Plan(wanted, live, differs)
    made.account(alias, password_policy or {})
    made.users()
    for policy in wanted["policies"]:
        made.policy(policy)
    for role in wanted["roles"]:
        made.role(role)
    for group in wanted["groups"]:
        made.group(group)
    joins, leaves = changes(wanted["members"], live)
    made.members(joins, leaves)
    people = tell(wanted, live, joins, leaves)
    diff = [_shown("people", "", "\n".join(people))] if people else []
    return Plan(made.actions, people, diff + made.diff, unmanaged(wanted, live), made.notes)


def changes(members: Mapping[str, Iterable[str]], live: Live) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(user, group) pairs to add and to remove, over the groups that members names."""
    have = {(user.name, group) for user in live.users.values() for group in user.groups if group in members}
    want = {(user, group) for group, users in members.items() for user in users}
    return sorted(want - have), sorted(have - want)


def tell(
    wanted: Mapping[str, Any], live: Live, joins: Iterable[tuple[str, str]], leaves: Iterable[tuple[str, str]]
) -> list[str]:
    """The changes of membership in people's terms, a sentence each: who gains and loses what, through which group."""
    groups = {group["name"]: group for group in wanted["groups"]}
    gained: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}
    for into, pairs in ((gained, joins), (lost, leaves)):
        for user, group in pairs:
            into.setdefault(user, []).append(group)

    def reach(names: list[str], still: set[str], nothing: str) -> str:
        """'production:backups through backups, and …'; what another of the user's groups gives too is no news."""
        said = []
        for name in names:
            grants = [grant for grant in groups[name]["grants"] if grant not in still]
            said.append(f"{' and '.join(grants) or nothing} through {name}")
        return ", ".join(said)

    told = []
    for user in sorted({*gained, *lost}):
        now = {group for group in (live.users[user].groups if user in live.users else ()) if group in groups}
        then = now - set(lost.get(user, [])) | set(gained.get(user, []))
        before, after = ({g for name in names for g in groups[name]["grants"]} for names in (now, then))
        parts = []
        if user in gained:
            parts.append(f"gains {reach(gained[user], before, 'nothing new')}")
        if user in lost:
            parts.append(f"loses {reach(lost[user], after, 'nothing')}")
        kind = "moves" if len(parts) == 2 else "joins" if user in gained else "leaves"
        told.append(f"{kind}: {user} {' and '.join(parts)}")
    return told


def unmanaged(wanted: Mapping[str, Any], live: Live) -> list[dict[str, str]]:
    """What is live but not declared, each with the YAML that would declare it as it is."""
    found: list[dict[str, str]] = []
    declared = {
        plural: {item["name"] for item in wanted[plural]} for plural in ("users", "groups", "roles", "policies")
    }

    def report(kind: str, name: str, *adopt: str) -> None:
        found.append({"resource": f"{kind} {name}", "adopt": "\n".join(adopt)})

    # Groups and people are declared for the main account only, which is the one that has any.
    people = bool(wanted["groups"])
    members = live.members()
    for name in sorted(live.users.keys() - declared["users"]):
        report("user", name, "# vars/people.yml", "users:", f"  - {name}" if people else "  # of the main account only")
    for name in sorted(live.groups.keys() - declared["groups"]):
        entry = _flow({"members": name.lower(), **_adopt(live.groups[name])})
        listed = [f"{name.lower()}: {_flow(members[name])}", "# group_vars/all/access.yml", "access_groups:"]
        report("group", name, "# vars/people.yml", *listed, f"  {name}: {entry}")
    for name in sorted(live.roles.keys() - declared["roles"] - set(wanted["known_roles"])):
        role = live.roles[name]
        if not _AWS_OWN.match(role.path):
            entry = _flow({"path": role.path, "trust": role.trust, **_adopt(role)})
            report("role", name, "access_roles:", f"  {name}:", f"    {wanted['account']}: {entry}")
    for name in sorted(live.policies.keys() - declared["policies"]):
        if not _AWS_OWN.match(live.policies[name].path):
            report("policy", name, "access_policies:", f"  {name}: {_flow(live.policies[name].document)}")
    return found


def _flow(value: Any) -> str:
    """JSON is YAML too."""
    return json.dumps(value)


def _adopt(holder: Group | Role) -> dict[str, Any]:
    return {key: value for key, value in (("policies", list(holder.managed)), ("inline", holder.inline)) if value}


def _shown(header: str, before: str, after: str) -> dict[str, str]:
    def ended(side: str) -> str:
        return side + "\n" if side and not side.endswith("\n") else side

    return {"before_header": header, "after_header": header, "before": ended(before), "after": ended(after)}


class _Plan:
    """Collects the actions; each method adds those of one resource."""

    def __init__(self, wanted: Mapping[str, Any], live: Live, differs: Differs) -> None:
        self.wanted, self.live, self.differs = wanted, live, differs
        self.actions: list[Action] = []
        self.diff: list[dict[str, str]] = []
        self.notes: list[str] = []
        # A policy keeps the path it was made with; groups and roles attach it where it is.
        self.moved = {
            self.arn("policy", p): live.policies[p["name"]].arn
            for p in wanted["policies"]
            if p["name"] in live.policies
        }
        self.own = {self.moved.get(a := self.arn("policy", p), a): f"policy {p['name']}" for p in wanted["policies"]}
        self.principals = {
            self.arn(kind, item): f"{kind} {item['name']}"
            for kind, items in (("user", wanted["users"]), ("role", wanted["roles"]))
            for item in items
        }

    def arn(self, kind: str, item: Mapping[str, Any]) -> str:
        return f"arn:aws:iam::{self.wanted['account_id']}:{kind}{item['path']}{item['name']}"

    def add(self, verb: str, resource: str, method: str, params: dict[str, Any], needs: Iterable[str] = ()) -> None:
        # Of a user in ten groups everything says the same names: one string each will do.
        needs = tuple(sys.intern(need) for need in needs)
        self.actions.append(Action(verb, sys.intern(resource), sys.intern(f"iam.{method}"), params, needs=needs))

    def show(self, header: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """A diff of what differs between two mappings, one key a paragraph."""
        keys = [
            key
            for key in sorted({*before, *after})
            if key not in before or key not in after or self._unlike(before[key], after[key])
        ]
        sides = (
            "\n".join(f"{key}: {json.dumps(side[key], indent=2)}" for key in keys if key in side)
            for side in (before, after)
        )
        if keys:
            self.diff.append(_shown(header, *sides))

    def _unlike(self, one: Any, other: Any) -> bool:
        return self.differs(one, other) if isinstance(one, dict) and isinstance(other, dict) else one != other

    def account(self, alias: str | None, password_policy: Mapping[str, Any]) -> None:
        if self.wanted["alias"] is not None and self.wanted["alias"] != alias:
            name = self.wanted["alias"]
            self.add("change" if alias else "add", "account alias", "create_account_alias", {"AccountAlias": name})
            self.diff.append(_shown("account alias", alias or "", name))
        declared = self.wanted["password_policy"]
        if declared is not None and any(password_policy.get(key) != value for key, value in declared.items()):
            # The call resets what it does not mention, so what is not declared is said again.
            params = {key: value for key, value in password_policy.items() if key != "ExpirePasswords"} | declared
            verb = "change" if password_policy else "add"
            self.add(verb, "account password policy", "update_account_password_policy", params)
            self.show("account password policy", {k: password_policy.get(k) for k in declared}, declared)

    def users(self) -> None:
        for user in self.wanted["users"]:
            name, path, live = user["name"], user["path"], self.live.users.get(user["name"])
            if live is None:
                self.add("add", f"user {name}", "create_user", {"UserName": name, "Path": path})
                self.show(f"user {name}", {}, {"path": path})
            elif live.path != path:
                self.add("change", f"user {name}", "update_user", {"UserName": name, "NewPath": path})
                self.show(f"user {name}", {"path": live.path}, {"path": path})

    def policy(self, policy: Mapping[str, Any]) -> None:
        name, live = policy["name"], self.live.policies.get(policy["name"])
        resource, document = f"policy {name}", policy["document"]
        if live is None:
            params = {"PolicyName": name, "Path": policy["path"], "PolicyDocument": text(document)}
            self.add("add", resource, "create_policy", params)
            self.show(resource, {}, {"document": document})
            return
        self._fixed(resource, live.path, policy["path"])
        if not self.differs(live.document, document):
            return
        self.show(resource, {"document": live.document}, {"document": document})
        arn = {"PolicyArn": live.arn}
        same = next((version for version in live.versions if not self.differs(version.document, document)), None)
        if same:
            self.add("change", resource, "set_default_policy_version", {**arn, "VersionId": same.id})
            return
        for version in self._surplus(live):
            self.add("change", resource, "delete_policy_version", {**arn, "VersionId": version})
        self.add(
            "change", resource, "create_policy_version", {**arn, "PolicyDocument": text(document), "SetAsDefault": True}
        )

    @staticmethod
    def _surplus(live: Policy) -> list[str]:
        """The oldest versions that are not in force, as many as must go to make room for one."""
        idle = [version.id for version in live.versions if not version.default]
        return idle[: max(0, len(live.versions) - VERSIONS + 1)]

    def _fixed(self, resource: str, live: str, path: str) -> None:
        if live != path:
            self.notes.append(
                f"{resource} is under path {live}, declared is {path}: IAM cannot move it, so it stays there"
            )

    def role(self, role: Mapping[str, Any]) -> None:
        name, live = role["name"], self.live.roles.get(role["name"])
        resource, trust = f"role {name}", role["trust"]
        trusted = (self.principals.get(arn) for arn in re.findall(r'"(arn:[^"]+)"', text(trust)))
        needs = [principal for principal in trusted if principal and principal != resource]
        if live is None:
            params = {"RoleName": name, "Path": role["path"], "AssumeRolePolicyDocument": text(trust)}
            self.add("add", resource, "create_role", params, needs)
        else:
            self._fixed(resource, live.path, role["path"])
            if self.differs(live.trust, trust):
                params = {"RoleName": name, "PolicyDocument": text(trust)}
                self.add("change", resource, "update_assume_role_policy", params, needs)
        self._holder("role", role, live)
        profiles = live.instance_profiles if live else ()
        if role["instance_profile"] and name not in profiles:
            self.add("change", resource, "create_instance_profile", {"InstanceProfileName": name})
            self.add(
                "change", resource, "add_role_to_instance_profile", {"InstanceProfileName": name, "RoleName": name}
            )
        before = {"trust": live.trust, "instance profile": name in profiles} if live else {}
        after = {"trust": trust, "instance profile": role["instance_profile"] or name in profiles}
        self.show(resource, before | self._held(live), after | self._held_wanted(role))

    def group(self, group: Mapping[str, Any]) -> None:
        name, path, live = group["name"], group["path"], self.live.groups.get(group["name"])
        resource = f"group {name}"
        if live is None:
            self.add("add", resource, "create_group", {"GroupName": name, "Path": path})
        elif live.path != path:
            self.add("change", resource, "update_group", {"GroupName": name, "NewPath": path})
        self._holder("group", group, live)
        before = {"path": live.path} if live else {}
        self.show(resource, before | self._held(live), {"path": path} | self._held_wanted(group))

    @staticmethod
    def _held(live: Group | Role | None) -> dict[str, Any]:
        if live is None:
            return {}
        return {"policies": sorted(live.managed)} | {f"inline {name}": live.inline[name] for name in live.inline}

    def _attached(self, item: Mapping[str, Any]) -> list[str]:
        return [self.moved.get(arn, arn) for arn in item["policies"]]

    def _held_wanted(self, item: Mapping[str, Any]) -> dict[str, Any]:
        inline = {f"inline {name}": document for name, document in item["inline"].items()}
        return {"policies": sorted(set(self._attached(item)))} | inline

    def _holder(self, kind: str, item: Mapping[str, Any], live: Group | Role | None) -> None:
        """Attached and inline policies exactly as declared: what is new first, unless it only fits after what goes."""
        resource, who = f"{kind} {item['name']}", {f"{kind.capitalize()}Name": item["name"]}
        had, held = (set(live.managed), live.inline) if live else (set(), {})
        want, inline = self._attached(item), item["inline"]
        verb = "change" if live else "add"
        new = [
            (f"attach_{kind}_policy", {"PolicyArn": a}, self.own.get(a)) for a in dict.fromkeys(want) if a not in had
        ]
        old: list[_Call] = [(f"detach_{kind}_policy", {"PolicyArn": a}, None) for a in sorted(had - set(want))]
        if len(had) + len(new) > ATTACHED:
            new, old = old, new
        sizes = {name: size(document) for name, document in held.items()}
        growth = {name: size(document) - sizes.get(name, 0) for name, document in inline.items()}
        put: list[_Call] = [
            (f"put_{kind}_policy", {"PolicyName": name, "PolicyDocument": text(inline[name])}, None)
            for name in sorted(inline, key=lambda name: growth[name])
            if name not in held or self.differs(held[name], inline[name])
        ]
        drop: list[_Call] = [
            (f"delete_{kind}_policy", {"PolicyName": name}, None) for name in sorted(set(held) - set(inline))
        ]
        most = sum(sizes.values()) + sum(max(0, more) for more in growth.values())
        if most > INLINE_SIZE[kind]:
            put, drop = drop, put
        for method, params, need in [*new, *put, *old, *drop]:
            self.add(verb, resource, method, who | params, [need] if need else [])

    def members(self, joins: list[tuple[str, str]], leaves: list[tuple[str, str]]) -> None:
        """Whoever leaves a group that everybody is in (its policies deny) leaves it last, and joins it first."""
        everyone = {group["name"] for group in self.wanted["groups"] if group["everyone"]}
        gone: dict[str, list[str]] = {}
        come: dict[str, list[str]] = {}
        for user, group in leaves:
            gone.setdefault(user, []).append(group)
        for user, group in joins:
            come.setdefault(user, []).append(group)
        for user, group in sorted(leaves, key=lambda pair: (pair[1] in everyone, pair)):
            needs = (
                [membership(user, other) for other in gone[user] if other not in everyone] if group in everyone else []
            )
            params = {"GroupName": group, "UserName": user}
            self.add("remove", membership(user, group), "remove_user_from_group", params, needs)
        for user, group in sorted(joins, key=lambda pair: (pair[1] not in everyone, pair)):
            needs = [f"user {user}", f"group {group}"]
            if group not in everyone:
                needs += [membership(user, other) for other in come[user] if other in everyone]
            live = self.live.users.get(user)
            if live and len(live.groups) + len(come[user]) > GROUPS_OF_A_USER:
                needs += [membership(user, other) for other in gone.get(user, [])]
            params = {"GroupName": group, "UserName": user}
            self.add("add", membership(user, group), "add_user_to_group", params, needs)
