"""The policies that a caller holds: inline and attached, those of a user's groups, the boundary, the session's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.iam.models import iam_backends

from local_aws.callers import Caller
from local_aws.judgement import Document, Held, Verdict, judge
from local_aws.policies import Context, parsed

NOBODYS = Held()


def _documents(holder: Any) -> Iterator[Any]:
    yield from holder.policies.values()
    for policy in list(holder.managed_policies.values()):
        yield default_document(policy)


def default_document(policy: Any) -> str:
    return next(version.document for version in policy.versions if version.is_default)


def holders(caller: Caller) -> list[Any]:
    """The user or role itself, then the user's groups; nobody when it is gone, or another one has its name now."""
    iam = iam_backends[caller.account]["aws"]
    if caller.kind == "role":
        return [role for role in list(iam.roles.values()) if role.arn == caller.identity and role.id == caller.role_id]
    user = iam.users.get(caller.name)
    return [user, *iam.get_groups_for_user(caller.name)] if user else []


def held(caller: Caller) -> Held:
    if caller.kind == "root":
        return Held(everything=True)
    found = holders(caller)
    boundary = boundary_arn(found[0]) if found else ""
    policies = iam_backends[caller.account]["aws"].managed_policies
    # A boundary that was deleted allows nothing.
    limit = parsed(default_document(policies[boundary])) if boundary in policies else {} if boundary else None
    return Held(
        [parsed(document) for holder in found for document in _documents(holder)],
        limit,
        None if caller.session_policies is None else [parsed(document) for document in caller.session_policies],
        caller.bootstrap,
    )


def decided(caller: Caller, action: str, resource: str, told: Context, policy: Document, owner: str) -> Verdict:
    """By the policy of a resource that lets nobody in without it, such as a key or a role; owner is its account."""
    return judge(
        caller.principal, held(caller), action, resource, told, policy=policy, same_account=caller.account == owner,
        policy_decides=True,
    )  # fmt: skip


def role_of(arn: str) -> Any:
    """The role with that ARN, of whichever account; None where there is none."""
    account = arn.split(":")[4] if arn.count(":") == 5 else ""
    roles = list(iam_backends[account]["aws"].roles.values()) if account in iam_backends else []
    return next((role for role in roles if role.arn == arn), None)


def boundary_arn(holder: Any) -> str:
    return (getattr(holder, "permissions_boundary", None) or {}).get("PermissionsBoundaryArn", "")


def tags_of(holder: Any) -> dict[str, str]:
    """moto keeps a user's tags beside them, and a role's in a list."""
    if holder is None:
        return {}
    known = getattr(holder, "tags", None)
    if not isinstance(known, list):
        tagger = iam_backends[holder.account_id]["aws"].tagger
        return tagger.get_tag_dict_for_resource(holder.arn)
    return {tag["Key"]: tag["Value"] for tag in known}
