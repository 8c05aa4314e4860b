"""What must not be done with the buckets, whoever declares it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.buckets.live import Live, unmanaged
from ansible.module_utils.estate.buckets.settings.tags import live as live_tags


def forgotten(declared: Mapping[str, Any], live: Live) -> list[str]:
    """Why an empty declaration is refused: there was one, for its buckets still carry the tags of this project."""
    ours = (declared.get("managed_tags") or {}).items()
    if declared["buckets"] or not ours:
        return []
    found = [
        name
        for name in unmanaged(declared, live.buckets)
        if ours <= live_tags(live.buckets[name].answers.get("tags", {})).items()
    ]
    if not found:
        return []
    return [
        f"no bucket is declared, but {', '.join(found)} {'is' if len(found) == 1 else 'are'} tagged as declared here: "
        "is the vars file, or a variable's name, what it was? Take the tags away if nobody is to declare them any more"
    ]
