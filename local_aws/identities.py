"""What the identity policies of a caller say: inline and attached, a user's groups' too, within the boundary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.iam.models import iam_backends

from local_aws.callers import Caller
from local_aws.policies import Context, decide, parsed


def _documents(holder: Any) -> Iterator[Any]:
    yield from holder.policies.values()
    for policy in list(holder.managed_policies.values()):
        yield next(version.document for version in policy.versions if version.is_default)


def _holders(caller: Caller) -> list[Any]:
    iam = iam_backends[caller.account]["aws"]
    if caller.kind == "role":
        return [role for role in list(iam.roles.values()) if role.arn == caller.identity]
    user = iam.users.get(caller.name)
    return [user, *iam.get_groups_for_user(caller.name)] if user else []


def judge(caller: Caller, action: str, resource: str, context: Context) -> str:
    """ "Deny", "Allow" or ""; the bootstrap principals and root are allowed what nothing denies."""
    if caller.kind == "root":
        return "Allow"
    said = {
        decide(parsed(document), None, action, resource, context)
        for holder in _holders(caller)
        for document in _documents(holder)
    }
    if "Deny" in said:
        return "" if caller.bootstrap else "Deny"
    return "Allow" if "Allow" in said or caller.bootstrap else ""
