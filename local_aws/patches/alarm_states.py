"""CloudWatch: alarms look at their metrics, change state, remember it and tell their topics; they are listed by pages.

moto 5.2.5 leaves every alarm at OK until somebody sets it. Here it is looked at when data come in, and when somebody
asks.
A topic is told only where its policy lets CloudWatch publish.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricAggregatedDatum
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sns.models import sns_backends

from local_aws.policies import Principal, decide, parsed
from local_aws.replacing import extends, replaces

EVEN_MORE = 2  # periods that are looked at beyond the alarm's own
SERVICE = Principal(service="cloudwatch.amazonaws.com")
OPERATORS = {
    "GreaterThanOrEqualToThreshold": lambda value, limit: value >= limit,
    "GreaterThanThreshold": lambda value, limit: value > limit,
    "LessThanOrEqualToThreshold": lambda value, limit: value <= limit,
    "LessThanThreshold": lambda value, limit: value < limit,
}
STATISTICS: dict[str, Any] = {"Sum": sum, "Average": fmean, "Minimum": min, "Maximum": max, "SampleCount": len}


@extends(Alarm, "__init__")
def begin(original: Any, self: Alarm, *args: Any, **words: Any) -> None:
    original(self, *args, **words)
    self.state_value = "INSUFFICIENT_DATA"
    self.past = []


@extends(CloudWatchBackend)
def put_metric_alarm(original: Any, self: CloudWatchBackend, **words: Any) -> Alarm:
    """Changing an alarm leaves its state as it is."""
    before = self.alarms.get(words["name"])
    alarm = original(self, **words)
    if before is not None:
        alarm.state_value, alarm.state_reason, alarm.past = before.state_value, before.state_reason, before.past
    return alarm


def _plain(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when


def _numbers(datum: Any) -> tuple[float, ...]:
    return (datum.max, datum.min) if isinstance(datum, MetricAggregatedDatum) else (datum.value,)


def _worst(backend: CloudWatchBackend, alarm: Alarm, now: datetime) -> str:
    """What the alarm's own periods, ending now, say; "" where nothing is said."""
    wanted = sorted((one.name, one.value) for one in alarm.dimensions)
    mine = [
        one
        for one in backend.metric_data
        if one.namespace == alarm.namespace
        and one.name == alarm.metric_name
        and sorted((part.name, part.value) for part in one.dimensions) == wanted
    ]
    period, many = int(alarm.period), int(alarm.evaluation_periods)
    verdicts: list[tuple[int, bool]] = []  # how many periods ago, and whether it was too much; newest first
    for index in range(many + EVEN_MORE):
        until = now - timedelta(seconds=period * index)
        since = until - timedelta(seconds=period)
        inside = [one for one in mine if since < _plain(one.timestamp) <= until]
        numbers = [n for one in inside for n in _numbers(one)]
        if numbers:
            value = STATISTICS[alarm.statistic](numbers)
            verdicts.append((index, OPERATORS[alarm.comparison_operator](value, float(alarm.threshold))))
    needed = int(alarm.datapoints_to_alarm or many)
    seen, gaps = [bad for _, bad in verdicts[:many]], max(0, many - len(verdicts))
    bad, mode = seen.count(True), alarm.treat_missing_data or "missing"
    if not gaps:
        return "ALARM" if bad >= needed else "OK"
    if mode == "breaching":
        return "ALARM" if bad + gaps >= needed else "OK"
    if bad >= needed:
        return "ALARM"
    if mode == "notBreaching" or False in seen:
        return "OK"
    if mode == "ignore":
        return ""
    old_enough = bool(seen) and verdicts[-1][0] + 1 >= needed  # nothing since, and it breached for as long as it takes
    return "ALARM" if old_enough else "INSUFFICIENT_DATA"


def look(backend: CloudWatchBackend) -> None:
    now = utcnow()
    for alarm in list(backend.alarms.values()):
        if alarm.rule is None and alarm.statistic in STATISTICS and alarm.metric_name:
            state = _worst(backend, alarm, now)
            if state and state != alarm.state_value:
                _become(alarm, state, now)


def _become(alarm: Alarm, state: str, now: datetime) -> None:
    was = alarm.state_value
    alarm.update_state(f"Threshold Crossed, at {now:%H:%M:%S}", "{}", state)
    alarm.past.append(_item(alarm, now, "StateUpdate", f"Alarm updated from {was} to {state}"))
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(state, alarm.insufficient_data_actions)
    for arn in actions if alarm.actions_enabled else ():
        told = _tell(alarm, arn, state, was, now)
        word = "Successfully executed action" if told else "Failed to execute action"
        alarm.past.append(_item(alarm, now, "Action", f"{word} {arn}"))


def _tell(alarm: Alarm, arn: str, state: str, was: str, now: datetime) -> bool:
    parts = arn.split(":")
    if parts[2] != "sns":
        return False
    backend = sns_backends[parts[4]][parts[3]]
    topic = backend.topics.get(arn)
    account = alarm.alarm_arn.split(":")[4]
    given = {"aws:sourceaccount": [account], "aws:sourcearn": [alarm.alarm_arn], "aws:sourceowner": [account],
             "aws:securetransport": ["true"]}  # fmt: skip
    if topic is None or decide(parsed(topic.policy), SERVICE, "sns:Publish", arn, given) != "Allow":
        return False
    message = {
        "AlarmName": alarm.name, "AlarmDescription": alarm.description, "AWSAccountId": account, "NewStateValue": state,
        "NewStateReason": alarm.state_reason, "StateChangeTime": f"{now.isoformat()}Z", "OldStateValue": was,
        "AlarmArn": alarm.alarm_arn,
    }  # fmt: skip
    backend.publish(json.dumps(message), arn=arn, subject=f'{state}: "{alarm.name[:60]}"')
    return True


def _item(alarm: Alarm, now: datetime, kind: str, summary: str) -> dict[str, Any]:
    return {"AlarmName": alarm.name, "AlarmType": "MetricAlarm", "Timestamp": now, "HistoryItemType": kind,
            "HistorySummary": summary, "HistoryData": "{}"}  # fmt: skip


@extends(CloudWatchBackend)
def put_metric_data(original: Any, self: CloudWatchBackend, namespace: str, metric_data: Any) -> None:
    original(self, namespace, metric_data)
    look(self)


@extends(CloudWatchResponse)
def describe_alarms(original: Any, self: CloudWatchResponse) -> ActionResult:
    look(self.cloudwatch_backend)
    result = dict(original(self).result)
    at, limit = int(self._get_param("NextToken") or 0), int(self._get_param("MaxRecords") or 50)
    found = sorted(result["MetricAlarms"], key=lambda alarm: alarm.name)
    result["MetricAlarms"] = found[at : at + limit]
    result |= {"NextToken": str(at + limit)} if len(found) > at + limit else {}
    return ActionResult(result)


@replaces(CloudWatchResponse)
def describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    look(self.cloudwatch_backend)
    name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    items = [item for alarm in self.cloudwatch_backend.alarms.values() for item in getattr(alarm, "past", ())]
    items = [one for one in items if name in (None, one["AlarmName"]) and kind in (None, one["HistoryItemType"])]
    return ActionResult({"AlarmHistoryItems": sorted(items, key=lambda one: one["Timestamp"], reverse=True)})
