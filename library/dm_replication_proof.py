#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication_proof
short_description: Prove that buckets are replicated
description:
  - Puts a small object into each source bucket, where the rule must see it, unless a fresh one is there, and waits
    until the same version is in the replica. What looks right proves nothing; an object that arrived does.
  - What failed is tried anew in each run. Of a replica in another account the source's own status is the proof.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
author: [Digital Marketplace developers]
options:
  buckets:
    description: The buckets as M(dm_buckets) takes them; those without C(replication) are passed over.
    type: list
    elements: dict
    required: true
  writes:
    description: Whether canaries may be written. Without, what was not proved of late is drift.
    type: bool
    default: true
  max_age_hours:
    description: A canary no older than this is proof; an older one is written anew.
    type: int
    default: 24
  timeout:
    description: Seconds to wait for the replicas.
    type: int
    default: 60
extends_documentation_fragment:
  - dm_estate
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Prove that the stage's buckets are replicated
  dm_replication_proof:
    account: preview
    buckets: "{{ buckets }}"
    timeout: 900
"""
RETURN = r"""
proofs:
  description: What became of each rule's canary.
  returned: always
  type: list
  elements: dict
  sample:
    - {subject: replication of documents into documents-copy, source: documents, replica: documents-copy,
       key: estate-canary.txt, verdict: proven, seconds: 0.4, why: ""}
"""

import datetime

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.replication.plan import pairs, plan
from ansible.module_utils.estate.replication.read import looks, proofs
from ansible.module_utils.estate.run import estate_module, run

WORKERS = 16


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    rules = pairs(asked["buckets"])
    clients = Clients(module, workers=WORKERS, region=rules[0].region if rules else "us-east-1")
    max_age = datetime.timedelta(hours=asked["max_age_hours"])
    found, failed = looks(clients, rules, WORKERS)
    made = plan(asked["account"], found, datetime.datetime.now(datetime.UTC), max_age, asked["writes"])
    seconds = asked["timeout"] if asked["writes"] and not module.check_mode else 0
    seen = [look.pair for look in found]
    run(
        module,
        made._replace(left_out=failed),
        clients.call,
        proofs=lambda: proofs(clients, seen, seconds, max_age, WORKERS),
        workers=WORKERS,
    )


if __name__ == "__main__":
    main()
