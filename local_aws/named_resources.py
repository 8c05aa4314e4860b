"""Which resources a request names: the ARNs of the Service Authorization Reference, filled from its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from moto.iam.models import iam_backends

from local_aws import parameters
from local_aws.callers import Caller
from local_aws.service_reference import VARIABLE, Action, Resource

HOLDERS = {"user": "users", "role": "roles", "group": "groups", "instance-profile": "instance_profiles"}
# What names a resource where its own name does not.
OTHER_NAMES = {
    "mfa": ["VirtualMFADeviceName"],
    "hostedzone": ["HostedZoneId"],
    "security-group": ["GroupId", "GroupIds"],
}
ANY_NAMES = ["Name", "Names", "Id", "ResourceId", "ResourceIds", "Resources"]
# A user's own calls about nobody are about the user.
ABOUT_ONESELF = ("User", "AccessKey", "AccessKeys", "Password")

Place = tuple[str, str]  # account, region


def of(action: Action, given: dict[str, Any], caller: Caller, place: Place) -> Iterator[str]:
    """Each resource that an action is about; a star for the part of an ARN that cannot be known."""
    required = [resource for resource in action.resources if resource.required]
    for resource in required or action.resources:
        found = list(_named(resource, action, given, caller, place))
        if found or resource.required:
            yield from found or [_filled(resource.arn, place, {})]


def _named(resource: Resource, action: Action, given: dict[str, Any], caller: Caller, place: Place) -> Iterator[str]:
    """By an ARN among the parameters, or by the parts of one."""
    arns = [value for _, value in parameters.texts(given) if value.startswith("arn:")]
    arns = [arn for arn in arns if resource.pattern.fullmatch(arn)]
    if arns:
        yield from arns
    elif ":iam:" in resource.arn:
        yield from _in_iam(resource, action, given, caller)
    else:
        variables = [name for name in VARIABLE.findall(resource.arn) if name not in {"Partition", "Region", "Account"}]
        for value in _values(given, _candidates(resource.kind, variables[0])) if variables else []:
            bare = value.lstrip("/") if "WithoutLeadingSlash" in variables[0] else value
            rest = {name: next(iter(_values(given, [name, _small(name)])), "*") for name in variables[1:]}
            yield _filled(resource.arn, place, {**rest, variables[0]: bare})


def _in_iam(resource: Resource, action: Action, given: dict[str, Any], caller: Caller) -> Iterator[str]:
    spelt = "".join(word.capitalize() for word in resource.kind.split("-"))
    names = _values(given, [f"{spelt}Name", *OTHER_NAMES.get(resource.kind, [])])
    if names:
        yield entity(resource.kind, names[0], caller.account, given.get("Path"))
    elif resource.kind == "user" and caller.kind == "user" and action.name.endswith(ABOUT_ONESELF):
        yield caller.arn


def entity(kind: str, name: str, account: str, path: str | None = None) -> str:
    """The ARN of somebody or something in IAM, with its path: of what is there, or as it would be made."""
    known = getattr(iam_backends[account]["aws"], HOLDERS.get(kind, ""), {})
    found = next((one.arn for one in list(known.values()) if one.name == name), None)
    return found or f"arn:aws:iam::{account}:{kind}{path or '/'}{name}"


def _values(given: dict[str, Any], names: list[str]) -> list[str]:
    """What the first of these parameters that is given holds."""
    for name in names:
        value = given.get(name)
        values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if values and all(isinstance(one, str) for one in values):
            return values
    return []


def _candidates(kind: str, variable: str) -> list[str]:
    """The parameters that may hold a variable: "${AlarmName}" is AlarmName, AlarmNames, alarmName or just Name."""
    bare = re.sub(r"(WithPath|WithoutLeadingSlash)$", "", variable)
    spelt = "".join(word.capitalize() for word in re.split("[-_/ ]", kind))
    own = [bare, f"{bare}s", _small(bare), f"{_small(bare)}s", *OTHER_NAMES.get(kind, [])]
    return [*own, f"{spelt}Name", f"{spelt}Id", *ANY_NAMES]


def _small(name: str) -> str:
    return name[0].lower() + name[1:]


def _filled(arn: str, place: Place, values: dict[str, str]) -> str:
    fixed = {"Partition": "aws", "Account": place[0], "Region": place[1], **values}
    return VARIABLE.sub(lambda found: fixed.get(found.group(1), "*"), arn)
