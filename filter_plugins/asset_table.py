from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.assets.table import asset_rows

DOCUMENTATION = r"""
name: asset_table
short_description: Write the routing table for a person to read, in the order in which its rules apply
positional: stage, url
options:
  _input:
    description: The table, as the filter P(asset_routes#filter) returns it.
    type: dict
    required: true
  stage:
    description: The stage, for the heading.
    type: str
    required: true
  url:
    description: Where the public finds the router.
    type: str
    required: true
  frontend:
    description: The address that C(/static/) leads to; empty for none.
    type: str
"""
EXAMPLES = r"""
- name: Show the routes
  ansible.builtin.debug:
    msg: "{{ assets_router_routes | asset_table('preview', 'https://assets.preview.example') }}"
"""
RETURN = r"""
_value:
  description: A heading, and a line for each rule.
  type: str
"""


def asset_table(routes: Mapping[str, Any], stage: str, url: str, frontend: str = "") -> str:
    rows = asset_rows(routes, frontend)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"\n{stage}: {url}", *(f"  {line}" for line in lines)])


def _asset_table_filter(routes: Mapping[str, Any], *args: Any, **kwargs: Any) -> str:
    try:
        return asset_table(routes, *args, **kwargs)
    except (TypeError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_table: not a routing table: {exc}.", obj=routes) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_table": _asset_table_filter}
