"""Where a value of the vars was written. Ansible's tags on its data are the only thing that knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # on another machine there are no vars
    Origin = None


def place_of(value: Any) -> tuple[str, int] | None:
    """(file, line), or None where nobody knows."""
    origin = Origin.get_tag(value) if Origin else None
    return (origin.path, origin.line_num) if origin and origin.path and origin.line_num else None


def line_of(value: Any) -> str:
    """' (line 7)', or '' where nobody knows."""
    origin = Origin.get_tag(value) if Origin else None
    return f" (line {origin.line_num})" if origin and origin.line_num else ""


def file_and_line(value: Any) -> str:
    """' (file:line)', or '' where nobody knows."""
    if (place := place_of(value)) is None:
        return ""
    path = Path(place[0]).resolve()  # an inventory's group_vars may be a link to those of all
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f" ({shown}:{place[1]})"
