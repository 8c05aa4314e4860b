from __future__ import annotations

DOCUMENTATION = r"""
name: network_problems
short_description: Say what is wrong with a list of networks that may reach something
description:
  - Each must be an address or a network without host bits; together they must not be most of the internet.
positional: _input
options:
  _input:
    description: Networks, such as V(192.0.2.0/24) or V(2001:db8::/32).
    type: list
    elements: str
    required: true
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (jenkins_ssh_addresses | network_problems)
"""
RETURN = r"""
_value:
  description: A sentence for each problem; empty where there is none.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.networks import problems


def network_problems(networks: Any) -> list[str]:
    if not isinstance(networks, (list, tuple)):
        raise AnsibleFilterError(f"network_problems: wants a list of networks, not {type(networks).__name__}")
    return problems(networks)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"network_problems": network_problems}
