"""Whether an alarm can fire and reaches somebody: an event is logged, and the alarm's message is waited for in a queue.

The state is never set by hand: what is proved is filter, metric, alarm, topic and a confirmed subscription, one after
the other. A message of less than a day ago proves it, too, where its way is still there. Beside it: whether anybody
else confirmed that he is told.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.kinds.queue import url
from ansible.module_utils.estate.monitoring.kinds.topic import PENDING, masked
from ansible.module_utils.estate.plan import Action, Plan

EVENT = json.dumps({"canary": "estate", "about": "written to prove that alarms reach somebody"})


def plan(
    account: str, canary: str, arrived: float | None, stream: str, now: float, writes: bool, gap: str = ""
) -> Plan:
    """An event, unless an earlier one's message is there; where nothing may be written, that there is none is drift.

    gap is what is missing on the way of an earlier one, which proves nothing then.
    """
    actions, drift = [], []
    if arrived is None and writes:
        where = {"logGroupName": canary, "logStreamName": stream}
        event = {**where, "logEvents": [{"timestamp": int(now * 1000), "message": EVENT}]}
        actions = [
            Action("add", f"event in {canary}", "logs.create_log_stream", where),
            Action("add", f"event in {canary}", "logs.put_log_events", event),
        ]
    elif arrived is None:
        why = f"were not proved to reach anybody since {gap}" if gap else "were not proved to reach anybody for a day"
        drift = [f"alarms of {account} {why}: estate prove does"]
    return Plan("alarm proof", account, actions, drift=drift)


def arrived(clients: Any, place: Place, canary: str, since: float, wait: int = 0) -> float | None:
    """When the canary's alarm went off, by the newest message in its queue; None where there is none."""
    found = clients["sqs"].receive_message(
        QueueUrl=url(place, canary), MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=wait
    )
    times = []
    for message in found.get("Messages", ()):
        said = json.loads(json.loads(message["Body"])["Message"])
        if said["AlarmName"] == canary and said["NewStateValue"] == "ALARM":
            times.append(datetime.datetime.fromisoformat(said["StateChangeTime"]).timestamp())
    return max((at for at in times if at >= since), default=None)


def gap(clients: Any, place: Place, canary: str) -> str:
    """What is not there any more of the way that an earlier message took, or ""."""
    alarms = clients["cloudwatch"].describe_alarms(AlarmNames=[canary])["MetricAlarms"]
    if not alarms or not alarms[0]["ActionsEnabled"]:
        return f"alarm {canary} is {'switched off' if alarms else 'not there'}"
    metric = {"metricNamespace": alarms[0].get("Namespace"), "metricName": alarms[0].get("MetricName")}
    filters = clients["logs"].get_paginator("describe_metric_filters").paginate(logGroupName=canary)
    counted = [said for page in filters for one in page["metricFilters"] for said in one["metricTransformations"]]
    if not any(metric.items() <= said.items() for said in counted):
        return f"no filter of {canary} counts what alarm {canary} looks at"
    for topic in alarms[0]["AlarmActions"]:
        pages = clients["sns"].get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        for one in (one for page in pages for one in page["Subscriptions"]):
            if one["Endpoint"] == place.arn("sqs", canary) and one["SubscriptionArn"] != PENDING:
                return ""
    return f"no topic of alarm {canary} tells its queue"


def chain(
    clients: Any, place: Place, canary: str, before: float | None, sent: float, timeout: float,
    sleep: Callable[[float], Any] = time.sleep,
) -> dict[str, Any]:  # fmt: skip
    """The proof that the canary's event got through, or which link did not hold."""
    proof = {"subject": f"alarm {canary}", "why": ""}
    if before is not None:
        return {**proof, "verdict": "proved", "age_seconds": round(sent - before)}
    try:
        while time.time() - sent < timeout:
            if arrived(clients, place, canary, sent - 60) is not None:
                return {**proof, "verdict": "proved", "seconds": round(time.time() - sent, 1)}
            sleep(min(max((time.time() - sent) / 4, 0.2), 5))
        return {**proof, "verdict": "failed", "why": _broken(clients, canary, timeout)}
    except Exception as exc:
        return {**proof, "verdict": "failed", "why": sentence(exc, "AWS refused").rstrip(".")}


def _broken(clients: Any, canary: str, timeout: float) -> str:
    alarms = clients["cloudwatch"].describe_alarms(AlarmNames=[canary])["MetricAlarms"]
    if not alarms or alarms[0]["StateValue"] != "ALARM":
        return f"its event did not set it off within {timeout:g} s: see the filter {canary}, and that logs arrive"
    told = clients["cloudwatch"].describe_alarm_history(AlarmName=canary, HistoryItemType="Action", MaxRecords=1)
    items = told["AlarmHistoryItems"]
    if not items or not items[0]["HistorySummary"].startswith("Successfully"):
        return "it went off, and could not tell its topic: see the topic's policy and key"
    return (
        "it went off and told its topic, and nothing came into the queue: see the subscription and the queue's policy"
    )


def told(clients: Any, place: Place, topics: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of each topic whether anybody confirmed that he is told; the proof's own queue does not count."""
    client = clients["sns"]

    def subscribed(topic: Mapping[str, Any]) -> list[dict[str, Any]]:
        arn = place.arn("sns", topic["name"])
        pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        return [one for page in pages for one in page["Subscriptions"] if one["Protocol"] != "sqs"]

    with ThreadPoolExecutor() as pool:
        answers = [*pool.map(subscribed, topics)]
    for topic, found in zip(topics, answers, strict=True):
        subject = f"topic {topic['name']}"
        waiting = [masked(one["Endpoint"]) for one in found if one["SubscriptionArn"] == PENDING]
        if not found:
            yield {"subject": subject, "verdict": "failed", "why": "it tells nobody"}
        elif len(waiting) == len(found):
            why = f"nobody is told before {', '.join(waiting)} confirms AWS's message"
            yield {"subject": subject, "verdict": "waiting", "why": why}
        else:
            why = f"{', '.join(waiting)} must still confirm" if waiting else ""
            yield {"subject": subject, "verdict": "proved", "why": why}
