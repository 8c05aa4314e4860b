from __future__ import annotations

import itertools

import pytest
from ansible.module_utils.estate import progress
from ansible.module_utils.estate.progress import Progress, length, told


@pytest.fixture
def said(monkeypatch):
    lines: list[str] = []
    monkeypatch.setattr(progress, "_listeners", [lines.append])
    return lines


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (1200, 10000, 5.5, "canaries: 1,200 of 10,000 (12 %), about 40 s left"),
        (0, 10, 5, "canaries: 0 of 10 (0 %)"),
        (10, 10, 20, "canaries: 10 of 10 (100 %)"),
        (1500, 0, 7.2, "canaries: 1,500 in 7 s"),
        (1, 1000, 10, "canaries: 1 of 1,000 (0 %), about 2 h 46 min left"),
    ],
)
def test_a_line_counts_and_says_what_is_left(done, total, seconds, line):
    assert told("canaries", done, total, seconds) == line


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (99, "99 s"), (180, "3 min"), (3600, "1 h")])
def test_a_time_is_as_exact_as_anybody_needs(seconds, said):
    assert length(seconds) == said


def test_a_line_comes_at_most_every_five_seconds_and_not_before(said):
    ticks = itertools.count()
    for _ in Progress("copies", 20, clock=lambda: float(next(ticks))).over(range(20)):
        pass

    assert said == [
        "copies: 5 of 20 (25 %), about 15 s left",
        "copies: 10 of 20 (50 %), about 10 s left",
        "copies: 15 of 20 (75 %), about 5 s left",
        "copies: 20 of 20 (100 %)",
    ]


def test_what_fails_is_counted_too_and_fails_as_it_did(said):
    ticks = iter([0.0, 6.0])

    def refuse(word):
        raise ValueError(word)

    with pytest.raises(ValueError, match="no"):
        Progress("calls", 2, clock=lambda: next(ticks)).after(refuse)("no")

    assert said == ["calls: 1 of 2 (50 %), about 6 s left"]
