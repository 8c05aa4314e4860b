"""A trail: what of the account it logs, whether its files are validated, and where they and its events go.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    def one(trail: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
        status = reader.answer("cloudtrail", "get_trail_status", Name=trail["TrailARN"])
        group = (trail.get("CloudWatchLogsLogGroupArn") or "").removeprefix(reader.place.arn("logs", "log-group:"))
        role = (trail.get("CloudWatchLogsRoleArn") or "").rpartition("/")[2]
        return trail["Name"], {
            "name": trail["Name"],
            "bucket": trail["S3BucketName"],
            "prefix": trail.get("S3KeyPrefix") or "",
            "multi_region": bool(trail["IsMultiRegionTrail"]),
            "global_events": bool(trail["IncludeGlobalServiceEvents"]),
            "validated": bool(trail["LogFileValidationEnabled"]),
            "group": group.removesuffix(":*"),
            "role": role,
            "key": reader.place.alias(trail.get("KmsKeyId")),
            "logging": bool(status["IsLogging"]),
        }

    return dict(reader.each(one, reader.pages("cloudtrail", "describe_trails", "trailList", includeShadowTrails=False)))


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:
    name = {"Name": wanted["name"]}
    settings = {
        "S3BucketName": wanted["bucket"],
        "IsMultiRegionTrail": wanted["multi_region"],
        "IncludeGlobalServiceEvents": wanted["global_events"],
        "EnableLogFileValidation": wanted["validated"],
    }
    settings |= {"S3KeyPrefix": wanted["prefix"]} if wanted["prefix"] else {}
    settings |= {"KmsKeyId": place.key(wanted["key"])} if wanted["key"] else {}
    if wanted["group"]:
        settings["CloudWatchLogsLogGroupArn"] = place.arn("logs", f"log-group:{wanted['group']}:*")
        settings["CloudWatchLogsRoleArn"] = place.role(wanted["role"])
    if live is None:
        yield Call("cloudtrail.create_trail", name | settings)
    elif any(live[word] != value for word, value in wanted.items() if word != "logging"):
        yield Call("cloudtrail.update_trail", name | settings)
    if live is None or not live["logging"]:
        yield Call("cloudtrail.start_logging", name)


KIND = Kind(
    "trail",
    "trails",
    _read,
    _calls,
    needs=lambda thing: [f"key {thing['key']}", f"log group {thing['group']}"],
)
