"""Who made which change: the last 90 days of management events, as CloudTrail's event history has them without a trail.

moto has no history. Only writes, and only what was carried out; IAM's are in us-east-1 alone, as with AWS.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
"""

from __future__ import annotations

import json
import re
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse

from local_aws import requests
from local_aws.callers import Caller
from local_aws.errors import AwsError
from local_aws.replacing import replaces

GLOBAL = ("iam", "sts", "route53", "cloudfront")
DATA = re.compile(
    r"(Put|Delete|Copy|Restore)Objects?$|PutObject\w+|.*MultipartUpload|UploadPart\w*|PutLogEvents|PutMetricData"
)
_history: deque[dict[str, Any]] = deque(maxlen=5_000)


def words(call: dict[str, Any], environ: dict[str, Any]) -> frozenset[str]:
    """Whatever a write names; asked before moto reads its body. Nothing of what the history does not have."""
    if not call["write"] or DATA.fullmatch(call["operation"]):
        return frozenset()
    form = "" if call["service"] == "s3" else requests.body(environ).decode("utf-8", "replace")[:2_000]
    return frozenset(re.split(r"[^\w.@+-]+", f"{environ['PATH_INFO']} {environ.get('HTTP_HOST', '')} {form}"))


def remember(call: dict[str, Any], caller: Caller, names: frozenset[str]) -> None:
    if not names or call["status"] >= 300:
        return
    now = datetime.now(UTC)
    told = {"userIdentity": {"arn": caller.arn, "type": caller.kind}, "eventTime": now.isoformat(timespec="seconds")}
    event = {
        "EventId": str(uuid.uuid4()),
        "EventName": call["operation"],
        "EventSource": f"{call['service']}.amazonaws.com",
        "EventTime": now.timestamp(),
        "ReadOnly": "false",
        "Username": caller.name or caller.arn.rpartition("/")[2],
        "CloudTrailEvent": json.dumps({**told, "eventName": call["operation"], "readOnly": False}),
    }
    region = "us-east-1" if call["service"] in GLOBAL else call["region"]
    _history.appendleft({"account": call["account"], "region": region, "names": names, "event": event})


@replaces(CloudTrailResponse)
def lookup_events(self: CloudTrailResponse) -> str:
    asked = self._get_param("LookupAttributes") or []
    if len(asked) != 1 or asked[0]["AttributeKey"] != "ResourceName":
        raise AwsError("InvalidLookupAttributesException", "Only one attribute, ResourceName, is known here")
    name, most = asked[0]["AttributeValue"], int(self._get_param("MaxResults") or 50)
    if not 1 <= most <= 50:
        raise AwsError("InvalidMaxResultsException", "A value from 1 to 50 is required")
    # S3's virtual hosts begin with the bucket's name.
    found = [
        {**one["event"], "Resources": [{"ResourceName": name}]}
        for one in _history
        if (one["account"], one["region"]) == (self.current_account, self.region)
        and (name in one["names"] or any(word.startswith(f"{name}.") for word in one["names"]))
    ]
    return json.dumps({"Events": found[:most]})


def forget() -> None:
    _history.clear()
