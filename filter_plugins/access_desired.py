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
from ansible.module_utils.estate.access.check import MOST, problems
from ansible.module_utils.estate.access.desired import desired
from ansible.module_utils.estate.access.vars import culprit, wrong
from ansible.module_utils.estate.origin import file_and_line, line_of, plainly

DOCUMENTATION = r"""
name: access_desired
short_description: Work out one account's users, groups, roles and policies from the access matrix
description:
  - The matrix says once who may assume which role in which account. From that one entry come the grant on the side of
    the group or role, and the role's trust in its own account, so that neither can exist without the other. Follows
    U(https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_cross-account-with-roles.html).
  - Roles that people assume demand MFA. Policies that an account's groups and roles name are made in that account.
  - A member is a name, or C({name, until}) with the last day of the membership. From the day after, it is as if the
    name were not in the list; from two weeks before, it is announced. An C(until) in the list C(users) ends all of that
    person's memberships but those in groups of everybody, whose policies deny. The user itself stays.
positional: account, people, today
options:
  _input:
    description:
      - The matrix. C(main) is the account of all people, C(accounts) is O(dm_accounts), C(groups), C(roles) and
        C(policies) are O(access_groups), O(access_roles) and O(access_policies), C(known) is O(access_known_roles).
    type: dict
    required: true
  account:
    description: Name of the account.
    type: str
    required: true
  people:
    description: >-
      What is in C(vars/people.yml) of the credentials repo, lists of members by name, C(users) among them. Only the
      main account has people. Unset is not empty; so a list that is missing, or is none, is an error.
    type: dict
  today:
    description: The date as C(YYYY-MM-DD).
    type: str
  announce_days:
    description: How long before its end a membership is announced.
    type: int
    default: 14
  strict:
    description: Whether names of actions are looked up, which AWS does not do, and IAM's rules of names and sizes kept.
    type: bool
    default: false
"""
EXAMPLES = r"""
- name: Show what production must have
  ansible.builtin.debug:
    msg: "{{ __access_matrix | access_desired('production') }}"
"""
RETURN = r"""
_value:
  description: >-
    The options C(users), C(groups), C(members), C(ended), C(roles), C(policies), C(known_roles) and C(notes) of
    M(dm_access).
  type: dict
"""


def _worked_out(
    matrix: Mapping[str, Any], account: str, people: Any = None, today: str = "", announce_days: int = 14,
    strict: bool = False,
) -> dict[str, Any]:  # fmt: skip
    members: dict[str, Any] = {"users": [], "members": {}, "ended": {}, "notes": []}
    read, found, missed = None, {}, ""
    try:
        if account == matrix["main"] and today:
            read = lists.read(people, matrix["groups"], line_of)
            members = lists.membership(read, datetime.date.fromisoformat(today), announce_days)
        found = desired(matrix, account, read)
    except ValueError as exc:
        if read is None and account == matrix["main"] and today:
            raise AnsibleFilterError(f"{exc} ({lists.FILE}).") from None
        raise _refused(str(exc), culprit(matrix, str(exc))) from None
    except KeyError as exc:
        missed = f"{exc} is missing"
    except (AttributeError, IndexError, TypeError) as exc:
        missed = str(exc) or repr(exc)
    if mistake := wrong(matrix, strict):
        raise _refused(str(mistake), mistake.culprit)
    if strict and (read or account != matrix["main"]) and not missed:
        missed = next(iter(problems({**members, **found, "quotas": MOST})), "")
    if missed:
        raise AnsibleFilterError(f"access_desired: {missed} (group_vars/all/access.yml).")
    return {**members, **found, "notes": [*members["notes"], *found["notes"]]}


def _refused(said: str, culprit: object) -> AnsibleFilterError:
    where = file_and_line(culprit) or " (group_vars/all/access.yml)"
    return AnsibleFilterError(f"access_desired: {said}{where}.", obj=culprit)


def _access_desired_filter(matrix: Mapping[str, Any], *given: Any, **more: Any) -> dict[str, Any]:
    return plainly(lambda said: _worked_out(said, *given, **more), matrix)


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_desired": _access_desired_filter}
