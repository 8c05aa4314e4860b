"""Which private document may be handed out by a temporary signed URL, and what exactly is signed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.assets.served import served

_LONGEST = 7 * 24 * 3600
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def presign(kinds: Mapping[str, Any], kind: str, key: str, expires: str | int, region: str = "") -> dict[str, Any]:
    """What may be signed. Raises TypeError or ValueError."""
    public = {name: served(name, settings.get("served", False)) for name, settings in kinds.items()}
    allowed = ", ".join(name for name, said in public.items() if not said or not (said.whole or said.legacy))
    if kind not in kinds:
        raise ValueError(f"kind {kind!r} is unknown; allowed are {allowed}")
    if not isinstance(key, str):
        raise TypeError(f"key must be a string, got {type(key).__name__}")
    said = public[kind]
    if said and (said.whole or said.legacy):
        raise ValueError(f"{kind} is public and needs no signed URL; allowed are {allowed}")
    elements = key.split("/")
    if len(elements) < 3 or elements[1] != kind or {"", ".", ".."} & set(elements):
        raise ValueError(f"key {key!r} is not one of {kind}; allowed is <framework>/{kind}/<rest>")
    if odd := next((character for character in key if unicodedata.category(character) in ("Cc", "Cs")), None):
        raise ValueError(f"key has the control character {odd!r}")
    if said and not said.tag and said.has(key):
        raise ValueError(f"key {key!r} is one of the public ones of {kind} and needs no signed URL")
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", str(expires))
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= seconds <= _LONGEST:
        raise ValueError(f"expires is {expires!r}; allowed is a time such as 900s, 15m, 12h or 2d, at most 7d")
    return {"kind": str(kind), "key": key, "seconds": seconds, "region": kinds[kind].get("region") or region}


def shown(key: str) -> str:
    """With what cannot be seen written out, so that two keys that look alike do not."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in key)
