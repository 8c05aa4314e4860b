"""What hangs on a user: service-specific credentials, permissions boundary, the first password; and what holds it back.

moto has none of the first two, forgets PasswordResetRequired, takes any password, and deletes a user with whatever
hangs on it:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.exceptions import DeleteConflictException, IAMException, NoSuchEntity
from moto.iam.models import IAMBackend, User
from moto.iam.responses import IamResponse


class PasswordPolicyViolation(IAMException):
    code = "PasswordPolicyViolation"


def _service_credentials(user: User) -> dict[str, dict[str, Any]]:
    return user.__dict__.setdefault("service_specific_credentials", {})


def _credential(user: User, id_: str) -> dict[str, Any]:
    found = _service_credentials(user).get(id_)
    if not found:
        raise NoSuchEntity(f"The Service Specific Credential with id {id_} cannot be found.")
    return found


def create_service_specific_credential(self: IamResponse) -> ActionResult:
    user, service = self.backend.get_user(self._get_param("UserName")), self._get_param("ServiceName")
    made = {
        "CreateDate": utcnow(),
        "ServiceName": service,
        "ServiceUserName": f"{user.name}-at-{user.account_id}",
        "ServicePassword": secrets.token_urlsafe(32),
        "ServiceSpecificCredentialId": "ACCA" + "".join(secrets.choice(string.ascii_uppercase) for _ in range(17)),
        "UserName": user.name,
        "Status": "Active",
    }
    _service_credentials(user)[made["ServiceSpecificCredentialId"]] = made
    return ActionResult({"ServiceSpecificCredential": made})


def list_service_specific_credentials(self: IamResponse) -> ActionResult:
    found = _service_credentials(self.backend.get_user(self._get_param("UserName"))).values()
    shown = [{key: value for key, value in one.items() if key != "ServicePassword"} for one in found]
    return ActionResult({"ServiceSpecificCredentials": shown})


def update_service_specific_credential(self: IamResponse) -> ActionResult:
    user = self.backend.get_user(self._get_param("UserName"))
    _credential(user, self._get_param("ServiceSpecificCredentialId"))["Status"] = self._get_param("Status")
    return EmptyResult()


def delete_service_specific_credential(self: IamResponse) -> ActionResult:
    user, id_ = self.backend.get_user(self._get_param("UserName")), self._get_param("ServiceSpecificCredentialId")
    _credential(user, id_)
    del _service_credentials(user)[id_]
    return EmptyResult()


def put_user_permissions_boundary(self: IamResponse) -> ActionResult:
    arn = self._get_param("PermissionsBoundary")
    if arn not in self.backend.managed_policies:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    boundary = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn}
    self.backend.get_user(self._get_param("UserName")).permissions_boundary = boundary
    return EmptyResult()


def delete_user_permissions_boundary(self: IamResponse) -> ActionResult:
    user = self.backend.get_user(self._get_param("UserName"))
    if not getattr(user, "permissions_boundary", None):
        raise NoSuchEntity(f"No permissions boundary found for user {user.name}.")
    del user.permissions_boundary
    return EmptyResult()


_create_login_profile, _delete_user = IAMBackend.create_login_profile, IAMBackend.delete_user
_delete_device = IAMBackend.delete_virtual_mfa_device


def _check_password(backend: IAMBackend, password: str) -> None:
    policy: Any = backend.account_password_policy
    asked = {
        "uppercase": (policy and policy.require_uppercase_characters, string.ascii_uppercase),
        "lowercase": (policy and policy.require_lowercase_characters, string.ascii_lowercase),
        "number": (policy and policy.require_numbers, string.digits),
        "symbol": (policy and policy.require_symbols, "!@#$%^&*()_+-=[]{}|'"),
    }
    short = len(password) < (policy.minimum_password_length if policy else 8)
    lacks = [name for name, (must, kind) in asked.items() if must and not set(kind) & set(password)]
    if short or lacks:
        what = "length" if short else lacks[0]
        raise PasswordPolicyViolation(f"Password does not conform to the account password policy ({what}).")


def create_login_profile(self: IAMBackend, user_name: str, password: str) -> User:
    _check_password(self, password)
    return _create_login_profile(self, user_name, password)


def create_login_profile_call(self: IamResponse) -> ActionResult:
    user = self.backend.create_login_profile(self._get_param("UserName"), self._get_param("Password"))
    user.password_reset_required = self._get_bool_param("PasswordResetRequired", False)
    profile = {"UserName": user.name, "CreateDate": utcnow(), "PasswordResetRequired": user.password_reset_required}
    return ActionResult({"LoginProfile": profile})


def delete_user(self: IAMBackend, user_name: str) -> None:
    user = self.get_user(user_name)
    hanging = {
        "remove users from group": [group for group in self.groups.values() if user in group.users],
        "delete login profile": user.password,
        "delete access keys": user.access_keys,
        "delete MFA device": user.mfa_devices,
        "delete signing certificates": user.signing_certificates,
        "delete SSH public keys": user.ssh_public_keys,
        "delete service specific credentials": _service_credentials(user),
        "delete permissions boundary": getattr(user, "permissions_boundary", None),
    }
    for first, some in hanging.items():
        if some:
            raise DeleteConflictException(f"Cannot delete entity, must {first} first.")
    _delete_user(self, user_name)


def delete_virtual_mfa_device(self: IAMBackend, serial_number: str) -> None:
    device = self.virtual_mfa_devices.get(serial_number)
    if device and device.user:
        raise DeleteConflictException("MFA VirtualDevice in use. Must deactivate first.")
    _delete_device(self, serial_number)


def apply() -> None:
    for call in (
        create_service_specific_credential,
        list_service_specific_credentials,
        update_service_specific_credential,
        delete_service_specific_credential,
        put_user_permissions_boundary,
        delete_user_permissions_boundary,
    ):
        setattr(IamResponse, call.__name__, call)
    IamResponse.create_login_profile = create_login_profile_call
    IAMBackend.create_login_profile = create_login_profile
    IAMBackend.delete_user = delete_user
    IAMBackend.delete_virtual_mfa_device = delete_virtual_mfa_device
