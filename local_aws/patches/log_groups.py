"""CloudWatch Logs: filters need a group and replace each other, are listed by pages; keys and retention are checked.

moto 5.2.5 keeps every filter beside its namesake, takes any number of days, and knows no AssociateKmsKey.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from moto.kms.models import kms_backends
from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from local_aws.replacing import extends, replaces

PAGE, MOST_FILTERS, MOST_DIMENSIONS = 50, 100, 3
TURN = threading.Lock()
DAYS = {
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}  # fmt: skip


@replaces(MetricFilters)
def add_filter(
    self: MetricFilters, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
) -> None:
    made = {
        "filterName": filter_name,
        "filterPattern": filter_pattern,
        "logGroupName": log_group_name,
        "metricTransformations": metric_transformations,
    }
    with TURN:
        self.metric_filters = [*_others(self, filter_name, log_group_name), made]


@replaces(MetricFilters)
def delete_filter(self: MetricFilters, filter_name: str = "", log_group_name: str = "") -> list[dict[str, Any]]:
    with TURN:
        self.metric_filters = _others(self, filter_name, log_group_name)
    return self.metric_filters


def _others(self: MetricFilters, name: str, group: str) -> list[dict[str, Any]]:
    return [one for one in self.metric_filters if (one["filterName"], one["logGroupName"]) != (name, group)]


@extends(LogsBackend)
def put_metric_filter(original: Any, self: LogsBackend, name: str, pattern: str, group: str, metrics: Any) -> None:
    if group not in self.groups:
        raise ResourceNotFoundException
    _check_transformation(metrics[0])
    others = _others(self.filters, name, group)
    if sum(one["logGroupName"] == group for one in others) >= MOST_FILTERS:
        raise LimitExceededException
    original(self, name, pattern, group, metrics)


def _check_transformation(metric: dict[str, Any]) -> None:
    value, dimensions = metric["metricValue"], metric.get("dimensions") or {}
    if "defaultValue" in metric and dimensions:
        raise InvalidParameterException("dimensions and a default value exclude each other")
    if len(dimensions) > MOST_DIMENSIONS:
        raise InvalidParameterException(f"A metric transformation has at most {MOST_DIMENSIONS} dimensions")
    if metric["metricNamespace"].startswith("AWS/"):
        raise InvalidParameterException("A metric namespace does not begin with AWS/")
    if not value.startswith("$") and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        raise InvalidParameterException(f"Invalid metric transformation: {value} is neither a number nor a field")


@extends(LogsResponse)
def describe_metric_filters(original: Any, self: LogsResponse) -> str:
    found = json.loads(original(self))["metricFilters"]
    found.sort(key=lambda one: (one["logGroupName"], one["filterName"]))
    at, limit = int(self._get_param("nextToken") or 0), int(self._get_param("limit") or PAGE)
    more = {"nextToken": str(at + limit)} if len(found) > at + limit else {}
    return json.dumps({"metricFilters": found[at : at + limit], **more})


@extends(LogsBackend)
def put_retention_policy(original: Any, self: LogsBackend, log_group_name: str, retention_in_days: Any) -> None:
    if int(retention_in_days) not in DAYS:
        raise InvalidParameterException("1 validation error detected: retentionInDays is none of the enum's values")
    original(self, log_group_name, retention_in_days)


@extends(LogsBackend)
def create_log_group(original: Any, self: LogsBackend, log_group_name: str, tags: Any, **words: Any) -> Any:
    if words.get("kmsKeyId"):
        _check_key(self, words["kmsKeyId"])
    return original(self, log_group_name, tags, **words)


def _check_key(backend: LogsBackend, arn: str) -> None:
    keys = kms_backends[backend.account_id][backend.region_name].keys
    if arn.rpartition("/")[2] not in keys:
        raise InvalidParameterException(
            "The specified KMS Key Id could not be found or is not allowed to be used with Log Group"
        )


@replaces(LogsResponse, "associate_kms_key", "disassociate_kms_key")
def associate_kms_key(self: LogsResponse) -> str:
    backend, name = self.logs_backend, self._get_param("logGroupName")
    if name not in backend.groups:
        raise ResourceNotFoundException
    key = self._get_param("kmsKeyId")
    if key:
        _check_key(backend, key)
    backend.groups[name].kms_key_id = key
    return ""
