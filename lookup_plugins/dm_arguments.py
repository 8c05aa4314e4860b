"""A role's arguments, checked in the process of the role's first task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase

ROOT = Path(__file__).parents[1]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.account import Account, mistake
from ansible.module_utils.estate.findings.said import of_arguments
from ansible.module_utils.estate.origin import plain
from ansible.module_utils.estate.specs import argument_specs

DOCUMENTATION = r"""
name: dm_arguments
short_description: Refuse wrong arguments of a role before its first task
description:
  - As Ansible's own check of a role's argument spec, which is a task of its own, and so a process on each host that
    costs as much as many a module. Here it is a condition of the role's first task, which Ansible looks at before it
    works out what the task is given.
  - The playbook that imports such a role says C(rolespec_validate=false).
options:
  _terms:
    description: The role, and its entry point where that is not C(main).
    type: list
    elements: str
    required: true
"""
EXAMPLES = r"""
- name: Converge trails
  dm_monitoring:
    account: "{{ inventory_hostname }}"
  when: lookup('dm_arguments', 'monitoring', 'trails')
"""
RETURN = r"""
_raw:
  description: true; it fails where an argument is wrong.
  type: list
  elements: bool
"""


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **_: Any) -> list[bool]:
        role, entry = [*terms, "main"][:2]
        options = argument_specs(ROOT)[role][entry].get("options") or {}
        known = variables or {}
        self._check_account(known)
        given = self._templar.template({name: known[name] for name in options if name in known})
        # The validator copies all that it is given, and copying where each string stands takes several times as long.
        found = ArgumentSpecValidator(options).validate(plain(given), validate_role_argument_spec=True)
        if found.error_messages:
            raise AnsibleError(of_arguments(role, found.error_messages, known))
        known.update(given)  # this process is the task's own, and else it works all of them out again
        return [True]

    def _check_account(self, known: dict[str, Any]) -> None:
        """First: much else is worked out from it."""
        if {"dm_account", "dm_accounts"} <= {*known}:
            name, accounts = (self._templar.template(known[one]) for one in ("dm_account", "dm_accounts"))
            if wrong := mistake(Account(str(name), str(accounts.get(name, {}).get("id", "missing"))), {}):
                raise AnsibleError(wrong)


argument_specs(ROOT)  # once, before Ansible forks
