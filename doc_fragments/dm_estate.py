"""What every module shares that plans: said here once, and read by ansible-doc."""

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
    RETURN = r"""
plan:
  description: The plan as a value.
  returned: always
  type: dict
outcomes:
  description: What became of each action of the plan; empty in check mode.
  returned: always
  type: list
  elements: dict
proofs:
  description: What was proved; each has C(subject), C(verdict) (V(proved), V(failed) or V(waiting)) and C(why).
  returned: unless an action failed
  type: list
  elements: dict
"""
