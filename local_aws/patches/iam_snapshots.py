"""IAM looks through a snapshot of what there is, so that one caller may list while another creates.

moto walks the living dictionary: "dictionary changed size during iteration" answers 500.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
"""

from __future__ import annotations

from typing import Any

from moto.iam.models import IAMBackend

from local_aws.replacing import extends


@extends(IAMBackend, "get_roles", "list_groups", "get_instance_profiles")
def snapshot(original: Any, self: IAMBackend) -> list[Any]:
    return list(original(self))
