from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

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
  as_rows:
    description: Whether it is data, a mapping for each rule, as the report's page takes it.
    type: bool
    default: false
"""
EXAMPLES = r"""
- name: Show the routes
  ansible.builtin.debug:
    msg: "{{ assets_router_routes | asset_table('preview', 'https://assets.preview.example') }}"
"""
RETURN = r"""
_value:
  description: A heading, and a line for each rule; with O(as_rows), a list of mappings.
  type: raw
"""


def asset_rows(routes: Mapping[str, Any], frontend: str = "") -> list[tuple[str, str, str]]:
    """(path, the bucket it leads to, which variable says so). Raises KeyError for another shape."""
    upstreams = {upstream["kind"]: upstream for upstream in routes["upstreams"]}
    rows = [("/static/…", frontend, "")] if frontend else []
    for rule in routes["rules"]:
        upstream = upstreams.get(rule["to"])
        tag = "".join(f", where tagged {name}={value}" for name, value in upstream["tag"].items()) if upstream else ""
        bucket, variable = (upstream["bucket"], upstream["variable"]) if upstream else ("refused", "")
        rows.append((rule["about"] + tag, bucket, variable))
    if not routes["catch_all"]:
        rows.append(("/…", "refused", ""))
    return rows


def asset_table(
    routes: Mapping[str, Any], stage: str, url: str, frontend: str = "", as_rows: bool = False
) -> str | list[dict[str, str]]:
    rows = asset_rows(routes, frontend)
    if as_rows:
        return [dict(zip(("path", "leads to", "by"), row, strict=True)) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"\n{stage}: {url}", *(f"  {line}" for line in lines)])


def _asset_table_filter(routes: Mapping[str, Any], *args: Any, **kwargs: Any) -> str | list[dict[str, str]]:
    try:
        return asset_table(routes, *args, **kwargs)
    except (TypeError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_table: not a routing table: {exc}.", obj=routes) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_table": _asset_table_filter}
