from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.origin import line_of, plain

DOCUMENTATION = r"""
name: dns_desired
short_description: Work out the record sets of an account's DNS zones
description:
  - Turns C(dns_zones) into what M(dm_dns) takes. All zones are checked in full first, also for what Route 53 would
    refuse and DNS would not answer; a mistake is named with its zone, its record, its line and what is allowed.
  - What may be said of a zone is in C(docs/dns.md).
options:
  _input:
    description: All zones by name, those of other accounts too, since they delegate to each other.
    type: dict
    required: true
  account:
    description: Whose zones are wanted.
    type: str
    required: true
  accounts:
    description: The accounts by name.
    type: dict
    required: true
  ttl:
    description: Seconds that a record may be kept which does not say so itself.
    type: int
    required: true
"""
EXAMPLES = r"""
- name: Show the zones of the main account
  ansible.builtin.debug:
    msg: "{{ dns_zones | dns_desired('main', dm_accounts, dns_ttl) }}"
"""
RETURN = r"""
_value:
  description: The account's zones as M(dm_dns) takes them.
  type: dict
"""


def _dns_desired_filter(zones: Any, account: str, accounts: Mapping[str, Any], ttl: int) -> dict[str, Any]:
    # dnspython is 1.5 MB in each of a run's processes, where the account has zones alone.
    from ansible.module_utils.estate.dns.check import mistakes
    from ansible.module_utils.estate.dns.desired import dns_desired

    zones_said, accounts_said = plain(zones), plain(accounts)
    if not mistakes(zones_said, accounts_said):
        return dns_desired(zones_said, account, ttl)
    if found := mistakes(zones, accounts):  # which know where they stand
        said = "; ".join(f"dns_zones{one.said.removesuffix('?')}{line_of(one.culprit)}" for one in found)
        raise AnsibleFilterError(
            f"{said}. It stands in inventories/common/group_vars/all/dns.yml.", obj=found[0].culprit
        )
    return dns_desired(zones, account, ttl)


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"dns_desired": _dns_desired_filter}
