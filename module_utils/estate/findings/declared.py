"""The line of the vars that a resource comes from, found by its name among the names that the vars have. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.findings.finding import Finding
from ansible.module_utils.estate.origin import place_of

Places = list[tuple[str, str, int]]  # (variable, file, line)


def index(given: Mapping[str, Any]) -> dict[str, Places]:
    """Names -> the places where each is a key, or the name of a list's entry."""
    found: dict[str, Places] = {}
    for variable, value in given.items():
        for name in _names(value):
            if place := place_of(name):
                found.setdefault(str(name), []).append((variable, *place))
    return found


def _names(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield key
            yield from _names(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            if isinstance(part, Mapping) and isinstance(part.get("name"), str):
                yield part["name"]
            yield from _names(part)


def line_of(resource: str, purpose: str, known: Mapping[str, Places], root: Path) -> tuple[str, int]:
    """("inventories/…/buckets.yml", 27): of the longest name that is in the resource's, whole or between hyphens.

    ("", 0) where nobody declared it.
    """
    name = f"-{resource.rpartition(' ')[2]}-"
    concern = purpose.partition(" ")[0]
    fits = [key for key in known if len(key) > 2 and f"-{key}-" in name]
    for key in sorted(fits, key=len, reverse=True):
        for variable, file, line in known[key]:
            if variable.startswith(concern):
                path = Path(file).resolve()
                return (str(path.relative_to(root)), line) if path.is_relative_to(root) else ("", 0)
    return "", 0


def located(
    found: Iterable[Finding], given: Mapping[str, Any], changed_by: Mapping[str, Mapping[str, str]], root: Path
) -> list[Finding]:
    """Each with who changed it, and the line of the vars (given, by host) that its first resource comes from."""
    known = functools.cache(lambda host: index(given.get(host, {})))
    found_at = []
    for one in found:
        host, _, name = one.resources[0].partition(": ")
        purpose = one.places[0].partition(" ")[2] if one.places else ""
        file, line = line_of(name, purpose, known(host), root) if name else ("", 0)
        by = changed_by.get(one.id, {})
        found_at.append(one._replace(file=file, line=line, who=by.get("who", ""), when=by.get("when", "")))
    return found_at


def account_of(given: Mapping[str, Any]) -> dict[str, str]:
    name = str(given.get("dm_account", ""))
    return {"name": name, "id": str(given["dm_accounts"][name]["id"])} if name in given.get("dm_accounts", {}) else {}
