"""AWS's own managed policies, made when they are first asked for, and found by their ARN.

moto parses all 1,400 of them again for every account at every reset, and copies the whole list to attach one.
Attaching twice is no error and counts once:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
"""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.iam import models
from moto.iam.exceptions import NoSuchEntity
from moto.iam.models import AWSManagedPolicy, IAMBackend

from local_aws.replacing import replaces


@functools.cache
def documents() -> dict[str, tuple[str, dict[str, Any]]]:
    """ARN → (name, data) of every policy AWS manages."""
    known = json.loads(models.aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{data['Path']}{name}": (name, data) for name, data in known.items()}


class Policies(dict):
    """An account's managed policies by ARN; AWS's are there without having been made."""

    def __init__(self, account_id: str, region: str) -> None:
        super().__init__()
        self._owner = account_id, region

    def __missing__(self, arn: str) -> Any:
        if not arn.startswith("arn:aws:iam::aws:policy/") or arn not in documents():
            raise KeyError(arn)
        name, data = documents()[arn]
        self[arn] = AWSManagedPolicy.from_data(name, *self._owner, data)
        return self[arn]

    def __contains__(self, arn: object) -> bool:
        return super().__contains__(arn) or (
            isinstance(arn, str) and arn.startswith("arn:aws:iam::aws:policy/") and arn in documents()
        )

    def all(self) -> list[Any]:
        for arn in documents():
            self[arn]
        return list(self.values())

    def own(self) -> list[Any]:
        return [policy for arn, policy in self.items() if not arn.startswith("arn:aws:iam::aws:")]


def _policy(backend: IAMBackend, arn: str) -> Any:
    try:
        return backend.managed_policies[arn]
    except KeyError:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.") from None


def _attacher(kind: str) -> Any:
    def attach(self: IAMBackend, policy_arn: str, *names: str, **named: str) -> None:
        holder = getattr(self, f"get_{kind}")(*names, *named.values())
        policy = _policy(self, policy_arn)
        if policy_arn not in holder.managed_policies:
            policy.attach_to(holder)

    return attach


def _detacher(kind: str) -> Any:
    def detach(self: IAMBackend, policy_arn: str, *names: str, **named: str) -> None:
        holder = getattr(self, f"get_{kind}")(*names, *named.values())
        if policy_arn not in holder.managed_policies:
            raise NoSuchEntity(f"Policy {policy_arn} was not found.")
        _policy(self, policy_arn).detach_from(holder)

    return detach


@replaces(IAMBackend)
def list_policies(
    self: IAMBackend, marker: str | None, max_items: int, only_attached: bool, path_prefix: str, scope: str
) -> tuple[list[Any], str | None]:
    own, all_of_them = self.managed_policies.own, self.managed_policies.all
    found = (
        own() if scope == "Local" else [p for p in all_of_them() if scope != "AWS" or isinstance(p, AWSManagedPolicy)]
    )
    if only_attached:
        found = [policy for policy in found if policy.attachment_count]
    return self._filter_attached_policies(found, marker, max_items, path_prefix)


@replaces(IAMBackend)
def _init_aws_policies(_: IAMBackend) -> list[Any]:
    return []


@replaces(IAMBackend)
def _init_managed_policies(self: IAMBackend) -> Policies:
    return Policies(self.account_id, self.region_name)


for _kind in ("user", "group", "role"):
    replaces(IAMBackend, f"attach_{_kind}_policy")(_attacher(_kind))
    replaces(IAMBackend, f"detach_{_kind}_policy")(_detacher(_kind))
