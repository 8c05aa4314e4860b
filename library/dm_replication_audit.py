#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_replication_audit
short_description: Compare buckets with their replicas, to the last version
description:
  - Lists all versions and delete markers of both sides at the same time, and compares them in the order of their keys;
    how many there are takes no more memory. Writes nothing.
  - What is missing is asked about by HeadObject, so that what is on its way, what S3 failed to copy, and what is older
    than the rule are told apart; at most 10,000 of each replica, the others are only counted. What is on its way for
    more than a day is a finding. What a replica's own lifecycle rules removed, and what a rule leaves out, is as
    it should be. What a replica has besides is counted.
  - Sizes and ETags are compared; where an ETag cannot be the same on both sides (KMS, other parts) checksums are.
  - A replica in another account takes a profile of O(profiles); without one it is not compared, which a note says.
options:
  calls:
    description: Listings under way at the same time, of both sides together.
    type: int
    default: 16
extends_documentation_fragment: [dm_estate, dm_estate.replicated, dm_estate.profiles, dm_aws]
"""
EXAMPLES = r"""
- name: Compare the stage's buckets with their replicas
  dm_replication_audit:
    account: preview
    buckets: "{{ buckets }}"
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: What was found of each replica.
  sample:
    - {subject: every version of documents in documents-copy, source: documents, replica: documents-copy,
       verdict: failed, why: "2 older than the rule: playbooks/replicate_existing.yml copies them", compared: 12034,
       seconds: 1.2, calls: 32, counts: {never: 2, extra: 1}, bytes_to_copy: 4096, pending_seconds: 0,
       examples: [{key: a.pdf, version: v1, what: never}], at: "2026-11-23T04:00:00+00:00"}
"""

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.replication.audit import audit
from ansible.module_utils.estate.replication.plan import pairs, unseen
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    rules = pairs(asked["buckets"], asked["profiles"])
    clients = Clients(module, workers=asked["calls"], region=rules[0].region if rules else "us-east-1", validate=False)
    found, failed = audit(clients, rules, asked["calls"])
    drift = [f"{proof['subject']}: {proof['why']}" for proof in found if proof["verdict"] == "failed"]
    made = Plan("replicas", asked["account"], (), left_out=failed, drift=drift, notes=unseen(rules))
    run(module, made, clients.call, facts=lambda _: {"proofs": found})


if __name__ == "__main__":
    main()
