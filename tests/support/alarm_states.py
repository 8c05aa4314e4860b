"""An alarm's state, minute by minute, on a clock of its own. Pure.

Each minute CloudWatch looks at more periods than the alarm says, takes what was reported, and fills in what is missing
as few times as it can:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.monitoring.pattern import compiled

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
# How many periods more than the alarm's own are looked at; AWS's example has five for three.
MORE = 2
MINUTE = 60


class Point(NamedTuple):
    at: float  # seconds
    value: float


class Event(NamedTuple):
    at: float
    group: str
    message: str


# --- logs to metrics --------------------------------------------------------------------------------------------------


def points(filters: Iterable[Mapping[str, Any]], events: Sequence[Event]) -> dict[tuple[str, str], list[Point]]:
    """(namespace, metric) -> what the filters make of the events, a number a minute where anything was logged.

    Beside them what CloudWatch counts by itself: AWS/Logs IncomingLogEvents, as ("AWS/Logs", group).
    """
    found: dict[tuple[str, str], list[Point]] = {}
    for one in filters:
        matches, minutes, matched = compiled(one["pattern"]), set(), set()
        mine = found.setdefault((one["namespace"], one["metric"]), [])
        for event in events:
            if event.group != one["group"]:
                continue
            minute = event.at // MINUTE
            minutes.add(minute)
            if matches(event.message):
                matched.add(minute)
                mine.append(Point(event.at, float(one["value"])))
        if one.get("default") is not None:
            mine += [Point(minute * MINUTE, float(one["default"])) for minute in sorted(minutes - matched)]
    for event in events:
        found.setdefault(("AWS/Logs", event.group), []).append(Point(event.at, 1.0))
    return found


# --- metrics to states ------------------------------------------------------------------------------------------------


def statistic(name: str, values: Sequence[float]) -> float:
    if name == "Sum":
        return sum(values)
    if name == "Average":
        return sum(values) / len(values)
    if name == "SampleCount":
        return float(len(values))
    if name in ("Minimum", "Maximum"):
        return min(values) if name == "Minimum" else max(values)
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * float(name[1:]) / 100))]


def breaches(alarm: Mapping[str, Any], value: float) -> bool:
    limit = alarm["threshold"]
    return bool(
        {">=": value >= limit, ">": value > limit, "<=": value <= limit, "<": value < limit}[alarm["comparison"]]
    )


def decided(found: Sequence[bool | None], datapoints: int, periods: int, missing: str) -> str:
    """The state by the newest points, oldest first, None where nothing was reported; "" keeps the state.

    Where missing is missing, an alarm goes off early if all that there is breaches, and for as long as it takes.
    """
    real = [point for point in found if point is not None]
    if len(real) >= periods:
        return ALARM if sum(real[-periods:]) >= datapoints else OK
    lacking = periods - len(real)
    if missing == "breaching":
        return ALARM if sum(real) + lacking >= datapoints else OK
    if missing == "notBreaching" or sum(real) >= datapoints:
        return ALARM if sum(real) >= datapoints else OK
    if real and not all(real):
        return OK
    if missing == "ignore":
        return ""
    age = len(found) - next(index for index, point in enumerate(found) if point is not None) if real else 0
    return ALARM if real and age >= datapoints else INSUFFICIENT


def states(
    alarm: Mapping[str, Any], data: Sequence[Point], start: float, stop: float, first: str = INSUFFICIENT
) -> Iterator[tuple[float, str]]:
    """(when, the state) each minute from start to stop."""
    period, state = alarm["period"], first
    ordered = sorted(data)
    times = [point.at for point in ordered]
    now = start
    while now <= stop:
        found: list[bool | None] = []
        for back in range(alarm["periods"] + MORE, 0, -1):
            since = now - back * period
            within = ordered[bisect_left(times, since) : bisect_left(times, since + period)]
            values = [point.value for point in within]
            found.append(breaches(alarm, statistic(alarm["statistic"], values)) if values else None)
        state = decided(found, alarm["datapoints"], alarm["periods"], alarm["missing"]) or state
        yield now, state
        now += min(MINUTE, period)
