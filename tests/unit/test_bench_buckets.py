"""The benchmark fails where a promise is broken, and only there."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmarks.bench_buckets import BARE, OURS, STOCK, broken, further


def row(seconds: float, calls: int = 200, writes: int = 0) -> dict[str, Any]:
    return {"min": seconds, "median": seconds, "calls": calls, "writes": writes}


KEPT: dict[str, Any] = {
    "unchanged": {OURS: row(2.4), BARE: row(1.0), STOCK: row(30.0)},
    "created": {OURS: row(3.0, 260, 230), STOCK: row(61.0, 400, 300)},
    "memory": {"created": {"rss_mb": 150, "pss_mb": 100}, "unchanged": {"rss_mb": 199, "pss_mb": 100}},
    "grown": {"100": {OURS: row(2.0, 630)}, "300": {OURS: row(4.0, 1890)}, "1000": {OURS: row(11.0, 6300)}},
}


@pytest.mark.parametrize(
    ("part", "rival", "changed", "said"),
    [
        ("unchanged", OURS, row(2.6), "unchanged is 11.5 times faster than the stock modules, less than 12"),
        ("unchanged", BARE, row(0.9), "unchanged takes 2.67 times as long as bare boto3, more than 2.5"),
        ("unchanged", OURS, row(2.4, 201), "unchanged takes 201 calls, bare boto3 200"),
        ("unchanged", OURS, row(2.4, 200, 1), "unchanged takes 1 write calls"),
        ("created", STOCK, row(59.0), "created is 19.7 times faster than the stock modules, less than 20"),
        ("memory", "created", {"rss_mb": 200}, "created takes 200 MB, not under 200"),
        ("grown", "1000", {OURS: row(14.0, 6300)}, "a further bucket costs 1.43 times as many seconds in the largest"),
        ("grown", "1000", {OURS: row(11.0, 9000)}, "a further bucket costs 1.61 times as many calls in the largest"),
    ],
)
def test_each_promise_is_named_when_it_is_broken(part, rival, changed, said):
    results = copy.deepcopy(KEPT)
    results[part][rival] = changed

    assert any(one.startswith(said) for one in broken(results)), broken(results)


def test_nothing_is_said_of_promises_that_are_kept_or_were_not_measured():
    assert broken(KEPT) == []
    assert broken({"buckets": 32}) == []


def test_what_is_the_same_for_every_estate_is_no_growth():
    assert further({100: 3.0, 300: 5.0, 1000: 12.0}) == pytest.approx([0.01, 0.01])
