#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_deletion_proof
short_description: Say who can destroy the last copy of what a bucket holds
description:
  - Judges, over everything that somebody can become, who can destroy every copy of a bucket's objects and by which way,
    under today's controls and under those that are advised. Asks nothing of AWS.
author: [Digital Marketplace developers]
options:
  lives:
    description: What RV(dm_access_info#module:access) is for each account, by the account's name.
    type: dict
    required: true
  attackers:
    description: By name, who it is as O(access_review_invariants) say it, or C(group:Name), or C(root).
    type: dict
    required: true
  advised:
    description: C(mfa_delete) and C(compliance), patterns of buckets that are to have MFA delete, or Object Lock.
    type: dict
    required: true
  holds:
    description: By attacker, patterns of buckets of which this one must not be able to destroy every copy.
    type: dict
    required: true
extends_documentation_fragment:
  - dm_estate
"""
EXAMPLES = r"""
- name: Say who can destroy what
  dm_deletion_proof:
    account: all
    lives: "{{ __access_review_live }}"
    attackers: {Jenkins: ["main:jenkins"], root: [root]}
    advised: {mfa_delete: ["*-production-production"], compliance: ["*-database-backups"]}
    holds: {Jenkins: ["*"]}
"""
RETURN = r"""
proofs:
  description: >-
    Of each attacker, with C(rows), one for each bucket and its replicas: C(bucket), C(copies), C(today) and C(advised)
    (ways, none where not every copy can be destroyed), C(controls today), C(controls advised), C(hides).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.estate.deletion.judge import Deletion
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    deletion = Deletion(asked["lives"])
    proofs = [
        deletion.proof(attacker, who, asked["advised"], asked["holds"].get(attacker, []))
        for attacker, who in asked["attackers"].items()
    ]
    # Until what is advised is so it has to be said every night.
    told = (proof for proof in proofs if proof["verdict"] == "waiting" and asked["holds"].get(proof["attacker"]))
    drift = [f"{proof['subject']}: {proof['why']}" for proof in told]
    plan = Plan("deletion", asked["account"], (), drift=drift)
    run(module, plan, lambda _: None, proofs=lambda: proofs)


if __name__ == "__main__":
    main()
