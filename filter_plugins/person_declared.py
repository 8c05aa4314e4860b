from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

# Ansible loads every filter alone; this one is made of its neighbour.
sys.path.append(str(Path(__file__).parent))
from group_membership import group_membership

DOCUMENTATION = r"""
name: person_declared
short_description: Say what the lists of people say of one person
description:
  - The groups that the person is to be in today, the lists that name the person, and what is missing before the person
    can be onboarded.
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
"""
EXAMPLES = r"""
- name: Show what Ada is to be in
  ansible.builtin.debug:
    msg: "{{ (credentials['people'] | person_declared(access_groups, 'ada.example', '2026-11-23'))['groups'] }}"
"""
RETURN = r"""
_value:
  description: >-
    C(path), C(groups), C(lists) that name the person, and C(missing), a sentence on what to add where; empty when
    nothing is missing.
  type: dict
"""


def _named(people: Mapping[str, Any], name: str) -> list[str]:
    """Lists that name the person, also with other capitals or with a last day that is over."""
    found = []
    for title, listed in people.items():
        members = listed if isinstance(listed, list | tuple) else []
        names = [m if isinstance(m, str) else m.get("name") for m in members if isinstance(m, str | Mapping)]
        if any(isinstance(member, str) and member.lower() == name.lower() for member in names):
            found.append(title)
    return found


def person_declared(
    people: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]], name: str, today: str
) -> dict[str, Any]:
    """See RETURN. Raises TypeError or ValueError where the lists themselves are wrong."""
    if not isinstance(name, str) or not name:
        raise ValueError("whom? Give the IAM user name: -e name=ada.example")
    membership = group_membership(people, groups, today)
    users = {user["name"]: user for user in membership["users"]}
    everyone = {group for group, entry in groups.items() if entry.get("everyone")}
    wanted = [group for group, members in membership["members"].items() if name in members]
    lists = sorted({entry["members"] for entry in groups.values() if not entry.get("everyone")})
    missing = ""
    if name not in users:
        near = difflib.get_close_matches(name, users, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        missing = f"{name} is not in the list users{hint}: add a line '- {name}' there and in one of {', '.join(lists)}"
    elif not set(wanted) - everyone:
        missing = f"{name} is in no list of today's members: add a line '- {name}' to one of {', '.join(lists)}"
    return {
        "path": users.get(name, {}).get("path", "/"),
        "groups": wanted,
        "lists": _named(people, name),
        "missing": missing,
    }


def _person_declared_filter(
    people: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]], name: str, today: str
) -> dict[str, Any]:
    try:
        return person_declared(people, groups, name, today)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"person_declared: {exc} (vars/people.yml of the credentials repo).") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"person_declared": _person_declared_filter}
