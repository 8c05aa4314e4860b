"""Whose credentials a module has, and whether they are for the account that its play is about.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html, allowed to everyone; who came by
AssumeRole knows it from that call's answer, and need not ask.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ansible.module_utils.estate.kept import Sessions, memory

DECLARED = "inventories/common/group_vars/all/accounts.yml"


class Account(NamedTuple):
    name: str
    id: str


def declared(params: dict[str, Any]) -> Account | None:
    """What dm_aws_environment says, unless the module was sent to another profile's account."""
    account = Account(os.environ.get("DM_ACCOUNT", ""), os.environ.get("DM_ACCOUNT_ID", ""))
    elsewhere = params.get("profile") not in (None, "", os.environ.get("AWS_PROFILE"))
    return None if elsewhere or not account.name else account


def mistake(account: Account, params: dict[str, Any]) -> str:
    """What is wrong before anybody is asked."""
    if not re.fullmatch(r"[0-9]{12}", account.id):
        return f"dm_accounts.{account.name}.id is {account.id!r}; it must be 12 digits in quotes ({DECLARED})."
    if params.get("profile") and params.get("access_key"):
        return (
            f"AWS_ACCESS_KEY_ID is set, but account {account.name} is reached through profile {params['profile']}: "
            "unset it, or let the profile take it with credential_process (docs/credentials.md)."
        )
    return ""


def way_in(account: Account, params: dict[str, Any]) -> str:
    return f"Cannot get into account {account.name} ({account.id}) with profile {params.get('profile') or 'default'}"


def caller(session: Any, ask: Callable[[], str], kept: Sessions | None = None) -> str:
    """The ARN that AWS knows the session's credentials by; of kept ones, what it said when it gave them."""
    assumed: list[str] = []

    def heard(parsed: dict[str, Any], **_: Any) -> None:
        assumed.append(parsed.get("AssumedRoleUser", {}).get("Arn", ""))

    for call in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        session.events.register(f"after-call.sts.{call}", heard)
    credentials = session.get_credentials()
    key = credentials.get_frozen_credentials().access_key if credentials else ""
    if found := (assumed and assumed[-1]) or (kept and kept.told):
        return found
    if not (known := memory().get(key)):
        known = ask()
        memory().put(key, known)
    return str(known)


def stranger(account: Account, arn: str, params: dict[str, Any]) -> str:
    """Why these are the wrong credentials; "" where they are the right ones."""
    other = arn.split(":")[4]
    if other == account.id:
        return ""
    return (
        f"Account {account.name} is {account.id}, but the credentials of profile {params.get('profile') or 'default'} "
        f"are for {other} ({arn}); nothing was changed."
    )
