"""Which buckets' MFA delete is to be switched, and what of it cannot be. Pure.

Only the account's root user can, with its device, and by a call of its own for each bucket:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.live import LiveBucket, bucket_resource
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Plan

CANARY = "mfa-delete-estate-canary.txt"


def plan(
    account: str,
    enable: bool,
    buckets: Sequence[Mapping[str, Any]],
    live: Mapping[str, LiveBucket],
    failed: Mapping[str, str],
) -> Plan:
    """buckets as dm_buckets takes them; live has versioning and lifecycle, beside whose rules S3 takes no MFA delete.

    Switches in one direction only, and only what is declared so.
    """
    actions, diff, drift, out = [], [], [], dict(failed)
    for bucket in buckets:
        name, found = bucket["name"], live.get(bucket["name"])
        wanted = bool(bucket.get("mfa_delete"))
        if found is None or found.frozen == wanted:
            continue
        resource = bucket_resource(name)
        if wanted != enable:
            drift.append(f"{name}: MFA delete is {'declared but off' if wanted else 'on but declared off'}")
        elif wanted and found.answers["lifecycle"].get("Rules"):
            out[resource] = "it has lifecycle rules, beside which S3 takes no MFA delete: converge its bucket first"
        else:
            state = {"Status": "Enabled", "MFADelete": "Enabled" if wanted else "Disabled"}
            params = {"Bucket": name, "VersioningConfiguration": state}
            actions.append(Action("change", resource, "s3.put_bucket_versioning", params, bucket["region"]))
            diff += diff_of(resource, {"mfa_delete": found.frozen}, {"mfa_delete": wanted})
    return Plan("mfa_delete", account, actions, diff, drift=drift, left_out=out)
