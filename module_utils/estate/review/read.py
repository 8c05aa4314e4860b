"""What dm_access_info reads, in the shape that the access review's filters take. The client is given; no Ansible.

The credential report, its states and its columns:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.read import WORKERS, Live, paged
from ansible.module_utils.estate.buckets.read import list_buckets
from ansible.module_utils.estate.deletion.read import kept
from ansible.module_utils.estate.errors import Refusal, error_code, or_none

ROOT = "<root_account>"
# Ways of saying that there is nothing to say.
_NOTHING = ("", "N/A", "no_information", "not_supported")
# There is no report, it has become too old, or it is still being made: each means asking for one again.
_AGAIN = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
STEPS = (0.5, 1.0, 2.0)  # seconds between two questions, the last one from then on


class NoReport(Refusal):
    """AWS did not come up with a credential report; the message says so in words."""


class Report(NamedTuple):
    generated: str  # ISO 8601
    rows: list[dict[str, str]]


def report(client: Any, seconds: float, wait: Callable[[float], object], asked: str = "") -> Report:
    """The credential report, asked for until it is there: STARTED and INPROGRESS come before COMPLETE.

    asked is the state that it had a while ago; what was complete then is fetched at once.
    """
    waited, steps = 0.0, [*STEPS]
    while True:
        state = asked if asked == "COMPLETE" else client.generate_credential_report()["State"]
        asked = ""
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
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        wait(step)
        waited += step


# Whoever is no management account may not ask, and without an organization there is nothing to ask for.
_NOT_CENTRAL = (
    "AccountNotManagementOrDelegatedAdministratorException",
    "OrganizationNotFoundException",
    "OrganizationNotInAllFeaturesModeException",
    "ServiceAccessNotEnabledException",
)


def central_root(client: Any) -> list[str] | None:
    """What of member accounts' root AWS Organizations has taken over; None of whoever may not ask.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
    """
    return or_none(lambda: sorted(client.list_organizations_features()["EnabledFeatures"]), *_NOT_CENTRAL)


def credentials(made: Report, summary: Mapping[str, int], more: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Password, MFA and keys of each user and of root; for root the account summary, which is never old, counts too.

    more has the keys that the report does not know of, by user.
    """
    rows = {row["user"]: row for row in made.rows}
    root = rows.get(ROOT, {})
    return {
        "generated": made.generated,
        "root": {
            "keys": summary.get("AccountAccessKeysPresent", 0) > 0
            or any(one["active"] for one in _kept(root) if one["kind"] == "key"),
            "certificates": summary.get("AccountSigningCertificatesPresent", 0) > 0,
            "mfa": summary.get("AccountMFAEnabled", 0) > 0,
            # Where AWS keeps root locked centrally it has none; an account that does not say has one.
            "password": summary.get("AccountPasswordPresent", 1) > 0,
            "password_last_used": _said(root, "password_last_used"),
        },
        "users": {
            name: {
                "created": _said(row, "user_creation_time"),
                "password": _true(row, "password_enabled"),
                "password_last_used": _said(row, "password_last_used"),
                "mfa": _true(row, "mfa_active"),
                "keys": [*_kept(row), *more.get(name, ())],
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


def _kept(row: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Keys and certificates of a report's row; of certificates AWS does not say when they were used."""
    for kind, column in (("key", "access_key"), ("certificate", "cert")):
        for slot in (1, 2):
            active, rotated = _true(row, f"{column}_{slot}_active"), _said(row, f"{column}_{slot}_last_rotated")
            used = _said(row, f"access_key_{slot}_last_used_date") if kind == "key" else None
            if active or (rotated and kind == "key"):
                yield {"kind": kind, "slot": slot, "active": active, "rotated": rotated, "used": used}


def other_keys(client: Any, users: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """SSH keys and credentials of single services by user, which no report has; their ids are not kept."""

    def ssh(name: str) -> list[dict[str, Any]]:
        listed = client.list_ssh_public_keys(UserName=name)["SSHPublicKeys"]
        return [_other("ssh", place, one["Status"], one["UploadDate"]) for place, one in enumerate(listed, start=1)]

    names = list(users)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        # Of all users at once: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
        services = pool.submit(lambda: [*paged(client.list_service_specific_credentials, AllUsers=True)])
        found = dict(zip(names, pool.map(ssh, names), strict=True))
    for one in (one for page in services.result() for one in page["ServiceSpecificCredentials"]):
        if one["UserName"] in found:
            made = _other("service", f"for {one['ServiceName']}", one["Status"], one["CreateDate"])
            found[one["UserName"]].append(made)
    return {name: keys for name, keys in found.items() if keys}


def _other(kind: str, slot: int | str, status: str, made: Any) -> dict[str, Any]:
    rotated = made.isoformat() if hasattr(made, "isoformat") else str(made)
    return {"kind": kind, "slot": slot, "active": status == "Active", "rotated": rotated, "used": None}


def buckets(
    s3: Any, control: Any, account_id: str, keeping: Callable[[Any, str], Any] = kept,
    there: Callable[[str], Any] | None = None,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Each bucket's policy, whether public ones are ignored (None: not known), and what keeps its objects.

    there is the client of a region: elsewhere S3 sends whoever asks on, for each bucket anew.
    """
    whole = _blocked(lambda: control.get_public_access_block(AccountId=account_id))

    def of(name: str) -> dict[str, Any]:
        region = listed[name].get("BucketRegion")
        client = there(region) if there and region else s3
        own = _blocked(lambda: client.get_public_access_block(Bucket=name))
        policy = or_none(lambda: json.loads(client.get_bucket_policy(Bucket=name)["Policy"]), "NoSuchBucketPolicy")
        return {
            "policy": policy,
            "restricted": True if True in (own, whole) else None if None in (own, whole) else False,
            "kept": keeping(client, name),
        }

    listed = list_buckets(s3)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return dict(zip(listed, pool.map(of, listed), strict=True))


def _blocked(ask: Callable[[], Any]) -> bool | None:
    try:
        return bool(ask()["PublicAccessBlockConfiguration"].get("RestrictPublicBuckets"))
    except Exception as exc:
        if error_code(exc) == "NoSuchPublicAccessBlockConfiguration":
            return False
        return None


def shape(live: Live, aws: Mapping[str, dict]) -> dict[str, Any]:
    """Live as plain data; aws are documents of AWS's own policies by ARN."""
    return {
        "users": [user._asdict() for user in live.users.values()],
        "groups": [group._asdict() for group in live.groups.values()],
        "roles": [role._asdict() for role in live.roles.values()],
        "policies": {policy.arn: policy.document for policy in live.policies.values()} | dict(aws),
    }
