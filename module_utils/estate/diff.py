"""What a person sees of a change: one resource before and after, in the words of the declaration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWN_AFTER_APPLY = "known after apply"  # what AWS names only once it is made


def diff_of(
    resource: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, whole: bool = False
) -> list[dict[str, Any]]:
    """Ansible's diff of a resource, of the keys that differ (whole: of all); [] where none does.

    None is a resource that is not there, before or after.
    """
    old, new = before or {}, after or {}
    keys = [key for key in {**old, **new} if whole or key not in old or key not in new or old[key] != new[key]]
    if (before or {}) == (after or {}) and (before is None) == (after is None):
        return []

    def side(given: Mapping[str, Any] | None) -> Any:
        return {key: given[key] for key in keys if key in given} or "" if given else ""

    return [{"before_header": resource, "after_header": resource, "before": side(before), "after": side(after)}]
