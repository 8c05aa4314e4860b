"""Comparing a bucket with its replica: beside rclone check, and beside listing both bare with as many calls in flight.

usage: python benchmarks/bench_replication.py [--keys 1000000] [--calls 16] [--folder /tmp/…] [--rows 100000000]

An S3 that only lists (replication/server.py) hands out pages that were made beforehand. --rows measures two
inventories of so many rows together by DuckDB as well; --keys 0 measures nothing else. Prints a table and what was
promised beside what was measured, writes build/bench_replication.json, and ends with 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from replication.server import differences

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
RCLONE = """[s]
type = s3
provider = Other
endpoint = {url}
access_key_id = a
secret_access_key = b
region = eu-west-1
force_path_style = true
list_version = 2
"""


def served(folder: Path, keys: int) -> tuple[subprocess.Popen[bytes], str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "replication.server", folder, port, keys]
    server = subprocess.Popen([str(word) for word in command], cwd=HERE, start_new_session=True)
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not come up")


def run(*command: Any) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=HERE, env=env, capture_output=True, text=True, check=False)


def rclone(folder: Path, url: str, calls: int) -> dict[str, Any]:
    config = folder / "rclone.conf"
    config.write_text(RCLONE.format(url=url))
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run("rclone", "--config", config, "check", "s:source", "s:replica", "--fast-list", "--checkers", calls)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = next((line for line in done.stderr.splitlines() if "differences found" in line), done.stderr[-200:])
    return {"seconds": round(time.monotonic() - began, 2), "cpu": round(cpu, 2), "said": found.partition(": ")[2]}


def inventories(rows: int, folder: Path) -> dict[str, Any]:
    made = run(sys.executable, "-m", "replication.inventories", folder, rows)
    if made.returncode:
        raise SystemExit(made.stderr)
    sides = folder / "source/manifest.json", folder / "replica/manifest.json"
    code = f"""
import json, resource, sys, time
from pathlib import Path
import ansible.module_utils
ansible.module_utils.__path__.append("{ROOT}/module_utils")
from ansible.module_utils.estate.replication.inventory import by_duckdb
began = time.monotonic()
counts = {{row["what"]: row["versions"] for row in by_duckdb([Path(sys.argv[1]), Path(sys.argv[2])], sys.argv[3])}}
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({{"seconds": round(time.monotonic() - began, 1), "counts": counts, "megabytes": most}}))
"""
    done = run(sys.executable, "-c", code, *sides, folder / "scratch")
    return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr[-500:]}


def listings(folder: Path, keys: int, calls: int) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    server, url = served(folder, keys)
    try:
        for way in ("ours", "pages", "boto3"):
            done = run(sys.executable, "-m", "replication.listing", way, url, keys, calls)
            found[way] = json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr[-500:]}
            print(way, found[way], flush=True)
        if shutil.which("rclone"):
            found["rclone check"] = rclone(folder, url, calls)
            print("rclone check", found["rclone check"], flush=True)
    finally:
        os.killpg(server.pid, 15)
        server.wait()
    return found


def promises(found: dict[str, dict[str, Any]], keys: int) -> dict[str, tuple[bool, str]]:
    """What was promised -> (whether it is kept, by what was measured); only of what was measured."""
    kept: dict[str, tuple[bool, str]] = {}
    ours = found.get("ours", {}).get("seconds")
    if ours:
        most, seen, there = found["ours"]["megabytes"], found["ours"]["differences"], differences(keys)
        kept["every difference is found"] = seen == there, f"{seen} of {there}"
        kept["at most 95 MB"] = most <= 95, f"{most} MB"
        for way, least in (("boto3", 0.8), ("pages", 0.8), ("rclone check", 10)):
            if other := found.get(way, {}).get("seconds"):
                kept[f"at least {least:g} times as fast as {way}"] = other / ours >= least, f"{other / ours:.2f}"
    if "megabytes" in (inventory := found.get("inventories", {})):
        most = inventory["megabytes"]
        kept["inventories within 2 GB"] = most <= 2000, f"{most} MB, {inventory['seconds']} s"
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=16)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench-replication")
    parser.add_argument("--rows", type=int, default=0)
    asked = parser.parse_args()
    found = listings(asked.folder / str(asked.keys), asked.keys, asked.calls) if asked.keys else {}
    if asked.rows:
        found["inventories"] = inventories(asked.rows, asked.folder / f"inventory-{asked.rows}")
        print("inventories", found["inventories"])
    print(f"\n{'':14}{'seconds':>9}{'keys/s':>11}{'a call':>9}{'against ours':>14}{'MB':>6}")
    for way, one in found.items():
        if way != "inventories" and "seconds" in one:
            rate, ratio = 2 * asked.keys / one["seconds"], one["seconds"] / found["ours"]["seconds"]
            memory = one.get("megabytes", "")
            print(f"{way:14}{one['seconds']:>9.1f}{rate:>11,.0f}{rate / asked.calls:>9,.0f}{ratio:>13.1f}x{memory:>6}")
    out = ROOT / "build/bench_replication.json"
    out.parent.mkdir(exist_ok=True)
    kept = promises(found, asked.keys)
    out.write_text(json.dumps({**vars(asked), "folder": str(asked.folder), **found, "promises": kept}, indent=1))
    for promise, (well, seen) in kept.items():
        print(f"{'kept' if well else 'NOT KEPT':9}{promise}: {seen}")
    if not kept or not all(well for well, _ in kept.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
