"""Names have their alphabet and length, and are taken whatever their case; so are the keys of tags.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from moto.iam.responses import IamResponse

from local_aws.errors import AwsError
from local_aws.replacing import extends

# Handler → (parameter with the name, longest, what it is, attribute of the backend that holds its kind)
CREATES = {
    "create_user": ("UserName", 64, "User", "users"),
    "create_group": ("GroupName", 128, "Group", "groups"),
    "create_role": ("RoleName", 64, "Role", "roles"),
    "create_policy": ("PolicyName", 128, "A policy", "managed_policies"),
    "create_instance_profile": ("InstanceProfileName", 128, "Instance Profile", "instance_profiles"),
    "update_user": ("NewUserName", 64, "User", "users"),
    "update_group": ("NewGroupName", 128, "Group", "groups"),
    "put_user_policy": ("PolicyName", 128, "", ""),
    "put_group_policy": ("PolicyName", 128, "", ""),
    "put_role_policy": ("PolicyName", 128, "", ""),
}
ALPHABET = re.compile(r"[\w+=,.@-]+", re.ASCII)
PATH = re.compile(r"/|/[!-~]+/")


def _check_name(name: str, parameter: str, longest: int) -> None:
    field = parameter[0].lower() + parameter[1:]
    if len(name) > longest:
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {longest}",
        )
    if not ALPHABET.fullmatch(name):
        raise AwsError(
            "ValidationError",
            f"The specified value for {field} is invalid. It must contain only alphanumeric characters "
            "and/or the following: +=,.@_-",
        )


def _check_path(path: str | None) -> None:
    if path is not None and (not PATH.fullmatch(path) or len(path) > 512):
        raise AwsError(
            "ValidationError",
            "The specified value for path is invalid. It must begin and end with / and contain only "
            "alphanumeric characters and/or / characters.",
        )


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


def _checked(parameter: str, longest: int, kind: str, kinds: str) -> Callable[..., Any]:
    def check(original: Any, self: IamResponse) -> Any:
        name = self._get_param(parameter)
        _check_path(self._get_param("Path") or self._get_param("NewPath"))
        if name is not None:
            _check_name(name, parameter, longest)
            own = self._get_param(parameter.removeprefix("New")) if parameter.startswith("New") else None
            if kinds and _taken(self, name, own, kinds):
                words = f"with name {name} already exists."
                if kind == "A policy":
                    words = f"called {name} already exists. Duplicate names are not allowed."
                raise AwsError("EntityAlreadyExists", f"{kind} {words}")
        return original(self)

    return check


for _name, _words in CREATES.items():
    extends(IamResponse, _name)(_checked(*_words))
