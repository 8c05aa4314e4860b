from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.buckets.names import bucket_name

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


def _bucket_name_filter(kind: str, *args: str, **kwargs: str) -> str:
    try:
        return bucket_name(kind, *args, **kwargs)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"bucket_name: {exc}.", obj=kind) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"bucket_name": _bucket_name_filter}
