from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets.canaries import asset_canaries

DOCUMENTATION = r"""
name: asset_canaries
short_description: List the requests that prove that the assets router serves what it should, and nothing else
description:
  - One public document of each kind, key pattern and way of reaching it, and private ones of every kind, also beside
    what is public. The latter exist too, since what is not there does not come back from anywhere.
positional: stage
options:
  _input:
    description: The table, as the filter P(asset_routes#filter) returns it.
    type: dict
    required: true
  stage:
    description: The stage, which each document names, so that another stage's router cannot pass for this one's.
    type: str
    required: true
"""
EXAMPLES = r"""
- name: Show what is asked
  ansible.builtin.debug:
    msg: "{{ assets_router_routes | asset_canaries('preview') }}"
"""
RETURN = r"""
_value:
  description:
    - C(served) and C(refused), lists of C(kind), C(path), C(content), C(repeat); C(documents), what must be in the
      buckets for it, a list of C(bucket), C(key), C(content), C(repeat), C(tags), C(cache_control).
  type: dict
"""


def _asset_canaries_filter(routes: Mapping[str, Any], stage: str) -> dict[str, Any]:
    try:
        return asset_canaries(routes, stage)
    except (TypeError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_canaries: not a routing table: {exc}.", obj=routes) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_canaries": _asset_canaries_filter}
