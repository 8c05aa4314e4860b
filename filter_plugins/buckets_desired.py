from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.buckets.desired import buckets_desired
from ansible.module_utils.estate.buckets.vars import Mistake, validators
from ansible.module_utils.estate.origin import file_and_line, plainly

DOCUMENTATION = r"""
name: buckets_desired
short_description: Work out the complete desired state of a stage's or an account's buckets
description:
  - Turns the C(buckets_*) vars into what M(dm_buckets) takes. Kinds, overrides and standalone buckets are checked in
    full first, also for what AWS would refuse; a mistake is named with its variable, its file and what is allowed.
  - What may be said of a bucket is in C(docs/buckets.md).
options:
  _input:
    description:
      - C(name) (for policies), C(stage), C(stages) and C(environment) (empty outside the stages), C(account),
        C(accounts), C(roles) (those that are declared, by account), C(users) (all of them) in the account C(users_in),
        C(prefix), C(region), C(replica_region),
        C(router_addresses), C(logs_kind), C(tags), and the mappings C(defaults), C(kinds), C(overrides), C(standalone)
        as in inventories/common/group_vars/all/buckets.yml.
    type: dict
    required: true
"""
EXAMPLES = r"""
- name: Show what is wanted
  ansible.builtin.debug:
    msg: "{{ __buckets_declared | buckets_desired }}"
"""
RETURN = r"""
_value:
  description: C(buckets) and C(replication_role) as M(dm_buckets) takes them.
  type: dict
"""

validators()  # before Ansible forks, or each process makes them anew


def _buckets_desired_filter(declared: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return plainly(buckets_desired, declared, f"buckets of {declared.get('name')}")
    except Mistake as exc:
        said = str(exc).removesuffix("?") + file_and_line(exc.culprit)
        raise AnsibleFilterError(f"{said}{'?' if str(exc).endswith('?') else '.'}", obj=exc.culprit) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"buckets_desired": _buckets_desired_filter}
