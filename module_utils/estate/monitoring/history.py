"""What the alarms' own history says of their thresholds. Pure.

CloudWatch keeps it for 30 days at least:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any

OFTEN = 10  # times; what goes off as often and ends by itself teaches people not to look
SOON = 15  # minutes


def proposals(items: Iterable[Mapping[str, Any]], alarms: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for each alarm that went off often, and mostly ended before anybody can have done anything."""
    since: dict[str, Any] = {}
    lasted: dict[str, list[float]] = {}
    for item in sorted(items, key=lambda one: one["Timestamp"]):
        name, said = item["AlarmName"], item["HistorySummary"]
        if name not in alarms or name.endswith("-canary"):
            continue
        if said.endswith("to ALARM"):
            since[name] = item["Timestamp"]
        elif said.endswith("to OK") and name in since:
            lasted.setdefault(name, []).append((item["Timestamp"] - since.pop(name)).total_seconds() / 60)
    for name, minutes in sorted(lasted.items()):
        if len(minutes) >= OFTEN and median(minutes) <= SOON:
            alarm = alarms[name]
            yield (
                f"alarm {name} went off {len(minutes)} times and was over after {median(minutes):.0f} minutes, so "
                f"nobody acted: raise its threshold ({alarm['comparison']} {alarm['threshold']:g}), ask for more than "
                f"{alarm['datapoints']} of {alarm['periods']} periods, or mend what sets it off"
            )
