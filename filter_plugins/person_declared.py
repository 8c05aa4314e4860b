from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

# Ansible puts what modules share there only for modules.
ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate import people as lists
from ansible.module_utils.estate.origin import line_of

DOCUMENTATION = r"""
name: person_declared
short_description: Say what the lists of people say of one person
description:
  - The groups that the person is to be in today, the lists that name the person, and what is missing before the person
    can be onboarded.
  - Where the lists are not in order only C(lists) is known; C(missing) says what is wrong. So somebody else's line does
    not keep anybody from being offboarded.
positional: groups, name, today
options:
  _input:
    description: What is in C(vars/people.yml) of the credentials repo.
    type: dict
    required: true
  groups:
    description: Groups by name, each with the name of its list as C(members); O(access_groups).
    type: dict
    required: true
  name:
    description: IAM user name.
    type: str
    required: true
  today:
    description: The date as C(YYYY-MM-DD).
    type: str
    required: true
  elsewhere:
    description: Other vars that may name people, by name.
    type: dict
    default: {}
"""
EXAMPLES = r"""
- name: Show what Ada is to be in
  ansible.builtin.debug:
    msg: "{{ (credentials['people'] | person_declared(access_groups, 'ada.example', '2026-11-23'))['groups'] }}"
"""
RETURN = r"""
_value:
  description: >-
    C(path), C(groups), C(lists) that name the person, C(elsewhere), a sentence for each other place that does, and
    C(missing), a sentence on what to add or mend; empty when nothing is missing.
  type: dict
"""


def person_declared(
    people: Any,
    groups: Mapping[str, Mapping[str, Any]],
    name: str,
    today: str,
    elsewhere: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    if not isinstance(name, str) or not name:
        raise AnsibleFilterError("whom? Give the IAM user name: -e person=ada.example")
    mentions = (lists.mentions(value, name, title, line_of) for title, value in (elsewhere or {}).items())
    told = [f"{at} names {name} too: take that out" for there in mentions for at in there]
    said = {"path": "/", "groups": [], "lists": lists.naming(people, name), "elsewhere": told}
    try:
        read = lists.read(people, groups, line_of)
    except ValueError as exc:
        return {**said, "missing": str(exc)}
    membership = lists.membership(read, datetime.date.fromisoformat(today))
    wanted = [group for group, members in membership["members"].items() if name in members]
    path = read.users[name].path if name in read.users else "/"
    return {**said, "path": path, "groups": wanted, "missing": lists.missing(read, name, wanted)}


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"person_declared": person_declared}
