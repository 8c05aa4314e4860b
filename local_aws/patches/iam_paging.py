"""IAM listings that botocore has a paginator of are paged by MaxItems and Marker, sorted by name.

moto returns everything at once, so that a client that forgets the second page is never found out.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from moto.core.responses import ActionResult
from moto.core.serialize import url_encode
from moto.iam.models import IAMBackend, User
from moto.iam.responses import IamResponse

from local_aws.errors import AwsError
from local_aws.replacing import extends, replaces

USUAL = 100
PAGED = Loader().load_service_model("iam", "paginators-1")["pagination"]


def _name(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("PolicyName") or item.get("SerialNumber") or item.get("Key") or "").lower()
    return (item if isinstance(item, str) else str(getattr(item, "name", ""))).lower()


def _paged(keys: list[str]) -> Callable[..., Any]:
    """By the lists of its answer, which are paged as if they were one."""

    def page(original: Any, self: IamResponse) -> ActionResult:
        size, marker = int(self._get_param("MaxItems") or USUAL), self._get_param("Marker") or "0"
        if not marker.isdecimal():
            raise AwsError("ValidationError", "Invalid Marker.")
        start = int(marker)
        self.params = {**self.params, "MaxItems": 10**9}  # moto's own paging, where it has one, is given it all
        self.params.pop("Marker", None)
        answer = original(self)
        result = answer.result if isinstance(answer.result, dict) else {}
        rows = [(key, item) for key in keys for item in sorted(result.get(key) or [], key=_name)]
        for key in keys:
            result[key] = [item for of, item in rows[start : start + size] if of == key]
        result["IsTruncated"] = start + size < len(rows)
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


for _operation, _said in PAGED.items():
    if hasattr(IamResponse, xform_name(_operation)):
        _lists = _said["result_key"]
        extends(IamResponse, xform_name(_operation))(_paged([_lists] if isinstance(_lists, str) else _lists))


def apply() -> None:
    path = "GetAccountAuthorizationDetailsResponse.RoleDetailList.RoleDetail.AssumeRolePolicyDocument"
    IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER[path] = url_encode
