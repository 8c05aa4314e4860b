"""Until when people are in their groups, as the lists of people have it; live AWS does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def membership_ends(people: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """An until in the list users ends all of that person's memberships; the earlier day counts."""

    def ends(name: str) -> dict[str, str]:
        listed = people.get(name) or []
        if not isinstance(listed, list | tuple):
            raise TypeError(f"{name} must be a list, got {type(listed).__name__}")
        dated = [entry for entry in listed if isinstance(entry, Mapping) and entry.get("until")]
        return {entry["name"]: str(entry["until"]) for entry in dated}

    leaving = ends("users")
    found = {}
    for group, entry in groups.items():
        listed = people.get(entry["members"]) or []
        names = {member if isinstance(member, str) else member["name"] for member in listed}
        days = ends(entry["members"])
        both = {name: [day for day in (days.get(name), leaving.get(name)) if day] for name in names}
        if last := {name: min(found_days) for name, found_days in both.items() if found_days}:
            found[group] = dict(sorted(last.items()))
    return found
