from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.monitoring.desired import monitoring_desired
from ansible.module_utils.estate.origin import plainly

DOCUMENTATION = r"""
name: monitoring_desired
short_description: Work out the complete monitoring of a stage or an account
positional: purpose
description:
  - Turns the C(monitoring_*) vars into what M(dm_monitoring) takes, one entry for each app, bucket or class of events.
    Refuses what AWS would refuse and what could never fire. What may be said is in C(docs/monitoring.md).
options:
  _input:
    description:
      - C(layers) (variables by name, each a mapping of kinds, later ones win), C(without) (kinds that are not wanted),
        C(each) (the lists), C(buckets) as M(dm_buckets) takes them, C(place), C(stage),
        C(account), C(account_id), C(region).
    type: dict
    required: true
  purpose:
    description:
      - C(trails) for these alone, C(monitoring) for all but these, C(proof) for what M(dm_alarm_proof) takes; every
        kind where left out.
    type: str
"""
EXAMPLES = r"""
- name: Show what is wanted
  ansible.builtin.debug:
    msg: "{{ __monitoring_declared | monitoring_desired }}"
"""
RETURN = r"""
_value:
  description: Things by kind, as M(dm_monitoring) takes them.
  type: dict
"""


def _monitoring_desired_filter(declared: Mapping[str, Any], purpose: str = "") -> dict[str, Any]:
    try:
        return plainly(lambda said: monitoring_desired(said, purpose), declared)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"{str(exc).rstrip('.')}.", obj=declared) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"monitoring_desired": _monitoring_desired_filter}
