from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: asset_canaries
short_description: List the requests that prove that the assets router serves what it should, and nothing else
description:
  - One document per kind and way of reaching it that must come back, and one URL per other kind that must not.
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
  description: C(served), a list of C(kind), C(path), C(bucket), C(key), C(content); C(refused) of C(kind), C(path).
  type: dict
"""

_DIRECTORY = "assets-router-canary"


def asset_canaries(routes: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """{"served": [...], "refused": [...]} with paths from the first slash on. Raises KeyError for another shape."""
    buckets = {upstream["kind"]: upstream["bucket"] for upstream in routes["upstreams"]}
    ways = [(kind, f"/{_DIRECTORY}/{kind}/canary.txt") for kind in routes["kinds"]]
    ways += [(entry["kind"], f"{entry['prefix']}{_DIRECTORY}.txt") for entry in routes["legacy"]]
    served = [
        {
            "kind": kind,
            "path": path,
            "bucket": buckets[kind],
            "key": path[1:],
            "content": f"The assets router of {stage} serves {kind}.\n",
        }
        for kind, path in ways
    ]
    refused = [{"kind": kind, "path": f"/{_DIRECTORY}/{kind}/canary.txt"} for kind in routes["refused"]]
    return {"served": served, "refused": refused}


def _asset_canaries_filter(routes: Mapping[str, Any], stage: str) -> dict[str, Any]:
    try:
        return asset_canaries(routes, stage)
    except (TypeError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_canaries: not a routing table: {exc}.", obj=routes) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_canaries": _asset_canaries_filter}
