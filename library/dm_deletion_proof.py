#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_deletion_proof
short_description: Say who can destroy the last copy of what a bucket holds
description:
  - Judges, over everything that somebody can become, who can destroy every copy of a bucket's objects and by which way,
    under today's controls and under those that are advised. Asks nothing of AWS.
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
extends_documentation_fragment: [dm_estate]
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
extends_documentation_fragment: [dm_estate]
proofs:
  description: >-
    Of each attacker against whom something has to hold, with his C(rows), C(cause), and C(of), the buckets that do not.
rows:
  description: >-
    Of each attacker and each bucket with its replicas C(attacker), C(bucket), C(copies), C(today) and C(advised) (ways
    to destroy the copy that is hardest to destroy), C(controls today), C(controls advised), C(hides).
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.estate.deletion.judge import proofs_of
from ansible.module_utils.estate.evaluator.composed import handed
from ansible.module_utils.estate.page import on_the_page
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    if strangers := [one for one in asked["holds"] if one not in asked["attackers"]]:
        allowed = ", ".join(asked["attackers"])
        module.fail_json(msg=f"holds names {', '.join(strangers)}, which is none of attackers; allowed are {allowed}.")
    lives, attackers, advised, holds = (asked[name] for name in ("lives", "attackers", "advised", "holds"))
    judged = proofs_of(handed(lives), attackers, advised, holds)
    # Of whom nothing has to hold there is nothing to prove; the rows are there to be read.
    proofs = [proof for attacker, proof in judged.items() if holds.get(attacker)]
    rows = [row for proof in judged.values() for row in proof["rows"]]
    run(
        module,
        Plan("deletion", asked["account"], ()),
        lambda _: None,
        facts=lambda _: {"rows": rows, **on_the_page({"Who can destroy the last copy": rows})},
        proofs=lambda: proofs,
    )


if __name__ == "__main__":
    main()
