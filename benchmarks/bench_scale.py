"""Planning many accounts by several workers at once: time, calls and memory.

usage: python benchmarks/bench_scale.py [--accounts 100] [--buckets 100] [--workers 1 2 4] [--apply]

Each worker is one ansible-playbook with its share of the accounts, as bin/estate plan WORKERS=… starts them. With
--apply the accounts are converged first, so that the plan reads every setting of every bucket, and must find nothing
to do; without it they are empty, and every bucket is planned to be made. Prints the rows of docs/scale.md's table and
writes build/bench_scale.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(ROOT / folder) for folder in ("benchmarks/buckets", "benchmarks", "bin"))]

from bench_buckets import memory
from commands import plan_file
from estate import estate as buckets_of  # benchmarks/buckets/estate.py

from benchmarks.noted import note
from local_aws.control import Control

BIN = Path(sys.executable).parent


def write_estates(folder: Path, accounts: int, buckets: int) -> list[str]:
    hosts = []
    for number in range(1, accounts + 1):
        host, account = f"account-{number:03}", f"9000000{number:05}"
        text = json.dumps(buckets_of(buckets, account)).replace(f"benchmark-{buckets}-", f"bench-{number:03}-")
        (folder / f"{host}.json").write_text(text)
        hosts.append(host)
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": dict.fromkeys(hosts)}}))
    return hosts


def run(folder: Path, hosts: list[str], workers: int, env: dict[str, str], check: bool) -> dict[str, Any]:
    """Starts a playbook for each share, and looks at their memory until the last has ended."""
    began, processes = time.monotonic(), []
    for worker in range(min(workers, len(hosts))):
        command = [BIN / "ansible-playbook", "-i", folder / "hosts.yml", ROOT / "benchmarks/scale/own_buckets.yml"]
        command += ["--limit", ",".join(hosts[worker::workers]), "-e", f"estate_folder={folder}"]
        command += ["--check"] if check else []
        store = {**env, "DM_PLAN_FILE": str(folder / f"plan-{workers}-{worker}.json")}
        with (folder / f"out-{worker}").open("w") as out:
            processes.append(subprocess.Popen([str(w) for w in command], cwd=ROOT, env=store, stdout=out, stderr=out))
    most = 0
    while any(process.poll() is None for process in processes):
        most = max(most, sum(memory(process.pid)[1] for process in processes if process.poll() is None))
        time.sleep(0.5)
    failed = [n for n, process in enumerate(processes) if process.returncode]
    if failed:
        sys.exit((folder / f"out-{failed[0]}").read_text()[-3000:])
    return {"workers": workers, "seconds": round(time.monotonic() - began, 1), "memory_mb": round(most / 1024)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--buckets", type=int, default=100)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--apply", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, state = Path(scratch), Path(scratch, "aws")
        hosts = write_estates(folder, asked.accounts, asked.buckets)
        rows, size = [], f"{asked.accounts} \N{MULTIPLICATION SIGN} {asked.buckets}"
        with Control(state, [str(ROOT / "benchmarks/scale/serve.py"), str(asked.accounts), str(state)]) as aws:
            if asked.apply:
                made = run(folder, hosts, 2, aws.env, check=False)
                print(f"made in {made['seconds']} s", flush=True)
            for workers in asked.workers:
                aws.forget_calls()
                row = run(folder, hosts, workers, aws.env, check=True)
                rows.append({**row, "calls": len(aws.calls())})
                planned = [plan_file.read(str(path))["pending"] for path in folder.glob(f"plan-{workers}-?.json")]
                if len(aws.writes()) or (asked.apply and any(planned)):
                    sys.exit(f"a plan wrote {len(aws.writes())} times, and found {sum(planned)} changes to make")
                cells = [size, workers, f"{row['seconds']} s", f"{rows[-1]['calls']:,}", f"{row['memory_mb']} MB"]
                print("|", " | ".join(map(str, cells)), "|", flush=True)
                what, first = f"scale: {asked.accounts} accounts, {workers} workers", rows[0]["seconds"]
                beside = f"{asked.workers[0]} worker, {first} s" if len(rows) > 1 else ""
                note(what, f"{row['seconds']} s", beside=beside, times=first / row["seconds"] if beside else 0,
                     calls=rows[-1]["calls"], memory_mb=row["memory_mb"])  # fmt: skip
    result = {"accounts": asked.accounts, "buckets": asked.buckets, "existing": asked.apply, "cores": os.cpu_count()}
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build/bench_scale.json").write_text(json.dumps({**result, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
