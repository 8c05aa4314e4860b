from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: access_findings
short_description: Say what is wrong with access as it is
description:
  - Takes what M(dm_access_info) read and what P(access_grants#filter) worked out, and lists what somebody should
    look at.
  - Root, grants with one side, roles that nobody can reach, trust in others, people in no group, access keys that are
    old or unused, people who sign in without MFA.
positional: review, now
options:
  _input:
    description: What RV(dm_access_info#module:access) is for each account, by the account's name.
    type: dict
    required: true
  review:
    description: What P(access_grants#filter) returned.
    type: dict
    required: true
  now:
    description: The time, ISO 8601 with a zone.
    type: str
    required: true
  key_days:
    description: An access key that is older, or was last used longer ago, is a finding.
    type: int
    default: 90
  everyone:
    description: Groups that everybody is in; being in these alone counts as being in none.
    type: list
    elements: str
    default: []
"""
EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ __access_review_live | access_findings(__access_review_grants, now(utc=true).isoformat() ~ 'Z') }}"
"""
RETURN = r"""
_value:
  description: Each with its C(kind), C(account), C(subject) and C(finding), a sentence; what is worst first.
  type: list
  elements: dict
"""

# In this order: what is worst first.
KINDS = (
    "root",
    "anyone",
    "no MFA",
    "key",
    "dangling",
    "dead",
    "outside",
    "unreachable",
    "no group",
    "report",
)


def _days(since: str, now: datetime.datetime) -> int:
    moment = datetime.datetime.fromisoformat(since)
    return (now - (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC))).days


def _found(kind: str, account: str, subject: str, finding: str) -> dict[str, str]:
    return {"kind": kind, "account": account, "subject": subject, "finding": finding}


def _root(account: str, root: Mapping[str, Any], now: datetime.datetime, days: int) -> Iterator[dict[str, str]]:
    if root["keys"]:
        yield _found("root", account, "root", "the root user has access keys; delete them")
    if not root["mfa"]:
        yield _found("root", account, "root", "the root user has no MFA device")
    if root["password_last_used"] and (ago := _days(root["password_last_used"], now)) <= days:
        yield _found("root", account, "root", f"somebody signed in as root {ago} days ago")


def _keys(account: str, name: str, keys: Any, now: datetime.datetime, limit: int) -> Iterator[dict[str, str]]:
    for key in keys:
        if not key["active"]:
            continue
        called = f"access key {key['slot']}"
        if key["rotated"] and (age := _days(key["rotated"], now)) > limit:
            yield _found("key", account, name, f"{called} is {age} days old; make a new one (at most {limit})")
        if not key["used"]:
            yield _found("key", account, name, f"{called} was never used; deactivate it")
        elif (unused := _days(key["used"], now)) > limit:
            yield _found("key", account, name, f"{called} was last used {unused} days ago; deactivate it")


def _people(
    account: str, live: Mapping[str, Any], now: datetime.datetime, limit: int, everyone: list[str]
) -> Iterator[dict[str, str]]:
    report = live["credentials"]
    for user in live["users"]:
        name = user["name"]
        if not set(user["groups"]) - set(everyone):
            but = " but " + ", ".join(user["groups"]) if user["groups"] else ""
            yield _found("no group", account, name, f"is in no group{but}")
        if name not in report["users"]:
            said = f"is not in the credential report yet, which AWS made at {report['generated']}"
            yield _found("report", account, name, said)
            continue
        row = report["users"][name]
        if row["password"] and not row["mfa"]:
            yield _found("no MFA", account, name, "can sign in to the console without MFA")
        yield from _keys(account, name, row["keys"], now, limit)


def _grants(review: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for one in review["dangling"]:
        people = f" ({', '.join(one['people'])})" if one["people"] else ""
        role = f"{one['role_account']}:{one['role']}"
        if one["side"] == "policy":
            said = f"{one['holder']}{people} is given {role} by its policy {one['policy']}, but {one['why']}"
            yield _found("dangling", one["account"], one["holder"], said)
        else:
            said = f"trusts {one['holder']} of {one['account']}, but {one['why']}"
            yield _found("dangling", one["role_account"], f"role {one['role']}", said)
    for one in review["dead"]:
        said = "trusts somebody who was deleted; take the principal out"
        yield _found("dead", one["role_account"], f"role {one['role']}", said)
    for one in review["outside"]:
        if not one["role"]:
            said = f"policy {one['policy']} gives {one['names']}, in an account that is not ours: not checked"
            yield _found("outside", one["account"], one["holder"], said)
        elif one["names"].startswith("anyone"):
            under = f", if {', '.join(one['conditions'])} hold" if one["conditions"] else ""
            yield _found("anyone", one["role_account"], f"role {one['role']}", f"trusts {one['names']}{under}")
        else:
            said = f"trusts {one['names']}, which is not ours: not checked"
            yield _found("outside", one["role_account"], f"role {one['role']}", said)
    for one in review["unreachable"]:
        yield _found("unreachable", one["role_account"], f"role {one['role']}", "can be assumed by nobody")


def access_findings(
    lives: Mapping[str, Mapping[str, Any]],
    review: Mapping[str, Any],
    now: str,
    key_days: int = 90,
    everyone: list[str] | None = None,
) -> list[dict[str, str]]:
    """See RETURN. Raises KeyError or ValueError where the input is not what dm_access_info returns."""
    moment = datetime.datetime.fromisoformat(now)
    found = list(_grants(review))
    for account, live in lives.items():
        found += _root(account, live["credentials"]["root"], moment, key_days)
        found += _people(account, live, moment, key_days, everyone or [])
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(found, key=lambda one: (order[one["kind"]], one["account"], one["subject"], one["finding"]))


def _access_findings_filter(
    lives: Mapping[str, Mapping[str, Any]],
    review: Mapping[str, Any],
    now: str,
    key_days: int = 90,
    everyone: list[str] | None = None,
) -> list[dict[str, str]]:
    try:
        return access_findings(lives, review, now, key_days, everyone)
    except (KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"access_findings: {exc}; the input must be what dm_access_info returned.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_findings": _access_findings_filter}
