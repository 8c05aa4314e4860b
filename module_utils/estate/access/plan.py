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
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.access.check import ATTACHED, GROUPS_OF_A_USER, INLINE_SIZE, size
from ansible.module_utils.estate.access.read import Account, Group, Live, Policy, Role
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Plan, Unmanaged
from ansible.module_utils.estate.policy import same_policy, written

PURPOSE = "access"
VERSIONS = 5  # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
# Roles that AWS makes and keeps itself are no business of a declaration.
_AWS_OWN = re.compile(r"/aws-(service-role|reserved)/")

_Call = tuple[str, dict[str, Any], str | None]  # method, its parameters, and the policy that it needs


def membership(user: str, group: str) -> str:
    """The resource of an action on a membership."""
    return f"{user} in {group}"


def plan(wanted: Mapping[str, Any], account: Account, notes: Iterable[str] = ()) -> Plan:
    """What turns what is live into what is wanted."""
    made, live = _Plan(wanted, account.live), account.live
    made.account(account.alias, account.password_policy)
    made.users()
    for policy in wanted["policies"]:
        made.policy(policy)
    for role in wanted["roles"]:
        made.role(role)
    for group in wanted["groups"]:
        made.group(group)
    joins, leaves = changes(wanted, live)
    made.members(joins, leaves)
    people = tell(wanted, live, joins, leaves)
    diff = [_shown("people", "\n".join(people) + "\n")] if people else []
    return Plan(
        PURPOSE,
        wanted["account"],
        made.actions,
        diff + made.diff,
        [*made.notes, *notes],
        unmanaged(wanted, live),
        effects=people,
    )


def changes(wanted: Mapping[str, Any], live: Live) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(user, group) pairs to add and to remove, over the groups that wanted["members"] names.

    Nobody leaves a group of everybody by a list: its policies deny, so that whoever is out of it may do more.
    """
    members, everyone = wanted["members"], everybodys(wanted)
    have = {(user.name, group) for user in live.users.values() for group in user.groups if group in members}
    want = {(user, group) for group, users in members.items() for user in users}
    return sorted(want - have), sorted(pair for pair in have - want if pair[1] not in everyone)


def everybodys(wanted: Mapping[str, Any]) -> set[str]:
    """The groups of everybody."""
    return {group["name"] for group in wanted["groups"] if group["everyone"]}


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


def unmanaged(wanted: Mapping[str, Any], live: Live) -> list[Unmanaged]:
    """What is live but not declared, each with the YAML that would declare it as it is."""
    found: list[Unmanaged] = []
    declared = {
        plural: {item["name"] for item in wanted[plural]} for plural in ("users", "groups", "roles", "policies")
    }

    def report(kind: str, name: str, *adopt: str) -> None:
        found.append(Unmanaged(f"{kind} {name}", "\n".join(adopt)))

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


def _shown(header: str, after: str) -> dict[str, Any]:
    return {"before_header": header, "after_header": header, "before": "", "after": after}


class _Plan:
    """Collects the actions; each method adds those of one resource."""

    def __init__(self, wanted: Mapping[str, Any], live: Live) -> None:
        self.wanted, self.live = wanted, live
        self.actions: list[Action] = []
        self.diff: list[dict[str, Any]] = []
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

    def show(self, header: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
        """A diff of what differs; policies that say the same in other words do not."""
        had = before or {}
        old = {key: value for key, value in had.items() if key not in after or self._unlike(value, after[key])}
        new = {key: value for key, value in after.items() if key in old or key not in had}
        self.diff += diff_of(header, before and old, new)

    def _unlike(self, one: Any, other: Any) -> bool:
        return not same_policy(one, other) if isinstance(one, dict) and isinstance(other, dict) else one != other

    def account(self, alias: str | None, password_policy: Mapping[str, Any]) -> None:
        if self.wanted["alias"] is not None and self.wanted["alias"] != alias:
            name = self.wanted["alias"]
            self.add("change" if alias else "add", "account alias", "create_account_alias", {"AccountAlias": name})
            self.diff += diff_of("account alias", {"alias": alias} if alias else None, {"alias": name})
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
                self.show(f"user {name}", None, {"path": path})
            elif live.path != path:
                self.add("change", f"user {name}", "update_user", {"UserName": name, "NewPath": path})
                self.show(f"user {name}", {"path": live.path}, {"path": path})

    def policy(self, policy: Mapping[str, Any]) -> None:
        name, live = policy["name"], self.live.policies.get(policy["name"])
        resource, document = f"policy {name}", policy["document"]
        if live is None:
            params = {"PolicyName": name, "Path": policy["path"], "PolicyDocument": written(document)}
            self.add("add", resource, "create_policy", params)
            self.show(resource, None, {"document": document})
            return
        self._fixed(resource, live.path, policy["path"])
        if same_policy(live.document, document):
            return
        self.show(resource, {"document": live.document}, {"document": document})
        arn = {"PolicyArn": live.arn}
        same = next((version for version in live.versions if same_policy(version.document, document)), None)
        if same:
            self.add("change", resource, "set_default_policy_version", {**arn, "VersionId": same.id})
            return
        for version in self._surplus(live):
            self.add("change", resource, "delete_policy_version", {**arn, "VersionId": version})
        params = {**arn, "PolicyDocument": written(document), "SetAsDefault": True}
        self.add("change", resource, "create_policy_version", params)

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
        trusted = (self.principals.get(arn) for arn in re.findall(r'"(arn:[^"]+)"', written(trust)))
        needs = [principal for principal in trusted if principal and principal != resource]
        if live is None:
            params = {"RoleName": name, "Path": role["path"], "AssumeRolePolicyDocument": written(trust)}
            self.add("add", resource, "create_role", params, needs)
        else:
            self._fixed(resource, live.path, role["path"])
            if not same_policy(live.trust, trust):
                params = {"RoleName": name, "PolicyDocument": written(trust)}
                self.add("change", resource, "update_assume_role_policy", params, needs)
        self._holder("role", role, live)
        profiles = live.instance_profiles if live else ()
        if role["instance_profile"] and name not in profiles:
            self.add("change", resource, "create_instance_profile", {"InstanceProfileName": name})
            self.add(
                "change", resource, "add_role_to_instance_profile", {"InstanceProfileName": name, "RoleName": name}
            )
        before = {"trust": live.trust, "instance profile": name in profiles, **self._held(live)} if live else None
        after = {"trust": trust, "instance profile": role["instance_profile"] or name in profiles}
        self.show(resource, before, after | self._held_wanted(role))

    def group(self, group: Mapping[str, Any]) -> None:
        name, path, live = group["name"], group["path"], self.live.groups.get(group["name"])
        resource = f"group {name}"
        if live is None:
            self.add("add", resource, "create_group", {"GroupName": name, "Path": path})
        elif live.path != path:
            self.add("change", resource, "update_group", {"GroupName": name, "NewPath": path})
        self._holder("group", group, live)
        before = {"path": live.path, **self._held(live)} if live else None
        self.show(resource, before, {"path": path} | self._held_wanted(group))

    @staticmethod
    def _held(live: Group | Role) -> dict[str, Any]:
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
            (f"put_{kind}_policy", {"PolicyName": name, "PolicyDocument": written(inline[name])}, None)
            for name in sorted(inline, key=lambda name: growth[name])
            if name not in held or not same_policy(held[name], inline[name])
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
        """Whoever joins a group that everybody is in (its policies deny) joins it first."""
        everyone = everybodys(self.wanted)
        gone: dict[str, list[str]] = {}
        come: dict[str, list[str]] = {}
        for user, group in leaves:
            gone.setdefault(user, []).append(group)
            params = {"GroupName": group, "UserName": user}
            self.add("remove", membership(user, group), "remove_user_from_group", params)
        for user, group in joins:
            come.setdefault(user, []).append(group)
        for user, group in sorted(joins, key=lambda pair: (pair[1] not in everyone, pair)):
            needs = [f"user {user}", f"group {group}"]
            if group not in everyone:
                needs += [membership(user, other) for other in come[user] if other in everyone]
            live = self.live.users.get(user)
            if live and len(live.groups) + len(come[user]) > GROUPS_OF_A_USER:
                needs += [membership(user, other) for other in gone.get(user, [])]
            params = {"GroupName": group, "UserName": user}
            self.add("add", membership(user, group), "add_user_to_group", params, needs)
        self.notes += [
            f"{user.name} is in {group} and in no list of users: offboard, which alone ends it"
            for user in self.live.users.values()
            for group in user.groups
            if group in everyone and user.name not in self.wanted["members"][group]
        ]
