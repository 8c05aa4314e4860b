from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets.resolve import resolve_asset

DOCUMENTATION = r"""
name: resolve_asset
short_description: Explain what the assets router does with one URL
description:
  - The routing rule in plain Python, written without looking at nginx's configuration. A property test holds the two
    against each other.
positional: routes
options:
  _input:
    description: A URL or, from the first slash on, its path, as it would stand in a request line.
    type: str
    required: true
  routes:
    description: The table, as the filter P(asset_routes#filter) returns it.
    type: dict
    required: true
  domains:
    description: Host names that the router answers to; a URL of any other is refused. Empty answers to any.
    type: list
    elements: str
  frontend:
    description: Whether C(/static/) leads to the frontend.
    type: bool
    default: false
  own:
    description: Paths that the router answers by itself.
    type: list
    elements: str
"""
EXAMPLES = r"""
- name: Explain a URL
  ansible.builtin.debug:
    msg: "{{ '/digital-outcomes-and-specialists-3/communications/data/opportunity-data.csv' | resolve_asset(routes) }}"
"""
RETURN = r"""
_value:
  description:
    - C(served) (bool), C(by) (router, frontend, legacy, kind, catch_all, refused, or elsewhere for a host that the
      router does not answer to), C(why) (a sentence); where a bucket serves it also C(kind), C(variable),
      C(bucket), C(key) (as S3 reads it), C(path) (the plain spelling) and C(url) (what S3 is asked for).
  type: dict
"""


def _resolve_asset_filter(url: str, routes: Mapping[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    try:
        return resolve_asset(url, routes, *args, **kwargs)
    except (TypeError, KeyError, ValueError) as exc:
        raise AnsibleFilterError(f"resolve_asset: {exc}.", obj=url) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"resolve_asset": _resolve_asset_filter}
