from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: principal_arns
short_description: Write out principals as ARNs
description:
  - Turns C(account:role) into the role's ARN and C(account) into the account's, and leaves ARNs as they are.
    Sorted, each once. Follows
    U(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
positional: accounts
options:
  _input:
    description: Principals, such as C(production:infrastructure), C(main) or an ARN.
    type: list
    elements: str
    required: true
  accounts:
    description: Accounts by name, each with its C(id).
    type: dict
    required: true
"""
EXAMPLES = r"""
- name: Show who may read
  ansible.builtin.debug:
    msg: "{{ ['main:jenkins'] | principal_arns(dm_accounts) }}"  # ['arn:aws:iam::111111111111:role/jenkins']
"""
RETURN = r"""
_value:
  description: ARNs.
  type: list
  elements: str
"""

_ARN = re.compile(r"arn:aws:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]+)")
_SHORT = re.compile(r"(?P<account>[^:]+)(:(?P<role>[\w+=,.@/-]+))?")


def principal_arns(principals: list[str], accounts: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Accounts are {name: {"id": 12 digits}}. Raises TypeError or ValueError, naming the item and what is allowed."""
    if not isinstance(principals, list | tuple):
        raise TypeError(f"expected a list of principals, got {type(principals).__name__}")
    arns = set()
    for index, principal in enumerate(principals):
        if not isinstance(principal, str):
            raise TypeError(f"item {index} must be a string, got {type(principal).__name__}")
        if _ARN.fullmatch(principal):
            arns.add(str(principal))
            continue
        short = _SHORT.fullmatch(principal)
        if not short or short["account"] not in accounts:
            raise ValueError(
                f"item {index}: {principal!r} is no principal; allowed are account:role and account "
                f"with account one of {', '.join(accounts)}, or the ARN of a role, user or account"
            )
        role = f"role/{short['role']}" if short["role"] else "root"
        arns.add(f"arn:aws:iam::{accounts[short['account']]['id']}:{role}")
    return sorted(arns)


def _principal_arns_filter(principals: list[str], accounts: Mapping[str, Mapping[str, str]]) -> list[str]:
    try:
        return principal_arns(principals, accounts)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"principal_arns: {exc}.", obj=principals) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"principal_arns": _principal_arns_filter}
