"""The proof of the chain says which link does not hold."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.prove import arrived, chain, gap, plan, told

PLACE = Place("222222222222", "eu-west-1")
NOW = 1_800_000_000.0


def clients(messages: list[Any] = [], state: str = "OK", history: list[str] = [], subscriptions: list[Any] = []) -> Any:  # noqa: B006
    pages = SimpleNamespace(paginate=lambda **_: [{"Subscriptions": subscriptions}])
    bodies = [{"Body": json.dumps({"Message": json.dumps(one)})} for one in messages]
    return {
        "sqs": SimpleNamespace(receive_message=lambda **_: {"Messages": bodies}),
        "sns": SimpleNamespace(get_paginator=lambda _: pages),
        "cloudwatch": SimpleNamespace(
            describe_alarms=lambda **_: {"MetricAlarms": [{"StateValue": state}]},
            describe_alarm_history=lambda **_: {"AlarmHistoryItems": [{"HistorySummary": one} for one in history]},
        ),
    }


def message(
    state: str = "ALARM", name: str = "preview-canary", at: str = "2027-01-15T08:00:00.123+0000"
) -> dict[str, str]:
    return {"AlarmName": name, "NewStateValue": state, "StateChangeTime": at}


def test_only_this_alarm_going_off_counts() -> None:
    asked = clients([message("OK"), message(name="another"), message(at="2027-01-15T07:00:00.000+0000"), message()])
    assert arrived(asked, PLACE, "preview-canary", 0) == pytest.approx(NOW + 0.123)
    assert arrived(asked, PLACE, "preview-canary", NOW + 3600) is None


@pytest.mark.parametrize(
    ("state", "history", "why"),
    [
        ("OK", [], "did not set it off"),
        ("ALARM", [], "could not tell its topic"),
        ("ALARM", ["Failed to execute action"], "could not tell its topic"),
        ("ALARM", ["Successfully executed action arn"], "nothing came into the queue"),
    ],
)
def test_what_does_not_arrive_is_traced_to_its_link(state: str, history: list[str], why: str) -> None:
    proof = chain(
        clients(state=state, history=history), PLACE, "preview-canary", None, time.time(), 0.05, lambda _: None
    )
    assert (proof["verdict"], why in proof["why"]) == ("failed", True)


def test_an_earlier_message_is_proof_and_without_leave_to_write_its_lack_is_drift() -> None:
    assert plan("preview", "preview-canary", NOW, "s", NOW, True).actions == []
    assert [one.method for one in plan("preview", "preview-canary", None, "s", NOW, True).actions] == [
        "logs.create_log_stream", "logs.put_log_events",
    ]  # fmt: skip
    silent = plan("preview", "preview-canary", None, "s", NOW, False)
    assert (len(silent.actions), len(silent.drift)) == (0, 1)
    assert chain({}, PLACE, "preview-canary", NOW - 60, NOW, 1)["age_seconds"] == 60


CANARY, TOPIC = "preview-canary", PLACE.arn("sns", "preview-alarm")
ALARM = {"ActionsEnabled": True, "Namespace": "Estate", "MetricName": CANARY, "AlarmActions": [TOPIC]}
COUNTS = {"metricNamespace": "Estate", "metricName": CANARY, "metricValue": "1"}
QUEUE = {"Protocol": "sqs", "Endpoint": PLACE.arn("sqs", CANARY), "SubscriptionArn": f"{TOPIC}:1"}


def way(alarms: list[Any] = [ALARM], counts: list[Any] = [COUNTS], told: list[Any] = [QUEUE]) -> Any:  # noqa: B006
    subscriptions = {TOPIC: [{"Subscriptions": []}, {"Subscriptions": told}]}
    filters = [{"metricFilters": []}, {"metricFilters": [{"metricTransformations": counts}]}]
    return {
        "cloudwatch": SimpleNamespace(describe_alarms=lambda **_: {"MetricAlarms": alarms}),
        "logs": SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: filters)),
        "sns": SimpleNamespace(
            get_paginator=lambda _: SimpleNamespace(paginate=lambda TopicArn: subscriptions.get(TopicArn, []))
        ),
    }


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ({}, ""),
        ({"alarms": []}, "alarm preview-canary is not there"),
        ({"alarms": [{**ALARM, "ActionsEnabled": False}]}, "alarm preview-canary is switched off"),
        ({"alarms": [{**ALARM, "AlarmActions": []}]}, "no topic of alarm preview-canary tells its queue"),
        ({"alarms": [{**ALARM, "AlarmActions": [f"{TOPIC}s"]}]}, "no topic of alarm preview-canary tells its queue"),
        ({"counts": []}, "no filter of preview-canary counts what alarm preview-canary looks at"),
        ({"counts": [{**COUNTS, "metricName": "x"}]}, "no filter of preview-canary counts what alarm preview-canary l"),
        ({"told": []}, "no topic of alarm preview-canary tells its queue"),
        ({"told": [{**QUEUE, "SubscriptionArn": "PendingConfirmation"}]}, "no topic of alarm preview-canary tells its"),
        ({"told": [{**QUEUE, "Endpoint": f"{QUEUE['Endpoint']}2"}]}, "no topic of alarm preview-canary tells its q"),
    ],
)
def test_an_earlier_message_proves_nothing_once_its_way_is_not_there(there: dict[str, Any], missing: str) -> None:
    found = gap(way(**there), PLACE, CANARY)

    assert (found[: len(missing)], bool(found)) == (missing, bool(missing))
    [drift] = plan("preview", CANARY, None, "s", NOW, False, found or "x").drift
    assert f"since {found or 'x'}: estate prove does" in drift


def one(protocol: str, arn: str) -> dict[str, str]:
    return {"Protocol": protocol, "Endpoint": "https://a:b@api.example/x", "SubscriptionArn": arn}


@pytest.mark.parametrize(
    ("subscriptions", "verdict", "why"),
    [
        ([], "failed", "tells nobody"),
        ([one("sqs", "arn:1")], "failed", "tells nobody"),
        ([one("https", "PendingConfirmation")], "waiting", "https://a:****@api.example/x confirms"),
        ([one("email", "arn:1"), one("https", "PendingConfirmation")], "proved", "must still confirm"),
        ([one("email", "arn:1")], "proved", ""),
    ],
)
def test_who_is_told(subscriptions: list[Any], verdict: str, why: str) -> None:
    (proof,) = told(clients(subscriptions=subscriptions), PLACE, [{"name": "preview-alarm"}])
    assert proof["verdict"] == verdict
    assert why in proof["why"]
