"""How a module hands a table or a picture to the page that a run ends with: the callback dm_report reads it, also of a
module that failed, which Ansible's own ansible_stats are not kept of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def on_the_page(tables: Mapping[str, Sequence[Mapping[str, Any]]], picture: str = "") -> dict[str, Any]:
    """What such a module returns besides: tables are rows by title, the picture is an SVG."""
    return {"page": {"tables": dict(tables), "picture": picture}}
