"""Records of a zone: dm_dns beside amazon.aws.route53 in a loop, on the embedded AWS, in one run.

    python benchmarks/bench_dns.py [--records 200] [--latency 40]

Prints a table with ratios, and fails where the promise is not kept: an unchanged run at least 20 times as fast.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.noted import note
from local_aws.control import Control

ZONE = "bench.example"


class Run(NamedTuple):
    seconds: float
    calls: Counter[str]


def play(aws: Control, name: str, zone: Path) -> Run:
    aws.forget_calls()
    environment = aws.env | {
        "AWS_PROFILE": "digitalmarketplace",
        "AWS_REGION": "eu-west-1",
        "DM_PLAN_FILE": f"{zone}.plan",
    }
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", f"benchmarks/dns/{name}_records.yml",
         "-e", f"zone_file={zone}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Run(seconds, Counter(call["operation"] for call in aws.calls()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--latency", type=float, default=40, help="milliseconds that AWS takes for each call")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Control(Path(folder) / "aws") as aws:
        zone = Path(folder) / "zone.json"
        records = {f"n{number:04}": f"192.0.2.{number % 250 + 1}" for number in range(words.records)}
        zone.write_text(json.dumps({"name": ZONE, "records": records}))
        aws.latency(words.latency)
        created = play(aws, "own", zone)
        rests = play(aws, "own", zone)
        stock = play(aws, "stock", zone)  # finds every record as it should be
        ratio = stock.seconds / rests.seconds
        print(f"{words.records} records, {words.latency:g} ms a call")
        for what, run in (("dm_dns creates", created), ("dm_dns, nothing to change", rests),
                          ("amazon.aws.route53 in a loop, nothing to change", stock)):  # fmt: skip
            print(f"{what:50} {run.seconds:8.1f} s {sum(run.calls.values()):6} calls")
        beside = f"amazon.aws.route53 in a loop, {stock.seconds:.1f} s"
        calls, seconds = sum(rests.calls.values()), f"{rests.seconds:.1f} s"
        note(f"dns: {words.records} records, nothing to change", seconds, beside=beside, times=ratio, calls=calls)
        print(f"{'ratio':50} {ratio:8.1f} times")
        writes = [name for name in (*rests.calls, *stock.calls) if name == "ChangeResourceRecordSets"]
    broken = ["an unchanged run writes"] if writes else []
    broken += [f"an unchanged run is {ratio:.1f} times as fast, not 20 times"] if ratio < 20 else []
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
