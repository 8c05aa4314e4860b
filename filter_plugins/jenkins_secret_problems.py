from __future__ import annotations

DOCUMENTATION = r"""
name: jenkins_secret_problems
short_description: Say which secrets would reach Jenkins otherwise than they were written
description:
  - Jenkins trims a secret's file and replaces V(${…}) in it. What would not arrive as it stands is named, never shown.
positional: _input
options:
  _input:
    description: Passwords by user.
    type: dict
    required: true
  secrets:
    description: Further secrets by name.
    type: dict
    required: true
  people:
    description: Users who must have a password.
    type: list
    elements: str
    required: true
  configuration:
    description: What reads the secrets, to find lookups that would change them.
    type: raw
    required: true
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (jenkins_passwords | jenkins_secret_problems(jenkins_secrets, jenkins_admins, jenkins_credentials))
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
from ansible.module_utils.estate.jenkins.casc import problems


def jenkins_secret_problems(passwords: Any, secrets: Any, people: Any, configuration: Any) -> list[str]:
    if not isinstance(passwords, dict) or not isinstance(secrets, dict):
        raise AnsibleFilterError("jenkins_secret_problems: passwords and secrets are dictionaries")
    return problems(passwords, secrets, people, configuration)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"jenkins_secret_problems": jenkins_secret_problems}
