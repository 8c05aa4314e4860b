"""Records of a zone: dm_dns beside amazon.aws.route53 in a loop, on the embedded AWS, in one run.

    python benchmarks/bench_dns.py [--records 200] [--latency 40]

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

ZONE = "bench.example"


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
        ours, peer = ("dm_dns", "dns/own_records.yml"), ("amazon.aws.route53", "dns/stock_records.yml")
        sys.exit(compare(f"dns: {words.records} records", aws, ours, peer, zone, "ChangeResourceRecordSets") or 0)


if __name__ == "__main__":
    main()
