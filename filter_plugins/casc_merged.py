from __future__ import annotations

DOCUMENTATION = r"""
name: casc_merged
short_description: Join two files of configuration as code as Jenkins does
description:
  - Maps merge and lists join; what stands twice is an error, as it is to Jenkins when it starts.
positional: _input
options:
  _input:
    description: What the role writes.
    type: dict
    required: true
  declared:
    description: What the vars add to it.
    type: dict
    required: true
"""
EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ {'jenkins': {'mode': 'EXCLUSIVE'}} | casc_merged({'jenkins': {'quietPeriod': 5}}) }}"
"""
RETURN = r"""
_value:
  description: The whole configuration.
  type: dict
"""

from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.jenkins.casc import merged


def casc_merged(own: Any, declared: Any) -> dict[str, Any]:
    if not isinstance(own, dict) or not isinstance(declared, dict):
        raise AnsibleFilterError("casc_merged: both sides are dictionaries")
    try:
        return merged(own, declared)
    except ValueError as exc:
        raise AnsibleFilterError(f"casc_merged: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"casc_merged": casc_merged}
