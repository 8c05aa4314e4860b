#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_invariants
short_description: Tell what was judged of the invariants of access
description:
  - Takes what the filter P(access_review#filter) judged. An invariant that does not hold, or was not proved, is drift
    that no call can repair, and ends an audit with findings. Asks nothing of AWS.
options:
  judged:
    description: Each invariant's C(name), C(verdict) (V(proved), V(failed) or V(not proved)) and C(why).
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Only tells.
extends_documentation_fragment: [dm_estate]
"""
EXAMPLES = r"""
- name: Tell what was judged
  dm_invariants:
    account: all
    judged: "{{ __access_review['judged'] }}"
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
plan:
  description: The plan as a value; its drift names the invariants that do not hold.
proofs:
  description: What was judged, as every module tells what it proved.
"""

from typing import Any

from ansible.module_utils.estate.effects.invariants import Judged, proofs
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.run import estate_module, run


def call(action: Action) -> Any:
    raise NotImplementedError(action.method)  # nothing is ever planned


def main() -> None:
    module = estate_module(DOCUMENTATION)
    judged = [Judged(**one) for one in module.params["judged"]]
    drift = [f"invariant {one.name} {one.verdict}: {one.why}" for one in judged if one.verdict != "proved"]
    plan = Plan("invariants of access", module.params["account"], [], drift=drift)
    # A finding, not an error: whoever reads the review decides what becomes of it.
    run(module, plan, call, facts=lambda _known: {"proofs": list(proofs(judged))})


if __name__ == "__main__":
    main()
