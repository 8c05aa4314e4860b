"""A metric filter: which of a log group's events are counted, or whose number is taken, as which metric.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing

# The declaration's words, and AWS's of the filter and of its metric.
_FILTER = {"name": "filterName", "group": "logGroupName", "pattern": "filterPattern"}
_METRIC = {"namespace": "metricNamespace", "metric": "metricName", "value": "metricValue"}


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    found = {}
    for one in reader.pages("logs", "describe_metric_filters", "metricFilters"):
        metric = one["metricTransformations"][0]
        thing = {ours: one[theirs] for ours, theirs in _FILTER.items()}
        thing |= {ours: metric[theirs] for ours, theirs in _METRIC.items()}
        if "defaultValue" in metric:
            thing["default"] = float(metric["defaultValue"])
        found[one["filterName"]] = thing
    return found


def _calls(wanted: Thing, live: Thing | None, _: Place) -> Iterator[Call]:
    if live and live["group"] != wanted["group"]:
        yield Call("logs.delete_metric_filter", {"logGroupName": live["group"], "filterName": wanted["name"]})
    metric = {theirs: wanted[ours] for ours, theirs in _METRIC.items()}
    if wanted.get("default") is not None:
        metric["defaultValue"] = wanted["default"]
    words = {theirs: wanted[ours] for ours, theirs in _FILTER.items()}
    yield Call("logs.put_metric_filter", {**words, "metricTransformations": [metric]})


KIND = Kind("metric filter", "filters", _read, _calls, needs=lambda thing: [f"log group {thing['group']}"])
