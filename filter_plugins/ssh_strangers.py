from __future__ import annotations

DOCUMENTATION = r"""
name: ssh_strangers
short_description: Name the hosts that ssh would not connect to
description:
  - Those of git's URLs, and further ones, for which no line of C(known_hosts) is.
positional: _input
options:
  _input:
    description: URLs of git repositories; those that do not go by SSH need no line.
    type: list
    elements: str
    required: true
  hosts:
    description: Further hosts that are reached by SSH.
    type: list
    elements: str
    required: true
  lines:
    description: Lines of C(known_hosts).
    type: list
    elements: str
    required: true
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (['git@git.example:estate.git'] | ssh_strangers(['router.example'], jenkins_known_hosts))
"""
RETURN = r"""
_value:
  description: Each as a line of C(known_hosts) would name it, with its port where that is not 22.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.jenkins.known_hosts import strangers


def ssh_strangers(urls: Any, hosts: Any, lines: Any) -> list[str]:
    for given in (urls, hosts, lines):
        if not isinstance(given, (list, tuple)):
            raise AnsibleFilterError(f"ssh_strangers: wants lists, not {type(given).__name__}")
    return strangers(urls, hosts, lines)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"ssh_strangers": ssh_strangers}
