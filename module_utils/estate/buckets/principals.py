"""Principals as the vars name them, written out as ARNs. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible.module_utils.estate.errors import nearest

_ARN = re.compile(r"arn:(?P<partition>aws[-a-z]*):iam::(?P<id>\d{12}):(root|(role|user)/(?P<name>[\w+=,.@/-]+))")
_SHORT = re.compile(r"(?P<account>[^:]+)(:(?P<role>[\w+=,.@/-]+))?")
_OF_AWS = ("aws-service-role", "aws-reserved")
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
    arns = set()
    for index, principal in enumerate(principals):
        if not isinstance(principal, str):
            raise TypeError(f"item {index} must be a string, got {type(principal).__name__}")
        if found := _ARN.fullmatch(principal):
            if found["partition"] != partition:
                raise ValueError(f"item {index}: {principal!r} is of another partition; allowed are arn:{partition}:…")
            if why := unknown_role(principal, accounts, roles):
                raise ValueError(f"item {index}: {why}")
            arns.add(str(principal))
            continue
        short = _SHORT.fullmatch(principal)
        if not short or short["account"] not in accounts:
            raise ValueError(
                f"item {index}: {principal!r} is no principal; allowed are account:role and account "
                f"with account one of {', '.join(accounts)}, or the ARN of a role, user or account"
            )
        role = f"role/{short['role']}" if short["role"] else "root"
        arn = f"arn:{partition}:iam::{accounts[short['account']]['id']}:{role}"
        if why := unknown_role(arn, accounts, roles):
            raise ValueError(f"item {index}: {why.replace(arn, principal)}")
        arns.add(arn)
    return sorted(arns)


def unknown_role(principal: str, accounts: Accounts, roles: Roles | None) -> str:
    """Why a policy cannot name it: it is a role of an account of ours that nobody declares; "" where it can.

    AWS's own roles have a path that it reserves; ours are known by name alone.
    """
    found = _ARN.fullmatch(principal)
    account = next((name for name, one in accounts.items() if found and str(one["id"]) == found["id"]), "")
    known = (roles or {}).get(account)
    path, _, name = (found["name"] or "").rpartition("/") if found else ("", "", "")
    if known is None or ":role/" not in principal or name in known or path.startswith(_OF_AWS):
        return ""
    declared = ", ".join(sorted(known))
    return (
        f"{principal!r} names a role that nobody declares in {account}; declared are {declared}{nearest(name, known)}"
    )
