from __future__ import annotations

DOCUMENTATION = r"""
name: dumps_problems
short_description: Say what is wrong with what the vars say of database dumps
description:
  - Stages that there are, fingerprints of keys, and columns by stage.
options:
  _input:
    description: O(dumps_stages), O(dumps_recipients) and O(dumps_times) as C(stages), C(recipients) and C(times).
    type: dict
    required: true
  known:
    description: The stages that there are.
    type: list
    elements: str
    required: true
author: [Digital Marketplace developers]
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (said | dumps_problems(dm_stages))
  vars:
    said: {stages: "{{ dumps_stages }}", recipients: "{{ dumps_recipients }}", times: "{{ dumps_times }}"}
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

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.dumps.vars import problems


def dumps_problems(said: dict[str, Any], known: list[str]) -> list[str]:
    return list(problems(said["stages"], said["recipients"], said["times"], known))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"dumps_problems": dumps_problems}
