"""A trail: what of the account it logs, whether its files are validated, and where they and its events go.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing

_MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
_ALL = {"ReadWriteType": "All", "IncludeManagementEvents": True, "ExcludeManagementEventSources": []}


def _misses(selectors: Mapping[str, Any]) -> bool:
    """Whether an event of the account's management is left out."""
    return not any(_ALL.items() <= ({"ExcludeManagementEventSources": []} | one).items()
                   for one in selectors.get("EventSelectors") or ()) and not any(
        one["FieldSelectors"] == [_MANAGEMENT] for one in selectors.get("AdvancedEventSelectors") or ()
    )  # fmt: skip


def _all_of(selectors: Mapping[str, Any]) -> dict[str, Any]:
    """The same with all of the management's events; what is logged of data stays."""
    if advanced := selectors.get("AdvancedEventSelectors"):
        others = [one for one in advanced if _MANAGEMENT not in one["FieldSelectors"]]
        return {"AdvancedEventSelectors": [{"Name": "Management events", "FieldSelectors": [_MANAGEMENT]}, *others]}
    return {"EventSelectors": [{**one, **_ALL} for one in selectors.get("EventSelectors") or [{}]]}


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
    listed = reader.answer("cloudtrail", "describe_trails", includeShadowTrails=False)["trailList"]
    questions = [("get_trail_status", "Name", trail["TrailARN"]) for trail in listed]
    questions += [("get_event_selectors", "TrailName", trail["TrailARN"]) for trail in listed]
    answers = reader.each(lambda asked: reader.answer("cloudtrail", asked[0], **{asked[1]: asked[2]}), questions)

    def one(trail: dict[str, Any], status: dict[str, Any], selectors: dict[str, Any]) -> tuple[str, dict[str, Any]]:
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
            "management": selectors if _misses(selectors) else True,
            "logging": bool(status["IsLogging"]),
        }

    return dict(map(one, listed, answers[: len(listed)], answers[len(listed) :]))


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
    elif any(live[word] != value for word, value in wanted.items() if word not in ("logging", "management")):
        yield Call("cloudtrail.update_trail", name | settings)
    if live and live["management"] is not True:  # a new one has them all
        yield Call("cloudtrail.put_event_selectors", {"TrailName": wanted["name"], **_all_of(live["management"])})
    if live is None or not live["logging"]:
        yield Call("cloudtrail.start_logging", name)


KIND = Kind(
    "trail",
    "trails",
    _read,
    _calls,
    names_keys=True,
    needs=lambda thing: [f"key {thing['key']}", f"log group {thing['group']}"],
    shown=lambda thing: {**thing, "management": thing["management"] is True},
)
