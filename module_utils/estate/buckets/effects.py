"""What a plan of buckets means for whom: the account as it is, and as the plan's own calls would leave it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.live import Live
from ansible.module_utils.estate.plan import GRANTING, Action, Plan


def looked_into(plan: Plan) -> bool:
    """Whether it writes anything that decides who may do what."""
    return any(action.method.startswith(GRANTING) for action in plan.actions)


def before_and_after(plan: Plan, live: Live, access: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """access is what IAM holds, as dm_access_info returns it: users, groups, roles, policies, account_id."""
    buckets = {
        name: {
            "policy": json.loads(found.answers.get("policy", {}).get("Policy") or "null"),
            "restricted": _restricts(found.answers.get("public_access_block", {})),
        }
        for name, found in live.buckets.items()
        if found.answers
    }
    roles = {role["name"]: role for role in access["roles"]}
    return (
        {**access, "buckets": buckets},
        {**access, **_carried_out(plan.actions, buckets, roles, str(access["account_id"]))},
    )


def _restricts(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("PublicAccessBlockConfiguration", {}).get("RestrictPublicBuckets"))


def _carried_out(
    actions: Iterable[Action], buckets: Mapping[str, Any], roles: Mapping[str, Any], account: str
) -> dict[str, Any]:
    buckets, roles = dict(buckets), dict(roles)
    for action in actions:
        given, call = action.params, action.method
        if call.startswith("s3.") and "Bucket" in given:
            was = buckets.get(given["Bucket"], {"policy": None, "restricted": True})  # as S3 makes a bucket
            if call == "s3.put_bucket_policy":
                was = {**was, "policy": json.loads(given["Policy"])}
            elif call == "s3.delete_bucket_policy":
                was = {**was, "policy": None}
            elif call.endswith("_public_access_block"):
                was = {**was, "restricted": _restricts(given)}
            buckets[given["Bucket"]] = was
        elif call.startswith("iam."):
            _written(call, given, roles, account)
    return {"buckets": buckets, "roles": list(roles.values())}


def _written(call: str, given: Mapping[str, Any], roles: dict[str, Any], account: str) -> None:
    name = given["RoleName"]
    path = given.get("Path", "/")
    nobody = {"name": name, "path": path, "arn": f"arn:aws:iam::{account}:role{path}{name}", "trust": {}, "managed": (),
              "inline": {}, "boundary": "", "tags": {}}  # fmt: skip
    role = roles.get(name, nobody)
    if call == "iam.put_role_policy":
        role = {**role, "inline": {**role["inline"], given["PolicyName"]: json.loads(given["PolicyDocument"])}}
    elif call == "iam.delete_role_policy":
        role = {**role, "inline": {key: one for key, one in role["inline"].items() if key != given["PolicyName"]}}
    elif call in ("iam.create_role", "iam.update_assume_role_policy"):
        trust = given["AssumeRolePolicyDocument" if call == "iam.create_role" else "PolicyDocument"]
        role = {**role, "trust": json.loads(trust)}
    roles[name] = role
