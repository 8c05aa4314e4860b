"""Names are taken whatever their case; so are the keys of tags.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iam.responses import IamResponse

from local_aws.errors import AwsError
from local_aws.replacing import extends

# Handler → (parameter with the name, what it is, attribute of the backend that holds its kind)
CREATES = {
    "create_user": ("UserName", "User", "users"),
    "create_group": ("GroupName", "Group", "groups"),
    "create_role": ("RoleName", "Role", "roles"),
    "create_policy": ("PolicyName", "A policy", "managed_policies"),
    "create_instance_profile": ("InstanceProfileName", "Instance Profile", "instance_profiles"),
    "update_user": ("NewUserName", "User", "users"),
    "update_group": ("NewGroupName", "Group", "groups"),
}


def _taken(self: IamResponse, name: str, own: str | None, kinds: str) -> bool:
    holders = list(getattr(self.backend, kinds).values())
    return any(
        holder.name.lower() == name.lower() and holder.name != own
        for holder in holders
        if not getattr(holder, "arn", "").startswith("arn:aws:iam::aws:")
    )


@extends(IamResponse)
def update_group(original: Any, self: IamResponse) -> Any:
    """Also when only the path is new, which moto overlooks."""
    path, name = self._get_param("NewPath"), self._get_param("NewGroupName")
    group = self.backend.get_group(self._get_param("GroupName"))
    if path and not name:
        group.path = path
    return original(self)


@extends(IamResponse, "create_user", "create_role", "create_policy", "tag_user", "tag_role", "tag_policy")
def tagged(original: Any, self: IamResponse) -> Any:
    names = [tag["Key"].lower() for tag in self._get_param("Tags", [])]
    if len(set(names)) < len(names):
        raise AwsError("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(name.startswith("aws:") for name in names):
        raise AwsError("InvalidInput", "Tag keys that begin with aws: are AWS's own")
    return original(self)


def _checked(parameter: str, kind: str, kinds: str) -> Callable[..., Any]:
    def check(original: Any, self: IamResponse) -> Any:
        name = self._get_param(parameter)
        own = self._get_param(parameter.removeprefix("New")) if parameter.startswith("New") else None
        if name is not None and _taken(self, name, own, kinds):
            words = f"with name {name} already exists."
            if kind == "A policy":
                words = f"called {name} already exists. Duplicate names are not allowed."
            raise AwsError("EntityAlreadyExists", f"{kind} {words}")
        return original(self)

    return check


for _name, _words in CREATES.items():
    extends(IamResponse, _name)(_checked(*_words))
