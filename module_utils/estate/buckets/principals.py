"""Principals as the vars name them, written out as ARNs. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible.module_utils.estate.errors import nearest

_ARN = re.compile(r"arn:(?P<partition>aws[-a-z]*):iam::(?P<id>\d{12}):(root|(role|user)/(?P<name>[\w+=,.@/-]+))")
_SHORT = re.compile(r"(?P<account>[^:]+)(:(?P<role>[\w+=,.@/-]+))?")
Accounts = Mapping[str, Mapping[str, str]]
Roles = Mapping[str, Sequence[str]]  # by account: those that are declared or known; an account without is not looked at


def principal_arns(
    principals: Sequence[str], accounts: Accounts, roles: Roles | None = None, partition: str = "aws"
) -> list[str]:
    """["main:jenkins"] as sorted ARNs, each once. Raises TypeError or ValueError, naming the item and what is allowed.

    AWS refuses a policy that names a role which does not exist, so one that nobody declares is a mistake.
    """
    if not isinstance(principals, list | tuple):
        raise TypeError(f"expected a list of principals, got {type(principals).__name__}")
    names = {str(account["id"]): name for name, account in accounts.items()}
    arns = set()
    for index, principal in enumerate(principals):
        if not isinstance(principal, str):
            raise TypeError(f"item {index} must be a string, got {type(principal).__name__}")
        if found := _ARN.fullmatch(principal):
            if found["partition"] != partition:
                raise ValueError(f"item {index}: {principal!r} is of another partition; allowed are arn:{partition}:…")
            arns.add(str(principal))
            _check_role(
                index, principal, names.get(found["id"], ""), found["name"] if ":role/" in principal else "", roles
            )
            continue
        short = _SHORT.fullmatch(principal)
        if not short or short["account"] not in accounts:
            raise ValueError(
                f"item {index}: {principal!r} is no principal; allowed are account:role and account "
                f"with account one of {', '.join(accounts)}, or the ARN of a role, user or account"
            )
        _check_role(index, principal, short["account"], short["role"], roles)
        role = f"role/{short['role']}" if short["role"] else "root"
        arns.add(f"arn:{partition}:iam::{accounts[short['account']]['id']}:{role}")
    return sorted(arns)


def _check_role(index: int, principal: str, account: str, role: str | None, roles: Roles | None) -> None:
    known = (roles or {}).get(account)
    name = (role or "").rpartition("/")[2]
    if role and known is not None and name not in known and not role.startswith("aws-"):
        raise ValueError(
            f"item {index}: {principal!r} names a role that nobody declares in {account}; "
            f"declared are {', '.join(sorted(known))}{nearest(name, known)}"
        )
