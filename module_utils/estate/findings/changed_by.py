"""Who made the newest change of a resource, by CloudTrail's event history. Pure.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_OF_IAM = ("user ", "role ", "group ", "policy ", "instance profile ", "account ", "members ")


def region_of(resource: str) -> str:
    """ "us-east-1" for what IAM keeps, whose events are there alone; "" is the module's own region."""
    return "us-east-1" if resource.startswith(_OF_IAM) else ""


def newest(events: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
    """{"who": "arn:… (PutBucketPolicy)", "when": …} of the newest write that AWS carried out."""
    writes = [event for event in events if str(event.get("ReadOnly", "")).lower() != "true"]
    for event in sorted(writes, key=lambda one: str(one["EventTime"]), reverse=True):
        told = json.loads(event.get("CloudTrailEvent") or "{}")
        if "errorCode" in told:
            continue
        who = told.get("userIdentity", {}).get("arn") or event.get("Username") or "somebody whom AWS does not name"
        return {"who": f"{who} ({event['EventName']})", "when": str(told.get("eventTime") or event["EventTime"])}
    return None
