from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
import jsonschema.exceptions  # noqa: F401 before Ansible forks, or each process imports it anew
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.buckets.desired import buckets_desired
from ansible.module_utils.estate.buckets.vars import Mistake

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
        C(accounts), C(roles) (those that are declared, by account), C(prefix), C(region), C(replica_region),
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


def where(culprit: object) -> str:
    """' (file:line)' where Ansible knows it; its data tags are the only thing that does."""
    try:
        from ansible._internal._datatag._tags import Origin
    except ImportError:
        return ""
    origin = Origin.get_tag(culprit)
    if origin is None or not origin.path:
        return ""
    path = Path(origin.path)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f" ({shown}:{origin.line_num})" if origin.line_num else f" ({shown})"


def _buckets_desired_filter(declared: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return buckets_desired(declared)
    except Mistake as exc:
        said = str(exc).removesuffix("?") + where(exc.culprit)
        raise AnsibleFilterError(f"{said}{'?' if str(exc).endswith('?') else '.'}", obj=exc.culprit) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"buckets_desired": _buckets_desired_filter}
