from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets.check import mistakes
from ansible.module_utils.estate.origin import file_and_line

DOCUMENTATION = r"""
name: asset_settings
short_description: Refuse values of the assets router's variables that an argument spec cannot judge
description:
  - Ranges, and forms such as host names, networks, paths and headers. nginx would take many of the wrong ones.
options:
  _input:
    description: The variables C(assets_router_*) by name; others are left alone.
    type: dict
    required: true
"""
EXAMPLES = r"""
- name: Check a setting
  ansible.builtin.debug:
    msg: "{{ {'assets_router_read_seconds': 15} | asset_settings }}"
"""
RETURN = r"""
_value:
  description: How many were judged, since what is wrong is refused.
  type: int
"""


def _asset_settings_filter(given: Mapping[str, Any]) -> int:
    wrong = list(mistakes(given))
    if wrong:
        raise AnsibleFilterError(f"{'; '.join(said + file_and_line(about) for said, about in wrong)}.", obj=wrong[0][1])
    return len(given)


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_settings": _asset_settings_filter}
