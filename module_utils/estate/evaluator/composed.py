"""Accounts as they were read, put together: who is who, what each holds, and what hangs on what.

lives is {account's name: what dm_access_info reads}; `buckets` may be missing where they were not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.evaluator.document import Statements, read
from ansible.module_utils.estate.evaluator.request import Principal, Source

Lives = Mapping[str, Mapping[str, Any]]

# What AWS keeps itself: services' roles are nobody's way in; Identity Center's are people.
SERVICE_ROLES = "/aws-service-role/"
IDENTITY_CENTER = "/aws-reserved/sso.amazonaws.com/"


def handed(lives: Mapping[str, Any]) -> dict[str, Any]:
    """Lives as dm_access_info hands them on, which is as text."""
    return {name: json.loads(live) if isinstance(live, str) else live for name, live in lives.items()}


def attached(holders: Iterable[Mapping[str, Any]]) -> set[str]:
    """ARNs of all policies that users, groups or roles hold, or are bounded by."""
    return {arn for item in holders for arn in (*item["managed"], item.get("boundary")) if arn}


class Reader:
    """Reads each document once, also for a second state of the same accounts."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[Any, Statements]] = {}

    def __call__(self, document: Any) -> Statements:
        if id(document) not in self._read:
            self._read[id(document)] = document, read(document)
        return self._read[id(document)][1]


class Account:
    """One account, with its policies read once."""

    def __init__(self, name: str, live: Mapping[str, Any], reader: Reader) -> None:
        self.name, self.id = name, str(live["account_id"])
        self.live, self._reader = live, reader
        self._documents = live["policies"]
        self._held: dict[tuple[str, str], list[Source]] = {}
        self.users = {user["name"]: user for user in live["users"]}
        self.groups = {group["name"]: group for group in live["groups"]}
        self.roles = {role["name"]: role for role in live["roles"] if not role["path"].startswith(SERVICE_ROLES)}
        self.holders = {"user": self.users, "group": self.groups, "role": self.roles}
        self.members: dict[str, list[str]] = {group: [] for group in self.groups}
        for user in self.users.values():
            for group in user["groups"]:
                self.members.setdefault(group, []).append(user["name"])

    def policy(self, arn: str) -> Statements:
        if arn not in self._documents:
            raise Refusal(f"policy {arn} of {self.name} was not read; read every account again")
        return self._reader(self._documents[arn])

    def held(self, kind: str, item: Mapping[str, Any]) -> list[Source]:
        """The policies of a user, group or role itself."""
        key = kind, item["name"]
        if key not in self._held:
            holder = f"{kind} {item['name']}"
            managed = [Source(holder, arn.rsplit("/", 1)[-1], self.policy(arn)) for arn in item["managed"]]
            inline = [Source(holder, name, self._reader(document)) for name, document in item["inline"].items()]
            self._held[key] = managed + inline
        return self._held[key]

    def principal(self, kind: str, item: Mapping[str, Any]) -> Principal:
        groups = [self.groups[group] for group in item.get("groups", ()) if group in self.groups]
        sources = [*self.held(kind, item), *(one for group in groups for one in self.held("group", group))]
        boundary = self.policy(item["boundary"]) if item.get("boundary") else None
        return Principal(item["arn"], self.id, tuple(sources), boundary, item.get("tags") or {})


class Who(NamedTuple):
    """A user or role of ours."""

    kind: str
    account: Account
    item: Mapping[str, Any]
    principal: Principal

    @property
    def name(self) -> str:
        return self.item["name"]

    @property
    def role(self) -> str:
        """As the vars write a role: production:developers."""
        return f"{self.account.name}:{self.item['name']}"

    @property
    def of_identity_center(self) -> bool:
        return self.kind == "role" and self.item["path"].startswith(IDENTITY_CENTER)


class Bucket(NamedTuple):
    account: Account
    name: str
    policy: Statements | None
    blocked: bool | None  # whether a public policy is ignored (RestrictPublicBuckets); None where that was not read


class Estate:
    def __init__(self, lives: Lives, reader: Reader | None = None, now: str = "") -> None:
        """now is ISO 8601 with a zone, where what has ended counts for nothing; else any time is looked at."""
        reader, self.now = reader or Reader(), now
        self.accounts = [Account(name, live, reader) for name, live in lives.items()]
        self.by_id = {account.id: account for account in self.accounts}
        self.who = {
            item["arn"]: Who(kind, account, item, account.principal(kind, item))
            for account in self.accounts
            for kind in ("user", "role")
            for item in account.holders[kind].values()
        }
        self.roles = {arn: who for arn, who in self.who.items() if who.kind == "role"}
        self.trusts = {arn: reader(who.item["trust"]) for arn, who in self.roles.items()}
        self.buckets = {
            name: Bucket(account, name, reader(live["policy"]) if live.get("policy") else None, live.get("restricted"))
            for account in self.accounts
            for name, live in (account.live.get("buckets") or {}).items()
        }
