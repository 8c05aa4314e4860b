"""The router's bench reads what wrk says, or says why not."""

from __future__ import annotations

import pytest

from benchmarks.bench_router import Load, times, told

SAID = """Running 1s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.01ms  812.50us  11.50ms   87.50%
    Req/Sec    10.50k   350.99    11.10k    50.00%
  Latency Distribution
     50%  {}
     75%    3.35ms
     90%    3.81ms
     99%  {}
  {} requests in 1.00s, 206.50MB read
Requests/sec:  10451.50
Transfer/sec:    206.29MB
"""


@pytest.mark.parametrize(
    ("median", "slowest", "read"),
    [
        ("892.00us", "  5.99ms", (0.892, 5.99)),
        ("  1.20s ", "  1.50m ", (1200, 90_000)),
        ("2.00h", "2.00h", (7.2e6,) * 2),
    ],
)
def test_latencies_are_read_in_every_unit(median, slowest, read):
    assert told(SAID.format(median, slowest, 10453)) == (10453, 10451.5, *map(pytest.approx, read))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (SAID.format("0.00us", "0.00us", 0), "wrk measured nothing"),
        (SAID.format("-nan", "-nan", 5), "wrk measured nothing"),
        ("unable to connect", "wrk measured nothing"),
        (
            SAID.format("1.00ms", "1.00ms", 5) + "  Socket errors: connect 0, read 0, write 0, timeout 3",
            "Socket errors",
        ),
        (SAID.format("1.00ms", "1.00ms", 5) + "  Non-2xx or 3xx responses: 5", "Non-2xx"),
    ],
)
def test_what_is_no_measure_is_refused(said, why):
    with pytest.raises(ValueError, match=why):
        told(said)


def test_a_machine_that_wavers_from_turn_to_turn_does_not_change_what_is_compared():
    def took(microseconds: float) -> Load:
        return Load(per_second=1, median=1, slowest=1, cpu=microseconds, connections=0, busy=1)

    turns = [{"peer": took(1000 * slower), "own": took(20 * slower)} for slower in (1, 1.4, 0.8, 3, 1.1)]

    assert times(turns, "own", "peer") == pytest.approx(50)
    assert times([*turns, {"peer": took(9)}], "own", "peer") == pytest.approx(50)  # it was not in that turn
