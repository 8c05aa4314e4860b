from __future__ import annotations

DOCUMENTATION = r"""
name: plugin_warnings
short_description: Say which security warnings of the update centre hold for a set of plugins
description:
  - A warning holds where a pattern of its versions fits the whole version.
positional: plugins, core
options:
  _input:
    description: The update centre's C(update-center.actual.json).
    type: dict
    required: true
  plugins:
    description: Plugins as C(name:version).
    type: list
    elements: str
    required: true
  core:
    description: The version of Jenkins.
    type: str
    required: true
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (update_center | plugin_warnings(jenkins_plugins_locked, jenkins_version))
"""
RETURN = r"""
_value:
  description: A sentence for each warning, which begins with its id.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.jenkins.plugins import warnings


def plugin_warnings(update_center: Any, plugins: Any, core: Any) -> list[str]:
    if not isinstance(update_center, dict):
        raise AnsibleFilterError("plugin_warnings: wants the update centre's JSON, a dictionary")
    return warnings(update_center, plugins, str(core))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"plugin_warnings": plugin_warnings}
