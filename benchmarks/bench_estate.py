"""An unchanged plan of the whole estate beside an empty play and beside as many bare calls, on the embedded AWS.

    python benchmarks/bench_estate.py [--latency 0 40] [--runs 3]

CPU is that of ansible-playbook and all that it starts; the embedded AWS has a process of its own. The best run counts.
Fails where the plan is not empty, or writes. Also tells the calls of each part.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bin"))

from commands.run import inventory_words
from commands.words import tags

from benchmarks.noted import note
from local_aws.control import Control

EMPTY = [{"hosts": "all", "gather_facts": False, "tasks": []}]
AT_ONCE = 32  # as many as dm_buckets makes


class Run(NamedTuple):
    seconds: float
    cpu: float


def play(aws: Control, folder: Path, playbook: str | Path, *more: str, ends: Sequence[int] = (0,)) -> Run:
    environment = aws.env | {
        "DM_CREDENTIALS_REPO": str(ROOT / "credentials.example"),
        "DM_PLAN_FILE": str(folder / "plan.json"),
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", *inventory_words("local"), playbook, *more],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in ends:
        sys.exit(f"{playbook}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Run(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def bare(aws: Control, calls: int) -> float:
    sts = aws.client("sts")
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: sts.get_caller_identity(), range(calls)))
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 40], help="milliseconds that AWS takes")
    parser.add_argument("--runs", type=int, default=3)
    words = parser.parse_args()
    broken = []
    with tempfile.TemporaryDirectory() as name, Control(Path(name) / "aws") as aws:
        folder = Path(name)
        (folder / "empty.yml").write_text(json.dumps(EMPTY))
        try:
            play(aws, folder, "playbooks/site.yml")
            for latency in words.latency:
                empty = min(play(aws, folder, folder / "empty.yml") for _ in range(words.runs))
                aws.latency(latency)
                aws.forget_calls()
                plans = [play(aws, folder, "playbooks/site.yml", "--check", "--diff") for _ in range(words.runs)]
                calls, plan = aws.calls(), min(plans)
                number = len(calls) // words.runs
                alone = bare(aws, number)
                aws.latency(0)
                print(
                    f"{latency:g} ms a call: plan {plan.seconds:.1f} s, {plan.cpu:.1f} s of CPU, {number} calls; empty "
                    f"play {empty.seconds:.1f} s, {empty.cpu:.1f} s; bare calls, {AT_ONCE} at once, {alone:.1f} s"
                )
                what = f"unchanged plan of the whole estate, {latency:g} ms a call"
                beside = f"empty play {empty.seconds:.1f} s, bare calls {alone:.1f} s"
                note(what, f"{plan.seconds:.1f} s, {plan.cpu:.1f} s of CPU", beside=beside, calls=number)
                found = json.loads((folder / "plan.json").read_text())["dm_plan"]
                broken += ["the plan is not empty"] if found["pending"] else []
                broken += ["the plan writes"] if any(call["write"] for call in calls) else []
            for part in tags("site"):
                aws.forget_calls()
                plan, number = play(aws, folder, "playbooks/site.yml", "--check", "--tags", part), len(aws.calls())
                print(f"{part:34} {number:5} calls, {plan.seconds:.1f} s")
                note(f"unchanged plan of {part}", f"{plan.seconds:.1f} s", calls=number)
        finally:
            routers = sorted((folder / "assets_router").glob("*"))
            subprocess.run([sys.executable, "roles/assets_router/files/local_router.py", "stop", *routers], cwd=ROOT)
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
