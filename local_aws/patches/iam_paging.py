"""IAM listings are paged by MaxItems and Marker, sorted by name.

moto returns everything at once, so that a client that forgets the second page is never found out.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.serialize import url_encode
from moto.iam.models import IAMBackend, User
from moto.iam.responses import IamResponse

from local_aws.errors import AwsError
from local_aws.replacing import extends, replaces

LARGEST, USUAL = 1000, 100
# Handler → the lists of its answer, which are paged as if they were one.
LISTS = {
    "get_account_authorization_details": ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"),
    "get_group": ("Users",),
    "list_access_keys": ("AccessKeyMetadata",),
    "list_account_aliases": ("AccountAliases",),
    "list_attached_group_policies": ("AttachedPolicies",),
    "list_attached_role_policies": ("AttachedPolicies",),
    "list_attached_user_policies": ("AttachedPolicies",),
    "list_entities_for_policy": ("PolicyGroups", "PolicyUsers", "PolicyRoles"),
    "list_group_policies": ("PolicyNames",),
    "list_groups": ("Groups",),
    "list_groups_for_user": ("Groups",),
    "list_instance_profiles": ("InstanceProfiles",),
    "list_instance_profiles_for_role": ("InstanceProfiles",),
    "list_mfa_devices": ("MFADevices",),
    "list_policies": ("Policies",),
    "list_policy_tags": ("Tags",),
    "list_policy_versions": ("Versions",),
    "list_role_policies": ("PolicyNames",),
    "list_role_tags": ("Tags",),
    "list_roles": ("Roles",),
    "list_signing_certificates": ("Certificates",),
    "list_ssh_public_keys": ("SSHPublicKeys",),
    "list_user_policies": ("PolicyNames",),
    "list_user_tags": ("Tags",),
    "list_users": ("Users",),
    "list_virtual_mfa_devices": ("VirtualMFADevices",),
}


def _name(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("PolicyName") or item.get("SerialNumber") or item.get("Key") or "").lower()
    return (item if isinstance(item, str) else str(getattr(item, "name", ""))).lower()


def _number(self: IamResponse, name: str, usual: int, least: int, most: int | None) -> int:
    given = self._get_param(name)
    try:
        number = usual if given is None else int(given)
    except ValueError:
        raise AwsError("ValidationError", f"Invalid {name}.") from None
    if number < least or (most and number > most):
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{number}' at '{name[0].lower()}{name[1:]}' failed to satisfy "
            f"constraint: Member must have value between {least} and {most}",
        )
    return number


def _paged(keys: tuple[str, ...]) -> Callable[..., Any]:
    def page(original: Any, self: IamResponse) -> ActionResult:
        size = _number(self, "MaxItems", USUAL, 1, LARGEST)
        start = _number(self, "Marker", 0, 0, None)
        self.params = {**self.params, "MaxItems": 10**9}  # moto's own paging, where it has one, is given it all
        self.params.pop("Marker", None)
        answer = original(self)
        result = answer.result if isinstance(answer.result, dict) else {}
        left, skip = size, start
        total = 0
        for key in keys:
            items = sorted(result.get(key) or [], key=_name)
            total += len(items)
            result[key] = items[skip : skip + left]
            left -= len(result[key])
            skip = max(0, skip - len(items))
        result["IsTruncated"] = start + size < total
        result.pop("Marker", None)
        if result["IsTruncated"]:
            result["Marker"] = str(start + size)
        return ActionResult(result)

    return page


def _detail(policy: Any) -> dict[str, Any]:
    """Spelt out: moto's serializer does not find the name of a policy in this answer."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        **({"Description": policy.description} if policy.description else {}),
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": policy.policy_version_list,
    }


@replaces(IAMBackend, "get_account_authorization_details")
def details(self: IAMBackend, policy_filter: list[str]) -> dict[str, Any]:
    """Of AWS's own policies, those that somebody has; each user's groups looked up once for all."""
    wanted = set(policy_filter) or {"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"}
    groups: dict[str, list[str]] = {}
    for group in list(self.groups.values()):
        for user in group.users:
            groups.setdefault(user.name, []).append(group.name)
    for user in list(self.users.values()):
        user.known_groups = groups.get(user.name, [])
    policies = []
    for arn, policy in list(self.managed_policies.items()):
        kind = "AWSManagedPolicy" if arn.startswith("arn:aws:iam::aws:") else "LocalManagedPolicy"
        if kind in wanted and (kind == "LocalManagedPolicy" or policy.attachment_count):
            policies.append(_detail(policy))
    return {
        "users": list(self.users.values()) if "User" in wanted else [],
        "groups": list(self.groups.values()) if "Group" in wanted else [],
        "roles": list(self.roles.values()) if "Role" in wanted else [],
        "managed_policies": policies,
    }


@replaces(User)
def group_list(self: User) -> list[str]:
    return getattr(self, "known_groups", [])


for _handler, _keys in LISTS.items():
    extends(IamResponse, _handler)(_paged(_keys))


def apply() -> None:
    path = "GetAccountAuthorizationDetailsResponse.RoleDetailList.RoleDetail.AssumeRolePolicyDocument"
    IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER[path] = url_encode
