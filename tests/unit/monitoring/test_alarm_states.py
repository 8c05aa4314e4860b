"""Alarms as AWS's documentation has them: both tables of "alarms and missing data", and what follows from them."""

from __future__ import annotations

import pytest

from tests.support.alarm_states import Event, Point, decided, points, states

POINTS = {"0": False, "X": True, "-": None}
MODES = ("missing", "ignore", "breaching", "notBreaching")
I, R = "INSUFFICIENT_DATA", ""  # noqa: E741 as short as in the table; R retains the state


@pytest.mark.parametrize(
    ("datapoints", "row", "expected"),
    [
        (3, "0 - X - X", ("OK", "OK", "OK", "OK")),
        (3, "0 - - - -", ("OK", "OK", "OK", "OK")),
        (3, "- - - - -", (I, R, "ALARM", "OK")),
        (3, "0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (3, "- - X - -", ("ALARM", R, "ALARM", "OK")),
        (3, "- - - - X", (I, R, "ALARM", "OK")),
        (3, "X - - - -", ("ALARM", R, "ALARM", "OK")),
        (2, "0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 - X - -", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - - 0", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - X -", ("ALARM", R, "ALARM", "OK")),
        (2, "- - - - X", (I, R, "ALARM", "OK")),
    ],
)
def test_the_documentations_tables(datapoints, row, expected):
    found = [POINTS[sign] for sign in row.split()]
    assert tuple(decided(found, datapoints, 3, mode) for mode in MODES) == expected


ALARM = {
    "statistic": "Sum", "period": 60, "periods": 3, "datapoints": 3, "comparison": ">", "threshold": 3.0,
    "missing": "missing",
}  # fmt: skip


def test_the_documentations_figure():
    """Over three in the third to fifth period is an alarm at the fifth, over at the sixth; the ninth alone is none."""
    values = [1, 2, 4, 5, 4, 3, 2, 1, 6, 2]
    data = [Point(60 * index + 1, value) for index, value in enumerate(values)]
    seen = [state for _, state in states(ALARM, data, 180, 600)]
    assert seen == ["OK", "OK", "ALARM", "OK", "OK", "OK", "OK", "OK"]


def test_a_default_value_counts_for_a_minute_with_other_events_only():
    one = {"group": "g", "pattern": "{ $.a = 1 }", "namespace": "N", "metric": "M", "value": "1", "default": 0}
    events = [Event(0, "g", '{"a": 1}'), Event(61, "g", '{"a": 2}'), Event(200, "other", '{"a": 1}')]
    found = points([one], events)
    assert found["N", "M"] == [Point(0, 1.0), Point(60, 0.0)]
    assert [point.at for point in found["AWS/Logs", "g"]] == [0, 61]


@pytest.mark.parametrize(
    ("statistic", "state"), [("Sum", "ALARM"), ("Average", "OK"), ("Minimum", "OK"), ("Maximum", "ALARM"),
                             ("SampleCount", "OK"), ("p50", "OK"), ("p100", "ALARM")]
)  # fmt: skip
def test_statistics(statistic, state):
    alarm = ALARM | {"statistic": statistic, "periods": 1, "datapoints": 1}
    data = [Point(1, 1.0), Point(2, 1.5), Point(3, 4.0)]
    assert [state for _, state in states(alarm, data, 60, 60)] == [state]
