"""IAM looks through a snapshot of what there is, so that one caller may list while another creates.

moto walks the living dictionary: "dictionary changed size during iteration" answers 500.
"""

from __future__ import annotations

from typing import Any

from moto.iam.models import IAMBackend


def apply() -> None:
    kinds = {"get_roles": "roles", "list_groups": "groups", "get_instance_profiles": "instance_profiles"}
    for method, kind in kinds.items():

        def snapshot(self: IAMBackend, kind: str = kind) -> list[Any]:
            return list(getattr(self, kind).values())

        setattr(IAMBackend, method, snapshot)
