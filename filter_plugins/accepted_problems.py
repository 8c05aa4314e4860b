from __future__ import annotations

DOCUMENTATION = r"""
name: accepted_problems
short_description: Say what is wrong with a list of accepted findings
description:
  - Each must name its finding and resources, who answers for it, why it may stay, and until when, within 180 days.
    What has expired is no problem; it comes back as a finding.
options:
  _input:
    description: The entries of O(accepted_findings).
    type: list
    elements: dict
    required: true
"""
EXAMPLES = r"""
- ansible.builtin.assert:
    that: not (accepted_findings | accepted_problems)
"""
RETURN = r"""
_value:
  description: A sentence for each problem; empty where there is none.
  type: list
  elements: str
"""

import datetime
from pathlib import Path
from typing import Any

import ansible.module_utils

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.findings.accepted import problems


def accepted_problems(entries: Any) -> list[str]:
    return list(problems(entries, datetime.datetime.now(datetime.UTC).date()))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"accepted_problems": accepted_problems}
