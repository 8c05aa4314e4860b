"""Plan of one account's IAM: users, policies, roles, groups and who is in them. No Ansible, no boto3, no I/O.

wanted is what the module dm_access takes; its documentation says what each option is.

What is live and not declared is never changed. What is declared is made exactly so, but for a user's own policies,
keys and devices, and for what IAM fixes at creation. In order of needs: users, policies, roles, groups, members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.access.check import ATTACHED, GROUPS_OF_A_USER, INLINE_SIZE, size
from ansible.module_utils.estate.access.effects import by_user, tell
from ansible.module_utils.estate.access.read import Account, Group, Live, Role
from ansible.module_utils.estate.access.undeclared import beyond, of_their_own, unmanaged
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.policy import same_policy, written

VERSIONS = 5  # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html

_Call = tuple[str, dict[str, Any], str | None]  # method, its parameters, and the policy that it needs


def membership(user: str, group: str) -> str:
    """The resource of an action on a membership."""
    return f"{user} in {group}"


def plan(wanted: Mapping[str, Any], account: Account, notes: Iterable[str] = ()) -> Plan:
    """What turns what is live into what is wanted."""
    made, live = _Plan(wanted, account), account.live
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
    return Plan(
        "access",
        wanted["account"],
        made.actions,
        made.diff,
        [*made.notes, *of_their_own(live), *notes],
        unmanaged(wanted, live),
        effects=people,
        drift=[*made.drift, *beyond(wanted["known_roles"], live)],
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


def arn_of(wanted: Mapping[str, Any], kind: str, item: Mapping[str, Any]) -> str:
    """That of what is declared, where it is declared to be."""
    return f"arn:aws:iam::{wanted['account_id']}:{kind}{item['path']}{item['name']}"


def moved_policies(wanted: Mapping[str, Any], live: Live) -> dict[str, str]:
    """Where declared policies are: each keeps the path it was made with; groups and roles attach it where it is."""
    there = (item for item in wanted["policies"] if item["name"] in live.policies)
    return {arn_of(wanted, "policy", item): live.policies[item["name"]].arn for item in there}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


class _Plan:
    """Collects the actions; each method adds those of one resource."""

    def __init__(self, wanted: Mapping[str, Any], account: Account) -> None:
        self.wanted, self.live, self.sessions = wanted, account.live, account.sessions
        live = account.live
        self.profiles = {profile: role.name for role in live.roles.values() for profile in role.instance_profiles}
        self.actions: list[Action] = []
        self.diff: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.drift: list[str] = []
        self.names: dict[str, str] = {}  # of a user in ten groups everything says the same names: one string each
        self.moved = moved_policies(wanted, live)
        declared = {arn_of(wanted, "policy", item): f"policy {item['name']}" for item in wanted["policies"]}
        self.own = {self.moved.get(arn, arn): resource for arn, resource in declared.items()}
        self.principals = {
            arn_of(wanted, kind, item): f"{kind} {item['name']}"
            for kind, items in (("user", wanted["users"]), ("role", wanted["roles"]))
            for item in items
        }

    def add(self, verb: str, resource: str, method: str, params: dict[str, Any], needs: Iterable[str] = ()) -> None:
        resource, method, *needs = (self.names.setdefault(name, name) for name in (resource, f"iam.{method}", *needs))
        self.actions.append(Action(verb, resource, method, params, needs=tuple(needs)))

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
        said = self.wanted["password_policy"] or {}
        declared = {name: one for name, one in said.items() if one is not None}  # a module's options are all there
        if any(password_policy.get(key) != value for key, value in declared.items()):
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
        idle = [version.id for version in live.versions if not version.default]
        # The oldest that are not in force make room for one.
        for version in idle[: max(0, len(live.versions) - VERSIONS + 1)]:
            self.add("change", resource, "delete_policy_version", {**arn, "VersionId": version})
        params = {**arn, "PolicyDocument": written(document), "SetAsDefault": True}
        self.add("change", resource, "create_policy_version", params)

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
        wanted = role["boundary"] and self.moved.get(role["boundary"], role["boundary"])
        own = [self.own[wanted]] if wanted in self.own else []
        if live is None:
            params = {"RoleName": name, "Path": role["path"], "AssumeRolePolicyDocument": written(trust)}
            more = {
                "PermissionsBoundary": wanted,
                "MaxSessionDuration": role["max_session"],
                "Tags": _tags(role["tags"]),
            }
            self.add("add", resource, "create_role", params | {k: v for k, v in more.items() if v}, [*needs, *own])
        else:
            self._fixed(resource, live.path, role["path"])
            self._bounds(resource, role, live, wanted, own)
            if not same_policy(live.trust, trust):
                params = {"RoleName": name, "PolicyDocument": written(trust)}
                self.add("change", resource, "update_assume_role_policy", params, needs)
        self._holder("role", role, live)
        self._profile(resource, role)
        self.show(resource, *self._sides(role, live, wanted))

    def _bounds(self, resource: str, role: Mapping[str, Any], live: Role, boundary: str, own: list[str]) -> None:
        """What limits the role, and what it is tagged with. A boundary that nobody declared only takes: it stays."""
        who = {"RoleName": role["name"]}
        if boundary and boundary != live.boundary:
            params = {**who, "PermissionsBoundary": boundary}
            self.add("change", resource, "put_role_permissions_boundary", params, own)
        elif live.boundary and not boundary:
            self.drift.append(
                f"{resource} has the permissions boundary {live.boundary}, which is not declared: "
                "declare it as boundary, or take it off by hand"
            )
        if role["max_session"] and self.sessions.get(role["name"]) != role["max_session"]:
            self.add("change", resource, "update_role", {**who, "MaxSessionDuration": role["max_session"]})
        missing = {key: value for key, value in role["tags"].items() if live.tags.get(key) != value}
        if missing:
            self.add("change", resource, "tag_role", {**who, "Tags": _tags(missing)})

    def _profile(self, resource: str, role: Mapping[str, Any]) -> None:
        """A profile holds one role: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html"""
        name, holds = role["name"], self.profiles.get(role["name"])
        profile = {"InstanceProfileName": name}
        if not role["instance_profile"] or holds == name:
            return
        if holds:
            params = {**profile, "RoleName": holds}
            self.add("change", resource, "remove_role_from_instance_profile", params)
        else:
            self.add("change", resource, "create_instance_profile", profile)
        self.add("change", resource, "add_role_to_instance_profile", {**profile, "RoleName": name})

    def _sides(
        self, role: Mapping[str, Any], live: Role | None, boundary: str
    ) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """A role before and after, as a diff shows it."""
        name = role["name"]
        more = {
            "instance profile": role["instance_profile"] and name,
            "boundary": boundary,
            "longest session": role["max_session"],
            "tags": role["tags"] and {**(live.tags if live else {}), **role["tags"]},
        }
        after = {"trust": role["trust"], **self._held_wanted(role), **{key: one for key, one in more.items() if one}}
        if live is None:
            return None, after
        before = {"trust": live.trust, **self._held(live), "instance profile": self.profiles.get(name)}
        before |= {"boundary": live.boundary, "longest session": self.sessions.get(name), "tags": live.tags}
        return {key: value for key, value in before.items() if key in after or key.startswith("inline ")}, after

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
        gone, come = by_user(leaves), by_user(joins)
        for user, group in leaves:
            params = {"GroupName": group, "UserName": user}
            self.add("remove", membership(user, group), "remove_user_from_group", params)
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
