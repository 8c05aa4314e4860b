"""One account's users, groups, roles and policies, worked out of the access matrix and the lists of people. Pure.

The matrix is what the filter access_desired takes; its documentation says what follows from it, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.access.ends import NAME, UNKNOWN, ends, room
from ansible.module_utils.estate.access.vars import GROUP, ROLE
from ansible.module_utils.estate.errors import Refusal, nearest
from ansible.module_utils.estate.people import Lists

GRANT = "assume-roles"  # name of the inline policy that holds a group's or role's side of its grants
_OF_AWS = "arn:aws:iam::aws:"
_KINDS: dict[str, tuple[Any, str]] = {
    "string": (str, "text"),
    "object": (Mapping, "a mapping"),
    "array": (list | tuple, "a list"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a number"),
}


def _allowed(name: str, names: Iterable[str]) -> str:
    names = list(names)
    return nearest(name, names) or f"; allowed are {', '.join(names)}"


class Matrix:
    """The declaration, read by whoever asks about one account. Raises Refusal where any of it is wrong."""

    def __init__(self, matrix: Mapping[str, Any]) -> None:
        self.main: str = matrix["main"]
        self.accounts: Mapping[str, Mapping[str, str]] = matrix["accounts"]
        self.groups: Mapping[str, Mapping[str, Any]] = matrix["groups"]
        self.roles: Mapping[str, Mapping[str, Mapping[str, Any]]] = matrix["roles"]
        self.policies: Mapping[str, Mapping[str, Any]] = matrix["policies"]
        if self.main not in self.accounts:
            raise Refusal(f"access_main_account is {self.main!r}{_allowed(str(self.main), self.accounts)}")
        for name, group in self.groups.items():
            _check(f"access_groups.{name}", group, GROUP)
        for name, role in self.roles.items():
            _check(f"access_roles.{name}", role, {account: {"type": "object"} for account in self.accounts})
            for account, entry in role.items():
                _check(f"access_roles.{name}.{account}", entry, ROLE)
        # (kind, holder, its account) by (account, role): who may assume what, said once and read from either end.
        self.grants: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for where, holder, entry in self.holders():
            for account, roles in entry.get("assume", {}).items():
                for role in self._granted(where, account, roles):
                    self.grants.setdefault((account, role), []).append(holder)
        for name, role in self.roles.items():
            for account, entry in role.items():
                self.trust(account, name, entry)  # wrong in any account is wrong for each
        held = set()
        for where, (*_, account), entry in self.holders():
            self.attached(where, account, entry)
            self.boundary(where, account, entry)
            held |= {*entry.get("policies", []), entry.get("boundary")}
        for name in self.policies:
            if name not in held:
                raise Refusal(
                    f"access_policies.{name} is attached to nothing: name it under policies of a group or role"
                )

    def holders(self) -> Iterable[tuple[str, tuple[str, str, str], Mapping[str, Any]]]:
        for name, group in self.groups.items():
            yield f"access_groups.{name}", ("group", name, self.main), group
        for name, role in self.roles.items():
            for account, entry in role.items():
                yield f"access_roles.{name}.{account}", ("role", name, account), entry

    def _granted(self, where: str, account: str, roles: Any) -> list[str]:
        if account not in self.accounts:
            raise Refusal(f"{where}.assume has no account {account!r}{_allowed(account, self.accounts)}")
        if not isinstance(roles, list | tuple):
            raise Refusal(f"{where}.assume.{account} must be a list of roles, such as [admins]{_got(roles)}")
        there = [name for name, entry in self.roles.items() if account in entry]
        for role in roles:
            if role not in there:
                hint = _allowed(str(role), there)
                raise Refusal(f"{where}.assume.{account} names role {role!r}, which is not there{hint}")
        return list(roles)

    def arn(self, kind: str, account: str, name: str, entry: Mapping[str, Any]) -> str:
        return f"arn:aws:iam::{self.accounts[account]['id']}:{kind}{entry.get('path', '/')}{name}"

    def grant(self, assume: Mapping[str, list[str]]) -> dict[str, Any]:
        """The holder's side: {} where there is nothing to assume."""
        given = ((account, role) for account, roles in assume.items() for role in roles)
        arns = sorted(self.arn("role", account, role, self.roles[role][account]) for account, role in given)
        if not arns:
            return {}
        statement = {"Sid": "AssumeRoles", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns}
        return {GRANT: {"Version": "2012-10-17", "Statement": [statement]}}

    def trust(self, account: str, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The role's side. A group is no principal: people come in by their account, MFA and their group's grant."""
        holders = self.grants.get((account, name), [])
        if "trust" in entry:
            if holders:
                raise Refusal(
                    f"access_roles.{name}.{account} has a trust of its own, but {holders[0][0]} {holders[0][1]} "
                    "may assume it: take one of the two out"
                )
            return dict(entry["trust"])
        statements: list[dict[str, Any]] = []
        if any(kind == "group" for kind, *_ in holders):
            root = f"arn:aws:iam::{self.accounts[self.main]['id']}:root"
            mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
            statements.append({"Sid": "People", "Principal": {"AWS": [root]}, "Condition": mfa})
        # AWS takes no trust that names a role which is not there. Those of this account and of the main one are made
        # before; any other is let in by its account and told by its ARN, whenever it is made.
        roles = {
            self.arn("role", a, role, self.roles[role][a]): a in (account, self.main)
            for kind, role, a in holders
            if kind == "role"
        }
        if there := sorted(arn for arn, made_before in roles.items() if made_before):
            statements.append({"Sid": "Roles", "Principal": {"AWS": there}})
        if later := sorted(arn for arn, made_before in roles.items() if not made_before):
            accounts = sorted({f"{arn.split(':role/')[0]}:root" for arn in later})
            only = {"ArnEquals": {"aws:PrincipalArn": later}}
            statements.append({"Sid": "RolesMadeLater", "Principal": {"AWS": accounts}, "Condition": only})
        if entry.get("service"):
            statements.append({"Sid": "Service", "Principal": {"Service": [entry["service"]]}})
        if not statements:
            raise Refusal(
                f"access_roles.{name}.{account} can be assumed by nobody: name it under assume of a group, "
                "or take it out"
            )
        common = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [common | statement for statement in statements]}

    def attached(self, where: str, account: str, entry: Mapping[str, Any]) -> list[str]:
        return [self._policy(f"{where}.policies", account, name) for name in entry.get("policies", [])]

    def boundary(self, where: str, account: str, entry: Mapping[str, Any]) -> str:
        return self._policy(f"{where}.boundary", account, entry["boundary"]) if "boundary" in entry else ""

    def _policy(self, where: str, account: str, name: Any) -> str:
        if str(name).startswith("arn:"):
            return str(name)
        if name not in self.policies:
            raise Refusal(f"{where} names {name!r}, which is not there{_allowed(str(name), self.policies)}")
        return self.arn("policy", account, name, {})

    def inline(self, where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        declared = entry.get("inline", {})
        if GRANT in declared and entry.get("assume"):
            raise Refusal(f"{where}.inline has {GRANT!r}, which is written from assume; take another name")
        return {**declared, **self.grant(entry.get("assume", {}))}


def _check(where: str, entry: Any, allowed: Mapping[str, Mapping[str, Any]]) -> None:
    """A wrong name, or a value of the wrong kind, is told with its place and what is allowed: by the vars' schema."""
    if not isinstance(entry, Mapping):
        raise Refusal(f"{where} must be a mapping{_got(entry)}")
    for key, value in entry.items():
        if key not in allowed:
            raise Refusal(f"{where} has no {key!r}{_allowed(str(key), sorted(allowed))}")
        kind, said = _KINDS[allowed[key]["type"]]
        if not isinstance(value, kind):
            raise Refusal(f"{where}.{key} must be {said}{_got(value)}")


def _got(value: Any) -> str:
    if value is None:
        return ", and nothing is written there"
    return f", got {next((said for kind, said in _KINDS.values() if isinstance(value, kind)), type(value).__name__)}"


def ending(matrix: Matrix, groups: list[dict[str, Any]], lists: Lists) -> list[str]:
    """Put last days into the policies of the first group of everybody; notes on those that are kept by runs alone."""
    everyone = next((group for group in groups if group["everyone"]), None)

    def says(arn: str) -> Mapping[str, Any]:
        return UNKNOWN if arn.startswith(_OF_AWS) else matrix.policies.get(arn.rsplit("/", 1)[1], UNKNOWN)

    given = {group["name"]: [*group["inline"].values(), *map(says, group["policies"])] for group in groups}
    document, notes = ends(lists, given, room(everyone["inline"]) if everyone else 0)
    if document and everyone:
        everyone["inline"] = {**everyone["inline"], NAME: document}
    return notes


def desired(matrix: Mapping[str, Any], account: str, lists: Lists | None = None) -> dict[str, Any]:
    """{"groups", "roles", "policies", "known_roles", "notes"} as dm_access takes them; lists in the main account only.

    Raises Refusal; KeyError for a part of the matrix that is missing.
    """
    read = Matrix(matrix)
    if account not in read.accounts:
        raise Refusal(f"there is no account {account!r}{_allowed(account, read.accounts)}")
    groups, roles, used = [], [], set()
    for where, (kind, name, _), entry in (one for one in read.holders() if one[1][2] == account):
        used |= {*entry.get("policies", []), entry.get("boundary")}
        held = {
            "name": name,
            "path": entry.get("path", "/"),
            "policies": read.attached(where, account, entry),
            "inline": read.inline(where, entry),
        }
        if kind == "group":
            given = [f"{there}:{role}" for there, names in entry.get("assume", {}).items() for role in names]
            held["grants"] = given + ([entry["about"]] if entry.get("about") else [])
            groups.append(held | {flag: entry.get(flag, False) for flag in ("everyone", "protected")})
        else:
            held |= {
                "trust": read.trust(account, name, entry),
                "instance_profile": entry.get("instance_profile", False),
                "boundary": read.boundary(where, account, entry),
                "max_session": entry.get("max_session"),
                "tags": {str(key): str(value) for key, value in entry.get("tags", {}).items()},
            }
            roles.append(held)
    policies = [
        {"name": name, "path": "/", "document": document} for name, document in read.policies.items() if name in used
    ]
    known = [one for one in matrix.get("known", []) if account in one["accounts"]]
    notes = ending(read, groups, lists) if lists else []
    return {"groups": groups, "roles": roles, "policies": policies, "known_roles": known, "notes": notes}
