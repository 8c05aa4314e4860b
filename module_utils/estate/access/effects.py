"""What a plan means for people, a sentence each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.access.read import Live


def by_user(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Each user's groups of (user, group) pairs."""
    found: dict[str, list[str]] = {}
    for user, group in pairs:
        found.setdefault(user, []).append(group)
    return found


def tell(
    wanted: Mapping[str, Any], live: Live, joins: Iterable[tuple[str, str]], leaves: Iterable[tuple[str, str]]
) -> list[str]:
    """The changes of membership in people's terms, a sentence each: who gains and loses what, through which group."""
    groups = {group["name"]: group for group in wanted["groups"]}
    gained, lost = by_user(joins), by_user(leaves)

    def reach(names: list[str], still: set[str], nothing: str) -> str:
        """'production:backups through backups, and …'; what another of the user's groups gives too is no news."""
        said = []
        for name in names:
            grants = [grant for grant in groups[name]["grants"] if grant not in still]
            said.append(f"{' and '.join(grants) or nothing} through {name}")
        return ", ".join(said)

    told = []
    for user in sorted({*gained, *lost}):
        now = {group for group in (live.users[user].groups if user in live.users else ()) if group in groups}
        then = now - set(lost.get(user, [])) | set(gained.get(user, []))
        before, after = ({g for name in names for g in groups[name]["grants"]} for names in (now, then))
        parts = []
        if user in gained:
            parts.append(f"gains {reach(gained[user], before, 'nothing new')}")
        if user in lost:
            parts.append(f"loses {reach(lost[user], after, 'nothing')}")
        kind = "moves" if len(parts) == 2 else "joins" if user in gained else "leaves"
        told.append(f"{kind}: {user} {' and '.join(parts)}")
    return told
