"""What of a kind is public, as `served` in buckets_kinds declares it: nothing, all, or some keys, by pattern or tag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.evaluator.patterns import like

ALLOWED = 'true, false, legacy, {keys: ["*/<kind>/data/*"]} and {tag: {<name>: <value>}}'
_LITERAL = re.compile(r"[^\x00-\x1f\x7f\"\\?$+]+")


class Served(NamedTuple):
    """keys: patterns of S3's resource grammar with * alone; tag: what S3 must find on the object, too."""

    legacy: bool = False  # reached by the legacy prefixes alone
    keys: tuple[str, ...] = ("*",)
    tag: tuple[str, str] | None = None

    @property
    def whole(self) -> bool:
        return self.keys == ("*",) and self.tag is None

    def has(self, key: str) -> bool:
        return any(like(pattern, key) for pattern in self.keys)


def served(kind: str, said: Any) -> Served | None:
    """None where nothing is served. Raises ValueError in the words of the vars."""
    name = f"buckets_kinds.{kind}.served"
    if said is False:
        return None
    if said is True or said == "legacy":
        return Served(legacy=said == "legacy")
    if not isinstance(said, Mapping) or set(said) not in ({"keys"}, {"tag"}):
        raise ValueError(f"{name} is {said!r}; allowed are {ALLOWED}")
    keys, tag = said.get("keys", ["*"]), said.get("tag")
    if not isinstance(keys, (list, tuple)) or not keys:
        raise ValueError(f"{name}.keys must be a list of key patterns that is not empty")
    for pattern in keys:
        if not isinstance(pattern, str) or not _LITERAL.fullmatch(pattern) or pattern.startswith("/"):
            raise ValueError(
                f"{name}.keys: {pattern!r} is no key pattern; allowed is a key such as */{kind}/data/*, where * is any "
                'text, without a first slash and without " \\ ? $ + and control characters'
            )
    if tag is not None and not (
        isinstance(tag, Mapping) and len(tag) == 1 and all(isinstance(word, str) and word for word in _pair(tag))
    ):
        raise ValueError(f"{name}.tag must be one name and its value, such as {{public: 'yes'}}")
    return Served(keys=tuple(str(pattern) for pattern in keys), tag=_pair(tag) if tag else None)


def _pair(tag: Mapping[str, str]) -> tuple[str, str]:
    [(name, value)] = tag.items()
    return name, value


def expression(pattern: str, space: str = r"[\x20\x2B]") -> str:
    """The pattern for nginx, which sees the path decoded, but a plus sign where S3 sees a space."""

    def said(found: re.Match[str]) -> str:
        known = {"*": ".*", " ": space}
        return known.get(found[0]) or "".join(f"\\x{octet:02X}" for octet in found[0].encode())

    return re.sub(r"[^A-Za-z0-9/_~,:;=@!%&'-]", said, pattern)
