"""IAM's rules of names and paths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html. Pure."""

from __future__ import annotations

import re
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9_+=,.@-]")
_PATH = re.compile(r"/([!-~]+/)?")
NAME_LENGTH = {"user": 64, "role": 64, "group": 128, "policy": 128, "inline policy": 128}


def name_problem(kind: str, name: Any) -> str:
    """Why IAM would refuse a name, or ""."""
    if not isinstance(name, str) or not name:
        return f"{kind} {name!r}: the name must be text of 1 to {NAME_LENGTH[kind]} characters"
    for position, character in enumerate(name, start=1):
        if not _WORD.fullmatch(character):
            return (
                f"{kind} {name!r}: {character!r} at position {position} is not allowed; allowed are a-z A-Z 0-9 +=,.@_-"
            )
    if len(name) > NAME_LENGTH[kind]:
        return f"{kind} {name!r}: {len(name)} characters; at most {NAME_LENGTH[kind]} are allowed"
    return ""


def path_problem(kind: str, name: str, path: Any) -> str:
    """Why IAM would refuse a path, or ""."""
    if isinstance(path, str) and _PATH.fullmatch(path) and len(path) <= 512:
        return ""
    return f"{kind} {name!r}: path {path!r} must be / or begin and end with / (at most 512 characters without spaces)"
