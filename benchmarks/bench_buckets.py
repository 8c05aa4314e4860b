"""dm_buckets against the stock modules and the bare minimum of calls, side by side on one embedded AWS.

usage: python benchmarks/bench_buckets.py [--rounds 5] [--latency 40]

Prints a table and writes build/bench_buckets.json, and fails naming each promise that is not kept. Wall time is
that of the whole command, as a person waits for it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks" / "buckets")]

from estate import text

from benchmarks.noted import note
from local_aws.control import Control

ACCOUNT = "222222222222"
PROFILE = "digitalmarketplace-development"
BIN = Path(sys.executable).parent
OURS, STOCK, BARE = "dm_buckets", "stock modules", "bare boto3"

# What the README and the docs may say, of 32 buckets and 40 ms; growth is that of any size.
UNCHANGED_FASTER_THAN_STOCK = 12
UNCHANGED_SLOWER_THAN_BARE = 2.5
CREATED_FASTER_THAN_STOCK = 20
MEMORY_MB = 200
# How much more a further bucket may cost in the largest estate than in the smallest: 1 would be a straight line.
GROWTH = 1.3
UNITS = {"min": "seconds", "calls": "calls"}


def command(rival: str, estate: Path) -> list[str]:
    if rival == BARE:
        return [sys.executable, "benchmarks/buckets/bare_buckets.py", str(estate)]
    playbook = {OURS: "benchmarks/buckets/own_buckets.yml", STOCK: "benchmarks/buckets/stock_buckets.yml"}[rival]
    return [str(BIN / "ansible-playbook"), "-i", "localhost,", playbook, "-e", f"estate_file={estate}"]


def processes(pid: int) -> Iterator[int]:
    """The process and all below it that still live."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from processes(int(child))


def memory(pid: int) -> tuple[int, int]:
    """(RSS, PSS) in kB of a process and all below it. RSS counts what a fork shares with its parent twice."""
    rss = pss = 0
    for one in processes(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        found = {line.split()[0]: int(line.split()[1]) for line in lines[1:] if line.split()[0] in ("Rss:", "Pss:")}
        rss, pss = rss + found["Rss:"], pss + found["Pss:"]
    return rss, pss


class Bench:
    def __init__(self, aws: Control, scratch: Path) -> None:
        self.aws = aws
        self.scratch = scratch
        self.env = {
            **aws.env,
            "AWS_PROFILE": PROFILE,
            "ANSIBLE_NOCOLOR": "true",
            "DM_PLAN_FILE": str(scratch / "plan.json"),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        }

    def estate(self, count: int) -> Path:
        path = self.scratch / f"estate-{count}.json"
        path.write_text(text(count, ACCOUNT))
        return path

    def run(self, rival: str, estate: Path, watch: bool = False) -> dict[str, Any]:
        """{"seconds", "calls", "writes"} and, where watched (which costs time), {"rss_mb", "pss_mb"}."""
        self.aws.forget_calls()
        began = time.perf_counter()
        with (self.scratch / "output.txt").open("w+") as output:
            process = subprocess.Popen(
                command(rival, estate), cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            peak = (0, 0)
            while watch and process.poll() is None:
                peak = tuple(map(max, peak, memory(process.pid)))
                time.sleep(0.02)
            status = process.wait()
            seconds = time.perf_counter() - began
            if status:
                output.seek(0)
                sys.exit(f"{rival} failed:\n{output.read()[-3000:]}")
        calls = [call for call in self.aws.calls() if call["service"] != "sts"]
        writes = sum(call["write"] for call in calls)
        found = {"seconds": round(seconds, 3), "calls": len(calls), "writes": writes}
        return found | ({"rss_mb": peak[0] // 1024, "pss_mb": peak[1] // 1024} if watch else {})


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = [run["seconds"] for run in runs]
    return {
        "min": min(seconds),
        "median": round(statistics.median(seconds), 3),
        "calls": runs[0]["calls"],
        "writes": runs[0]["writes"],
        "runs": seconds,
    }


def unchanged(bench: Bench, count: int, latency: float, rounds: int, stock_rounds: int) -> dict[str, Any]:
    """Nothing to do; the rivals take turns, so that whatever else the machine does falls on all of them."""
    estate = bench.estate(count)
    bench.run(OURS, estate)
    if stock_rounds:
        bench.run(STOCK, estate)  # its own idea of the same thing, so that it too finds nothing to change
        bench.run(OURS, estate)
    bench.aws.latency(latency)
    runs: dict[str, list] = {OURS: [], BARE: []} | ({STOCK: []} if stock_rounds else {})
    for turn in range(rounds):
        for rival in runs:
            if rival != STOCK or turn < stock_rounds:
                runs[rival].append(bench.run(rival, estate))
    bench.aws.latency(0)
    return {rival: summary(found) for rival, found in runs.items()}


def created(bench: Bench, count: int, latency: float, rounds: int, stock_rounds: int) -> dict[str, Any]:
    """From an empty account."""
    estate = bench.estate(count)
    runs: dict[str, list] = {OURS: [], STOCK: []}
    for rival, times in ((OURS, rounds), (STOCK, stock_rounds)):
        for _ in range(times):
            bench.aws.reset()
            bench.aws.latency(latency)
            runs[rival].append(bench.run(rival, estate))
    bench.aws.latency(0)
    return {rival: summary(found) for rival, found in runs.items() if found}


def grown(bench: Bench, sizes: list[int], rounds: int) -> dict[str, Any]:
    """An estate of each size, unchanged, without latency: what a bucket more costs; and the memory of the largest."""
    found: dict[str, Any] = {}
    for count in sizes:
        bench.aws.reset()
        found[str(count)] = unchanged(bench, count, 0, rounds, 0)
    watched = bench.run(OURS, bench.estate(sizes[-1]), watch=True)
    found[str(sizes[-1])][OURS] |= {word: watched[word] for word in ("rss_mb", "pss_mb")}
    return found


def further(sizes: dict[int, float]) -> list[float]:
    """What a further bucket costs from each size to the next: the start of Ansible, the same for all, is not in it."""
    counts = sorted(sizes)
    return [(sizes[more] - sizes[less]) / (more - less) for less, more in itertools.pairwise(counts)]


def broken(results: dict[str, Any]) -> list[str]:
    """The promises that these results do not keep, a sentence each."""
    said = []

    def promise(kept: bool, otherwise: str) -> None:
        if not kept:
            said.append(otherwise)

    def median(part: str, rival: str) -> float:
        return results[part][rival]["median"]

    if "unchanged" in results:
        ours, bare = results["unchanged"][OURS], results["unchanged"][BARE]
        slower = ours["median"] / bare["median"]
        promise(
            slower <= UNCHANGED_SLOWER_THAN_BARE,
            f"unchanged takes {slower:.2f} times as long as bare boto3, more than {UNCHANGED_SLOWER_THAN_BARE}",
        )
        promise(ours["calls"] <= bare["calls"], f"unchanged takes {ours['calls']} calls, bare boto3 {bare['calls']}")
        promise(not ours["writes"], f"unchanged takes {ours['writes']} write calls")
    for part, least in (("unchanged", UNCHANGED_FASTER_THAN_STOCK), ("created", CREATED_FASTER_THAN_STOCK)):
        if STOCK in results.get(part, {}):
            faster = median(part, STOCK) / median(part, OURS)
            promise(faster >= least, f"{part} is {faster:.1f} times faster than the stock modules, less than {least}")
    for what, row in results.get("memory", {}).items():
        promise(row["rss_mb"] < MEMORY_MB, f"{what} takes {row['rss_mb']} MB, not under {MEMORY_MB}")
    if len(results.get("grown", {})) > 2:
        for word in ("min", "calls"):
            costs = further({int(count): row[OURS][word] for count, row in results["grown"].items()})
            grows = costs[-1] / costs[0]
            promise(grows <= GROWTH, f"a further bucket costs {grows:.2f} times as many {UNITS[word]} in the largest "
                    f"estate as in the smallest, more than {GROWTH}")  # fmt: skip
    return said


def table(results: dict[str, Any], latency: float) -> str:
    lines = [f"{'':34}{'min s':>8}{'median s':>10}{'calls':>7}{'writes':>8}   ratio of medians"]

    def rows(title: str, found: dict[str, Any]) -> None:
        ours = found[OURS]["median"]
        for rival, row in found.items():
            if rival == OURS:
                ratio = ""
            elif rival == BARE:
                ratio = f"dm_buckets takes {ours / row['median']:.2f} times as long"
            else:
                ratio = f"dm_buckets is {row['median'] / ours:.1f} times faster"
            lines.append(
                f"{title if rival == OURS else '':20}{rival:14}{row['min']:8.2f}{row['median']:10.2f}"
                f"{row['calls']:7}{row['writes']:8}   {ratio}"
            )

    if "unchanged" in results:
        rows(f"unchanged, {latency:g} ms", results["unchanged"])
    if "created" in results:
        rows(f"created, {latency:g} ms", results["created"])
    for count, found in results.get("grown", {}).items():
        rows(f"{count} buckets, 0 ms", found)
        if "rss_mb" in found[OURS]:
            lines.append(f"memory, {count} buckets: {found[OURS]['rss_mb']} MB RSS at its peak")
    for what, found in results.get("memory", {}).items():
        lines.append(
            f"memory, {what}: {found['rss_mb']} MB RSS at its peak ({found['pss_mb']} MB without what is shared)"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buckets", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stock-rounds", type=int, default=2, help="of the stock modules, which take a minute each")
    parser.add_argument("--latency", type=float, default=40, help="milliseconds that every call takes at least")
    parser.add_argument("--only", choices=["unchanged", "created", "grown", "memory"])
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 300, 1000])
    words = parser.parse_args()
    results: dict[str, Any] = {"buckets": words.buckets, "latency_ms": words.latency, "load": os.getloadavg()[0]}

    def wanted(part: str) -> bool:
        return words.only in (None, part)

    with tempfile.TemporaryDirectory() as scratch, Control(Path(scratch) / "aws") as aws:
        bench = Bench(aws, Path(scratch))
        if wanted("unchanged"):
            results["unchanged"] = unchanged(bench, words.buckets, words.latency, words.rounds, words.stock_rounds)
        if wanted("memory"):
            aws.reset()
            estate = bench.estate(words.buckets)
            results["memory"] = {what: bench.run(OURS, estate, watch=True) for what in ("created", "unchanged")}
        if wanted("created"):
            results["created"] = created(bench, words.buckets, words.latency, 3, min(1, words.stock_rounds))
        if wanted("grown"):
            results["grown"] = grown(bench, words.sizes, 2)
    print(table(results, words.latency))
    for what in ("unchanged", "created"):
        for rival, row in results.get(what, {}).items():
            if rival != OURS:
                ours = results[what][OURS]
                beside, times = f"{rival}, {row['median']:.2f} s", row["median"] / ours["median"]
                figure = f"{ours['median']:.2f} s"
                note(f"buckets: {words.buckets} {what}", figure, beside=beside, times=times, calls=ours["calls"])
    for what, row in results.get("memory", {}).items():
        note(f"buckets: {words.buckets} {what}, at its peak", "", memory_mb=row["rss_mb"])
    target = ROOT / "build" / "bench_buckets.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\n{target.relative_to(ROOT)} has every run; load of the machine at the start: {results['load']:.1f}")
    sys.exit("; ".join(broken(results)) or 0)


if __name__ == "__main__":
    main()
