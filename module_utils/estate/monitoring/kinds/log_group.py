"""A log group: how long its events are kept, and by which key they are encrypted.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    return {
        group["logGroupName"]: {
            "name": group["logGroupName"],
            "days": group.get("retentionInDays", 0),
            "key": reader.place.alias(group.get("kmsKeyId")),
            "age": (time.time() - group.get("creationTime", 0) / 1000) / 86400,  # days
        }
        for group in reader.pages("logs", "describe_log_groups", "logGroups")
    }


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:
    group = {"logGroupName": wanted["name"]}
    key = place.key(wanted["key"]) if wanted.get("key") else ""
    if live is None:
        yield Call("logs.create_log_group", {**group, **({"kmsKeyId": key} if key else {})})
    elif wanted.get("key", live["key"]) != live["key"]:
        verb = "associate" if key else "disassociate"
        yield Call(f"logs.{verb}_kms_key", {**group, **({"kmsKeyId": key} if key else {})})
    if wanted["days"] != (live["days"] if live else 0):
        if wanted["days"]:
            yield Call("logs.put_retention_policy", {**group, "retentionInDays": wanted["days"]})
        else:
            yield Call("logs.delete_retention_policy", group)


KIND = Kind(
    "log group",
    "log_groups",
    _read,
    _calls,
    names_keys=True,
    needs=lambda thing: [f"key {thing['key']}"] if thing.get("key") else [],
)
