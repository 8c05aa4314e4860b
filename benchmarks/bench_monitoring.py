"""Alarms: dm_monitoring beside amazon.aws.cloudwatch_metric_alarm in a loop, on the embedded AWS, in one run.

    python benchmarks/bench_monitoring.py [--alarms 100] [--latency 40]

Prints a table with ratios, and fails where the promise is not kept: an unchanged run at least 20 times as fast.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.playing import compare
from local_aws.control import Control


def alarm(number: int) -> dict[str, object]:
    return {
        "name": f"bench-{number:04}", "about": "a bench's", "namespace": "AWS/Logs", "metric": "IncomingLogEvents",
        "dimensions": {"LogGroupName": f"bench-{number:04}"}, "threshold": 5.0, "datapoints": 1,
        "missing": "notBreaching", "alarm": ["bench"], "recovery": ["bench"],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alarms", type=int, default=100)
    parser.add_argument("--latency", type=float, default=40, help="milliseconds that AWS takes for each call")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Control(Path(folder) / "aws") as aws:
        declared = Path(folder) / "alarms.json"
        declared.write_text(json.dumps([alarm(number) for number in range(words.alarms)]))
        aws.latency(words.latency)
        ours = "dm_monitoring", "monitoring/own_alarms.yml"
        peer = "amazon.aws.cloudwatch_metric_alarm", "monitoring/stock_alarms.yml"
        sys.exit(compare(f"monitoring: {words.alarms} alarms", aws, ours, peer, declared, "PutMetricAlarm") or 0)


if __name__ == "__main__":
    main()
