from __future__ import annotations

DOCUMENTATION = r"""
name: plugin_lock_problems
short_description: Say why a lock is not that of a list of plugins
description:
  - The lock must hold each of them at its version, and every name once, and have a checksum of all or of none.
positional: locked, checksums
options:
  _input:
    description: Plugins as C(name:version).
    type: list
    elements: str
    required: true
  locked:
    description: The whole set, dependencies included.
    type: list
    elements: str
    required: true
  checksums:
    description: SHA-256 by C(name:version), of the whole set; empty where nobody has taken them.
    type: dict
    default: {}
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (jenkins_plugins | plugin_lock_problems(jenkins_plugins_locked, jenkins_plugins_checksums))
"""
RETURN = r"""
_value:
  description: A sentence for each problem.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

import ansible.module_utils

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.jenkins.plugins import lock_problems


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"plugin_lock_problems": lock_problems}
