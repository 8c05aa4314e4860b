"""What is wrong with how root and people sign in: passwords, devices, and keys of every kind."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

Finding = dict[str, str]
UNUSED_GRACE = 7  # days in which a new credential may lie unused

_CALLED = {
    "key": "access key",
    "certificate": "signing certificate",
    "ssh": "SSH public key",
    "service": "service credential",
}


def finding(kind: str, account: str, subject: str, said: str) -> Finding:
    return {"kind": kind, "account": account, "subject": subject, "finding": said}


def days_since(since: str, now: datetime.datetime) -> int | None:
    """None where the time is not one that can be read."""
    try:
        moment = datetime.datetime.fromisoformat(since)
    except (TypeError, ValueError):
        return None
    return (now - (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC))).days


def of_root(account: str, root: Mapping[str, Any], now: datetime.datetime, days: int) -> Iterator[Finding]:
    if root["keys"]:
        yield finding("root", account, "root", "the root user has access keys; delete them")
    if root.get("certificates"):
        yield finding("root", account, "root", "the root user has signing certificates; delete them")
    # Where AWS keeps root locked centrally there is no password that a device would protect.
    if not root["mfa"] and root.get("password", True):
        yield finding("root", account, "root", "the root user has no MFA device")
    if root["password_last_used"]:
        ago = days_since(root["password_last_used"], now)
        if ago is None or ago <= days:
            when = f"{ago} days ago" if ago is not None else f"at {root['password_last_used']}"
            yield finding("root", account, "root", f"somebody signed in as root {when}")


def of_frozen(account: str, live: Mapping[str, Any]) -> Iterator[Finding]:
    """MFA delete takes root's password and device, which no central root session stands in for.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
    """
    on = [name for name, found in (live.get("buckets") or {}).items() if (found.get("kept") or {}).get("mfa_delete")]
    if on and not live["credentials"]["root"].get("password", True):
        said = (
            f"has no password, since AWS Organizations keeps it: MFA delete and versioning of {len(on)} buckets "
            f"({', '.join(sorted(on)[:3])}{', …' if len(on) > 3 else ''}) cannot be changed until it is recovered"
        )
        yield finding("root", account, "root", said)


def of_people(
    account: str, live: Mapping[str, Any], now: datetime.datetime, limit: int, everyone: list[str]
) -> Iterator[Finding]:
    report = live["credentials"]
    for user in live["users"]:
        name = user["name"]
        if not set(user["groups"]) - set(everyone):
            but = " but " + ", ".join(user["groups"]) if user["groups"] else ""
            yield finding("no group", account, name, f"is in no group{but}")
        own = [*(arn.rsplit("/", 1)[-1] for arn in user["managed"]), *user["inline"]]
        if own:
            said = f"has {'a policy' if len(own) == 1 else 'policies'} of its own: {', '.join(sorted(own))}"
            yield finding("own policy", account, name, f"{said}; what a person may do is to come from groups")
        if name not in report["users"]:
            said = f"is not in the credential report yet, which AWS made at {report['generated']}"
            yield finding("report", account, name, said)
            continue
        row = report["users"][name]
        if row["password"] and not row["mfa"]:
            yield finding("no MFA", account, name, "can sign in to the console without MFA")
        for held in row["keys"]:
            yield from _of_key(account, name, held, now, limit)


def _of_key(account: str, name: str, held: Mapping[str, Any], now: datetime.datetime, limit: int) -> Iterator[Finding]:
    """held: kind, slot or service as its name, active, rotated, used (None where AWS does not say)."""
    if not held["active"]:
        return
    kind = held.get("kind", "key")
    called = f"{_CALLED.get(kind, kind)} {held['slot']}"
    age = days_since(held["rotated"], now) if held["rotated"] else None
    if age is not None and age > limit:
        yield finding("key", account, name, f"{called} is {age} days old; make a new one (at most {limit})")
    used = held["used"]
    if used is None:
        return
    unused = days_since(used, now) if used else None
    if not used and (age is None or age >= UNUSED_GRACE):
        yield finding("key", account, name, f"{called} was never used; deactivate it")
    elif unused is not None and unused > limit:
        yield finding("key", account, name, f"{called} was last used {unused} days ago; deactivate it")


def can_sign_in(live: Mapping[str, Any], user: str) -> bool:
    """Whether somebody has anything to sign in with; of whom the report does not know yet: yes."""
    row = live["credentials"]["users"].get(user)
    return row is None or row["password"] or any(held["active"] for held in row["keys"])
