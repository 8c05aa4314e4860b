"""What is wrong with a declaration is said once, by its variable, its name, its file and its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible._internal._datatag._tags import Origin
from ansible.module_utils.estate.monitoring.desired import monitoring_desired

FILE = Path(__file__).parents[3] / "inventories/preview/host_vars/preview.yml"
ALARM = {"about": "Mail waits", "namespace": "AWS/SQS", "metric": "Age", "threshold": 1, "alarm": ["mail"]}
TOPIC = {"name": "mail", "publish": ["cloudwatch"], "subscriptions": []}


def desired(monkeypatch: pytest.MonkeyPatch, alarm: Any, **each: Any) -> dict[str, Any]:
    monkeypatch.chdir(FILE.parents[3])
    queue = Origin(path=str(FILE), line_num=7).tag("<place>-<queue>" if each else "<place>-queue")
    own = {"alarms": {queue: alarm}, "topics": {"mail": TOPIC}}
    return monitoring_desired({
        "account_id": "222222222222", "region": "eu-west-1", "place": "preview", "stage": "preview",
        "account": "development", "each": each, "layers": {"monitoring_own": own}, "without": [],
    })  # fmt: skip


def test_what_is_right_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    [alarm] = desired(monkeypatch, {**ALARM, "recovery": []})["alarms"]

    assert alarm["name"] == "preview-queue"


@pytest.mark.parametrize(
    ("alarm", "why"),
    [
        ({**ALARM, "recovery": [], "treshold": 2}, "treshold"),
        ({**ALARM, "recovery": [], "periods": 0}, "periods"),
        ({**ALARM, "recovery": [], "alarm": ["post"]}, "tells post, which topics does not have"),
        ({name: value for name, value in ALARM.items() if name != "threshold"}, "threshold is missing"),
        ([1], ""),
        ("queue", ""),
    ],
)
def test_what_is_wrong_names_its_variable_file_and_line(monkeypatch: pytest.MonkeyPatch, alarm: Any, why: str) -> None:
    with pytest.raises(ValueError, match="monitoring_own") as said:
        desired(monkeypatch, alarm)

    assert "monitoring_own.alarms.<place>-queue (inventories/preview/host_vars/preview.yml:7): " in str(said.value)
    assert why in str(said.value)


def test_one_declaration_that_makes_three_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="periods") as said:
        desired(monkeypatch, {**ALARM, "recovery": [], "periods": 0, "each": ["queue"]}, queue=["a", "b", "c"])

    assert str(said.value).count("monitoring_own.alarms") == 1
