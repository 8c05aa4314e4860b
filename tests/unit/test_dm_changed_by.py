"""CloudTrail takes two questions a second; who asks no more than two waits for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from library import dm_changed_by


class Trail:
    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[float] = []

    def lookup_events(self, **_: Any) -> dict[str, Any]:
        self.asked.append(self.now)
        return {"Events": []}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("causes", "seconds"), [(0, 0), (1, 0), (2, 0), (3, 1), (7, 3)])
def test_no_second_has_more_than_two_questions(monkeypatch, causes, seconds):
    trail = Trail()
    monkeypatch.setattr(dm_changed_by.time, "sleep", trail.sleep)
    found = [{"finding": str(one), "resource": f"bucket shop-{one}"} for one in range(causes)]

    assert dm_changed_by.asked({("cloudtrail", "eu-west-1"): trail, ("cloudtrail", ""): trail}, found) == {}

    assert trail.now == seconds
    assert len(trail.asked) == causes
    assert all(trail.asked.count(when) <= 2 for when in trail.asked)
