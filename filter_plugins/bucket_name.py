from __future__ import annotations

import re
from collections.abc import Callable

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: bucket_name
short_description: Name the bucket of a kind in a stage
description:
  - Joins prefix, kind, stage and environment, and refuses a name that S3 would refuse. Follows
    U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
positional: stage, environment
options:
  _input:
    description: The kind of the bucket.
    type: str
    required: true
  stage:
    description: The stage.
    type: str
    required: true
  environment:
    description: The sub-instance of the stage; where left out it echoes the stage.
    type: str
  prefix:
    description: What every name starts with.
    type: str
    default: digitalmarketplace
"""
EXAMPLES = r"""
- name: Show where communications live
  ansible.builtin.debug:
    msg: "{{ 'communications' | bucket_name('staging') }}"  # digitalmarketplace-communications-staging-staging
"""
RETURN = r"""
_value:
  description: The bucket's name.
  type: str
"""

_RESERVED = re.compile(r"^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$")


def check_bucket_name(name: str) -> str:
    """Return the name, or raise ValueError with the rule it breaks and where."""
    if not isinstance(name, str):
        raise TypeError(f"a bucket name must be a string, got {type(name).__name__}")
    if not 3 <= len(name) <= 63:
        raise ValueError(f"{name!r} has {len(name)} characters; a bucket name has 3 to 63")
    if bad := re.search(r"[^a-z0-9.-]", name):
        raise ValueError(
            f"{name!r} has {bad.group()!r} at position {bad.start() + 1}; "
            "a bucket name has only lower case letters, digits, dots and hyphens"
        )
    if not (name[0].isalnum() and name[-1].isalnum()) or ".." in name:
        raise ValueError(f"{name!r} must start and end with a letter or digit and have no two dots in a row")
    if re.fullmatch(r"\d+(\.\d+){3}", name) or _RESERVED.search(name):
        raise ValueError(f"{name!r} looks like an address or has a prefix or suffix that S3 reserves")
    return name


def bucket_name(kind: str, stage: str, environment: str | None = None, prefix: str = "digitalmarketplace") -> str:
    """('communications', 'staging') is 'digitalmarketplace-communications-staging-staging'. Raises ValueError."""
    parts = {"prefix": prefix, "kind": kind, "stage": stage, "environment": environment or stage}
    for part, value in parts.items():
        if not isinstance(value, str) or not value:
            raise TypeError(f"{part} must be a string that is not empty, got {value!r}")
    return check_bucket_name("-".join(parts.values()))


def _bucket_name_filter(kind: str, *args: str, **kwargs: str) -> str:
    try:
        return bucket_name(kind, *args, **kwargs)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"bucket_name: {exc}.", obj=kind) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"bucket_name": _bucket_name_filter}
