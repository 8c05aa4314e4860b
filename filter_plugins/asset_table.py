from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: asset_table
short_description: Write the routing table for a person to read, in the order in which its rules apply
positional: url
options:
  _input:
    description: The table, as the filter P(asset_routes#filter) returns it.
    type: dict
    required: true
  url:
    description: Where the public finds the router.
    type: str
    required: true
"""
EXAMPLES = r"""
- name: Show the routes
  ansible.builtin.debug:
    msg: "{{ assets_router_routes | asset_table('https://assets.preview.example') }}"
"""
RETURN = r"""
_value:
  description: One line for each rule.
  type: str
"""


def asset_table(routes: Mapping[str, Any], url: str) -> str:
    """Three columns: URL, where it leads, which variable says so. Raises KeyError for another shape."""
    upstreams = {upstream["kind"]: upstream for upstream in routes["upstreams"]}
    rows: list[Sequence[str]] = [(f"{url}/*/{kind}/…", "404, refused", "") for kind in routes["refused"]]
    for pattern, kind in [
        *((f"{url}{entry['prefix']}…", entry["kind"]) for entry in routes["legacy"]),
        *((f"{url}/*/{kind}/…", kind) for kind in routes["kinds"]),
        *([(f"{url}/…", routes["catch_all"])] if routes["catch_all"] else []),
    ]:
        rows.append((pattern, upstreams[kind]["url"], upstreams[kind]["variable"]))
    if not routes["catch_all"]:
        rows.append((f"{url}/…", "404, no rule", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _asset_table_filter(routes: Mapping[str, Any], url: str) -> str:
    try:
        return asset_table(routes, url)
    except (TypeError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_table: not a routing table: {exc}.", obj=routes) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_table": _asset_table_filter}
