"""Public keys that no URL of the router leads to: they were uploaded to be seen, and nobody sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.assets.canaries import DIRECTORY
from ansible.module_utils.estate.assets.resolve import path_of, resolve_asset
from ansible.module_utils.estate.evaluator.patterns import like

OWN = (f"{DIRECTORY}/", "estate-canary")  # what the proofs put there, some of it to be refused


def unreachable(keys: Iterable[str], kind: str, routes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, why) for each key of the kind's bucket that is public by its pattern and cannot be asked for."""
    [upstream] = [upstream for upstream in routes["upstreams"] if upstream["kind"] == kind]
    for key in keys:
        if key.startswith(OWN) or not any(like(pattern, key) for pattern in upstream["keys"]):
            continue
        found = resolve_asset(path_of(key), routes)
        if not found["served"]:
            yield key, found["why"]
        elif found.get("bucket") != upstream["bucket"]:
            yield key, f"its URL leads to {found.get('bucket', 'the router itself')}"
