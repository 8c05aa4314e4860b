"""KMS: what a key cannot do while it is disabled or about to be deleted, and names and times that KMS does not take.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
"""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.responses import KmsResponse

from local_aws.replacing import extends

USES = (
    "encrypt", "decrypt", "re_encrypt", "generate_data_key", "generate_data_key_without_plaintext", "sign", "verify",
    "generate_mac", "verify_mac", "create_grant", "enable_key_rotation", "disable_key_rotation",
)  # fmt: skip
CHANGES = (
    "enable_key", "disable_key", "create_alias", "update_alias", "schedule_key_deletion", "tag_resource",
    "update_key_description",
)  # fmt: skip


def _state(response: KmsResponse) -> tuple[str, str]:
    """ARN and state of the key that the request names; of what is not there nothing, since moto says so itself."""
    backend = response.kms_backend
    name = response._get_param("KeyId") or response._get_param("TargetKeyId") or response._get_param("SourceKeyId")
    try:
        found = backend.keys.get(backend.get_key_id(backend.any_id_to_key_id(name))) if name else None
    except JsonRESTError:
        found = None
    return (found.arn, found.key_state) if found else ("", "Enabled")


@extends(KmsResponse, *USES)
def used(original: Any, self: KmsResponse) -> str:
    arn, state = _state(self)
    if state == "Disabled":
        raise JsonRESTError("DisabledException", f"{arn} is disabled.")
    return changed(original, self)


@extends(KmsResponse, *CHANGES)
def changed(original: Any, self: KmsResponse) -> str:
    arn, state = _state(self)
    if state == "PendingDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{arn} is pending deletion.")
    return original(self)


@extends(KmsResponse, "schedule_key_deletion")
def in_days(original: Any, self: KmsResponse) -> str:
    if not 7 <= int(self._get_param("PendingWindowInDays") or 30) <= 30:
        raise ValidationException("PendingWindowInDays must be between 7 and 30")
    return original(self)


@extends(KmsResponse, "create_alias", "delete_alias", "update_alias")
def named(original: Any, self: KmsResponse) -> str:
    if self._get_param("AliasName").startswith("alias/aws/"):
        raise JsonRESTError("NotAuthorizedException", "AWS keeps aliases that begin with alias/aws/ for itself")
    return original(self)
