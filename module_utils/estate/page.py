"""How a module hands a table or a picture to the page that a run ends with.

https://docs.ansible.com/ansible/latest/collections/ansible/builtin/set_stats_module.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def on_the_page(tables: Mapping[str, Sequence[Mapping[str, Any]]], picture: str = "") -> dict[str, Any]:
    """What such a module returns besides: tables are rows by title, the picture is an SVG."""
    data = {"page_tables": dict(tables), **({"page_picture": picture} if picture else {})}
    return {"ansible_stats": {"data": data, "per_host": False, "aggregate": True}}
