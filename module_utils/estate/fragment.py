"""What modules share that plan: said here once, read by run.py, and by ansible-doc as doc_fragments/dm_estate.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
author: [Digital Marketplace developers]
options:
  account:
    description: The account or stage, as C(dm_accounts) or C(dm_stages) names it; for what is said, not for signing in.
    type: str
    required: true
  reviewed:
    description:
      - Digests of the plans that were reviewed for this host, by their purpose. Any other plan is refused, and so is
        one that is not among them. Handed over by the action plugin in a run of C(-e @PLAN), not written in a task.
    type: dict
attributes:
  check_mode:
    support: full
    description: Reads and plans, changes nothing.
  diff_mode:
    support: full
    description: Shows each resource before and after.
"""
    REPLICATED = r"""
options:
  buckets:
    description: The buckets as M(dm_buckets) takes them; those without C(replication) are passed over.
    type: list
    elements: dict
    required: true
"""
    PROFILES = r"""
options:
  profiles:
    description: For the number of each other account that holds replicas a profile that reads them there.
    type: dict
    default: {}
"""
    BATCH = r"""
options:
  account_id:
    description: The account's number.
    type: str
    required: true
  role:
    description: ARN of the role that jobs run as.
    type: str
    required: true
  places:
    description: For each region the bucket for manifests and reports of jobs there.
    type: dict
    required: true
  confirmed:
    description: Source buckets whose jobs may run.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to follow jobs for. They go on by themselves; the next run follows them further.
    type: int
    default: 43200
"""
    RETURN = r"""
plan:
  description: The plan as a value, whether or not it was carried out.
  returned: always
  type: dict
  contains:
    purpose: {description: What a reviewed plan is known by beside its host., type: str}
    account: {description: O(account)., type: str}
    digest: {description: The same for the same plan., type: str}
    counts: {description: "How many resources are added, changed or removed.", type: dict}
    actions: {description: The calls in an order that works., type: list, elements: dict}
    declares: {description: "Names that no other host's plan may declare, too.", type: list, elements: str}
    unmanaged: {description: "What nobody declares, with the YAML to adopt it.", type: list, elements: dict}
    drift: {description: "What only a person can repair, such as MFA delete.", type: list, elements: str}
outcomes:
  description:
    - What became of each action (C(done), C(failed), C(not tried)) and why.
    - In check mode what had to be left out of the plan, since it could not be read or must not be touched.
  returned: always
  type: list
  elements: dict
proofs:
  description: What was proved; each has C(subject), C(verdict) (V(proved), V(failed) or V(waiting)) and C(why).
  returned: unless an action failed
  type: list
  elements: dict
"""
