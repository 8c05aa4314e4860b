from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: membership_ends
short_description: Say until when people are in their groups
description:
  - The last days that the lists of people have, by group and user. Those without one are left out.
positional: groups
options:
  _input:
    description: What is in C(vars/people.yml) of the credentials repo, lists of members by name.
    type: dict
    required: true
  groups:
    description: Groups by name, each with the name of its list as C(members); O(access_groups).
    type: dict
    required: true
"""
EXAMPLES = r"""
- name: Show whose membership ends
  ansible.builtin.debug:
    msg: "{{ credentials['people'] | membership_ends(access_groups) }}"  # {'Admins': {'ada.example': '2027-01-31'}}
"""
RETURN = r"""
_value:
  description: The last day (YYYY-MM-DD) by group and user.
  type: dict
"""


def membership_ends(people: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """An until in the list users ends all of that person's memberships; the earlier day counts."""

    def ends(name: str) -> dict[str, str]:
        listed = people.get(name) or []
        if not isinstance(listed, list | tuple):
            raise TypeError(f"{name} must be a list, got {type(listed).__name__}")
        dated = [entry for entry in listed if isinstance(entry, Mapping) and entry.get("until")]
        return {entry["name"]: str(entry["until"]) for entry in dated}

    leaving = ends("users")
    found = {}
    for group, entry in groups.items():
        listed = people.get(entry["members"]) or []
        names = {member if isinstance(member, str) else member["name"] for member in listed}
        days = ends(entry["members"])
        both = {name: [day for day in (days.get(name), leaving.get(name)) if day] for name in names}
        if last := {name: min(found_days) for name, found_days in both.items() if found_days}:
            found[group] = dict(sorted(last.items()))
    return found


def _membership_ends_filter(people: Any, groups: Any) -> dict[str, dict[str, str]]:
    try:
        return membership_ends(people, groups)
    except (AttributeError, KeyError, TypeError) as exc:
        raise AnsibleFilterError(f"membership_ends: {exc} (vars/people.yml of the credentials repo).") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"membership_ends": _membership_ends_filter}
