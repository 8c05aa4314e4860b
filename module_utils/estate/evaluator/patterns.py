"""IAM's wildcards and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

# What stands for a character itself where a pattern would read it as a wildcard; IAM has no use for these.
_ITSELF = {"*": "\ue000", "?": "\ue001"}
_PLAIN = {mark: re.escape(char) for char, mark in _ITSELF.items()}
NEVER = "\ue002"  # a variable that the request has no value for: a pattern with it matches nothing


def itself(text: str) -> str:
    """A pattern of a text alone: its characters are taken for themselves."""
    return text.replace("*", _ITSELF["*"]).replace("?", _ITSELF["?"])


def plain(pattern: str) -> str:
    """The other way round."""
    return pattern.replace(_ITSELF["*"], "*").replace(_ITSELF["?"], "?")


_VARIABLE = re.compile(r"\$\{([^},]+?)(?:,\s*'([^']*)')?\}")


def _written(pattern: str, anything: str = ".") -> str:
    wild = {"*": f"{anything}*", "?": anything}
    return "".join(wild.get(char) or _PLAIN.get(char) or re.escape(char) for char in pattern)


@lru_cache(maxsize=50_000)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(_written(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


@lru_cache(maxsize=50_000)
def _arn(pattern: str) -> re.Pattern[str]:
    """Each part of an ARN is matched alone, and the last one, the resource's own name, may have colons in it."""
    *parts, last = [*pattern.split(":", 5), *["*"] * 6][:6]  # AWS completes a short ARN with wildcards
    head = ":".join(_written(part, "[^:]") for part in parts)
    return re.compile(f"(?i:{head}):{_written(last)}", re.DOTALL)


def like(pattern: str, value: str, ignore_case: bool = False) -> bool:
    """* is any characters, ? is one."""
    return NEVER not in pattern and _glob(pattern, ignore_case).fullmatch(value) is not None


@lru_cache(maxsize=5_000)
def _names(patterns: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """AWS's own policies name a thousand actions: those without wildcards are looked up, the others tried at once."""
    wild = [pattern for pattern in patterns if "*" in pattern or "?" in pattern]
    made = re.compile("|".join(f"(?:{_written(one)})" for one in wild), re.DOTALL | re.IGNORECASE) if wild else None
    return frozenset(pattern.lower() for pattern in patterns), made


def any_like(patterns: tuple[str, ...], name: str) -> bool:
    """Whether one of many patterns means a name, whatever the case: an action."""
    plain, wild = _names(patterns)
    return name.lower() in plain or (wild is not None and wild.fullmatch(name) is not None)


def resource_like(pattern: str, resource: str) -> bool:
    """Whether a policy's Resource means a resource: an ARN, or "*" for actions that have none."""
    if pattern == "*":
        return True
    if not pattern.startswith("arn:"):
        return like(pattern, resource)
    return NEVER not in pattern and _arn(pattern).fullmatch(resource) is not None


def arn_like(pattern: str, arn: str) -> bool | None:
    """As the operators ArnEquals and ArnLike, which are the same; None for a pattern that is no ARN."""
    if pattern.count(":") < 5:
        return None
    return arn.count(":") >= 5 and NEVER not in pattern and _arn(pattern).fullmatch(arn) is not None


def filled(pattern: str, known: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A pattern with its variables' values, and the variables that are not known, for which it has a * instead.

    known has values by key in lower case, None or () for a key that the request lacks.
    """
    if "${" not in pattern:
        return pattern, ()
    unknown: list[str] = []

    def value(found: re.Match[str]) -> str:
        name, default = found[1].strip(), found[2]
        if name in ("*", "?", "$"):
            return _ITSELF.get(name, name)
        if name.lower() not in known:
            unknown.append(name)
            return "*"
        values = known[name.lower()]
        if values and len(values) > 1:
            return NEVER
        text = values[0] if values else default
        return NEVER if text is None else itself(text)

    return _VARIABLE.sub(value, pattern), tuple(unknown)
