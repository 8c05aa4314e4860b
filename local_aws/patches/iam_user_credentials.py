"""Service-specific credentials and permissions boundaries of users, which moto does not have.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.exceptions import DeleteConflictException, NoSuchEntity, ValidationError
from moto.iam.models import IAMBackend, User
from moto.iam.responses import IamResponse

from local_aws.accounts import random_text
from local_aws.replacing import extends, replaces


def _service_credentials(user: User) -> dict[str, dict[str, Any]]:
    return user.__dict__.setdefault("service_specific_credentials", {})


def _named(response: IamResponse) -> tuple[dict[str, dict[str, Any]], str]:
    """All of the user's by id, and the id of the one that the request names."""
    held = _service_credentials(response.backend.get_user(response._get_param("UserName")))
    id_ = response._get_param("ServiceSpecificCredentialId")
    if id_ not in held:
        raise NoSuchEntity(f"The Service Specific Credential with id {id_} cannot be found.")
    return held, id_


@replaces(IamResponse)
def create_service_specific_credential(self: IamResponse) -> ActionResult:
    user, service = self.backend.get_user(self._get_param("UserName")), self._get_param("ServiceName")
    made = {
        "CreateDate": utcnow(),
        "ServiceName": service,
        "ServiceUserName": f"{user.name}-at-{user.account_id}",
        "ServicePassword": secrets.token_urlsafe(32),
        "ServiceSpecificCredentialId": "ACCA" + random_text(string.ascii_uppercase, 17),
        "UserName": user.name,
        "Status": "Active",
    }
    _service_credentials(user)[made["ServiceSpecificCredentialId"]] = made
    return ActionResult({"ServiceSpecificCredential": made})


@replaces(IamResponse)
def list_service_specific_credentials(self: IamResponse) -> ActionResult:
    if str(self._get_param("AllUsers")).lower() == "true":
        if self._get_param("UserName"):
            raise ValidationError("AllUsers cannot be specified together with UserName")
        users = list(self.backend.users.values())
    else:
        users = [self.backend.get_user(self._get_param("UserName"))]
    found = [one for user in users for one in _service_credentials(user).values()]
    shown = [{key: value for key, value in one.items() if key != "ServicePassword"} for one in found]
    return ActionResult({"ServiceSpecificCredentials": shown})


@replaces(IamResponse)
def update_service_specific_credential(self: IamResponse) -> ActionResult:
    held, id_ = _named(self)
    held[id_]["Status"] = self._get_param("Status")
    return EmptyResult()


@replaces(IamResponse)
def delete_service_specific_credential(self: IamResponse) -> ActionResult:
    held, id_ = _named(self)
    del held[id_]
    return EmptyResult()


@replaces(IamResponse)
def put_user_permissions_boundary(self: IamResponse) -> ActionResult:
    arn = self._get_param("PermissionsBoundary")
    if arn not in self.backend.managed_policies:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    boundary = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn}
    self.backend.get_user(self._get_param("UserName")).permissions_boundary = boundary
    return EmptyResult()


@replaces(IamResponse)
def delete_user_permissions_boundary(self: IamResponse) -> ActionResult:
    user = self.backend.get_user(self._get_param("UserName"))
    if not getattr(user, "permissions_boundary", None):
        raise NoSuchEntity(f"No permissions boundary found for user {user.name}.")
    del user.permissions_boundary
    return EmptyResult()


@extends(IAMBackend)
def delete_user(original: Any, self: IAMBackend, user_name: str) -> None:
    if _service_credentials(self.get_user(user_name)):
        raise DeleteConflictException("Cannot delete entity, must delete service specific credentials first.")
    original(self, user_name)
