from __future__ import annotations

import datetime
from typing import Any

from ansible.module_utils.estate.monitoring.history import OFTEN, proposals

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
ALARM = {"comparison": ">=", "threshold": 1.0, "datapoints": 1, "periods": 1}


def history(name: str, times: int, minutes: float) -> list[dict[str, Any]]:
    return [
        {"AlarmName": name, "Timestamp": START + datetime.timedelta(hours=hour, minutes=after), "HistorySummary": said}
        for hour in range(times)
        for after, said in ((0, "Alarm updated from OK to ALARM"), (minutes, "Alarm updated from ALARM to OK"))
    ]


def said(items: list[dict[str, Any]], *names: str) -> list[str]:
    return list(proposals(items, dict.fromkeys(names, ALARM)))


def test_what_goes_off_often_and_ends_soon_is_named_with_its_threshold() -> None:
    (sentence,) = said(history("preview-api-5xx", OFTEN, 4)[::-1], "preview-api-5xx")
    assert f"went off {OFTEN} times and was over after 4 minutes" in sentence
    assert ">= 1" in sentence


def test_what_is_rare_lasts_or_is_not_ours_is_not() -> None:
    assert said(history("a", OFTEN - 1, 4), "a") == []
    assert said(history("a", OFTEN, 45), "a") == []
    assert said(history("a", OFTEN, 4), "b") == []
    assert said(history("preview-canary", OFTEN, 4), "preview-canary") == []
