#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_unreachable_documents
short_description: Find public documents that no URL of the assets router leads to
description:
  - Lists the keys of each served bucket, and reports those that are public by their pattern and have no URL, with a
    backslash or an empty element in their name, or without the kind as their second element. Only reads; what it finds
    is drift that no call can repair. Which URL leads where is handed to the report's page.
  - Where a tag decides what is public, every key that the tag might be on counts, since a listing tells no tags.
options:
  routes:
    description: The table, as the filter P(asset_routes#filter) returns it.
    type: dict
    required: true
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Find public documents without a URL
  dm_unreachable_documents:
    account: preview
    routes: "{{ assets_router_routes }}"
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
plan:
  description: The plan as a value; its drift names the keys.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.assets.presign import shown
from ansible.module_utils.estate.assets.table import told
from ansible.module_utils.estate.assets.unreachable import unreachable
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.page import on_the_page
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.run import estate_module, run

MOST = 20  # that are named for each bucket; the others are counted


def keys(s3: Any, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            yield one["Key"]


def findings(s3: Any, upstream: dict[str, Any], routes: dict[str, Any]) -> list[str]:
    """Sentences. Holds no more of a large bucket than it names."""
    named: list[str] = []
    more = 0
    for key, why in unreachable(keys(s3, upstream["bucket"]), upstream["kind"], routes):
        if len(named) < MOST:
            named.append(f"{shown(key)} of {upstream['bucket']} is public and has no URL: {why}")
        else:
            more += 1
    return [*named, f"{more} more public keys of {upstream['bucket']} have no URL"] if more else named


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given, clients = module.params, Clients(module)
    s3, routes = clients["s3"], given["routes"]
    with ThreadPoolExecutor(8) as pool:
        found = clients.ask(
            lambda: list(pool.map(lambda one: findings(s3, one, routes), routes["upstreams"])),
            "Cannot list the served buckets",
        )
    drift = [sentence for of_bucket in found for sentence in of_bucket]
    page = on_the_page({f"Which URL of {given['account']} leads where": told(routes)})
    run(module, Plan("documents without a URL", given["account"], [], drift=drift), clients.call, facts=lambda _: page)


if __name__ == "__main__":
    main()
