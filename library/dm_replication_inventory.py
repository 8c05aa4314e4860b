#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication_inventory
short_description: Compare a bucket with its replica by their S3 inventories
description:
  - For more objects than one wants to list. By DuckDB on this machine, in no more memory than O(megabytes); or by
    Athena, which takes the same statement. Writes nothing but what does not fit into memory, and Athena its result.
options:
  source:
    description: The C(manifest.json) of the source's inventory, copied here with its data; of Athena the table over it.
    type: str
    required: true
  replica:
    description: The same of the replica.
    type: str
    required: true
  workgroup:
    description: Athena's workgroup. Without one DuckDB compares.
    type: str
    default: ""
  megabytes:
    description: Memory for DuckDB.
    type: int
    default: 1200
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Compare a hundred million versions
  dm_replication_inventory:
    account: production
    source: inventories/documents/2026-11-22T01-00Z/manifest.json
    replica: inventories/documents-copy/2026-11-22T01-00Z/manifest.json
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: How many of each kind of difference there are, and the first one by name.
  sample:
    - {subject: inventories of documents and documents-copy, verdict: failed, why: 2 differ, counts: {differing: 2},
       seconds: 61.3, at: "2026-11-23T04:00:00+00:00", examples: [{what: differing, key: a.pdf, bytes: 7}]}
"""

import tempfile
import time
from pathlib import Path

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.replication.inventory import by_athena, by_duckdb, told
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked, began = module.params, time.monotonic()
    sides = asked["source"], asked["replica"]
    try:
        if asked["workgroup"]:
            found = by_athena(Clients(module)["athena"], sides, asked["workgroup"])
        else:
            with tempfile.TemporaryDirectory(prefix="estate-inventory-") as scratch:
                found = by_duckdb([Path(side) for side in sides], scratch, asked["megabytes"])
    except Exception as exc:
        module.fail_json(msg=sentence(exc, "cannot compare the inventories"))
    proof = told(f"inventories {sides[0]} and {sides[1]}", found, time.monotonic() - began)
    drift = [f"{proof['subject']}: {proof['why']}"] if proof["verdict"] == "failed" else []
    run(
        module,
        Plan("inventories", asked["account"], (), drift=drift),
        lambda _: None,
        facts=lambda _: {"proofs": [proof]},
    )


if __name__ == "__main__":
    main()
