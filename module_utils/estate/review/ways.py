"""Who reaches which role, in words: for the terminal, the page and the picture. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def through(grant: Mapping[str, Any]) -> str:
    via = "".join(f", then {role}" for role in grant["via"])
    implied = "" if grant["explicit"] else f" (implied by {grant['policy']})"
    return f"{grant['through']}{via}{implied}"


def needs(grant: Mapping[str, Any]) -> str:
    return "; ".join(grant["conditions"]) or "always"


def who(grant: Mapping[str, Any], main: str) -> str:
    """A person by name; a role, or anybody outside the people's account, with what and where it is."""
    name = grant["who"] if grant["account"] == main else f"{grant['account']}:{grant['who']}"
    if grant["kind"] in ("user", "role"):
        return name if grant["kind"] == "user" else f"role {name}"
    return f"{grant['kind']} {grant['who']}" if grant["account"] == "outside" else f"{grant['kind']} {name}"


def ways(grants: list[dict[str, Any]], main: str = "main") -> list[dict[str, Any]]:
    """Role by role; everybody who comes in the same way in one row."""
    rows: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for grant in grants:
        key = (grant["role_account"], grant["role"], through(grant), needs(grant))
        rows.setdefault(key, {})[who(grant, main)] = None
    return [
        dict(zip(("account", "role", "through", "if", "who"), (*key, [*who]), strict=True)) for key, who in rows.items()
    ]
