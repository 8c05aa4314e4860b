"""One user as it is. No Ansible; the boto3 client is passed in."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.access.check import INLINE_SIZE, size
from ansible.module_utils.estate.errors import or_none
from ansible.module_utils.estate.person.plan import CALLS, REVOKE, Credential, Person, virtual


def _listed(client: Any, method: str, key: str, **params: str) -> list[Any]:
    paged = client.can_paginate(method)
    pages = client.get_paginator(method).paginate(**params) if paged else [getattr(client, method)(**params)]
    return [item for page in pages for item in page[key]]


def read(client: Any, name: str) -> Person | None:
    """The user and all that hangs on it; None where there is none of that name."""
    user = or_none(lambda: client.get_user(UserName=name)["User"], "NoSuchEntity")
    if user is None:
        return None
    who = {"UserName": user["UserName"]}
    credentials = [
        Credential(kind, item[id_], item["Status"] == "Active", _used(client, item) if kind == "access key" else "")
        for kind, (noun, id_, listed) in CALLS.items()
        for item in _listed(client, f"list_{noun}s", listed, **who)
    ]
    own = sorted(_listed(client, "list_user_policies", "PolicyNames", **who))
    # What would be replaced takes no room from what replaces it.
    taken = [client.get_user_policy(**who, PolicyName=one)["PolicyDocument"] for one in own if one != REVOKE]
    attached = _listed(client, "list_attached_user_policies", "AttachedPolicies", **who)
    return Person(
        user["UserName"],
        user["Path"],
        tuple(sorted(group["GroupName"] for group in _listed(client, "list_groups_for_user", "Groups", **who))),
        has_password(client, user["UserName"]),
        tuple(sorted(credentials)),
        tuple(sorted(device["SerialNumber"] for device in _listed(client, "list_mfa_devices", "MFADevices", **who))),
        tuple(own),
        tuple(sorted(policy["PolicyArn"] for policy in attached)),
        user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        INLINE_SIZE["user"] - sum(map(size, taken)),
    )


def _used(client: Any, key: dict[str, Any]) -> str:
    """The day of a key's last use, or "never"."""
    used = client.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"].get("LastUsedDate")
    return f"{used:%Y-%m-%d}" if used else "never"


def has_password(client: Any, name: str) -> bool:
    return or_none(lambda: client.get_login_profile(UserName=name), "NoSuchEntity") is not None


def signs_in(client: Any, name: str) -> bool:
    """Whether a user can really get in: a device, and a password or an active key to use it with."""
    if not _listed(client, "list_mfa_devices", "MFADevices", UserName=name):
        return False
    keys = _listed(client, "list_access_keys", "AccessKeyMetadata", UserName=name)
    return any(key["Status"] == "Active" for key in keys) or has_password(client, name)


def left_devices(client: Any, account_id: str, name: str, seen: list[str]) -> list[str]:
    """Virtual devices that nobody uses and that were the person's: named like the user, or seen by an earlier run.

    Once a device is deactivated AWS does not know whose it was.
    """
    theirs = {f"arn:aws:iam::{account_id}:mfa/{name}", *(serial for serial in seen if virtual(serial))}
    unused = _listed(client, "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Unassigned")
    return sorted({device["SerialNumber"] for device in unused} & theirs)


def members(client: Any, group: str) -> list[str]:
    return sorted(user["UserName"] for user in _listed(client, "get_group", "Users", GroupName=group))


def groups(client: Any) -> list[str]:
    return [group["GroupName"] for group in _listed(client, "list_groups", "Groups")]


def users(client: Any) -> list[str]:
    return [user["UserName"] for user in _listed(client, "list_users", "Users")]
