"""Principals as the vars name them, written out as ARNs. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible.module_utils.estate.errors import nearest

_ARN = re.compile(
    r"arn:(?P<partition>aws[-a-z]*):iam::(?P<id>\d{12}):(root|(?P<what>role|user)/(?P<name>[\w+=,.@/-]+))"
)
# A session is somebody's in a role, which has no path there.
_SESSION = re.compile(r"arn:aws[-a-z]*:sts::(?P<id>\d{12}):assumed-(?P<what>role)/(?P<name>[^/]+)/.+")
_SHORT = re.compile(r"(?P<account>[^:]+)(:(?P<role>[\w+=,.@/-]+))?")
_OF_AWS = ("aws-service-role", "aws-reserved")
Accounts = Mapping[str, Mapping[str, str]]
# By account and what they are, role or user: those that are declared or known. What is not there is not looked at.
Known = Mapping[str, Mapping[str, Sequence[str]]]


def principal_arns(
    principals: Sequence[str], accounts: Accounts, known: Known | None = None, partition: str = "aws"
) -> list[str]:
    """["main:jenkins"] as sorted ARNs, each once. Raises TypeError or ValueError, naming the item and what is allowed.

    AWS refuses a policy that names somebody who does not exist, so a role or user that nobody declares is a mistake.
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
            if why := stranger(principal, accounts, known):
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
        if why := stranger(arn, accounts, known):
            raise ValueError(f"item {index}: {why.replace(arn, principal)}")
        arns.add(arn)
    return sorted(arns)


def stranger(principal: str, accounts: Accounts, known: Known | None) -> str:
    """Why a policy cannot name it: a role or user of an account of ours that nobody declares; "" where it can.

    Ours are known with their paths; what AWS makes is under one that it reserves.
    """
    found = _ARN.fullmatch(principal) or _SESSION.fullmatch(principal)
    if not found or not found["name"] or found["name"].startswith(_OF_AWS):
        return ""
    what, name = found["what"], found["name"]
    account = next((one for one in accounts if str(accounts[one]["id"]) == found["id"]), "")
    names = (known or {}).get(account, {}).get(what)
    if names is None or name in names:
        return ""
    if what == "user":  # people's names are nobody else's affair
        hint = nearest(name, names)
        return (
            f"{principal!r} names a user that nobody declares in {account}; allowed are those of vars/people.yml{hint}"
        )
    declared, hint = ", ".join(sorted(names)), nearest(name.rpartition("/")[2], names)
    return f"{principal!r} names a role that nobody declares in {account}; declared are {declared}{hint}"
