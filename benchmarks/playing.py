"""A playbook of a bench, run on an embedded AWS, with what it took."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks.noted import note
from local_aws.control import Control

ROOT = Path(__file__).parents[1]


class Run(NamedTuple):
    seconds: float
    calls: Counter[str]


def play(aws: Control, playbook: str, declared: Path) -> Run:
    """declared is the file that the playbook reads as declared_file."""
    aws.forget_calls()
    environment = aws.env | {
        "AWS_PROFILE": "digitalmarketplace",
        "AWS_REGION": "eu-west-1",
        "DM_PLAN_FILE": f"{declared}.plan",
    }
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", f"benchmarks/{playbook}",
         "-e", f"declared_file={declared}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{playbook}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Run(seconds, Counter(call["operation"] for call in aws.calls()))


def compare(what: str, aws: Control, ours: tuple[str, str], peer: tuple[str, str], declared: Path, write: str) -> str:
    """Ours, by module and playbook, creates; then both find everything as it should be. What broke a promise, or "".

    That a peer writes all the same is its own doing: cloudwatch_metric_alarm takes words that it has not for a change.
    """
    created, rests, stock = play(aws, ours[1], declared), play(aws, ours[1], declared), play(aws, peer[1], declared)
    ratio, calls = stock.seconds / rests.seconds, sum(rests.calls.values())
    for label, run in ((f"{ours[0]} creates", created), (f"{ours[0]}, nothing to change", rests),
                       (f"{peer[0]} in a loop, nothing to change", stock)):  # fmt: skip
        print(f"{label:64} {run.seconds:8.1f} s {sum(run.calls.values()):6} calls")
    print(f"{'ratio':64} {ratio:8.1f} times")
    print(f"{'unchanged, calls':64} {dict(rests.calls)}")
    beside = f"{peer[0]} in a loop, {stock.seconds:.1f} s"
    note(f"{what}, nothing to change", f"{rests.seconds:.1f} s", beside=beside, times=ratio, calls=calls)
    if stock.calls[write]:
        print(f"{peer[0]} writes all the same, {stock.calls[write]} times")
    if rests.calls[write]:
        return "an unchanged run writes"
    return f"an unchanged run is {ratio:.1f} times as fast, not 20 times" if ratio < 20 else ""
