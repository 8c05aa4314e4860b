"""A request's parameters are held to the model of their operation: what must be there, lengths, enums, patterns.

AWS's services do so before anything else, and moto does not. botocore's models carry the constraints of AWS's own.
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (ValidationError)
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html (InvalidInput)
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.model import Shape
from moto.core.utils import get_service_model

from local_aws import operations, parameters
from local_aws.refusals import Refused

# How each service calls it, of those whose words are known; S3's is in patches.bodies.
CODES = {
    "iam": "ValidationError", "sts": "ValidationError", "monitoring": "ValidationError",
    "logs": "InvalidParameterException", "sns": "InvalidParameter", "route53": "InvalidInput",
    "kms": "ValidationException", "acm": "ValidationException", "ssm": "ValidationException",
    "events": "ValidationException",
}  # fmt: skip
SIZED = {"string": "length", "list": "length", "map": "length", "blob": "length"}


@functools.cache
def _pattern(text: str) -> Any:
    """None for one that is not written as Python's regex reads it. As in Java, \\w is ASCII's."""
    try:
        return regex.compile(text, 0 if r"\p" in text else regex.ASCII)
    except regex.error:
        return None


def violations(shape: Shape, value: Any, path: str = "", loose: frozenset[str] = frozenset()) -> Iterator[str]:
    """Each as AWS says it; the values of the enums that are loose are judged elsewhere."""
    kind, rules = shape.type_name, shape.metadata
    failed = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    if kind == "structure":
        yield from _of_structure(shape, value, path, loose)
        return
    if kind == "list":
        for number, one in enumerate(value, 1):
            yield from violations(shape.member, one, f"{path}.{number}.member", loose)  # type: ignore[attr-defined]
    size = len(value) if kind in SIZED else value if isinstance(value, int | float) else None
    if size is not None and kind != "boolean":
        what = "have length" if kind in SIZED else "have value"
        if size < rules.get("min", size):
            yield f"{failed} {what} greater than or equal to {rules['min']}"
        if size > rules.get("max", size):
            yield f"{failed} {what} less than or equal to {rules['max']}"
    if kind == "string":
        if rules.get("enum") and value not in rules["enum"] and shape.name not in loose:
            yield f"{failed} satisfy enum value set: [{', '.join(rules['enum'])}]"
        if "pattern" in rules and (pattern := _pattern(rules["pattern"])) and not pattern.fullmatch(value):
            yield f"{failed} satisfy regular expression pattern: {rules['pattern']}"


def _below(path: str, name: str) -> str:
    return ".".join(filter(None, [path, name[0].lower() + name[1:]]))


def _of_structure(shape: Any, value: dict[str, Any], path: str, loose: frozenset[str]) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"Value null at '{_below(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], _below(path, name), loose)


# Of EC2, whose model has no patterns: the parameter, how what it names begins, and what a wrong one is called.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
IDS = {
    "InstanceId": ("i", "InvalidInstanceID"), "InstanceIds": ("i", "InvalidInstanceID"),
    "GroupId": ("sg", "InvalidGroupId"), "GroupIds": ("sg", "InvalidGroupId"),
    "ImageId": ("ami", "InvalidAMIID"), "ImageIds": ("ami", "InvalidAMIID"),
    "VolumeId": ("vol", "InvalidVolumeID"), "VolumeIds": ("vol", "InvalidVolumeID"),
}  # fmt: skip


def _check_ids(environ: dict[str, Any], operation: str) -> None:
    for name, value in parameters.texts(parameters.of(environ, "ec2", operation)):
        prefix, code = IDS.get(name, ("", ""))
        if prefix and not regex.fullmatch(rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
            raise Refused(400, f"{code}.Malformed", f'Invalid id: "{value}" (expecting "{prefix}-...")')


def check(environ: dict[str, Any], service: str, operation: str) -> None:
    """Raise Refused with all that is wrong."""
    if service == "ec2":
        _check_ids(environ, operation)
    if service not in CODES or operation not in operations.known(service):
        return
    shape = get_service_model(parameters.MODELS.get(service, service)).operation_model(operation).input_shape
    if shape is None:
        return
    try:
        wrong = list(violations(shape, parameters.of(environ, service, operation)))
    except (ValueError, TypeError, AttributeError) as exc:  # a word where a number should be, a list that is none
        wrong = [f"the request cannot be read: {exc}"]
    if wrong:
        several = "error" if len(wrong) == 1 else "errors"
        raise Refused(400, CODES[service], f"{len(wrong)} validation {several} detected: {'; '.join(wrong)}")
