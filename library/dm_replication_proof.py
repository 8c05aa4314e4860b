#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication_proof
short_description: Prove that buckets are replicated
description:
  - Puts a small object into each source bucket, where the rule must see it, unless a fresh one is there, and waits
    until the same version is in the replica. What looks right proves nothing; an object that arrived does.
  - A canary says nothing any more when it is too old, has expired on either side, was written under another rule, or
    before there was any; then a new one is written, and older versions are removed where one may. What failed is tried
    anew in each run. Of a replica in another account the source's own status is the proof, unless O(profiles) has a
    profile that reads it there.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
options:
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
extends_documentation_fragment: [dm_estate, dm_estate.replicated, dm_estate.profiles, dm_aws]
"""
EXAMPLES = r"""
- name: Prove that the stage's buckets are replicated
  dm_replication_proof:
    account: preview
    buckets: "{{ buckets }}"
    timeout: 900
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: What became of each rule's canary.
  sample:
    - {subject: replication of documents into documents-copy, source: documents, replica: documents-copy,
       key: estate-canary.txt, verdict: proved, seconds: 0.4, why: "",
       at: "2026-11-23T03:00:00+00:00", age_seconds: 12, removed: 1,
       expected: version v2, seen: "COMPLETED at the source, REPLICA of version v2 in the replica"}
"""

import datetime

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.replication.plan import pairs, plan
from ansible.module_utils.estate.replication.read import looks, proofs, told
from ansible.module_utils.estate.run import estate_module, run

WORKERS = 16


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    rules = pairs(asked["buckets"], asked["profiles"])
    clients = Clients(module, workers=WORKERS, region=rules[0].region if rules else "us-east-1")
    max_age = datetime.timedelta(hours=asked["max_age_hours"])
    found, failed = looks(clients, rules, WORKERS)
    now = datetime.datetime.now(datetime.UTC)
    made = plan(asked["account"], found, now, max_age, asked["writes"])._replace(left_out=failed)
    if module.check_mode or not asked["writes"]:  # what is there has to do; what it does not prove is drift
        run(module, made, clients.call, facts=lambda _: {"proofs": [told(look, now, max_age) for look in found]})
        return
    written = {action.params["Bucket"] for action in made.actions}
    seen = [look.pair for look in found]
    run(
        module,
        made,
        clients.call,
        proofs=lambda: proofs(clients, seen, written, asked["timeout"], max_age, WORKERS),
        workers=WORKERS,
    )


if __name__ == "__main__":
    main()
