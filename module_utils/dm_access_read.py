"""What dm_access_info reads, in the shape that the access review's filters take. The client is given; no Ansible.

The credential report, its states and its columns:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.read import Live
from ansible.module_utils.estate.errors import error_code

ROOT = "<root_account>"
# Ways of saying that there is nothing to say.
_NOTHING = ("", "N/A", "no_information", "not_supported")
# There is no report, it has become too old, or it is still being made: each means asking for one again.
_AGAIN = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
STEP = 2.0  # seconds between two questions


class NoReport(Exception):
    """AWS did not come up with a credential report; the message says so in words."""


class Report(NamedTuple):
    generated: str  # ISO 8601
    rows: list[dict[str, str]]


def report(client: Any, seconds: float, wait: Callable[[float], object]) -> Report:
    """The credential report, asked for until it is there: STARTED and INPROGRESS come before COMPLETE."""
    waited = 0.0
    while True:
        state = client.generate_credential_report()["State"]
        if state == "COMPLETE":
            try:
                made = client.get_credential_report()
            except Exception as exc:
                if error_code(exc) not in _AGAIN:
                    raise
                state = error_code(exc)
            else:
                content = made["Content"]
                text = content.decode() if isinstance(content, bytes) else content
                return Report(made["GeneratedTime"].isoformat(), list(csv.DictReader(io.StringIO(text))))
        if waited >= seconds:
            raise NoReport(f"the credential report was still {state} after {seconds:g} s; try again later")
        wait(STEP)
        waited += STEP


def credentials(made: Report, summary: Mapping[str, int]) -> dict[str, Any]:
    """Password, MFA and keys of each user and of root; for root the account summary, which is never old, counts too."""
    rows = {row["user"]: row for row in made.rows}
    root = rows.get(ROOT, {})
    return {
        "generated": made.generated,
        "root": {
            "keys": summary.get("AccountAccessKeysPresent", 0) > 0 or any(key["active"] for key in _keys(root)),
            "mfa": summary.get("AccountMFAEnabled", 0) > 0,
            "password_last_used": _said(root, "password_last_used"),
        },
        "users": {
            name: {
                "created": _said(row, "user_creation_time"),
                "password": _true(row, "password_enabled"),
                "password_last_used": _said(row, "password_last_used"),
                "mfa": _true(row, "mfa_active"),
                "keys": _keys(row),
            }
            for name, row in rows.items()
            if name != ROOT
        },
    }


def _said(row: Mapping[str, str], column: str) -> str:
    value = row.get(column, "")
    return "" if value in _NOTHING else value


def _true(row: Mapping[str, str], column: str) -> bool:
    return row.get(column) == "true"


def _keys(row: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "slot": slot,
            "active": _true(row, f"access_key_{slot}_active"),
            "rotated": _said(row, f"access_key_{slot}_last_rotated"),
            "used": _said(row, f"access_key_{slot}_last_used_date"),
        }
        for slot in (1, 2)
        if _said(row, f"access_key_{slot}_last_rotated") or _true(row, f"access_key_{slot}_active")
    ]


def shape(live: Live, aws: Mapping[str, dict]) -> dict[str, Any]:
    """Live as plain data; aws are documents of AWS's own policies by ARN."""
    return {
        "users": [user._asdict() for user in live.users.values()],
        "groups": [group._asdict() for group in live.groups.values()],
        "roles": [role._asdict() for role in live.roles.values()],
        "policies": {policy.arn: policy.document for policy in live.policies.values()} | dict(aws),
    }
