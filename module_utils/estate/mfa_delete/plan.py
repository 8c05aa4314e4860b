"""Which buckets' MFA delete is to be switched, and what of it cannot be. Pure.

Only the account's root user can, with its device, and by a call of its own for each bucket:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Plan

CANARY = "mfa-delete-estate-canary.txt"


class Live(NamedTuple):
    versioning: Mapping[str, Any]  # GetBucketVersioning's answer
    rules: bool  # whether objects expire, beside which S3 takes no MFA delete

    @property
    def on(self) -> bool:
        return self.versioning.get("MFADelete") == "Enabled"


def root_arn(account_id: str) -> str:
    return f"arn:aws:iam::{account_id}:root"


def plan(
    account: str,
    enable: bool,
    buckets: Sequence[Mapping[str, Any]],
    live: Mapping[str, Live],
    failed: Mapping[str, str],
) -> Plan:
    """buckets as dm_buckets takes them. Switches in one direction only, and only what is declared so."""
    actions, diff, drift, out = [], [], [], dict(failed)
    for bucket in buckets:
        name, found = bucket["name"], live.get(bucket["name"])
        wanted = bool(bucket.get("mfa_delete"))
        if found is None or found.on == wanted:
            continue
        resource = f"bucket {name}"
        if wanted != enable:
            drift.append(f"{name}: MFA delete is {'declared but off' if wanted else 'on but declared off'}")
        elif wanted and found.rules:
            out[resource] = "it has lifecycle rules, beside which S3 takes no MFA delete: converge its bucket first"
        else:
            state = {"Status": "Enabled", "MFADelete": "Enabled" if wanted else "Disabled"}
            params = {"Bucket": name, "VersioningConfiguration": state}
            actions.append(Action("change", resource, "s3.put_bucket_versioning", params, bucket["region"]))
            diff += diff_of(resource, {"mfa_delete": found.on}, {"mfa_delete": wanted})
    return Plan("mfa_delete", account, actions, diff, drift=drift, left_out=out)
