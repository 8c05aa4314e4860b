"""The arguments of roles, checked in the process of a role's first task, or of all roles without running any."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.module_utils._internal._datatag import AnsibleTagHelper
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.template import trust_as_template

ROOT = Path(__file__).parents[1]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.account import Account, mistake
from ansible.module_utils.estate.buckets.check import known_regions
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.findings.said import of_arguments
from ansible.module_utils.estate.forms import FORMS, QUICK, strangers
from ansible.module_utils.estate.origin import file_and_line, is_worked_out, plain
from ansible.module_utils.estate.specs import argument_specs, out_of_range, uses

DOCUMENTATION = r"""
name: dm_arguments
short_description: Refuse wrong arguments of a role before its first task, or of all roles
description:
  - As Ansible's own check of a role's argument spec, which is a task of its own, and so a process on each host that
    costs as much as many a module. Here it is a condition of the role's first task, which Ansible looks at before it
    works out what the task is given.
  - The playbook that imports such a role says C(rolespec_validate=false).
  - A number is also held to the range that its documentation ends with, as in C((from 1 to 600)), and a mapping or a
    list to what that says of its keys and values, as in C((by region, a text)) (module_utils/estate/forms.py).
options:
  _terms:
    description:
      - The role, and its entry point where that is not C(main).
      - Nothing for all that playbooks run on this host. What is not known is then passed over, since a playbook may yet
        say it. The main account's host stands for Jenkins' and for this machine.
    type: list
    elements: str
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

BELOW_OTHERS = ("dm_root", "dm_stages", "dm_local_state")


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **_: Any) -> list[bool]:
        self._broken: AnsibleError | None = None
        self._forms = QUICK if terms else FORMS
        known = variables or {}
        # Many others are made of these, and Ansible works them out anew for each.
        known.update({name: self._templar.template(known[name]) for name in BELOW_OTHERS if name in known})
        self._check_account(known)
        if terms:
            role, entry = [*terms, "main"][:2]
            wrong = [self._wrong(role, argument_specs(ROOT)[role][entry].get("options") or {}, known)]
        else:
            asked = self._options_here(known).items()
            wrong = [self._no_region(known["dm_aws_region"])]
            for role, options in asked:
                wrong.append(self._wrong(role, {name: options[name] for name in options if name in known}, known))
        if any(wrong):
            raise AnsibleError(" ".join(filter(None, [*wrong, self._broken and f"{self._broken}."])))
        if self._broken:
            raise self._broken
        return [True]

    def _no_region(self, said: str) -> str:
        region = str(self._templar.template(said))
        hint = nearest(region, known_regions())
        wrong = f"dm_aws_region is {region!r}{file_and_line(said)}, which is no region of AWS's{hint or '.'}"
        return "" if region in known_regions() else wrong

    def _wrong(self, role: str, options: dict[str, Any], known: dict[str, Any]) -> str:
        said = {name: known[name] for name in options if name in known}
        given = {}
        try:
            for name, value in said.items():
                # Known at once: this process is the task's own, and would work it out again wherever it is used.
                given[name] = known[name] = self._worked_out(value)
        except AnsibleError:  # it may be worked out of another that is wrong
            given = self._what_can_be(said)
            options = {name: options[name] for name in options if name in given or name not in said}
        # The validator copies all that it is given, and copying where each string stands takes several times as long.
        found = ArgumentSpecValidator(options).validate(plain(given), validate_role_argument_spec=True)
        if wrong := found.error_messages or [*out_of_range(options, found.validated_parameters)]:
            known.update(said)  # as it is written, with its place, also for the next role that takes it
            return of_arguments(role, wrong, known)
        strange = [*strangers(options, given, lambda what: self._names(what, known), self._forms)]
        return f"{'; '.join(strange)}." if strange else ""

    @functools.cached_property
    def _texts(self) -> dict[Any, str]:
        """What has been made of each text: some stand at twenty places."""
        return {}

    def _worked_out(self, said: Any) -> Any:
        """As Ansible's, which copies all that it is given to find templates in it."""
        if is_worked_out(said):
            return said
        if isinstance(said, dict):
            return AnsibleTagHelper.tag_copy(said, {name: self._worked_out(part) for name, part in said.items()})
        if isinstance(said, list):
            return AnsibleTagHelper.tag_copy(said, [self._worked_out(part) for part in said])
        origin = Origin.get_tag(said)
        if origin and said in self._texts:
            return origin.tag(self._texts[said])
        found = self._templar.template(said)
        if origin and isinstance(found, str) and Origin.get_tag(found) == origin:  # else it is a variable's own value
            self._texts[said] = found
        return found

    def _names(self, what: str, known: dict[str, Any]) -> Collection[str] | None:
        if what == "region":
            return known_regions()
        if (said := _NAMES.get(what)) is None or any(name not in known for name in re.findall(r"\w+_\w+", said)):
            return None
        return list(self._templar.template(trust_as_template("{{ " + said + " }}")))

    def _what_can_be(self, said: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in said.items():
            try:
                found[name] = self._templar.template(value)
            except AnsibleError as exc:
                told = re.search(r"'\w+' is undefined", str(exc))  # what is missing is said where it is read
                self._broken = self._broken or (exc if told else AnsibleError(f"{name} cannot be worked out: {exc}"))
        return found

    def _options_here(self, known: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """By role, what all of its entry points take that a playbook runs on this host."""
        inventory = InventoryManager(self._loader, parse=False)
        for group, names in known["groups"].items():
            inventory.add_group(group)
            for name in names:
                inventory.add_host(name, group)
        asked: dict[str, dict[str, Any]] = {}
        for use in sorted(uses(ROOT)):
            elsewhere = use.hosts in ("localhost", "jenkins")
            if known["inventory_hostname"] in map(str, inventory.get_hosts("main-account" if elsewhere else use.hosts)):
                asked.setdefault(use.role, {}).update(argument_specs(ROOT)[use.role][use.entry].get("options") or {})
        return asked

    def _check_account(self, known: dict[str, Any]) -> None:
        """First: much else is worked out from it."""
        if {"dm_account", "dm_accounts"} <= {*known}:
            name, accounts = (self._templar.template(known[one]) for one in ("dm_account", "dm_accounts"))
            if wrong := mistake(Account(str(name), str(accounts.get(name, {}).get("id", "missing"))), {}):
                raise AnsibleError(wrong)


# What the vars say there is.
_NAMES = {
    "account": "dm_accounts",
    "attacker": "access_review_attackers",
    "group": "access_groups",
    "role": "dm_accounts | product(access_roles | list + access_known_roles | map(attribute='name') | list) "
    "| map('join', ':')",
}
argument_specs(ROOT)  # once, before Ansible forks
