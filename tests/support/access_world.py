"""Accounts as dm_access_info reads them, in few words; for tests of the access review."""

from __future__ import annotations

from typing import Any

IDS = {"main": "111111111111", "development": "222222222222", "production": "333333333333", "backups": "444444444444"}
NOW = "2026-11-23T12:00:00+00:00"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def allow(resource: Any, action: Any = "sts:AssumeRole", effect: str = "Allow", **more: Any) -> dict:
    """A policy of one statement."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}],
    }


def trust(*principals: str, kind: str = "AWS", **more: Any) -> dict:
    statement = {"Effect": "Allow", "Principal": {kind: list(principals)}, "Action": "sts:AssumeRole", **more}
    return {"Version": "2012-10-17", "Statement": [statement] if principals else []}


def root(account: str) -> str:
    return f"arn:aws:iam::{IDS[account]}:root"


def arn(account: str, role: str, kind: str = "role") -> str:
    return f"arn:aws:iam::{IDS[account]}:{kind}/{role}"


def holder(account: str, kind: str, name: str, **more: Any) -> dict:
    made = {"name": name, "path": "/", "arn": arn(account, name, kind), "managed": [], "inline": {}}
    return made | ({} if kind == "group" else {"boundary": "", "tags": {}}) | more


def controls(**more: Any) -> dict[str, Any]:
    """What keeps a bucket, as it is read."""
    gone = {"itself": 0, "replaced": 0, "tagged": 0}
    made = {"versioned": True, "mfa_delete": False, "lock": "", "days": 0, "keys": [], "replicas": {}, "gone": gone}
    return {**made, **more}


class World:
    """Four accounts; .lives() is what the filters take."""

    def __init__(self) -> None:
        self.accounts: dict[str, dict[str, Any]] = {
            name: {
                "account_id": id_,
                "users": [],
                "groups": [],
                "roles": [],
                "policies": {},
                "credentials": {
                    "generated": NOW,
                    "root": {"keys": False, "mfa": True, "password_last_used": ""},
                    "users": {},
                },
            }
            for name, id_ in IDS.items()
        }

    def user(self, name: str, *groups: str, account: str = "main", **more: Any) -> dict:
        made = holder(account, "user", name, groups=list(groups), **more)
        self.accounts[account]["users"].append(made)
        row = {"created": NOW, "password": True, "password_last_used": "", "mfa": True, "keys": []}
        self.accounts[account]["credentials"]["users"][name] = row
        return row

    def group(self, name: str, inline: dict | None = None, account: str = "main") -> dict:
        self.accounts[account]["groups"].append(holder(account, "group", name, inline=inline or {}))
        return self.accounts[account]["groups"][-1]

    def role(self, account: str, name: str, trusted: dict, **more: Any) -> dict:
        self.accounts[account]["roles"].append(holder(account, "role", name, trust=trusted, **more))
        return self.accounts[account]["roles"][-1]

    def lives(self) -> dict[str, Any]:
        return self.accounts


def world() -> World:
    """Ada is in Developers, which gives production:developers, with MFA; both sides are there."""
    made = World()
    made.user("ada.example", "Developers")
    made.group("Developers", {"assume-roles": allow(arn("production", "developers"))})
    made.role("production", "developers", trust(root("main"), Condition=MFA))
    return made
