from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets.cloudfront import cloudfront_networks

DOCUMENTATION = r"""
name: cloudfront_networks
short_description: Pick CloudFront's networks out of the list that AWS publishes
description:
  - Those that its requests to origins come from. Refuses what is not that list, or only a part of it. Follows
    U(https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html).
options:
  _input:
    description: The list, C(ip-ranges.json).
    type: dict
    required: true
"""
EXAMPLES = r"""
- name: Show whose word on the client's address is believed
  ansible.builtin.debug:
    msg: "{{ ranges.json | cloudfront_networks }}"
"""
RETURN = r"""
_value:
  description: Networks, IPv4 before IPv6.
  type: list
  elements: str
"""


def _cloudfront_networks_filter(published: Any) -> list[str]:
    try:
        return cloudfront_networks(published)
    except ValueError as exc:
        raise AnsibleFilterError(f"cloudfront_networks: {exc}.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"cloudfront_networks": _cloudfront_networks_filter}
