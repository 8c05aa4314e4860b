from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: access_desired
short_description: Work out one account's groups, roles and policies from the access matrix
description:
  - The matrix says once who may assume which role in which account. From that one entry come the grant on the side of
    the group or role, and the role's trust in its own account, so that neither can exist without the other. Follows
    U(https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_cross-account-with-roles.html).
  - Roles that people assume demand MFA. Policies that an account's groups and roles name are made in that account.
positional: account
options:
  _input:
    description:
      - The matrix. C(main) is the account of all people, C(accounts) is O(dm_accounts), C(groups), C(roles) and
        C(policies) are O(access_groups), O(access_roles) and O(access_policies).
    type: dict
    required: true
  account:
    description: Name of the account.
    type: str
    required: true
"""
EXAMPLES = r"""
- name: Show what production must have
  ansible.builtin.debug:
    msg: "{{ __access_matrix | access_desired('production') }}"
"""
RETURN = r"""
_value:
  description: The options C(groups), C(roles) and C(policies) of M(dm_iam).
  type: dict
"""

GRANT = "assume-roles"  # name of the inline policy that holds a group's or role's side of its grants
_GROUP_KEYS = {"about", "members", "assume", "policies", "inline", "path", "protected", "everyone"}
_ROLE_KEYS = {"about", "assume", "policies", "inline", "path", "service", "instance_profile", "trust"}


def _nearest(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; allowed are {', '.join(names)}"


class _Matrix:
    """The declaration, read by whoever asks about one account."""

    def __init__(self, matrix: Mapping[str, Any]) -> None:
        self.main: str = matrix["main"]
        self.accounts: Mapping[str, Mapping[str, str]] = matrix["accounts"]
        self.groups: Mapping[str, Mapping[str, Any]] = matrix["groups"]
        self.roles: Mapping[str, Mapping[str, Mapping[str, Any]]] = matrix["roles"]
        self.policies: Mapping[str, Mapping[str, Any]] = matrix["policies"]
        if self.main not in self.accounts:
            raise ValueError(f"access_main_account is {self.main!r}{_nearest(self.main, self.accounts)}")
        for name, group in self.groups.items():
            self._keys(f"access_groups.{name}", group, _GROUP_KEYS)
        for name, role in self.roles.items():
            self._keys(f"access_roles.{name}", role, self.accounts)
            for account, entry in role.items():
                self._keys(f"access_roles.{name}.{account}", entry, _ROLE_KEYS)
        # (kind, holder, its account) by (account, role): who may assume what, said once and read from either end.
        self.grants: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for where, holder, assume in self._holders():
            for account, roles in assume.items():
                for role in roles:
                    self._check_grant(f"access_{where[0]}s.{where[1]}", account, role)
                    self.grants.setdefault((account, role), []).append(holder)
        for name, role in self.roles.items():
            for account, entry in role.items():
                self.trust(account, name, entry)  # wrong in any account is wrong for each

    @staticmethod
    def _keys(where: str, entry: Any, allowed: Iterable[str]) -> None:
        if not isinstance(entry, Mapping):
            raise TypeError(f"{where} must be a mapping, got {type(entry).__name__}")
        for key in entry:
            if key not in allowed:
                raise ValueError(f"{where} has no {key!r}{_nearest(str(key), sorted(allowed))}")

    def _holders(self) -> Iterable[tuple[tuple[str, str], tuple[str, str, str], Mapping[str, list[str]]]]:
        for name, group in self.groups.items():
            yield ("group", name), ("group", name, self.main), group.get("assume", {})
        for name, role in self.roles.items():
            for account, entry in role.items():
                yield ("role", f"{name}.{account}"), ("role", name, account), entry.get("assume", {})

    def _check_grant(self, where: str, account: str, role: str) -> None:
        if account not in self.accounts:
            raise ValueError(f"{where}.assume has no account {account!r}{_nearest(account, self.accounts)}")
        there = [name for name, entry in self.roles.items() if account in entry]
        if role not in there:
            raise ValueError(f"{where}.assume.{account} names role {role!r}, which is not there{_nearest(role, there)}")

    def arn(self, kind: str, account: str, name: str, entry: Mapping[str, Any]) -> str:
        return f"arn:aws:iam::{self.accounts[account]['id']}:{kind}{entry.get('path', '/')}{name}"

    def grant(self, assume: Mapping[str, list[str]]) -> dict[str, Any]:
        """The holder's side: {} where there is nothing to assume."""
        arns = [
            self.arn("role", account, role, self.roles[role][account])
            for account, roles in assume.items()
            for role in roles
        ]
        if not arns:
            return {}
        statement = {"Sid": "AssumeRoles", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": sorted(arns)}
        return {GRANT: {"Version": "2012-10-17", "Statement": [statement]}}

    def trust(self, account: str, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The role's side. A group is no principal: people come in by their account, MFA and their group's grant."""
        holders = self.grants.get((account, name), [])
        if "trust" in entry:
            if holders:
                raise ValueError(
                    f"access_roles.{name}.{account} has a trust of its own, but {holders[0][0]} {holders[0][1]} "
                    "may assume it: take one of the two out"
                )
            return entry["trust"]
        statements: list[dict[str, Any]] = []
        if any(kind == "group" for kind, *_ in holders):
            root = f"arn:aws:iam::{self.accounts[self.main]['id']}:root"
            mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
            statements.append({"Sid": "People", "Principal": {"AWS": [root]}, "Condition": mfa})
        roles = [self.arn("role", a, role, self.roles[role][a]) for kind, role, a in holders if kind == "role"]
        if roles:
            statements.append({"Sid": "Roles", "Principal": {"AWS": sorted(roles)}})
        if entry.get("service"):
            statements.append({"Sid": "Service", "Principal": {"Service": [entry["service"]]}})
        if not statements:
            raise ValueError(
                f"access_roles.{name}.{account} can be assumed by nobody: name it under assume of a group, "
                "or take it out"
            )
        common = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [common | statement for statement in statements]}

    def attached(self, where: str, account: str, entry: Mapping[str, Any]) -> list[str]:
        arns = []
        for name in entry.get("policies", []):
            if name.startswith("arn:"):
                arns.append(name)
            elif name in self.policies:
                arns.append(self.arn("policy", account, name, {}))
            else:
                raise ValueError(f"{where}.policies names {name!r}, which is not there{_nearest(name, self.policies)}")
        return arns

    def inline(self, where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        declared = entry.get("inline", {})
        if GRANT in declared:
            raise ValueError(f"{where}.inline has {GRANT!r}, which is written from assume; take another name")
        return {**declared, **self.grant(entry.get("assume", {}))}


def access_desired(matrix: Mapping[str, Any], account: str) -> dict[str, Any]:
    """{"groups", "roles", "policies"} as dm_iam takes them. Raises TypeError, KeyError or ValueError."""
    read = _Matrix(matrix)
    if account not in read.accounts:
        raise ValueError(f"there is no account {account!r}{_nearest(account, read.accounts)}")
    groups, roles, used = [], [], []
    for name, group in read.groups.items() if account == read.main else ():
        where = f"access_groups.{name}"
        given = [f"{there}:{role}" for there, names in group.get("assume", {}).items() for role in names]
        used += group.get("policies", [])
        groups.append(
            {
                "name": name,
                "path": group.get("path", "/"),
                "policies": read.attached(where, account, group),
                "inline": read.inline(where, group),
                "grants": given + ([group["about"]] if group.get("about") else []),
                "everyone": group.get("everyone", False),
                "protected": group.get("protected", False),
            }
        )
    for name, entry in ((name, role[account]) for name, role in read.roles.items() if account in role):
        where = f"access_roles.{name}.{account}"
        used += entry.get("policies", [])
        roles.append(
            {
                "name": name,
                "path": entry.get("path", "/"),
                "trust": read.trust(account, name, entry),
                "policies": read.attached(where, account, entry),
                "inline": read.inline(where, entry),
                "instance_profile": entry.get("instance_profile", False),
            }
        )
    anywhere = [n for g in read.groups.values() for n in g.get("policies", [])]
    anywhere += [n for role in read.roles.values() for entry in role.values() for n in entry.get("policies", [])]
    for name in read.policies:
        if name not in anywhere:
            raise ValueError(
                f"access_policies.{name} is attached to nothing: name it under policies of a group or role"
            )
    policies = [
        {"name": name, "path": "/", "document": document} for name, document in read.policies.items() if name in used
    ]
    return {"groups": groups, "roles": roles, "policies": policies}


def _access_desired_filter(matrix: Mapping[str, Any], account: str) -> dict[str, Any]:
    try:
        return access_desired(matrix, account)
    except KeyError as exc:
        raise AnsibleFilterError(f"access_desired: {exc} is missing (group_vars/all/access.yml).") from None
    except (AttributeError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"access_desired: {exc} (group_vars/all/access.yml).") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_desired": _access_desired_filter}
