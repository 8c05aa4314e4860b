from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: asset_canaries
short_description: List the requests that prove that the assets router serves what it should, and nothing else
description:
  - One document per kind and way of reaching it that must come back, and one per other kind that must not. The latter
    exist too, since what is not there does not come back from anywhere.
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
    - C(served) and C(refused), lists of C(kind), C(path), C(content); C(documents), what must be in the buckets for it,
      a list of C(bucket), C(key), C(content).
  type: dict
"""

_DIRECTORY = "assets-router-canary"


def asset_canaries(routes: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """{"served": […], "refused": […], "documents": […]}. Raises KeyError for another shape."""

    def canary(kind: str, path: str, does: str) -> dict[str, str]:
        return {"kind": kind, "path": path, "content": f"The assets router of {stage} {does} {kind}.\n"}

    served = [canary(kind, f"/{_DIRECTORY}/{kind}/canary.txt", "serves") for kind in routes["kinds"]]
    served += [canary(entry["kind"], f"{entry['prefix']}{_DIRECTORY}.txt", "serves") for entry in routes["legacy"]]
    refused = [canary(kind, f"/{_DIRECTORY}/{kind}/canary.txt", "must not serve") for kind in routes["refused"]]
    documents = [
        {"bucket": routes["buckets"][one["kind"]], "key": one["path"][1:], "content": one["content"]}
        for one in [*served, *refused]
    ]
    return {"served": served, "refused": refused, "documents": documents}


def _asset_canaries_filter(routes: Mapping[str, Any], stage: str) -> dict[str, Any]:
    try:
        return asset_canaries(routes, stage)
    except (TypeError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_canaries: not a routing table: {exc}.", obj=routes) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_canaries": _asset_canaries_filter}
