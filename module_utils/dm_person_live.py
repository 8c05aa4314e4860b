"""One user as it is, and how its actions are called. No Ansible; the boto3 client is passed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible.module_utils.dm_iam_calls import Calls
from ansible.module_utils.dm_person import Credential, Person, virtual
from ansible.module_utils.dm_plan import Action
from ansible.module_utils.estate.errors import error_code

# What is gone already need not be taken away.
_TAKES = ("update_", "delete_", "deactivate_", "detach_", "remove_")
# Seconds between tries where IAM still sees what was removed a moment ago.
WAITS = (1.0, 2.0, 4.0)


def _listed(client: Any, method: str, key: str, **params: str) -> list[Any]:
    return [item for page in client.get_paginator(method).paginate(**params) for item in page[key]]


def read(client: Any, name: str) -> Person | None:
    """The user and all that hangs on it; None where there is none of that name."""
    try:
        user = client.get_user(UserName=name)["User"]
    except Exception as exc:
        if error_code(exc) == "NoSuchEntity":
            return None
        raise
    who = {"UserName": user["UserName"]}
    try:
        client.get_login_profile(**who)
        password = True
    except Exception as exc:
        if error_code(exc) != "NoSuchEntity":
            raise
        password = False
    keys = _listed(client, "list_access_keys", "AccessKeyMetadata", **who)
    certificates = _listed(client, "list_signing_certificates", "Certificates", **who)
    ssh_keys = _listed(client, "list_ssh_public_keys", "SSHPublicKeys", **who)
    service = client.list_service_specific_credentials(**who)["ServiceSpecificCredentials"]
    credentials = [
        Credential(kind, item[id_], item["Status"] == "Active")
        for kind, items, id_ in (
            ("access key", keys, "AccessKeyId"),
            ("signing certificate", certificates, "CertificateId"),
            ("SSH key", ssh_keys, "SSHPublicKeyId"),
            ("service credential", service, "ServiceSpecificCredentialId"),
        )
        for item in items
    ]
    return Person(
        user["UserName"],
        user["Path"],
        tuple(sorted(group["GroupName"] for group in _listed(client, "list_groups_for_user", "Groups", **who))),
        password,
        tuple(sorted(credentials)),
        tuple(sorted(device["SerialNumber"] for device in _listed(client, "list_mfa_devices", "MFADevices", **who))),
        tuple(sorted(_listed(client, "list_user_policies", "PolicyNames", **who))),
        tuple(
            sorted(
                policy["PolicyArn"]
                for policy in _listed(client, "list_attached_user_policies", "AttachedPolicies", **who)
            )
        ),
        user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
    )


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


def password_policy(client: Any) -> dict[str, Any]:
    """Empty where none was ever set: AWS's own then asks for less than any password made here has."""
    try:
        return client.get_account_password_policy()["PasswordPolicy"]
    except Exception as exc:
        if error_code(exc) != "NoSuchEntity":
            raise
        return {}


class PersonCalls:
    """Carries one action out. reveal(password) shows a new password; its call comes after it was seen."""

    def __init__(
        self,
        client: Any,
        account_id: str,
        fresh: set[str],
        make: Callable[[], str],
        reveal: Callable[[str], object],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client, self._make, self._reveal, self._sleep = client, make, reveal, sleep
        self._calls = Calls(client, account_id, fresh, sleep)

    def __call__(self, action: Action) -> None:
        method = action.method.removeprefix("iam.")
        if method in ("create_login_profile", "update_login_profile"):
            self._password(action)
            return
        for wait in (*WAITS, None):
            try:
                self._calls(action)
                return
            except Exception as exc:
                code = error_code(exc)
                if code == "NoSuchEntity" and method.startswith(_TAKES):
                    return
                if code != "DeleteConflict" or wait is None:
                    raise
                self._sleep(wait)

    def _password(self, action: Action) -> None:
        password = self._make()
        self._reveal(password)
        action = action._replace(params={**action.params, "Password": password})
        try:
            self._calls(action)
        except Exception as exc:
            # There was none when it was planned: an answer was lost, and the call repeated. What was shown counts.
            if error_code(exc) != "EntityAlreadyExists":
                raise
            self._client.update_login_profile(**action.params)
