"""CloudWatch: an alarm that makes no sense is refused, and so are data of another time or of AWS's own.

moto 5.2.5 keeps whatever it is given.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.responses import CloudWatchResponse

from local_aws.replacing import extends

SHORT, MINUTE, HOUR, DAY = {10, 20, 30}, 60, 3600, 86_400
MISSING = {"breaching", "notBreaching", "ignore", "missing"}
PAST, FUTURE = timedelta(weeks=2), timedelta(hours=2)
MOST_DATA = 1000
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


@extends(CloudWatchResponse)
def put_metric_alarm(original: Any, self: CloudWatchResponse) -> Any:
    given = {name: self._get_param(name) for name in (
        "Metrics", "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "EvaluationPeriods",
        "DatapointsToAlarm", "TreatMissingData", "Dimensions", "Threshold", "ThresholdMetricId", *ACTIONS,
    )}  # fmt: skip
    for wrong in _alarm(given):
        raise wrong
    return original(self)


def _alarm(given: dict[str, Any]) -> Iterator[Exception]:
    if given["Metrics"]:
        if given["MetricName"] or given["Statistic"] or given["ExtendedStatistic"]:
            yield ValidationError("Metrics list must be null when MetricName or a statistic is specified")
    else:
        if not given["MetricName"] or not given["Namespace"]:
            yield ValidationError("MetricName and Namespace must be specified where Metrics are not")
        if bool(given["Statistic"]) == bool(given["ExtendedStatistic"]):
            yield InvalidParameterCombination("Exactly one of Statistic and ExtendedStatistic must be specified")
        yield from _periods(int(given["Period"] or 0), int(given["EvaluationPeriods"]))
    if given["Threshold"] is None and not given["ThresholdMetricId"]:
        yield ValidationError("Threshold must be specified for alarms that are not about a band")
    if given["DatapointsToAlarm"] is not None and int(given["DatapointsToAlarm"]) > int(given["EvaluationPeriods"]):
        yield ValidationError("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if given["TreatMissingData"] not in {None, *MISSING}:
        yield ValidationError(f"Value {given['TreatMissingData']} for TreatMissingData is none of {sorted(MISSING)}")
    names = [one["Name"] for one in given["Dimensions"] or []]
    if len(set(names)) < len(names):
        yield InvalidParameterValue("Dimensions must have different names")
    for name in ACTIONS:
        for arn in given[name] or []:
            if not arn.startswith("arn:") or arn.count(":") < 4:
                yield ValidationError(f"Invalid arn syntax: {arn}")


def _periods(period: int, number: int) -> Iterator[Exception]:
    if period not in SHORT and (period < MINUTE or period % MINUTE):
        yield ValidationError("Period must be 10, 20, 30 or a multiple of 60")
    if period * number > (7 * DAY if period >= HOUR else DAY):
        yield ValidationError("Metrics cannot be checked across more than a day (EvaluationPeriods * Period), or seven "
                              "days where the period is an hour or more")  # fmt: skip


@extends(CloudWatchResponse)
def put_metric_data(original: Any, self: CloudWatchResponse) -> Any:
    if self._get_param("Namespace").startswith("AWS/"):
        raise InvalidParameterValue("The value AWS/ for parameter Namespace is invalid.")
    data, now = self._get_param("MetricData", []), datetime.now(UTC)
    if len(data) > MOST_DATA:
        raise InvalidParameterValue(f"The collection MetricData must not have a size greater than {MOST_DATA}.")
    for when in filter(None, (datum.get("Timestamp") for datum in data)):
        moment = when if when.tzinfo else when.replace(tzinfo=UTC)
        if not now - PAST <= moment <= now + FUTURE:
            message = "The parameter Timestamp must specify a time no more than two weeks in the past"
            raise InvalidParameterValue(f"{message} and two hours in the future.")
    return original(self)
