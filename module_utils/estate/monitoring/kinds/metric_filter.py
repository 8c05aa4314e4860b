"""A metric filter: which of a log group's events are counted, or whose number is taken, as which metric.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    found = {}
    for one in reader.pages("logs", "describe_metric_filters", "metricFilters"):
        metric = one["metricTransformations"][0]
        thing = {
            "name": one["filterName"],
            "group": one["logGroupName"],
            "pattern": one["filterPattern"],
            "namespace": metric["metricNamespace"],
            "metric": metric["metricName"],
            "value": metric["metricValue"],
        }
        if "defaultValue" in metric:
            thing["default"] = float(metric["defaultValue"])
        found[one["filterName"]] = thing
    return found


def _calls(wanted: Thing, live: Thing | None, _: Place) -> Iterator[Call]:
    if live and live["group"] != wanted["group"]:
        yield Call("logs.delete_metric_filter", {"logGroupName": live["group"], "filterName": wanted["name"]})
    metric = {
        "metricNamespace": wanted["namespace"],
        "metricName": wanted["metric"],
        "metricValue": wanted["value"],
    }
    if wanted.get("default") is not None:
        metric["defaultValue"] = wanted["default"]
    yield Call(
        "logs.put_metric_filter",
        {
            "logGroupName": wanted["group"],
            "filterName": wanted["name"],
            "filterPattern": wanted["pattern"],
            "metricTransformations": [metric],
        },
    )


KIND = Kind("metric filter", "filters", _read, _calls, needs=lambda thing: [f"log group {thing['group']}"])
