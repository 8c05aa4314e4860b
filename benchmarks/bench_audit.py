"""The nightly audit of the whole estate at 40 ms a call, beside prowler's checks of the same, on the embedded AWS.

    python benchmarks/bench_audit.py [--latency 0 40] [--runs 3] [--prowler /path/to/prowler] [--accounts main …]
    python benchmarks/bench_audit.py --page    # measures nothing, writes docs/findings.md

prowler is not among our requirements (it pins an old boto3): `uv venv p && uv pip install -p p prowler` makes one. It
looks by the services and in the regions that the estate has, while a call takes what the last --latency says: at one
account after another, which is the loop that its documentation gives for several, and once more at all side by side.
https://docs.prowler.com/user-guide/providers/aws/organizations
Then both look for the same faults over every service (tests/support/seeds.py): prowler has found one where a check that
asks for something like it fails now and did not before; what else fails now is a false alarm of either.
Fails where the audit writes, finds a change, takes longer than ten seconds at 40 ms, is not 30 times as fast as that
loop, misses a fault or finds another. Ends by itself: prowler is ended after --patience. What was measured is kept, for
--page to write.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from bench_estate import Run, play

from benchmarks.noted import note
from local_aws.accounts import ACCOUNTS
from local_aws.control import Control
from tests.support.seeds import HOSTS, PARTS, Seed, judged

MOST = 10.0  # seconds at 40 ms a call
TIMES = 30
EACH = 30  # seconds between two lines of progress
SERVICES = ("iam", "s3", "cloudtrail", "cloudwatch", "route53", "sns", "sqs", "kms")
REGIONS = ("eu-west-1", "eu-west-2", "us-east-1")
FOUND, PAGE = ROOT / "build/bench_audit.json", ROOT / "docs/findings.md"
PLACE = re.compile(r"(?<=<!-- bench_audit -->\n).*(?=<!-- end -->)", re.S)
Failing = set[tuple[str, str, str]]  # account, check, what the check says of which resource


class Theirs(NamedTuple):
    seconds: float
    failing: Failing
    version: str
    broken: list[str]
    ended: bool = False  # by us, so that it takes longer, and not all that fails is known


class Table:
    """What was found so far: printed as it comes, and kept for the page."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def add(self, what: str, ours: object, theirs: object = "") -> None:
        self.rows.append((what, str(ours), str(theirs)))
        print(f"{what}: {ours}" + (f"; prowler {theirs}" if theirs != "" else ""), flush=True)
        FOUND.parent.mkdir(exist_ok=True)
        FOUND.write_text(json.dumps(self.rows, indent=1), encoding="utf-8")


def markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [("", "audit", "prowler"), ("---", "---", "---"), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = markdown(json.loads(FOUND.read_text(encoding="utf-8")))
    new, times = PLACE.subn(lambda _: table, text)
    if times != 1:
        sys.exit(f"{PAGE} has no place for the table")
    PAGE.write_text(new, encoding="utf-8")


def audit(aws: Control, folder: Path, ends: Sequence[int] = (0,)) -> tuple[Run, dict[str, Any]]:
    run = play(aws, folder, "playbooks/audit_estate.yml", "--check", "--diff", ends=ends)
    return run, json.loads((folder / "plan.json").read_text())["dm_plan"]


def changes(report: dict[str, Any]) -> list[str]:
    """What an audit would change, of which a converged estate has nothing."""
    planned = [
        f"{host}: {action['verb']} {action['resource']}"
        for host, parts in report["plans"].items()
        for plan in parts.values()
        for action in plan["actions"]
    ]
    return planned + [f"{task['host']}: {task['task']}" for task in report["tasks"] if report["pending"]]


def prowler(aws: Control, folder: Path, words: argparse.Namespace, in_turn: bool = False) -> Theirs:
    """What fails: of all accounts side by side, or of one after another."""
    output = folder / "prowler"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    env = {**os.environ, **aws.env, "AWS_ENDPOINT_URL": aws.url}
    began, running, ended = time.monotonic(), dict[str, subprocess.Popen[bytes]](), list[str]()
    try:
        for account in words.accounts:
            profile = "digitalmarketplace" if account == "main" else f"digitalmarketplace-{account}"
            command = [words.prowler, "aws", "--profile", profile, "--region", *REGIONS, "--services", *words.services]
            command += ["--output-directory", str(output), "--output-formats", "json-ocsf", "--no-banner"]
            with (output / f"{account}.log").open("w") as log:
                running[account] = subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            if in_turn:
                ended += waited({account: running[account]}, words.patience)
        ended += waited(running, words.patience)
    finally:
        for process in running.values():
            process.kill()
    broken = []
    for account, process in running.items():
        if process.wait() not in (0, 3) and account not in ended:  # 3: something was found
            said = (output / f"{account}.log").read_text()[-500:]
            broken.append(f"prowler of {account} ended with {process.returncode}: {said}")
    seconds = time.monotonic() - began
    results = [one for file in output.glob("*.json") for one in json.loads(file.read_text())]
    failing = {
        (one["cloud"]["account"]["uid"], one["metadata"]["event_code"], f"{resource['uid']} {one['status_detail']}")
        for one in results
        if one["status_code"] == "FAIL"
        for resource in one["resources"]
    }
    version = next((one["metadata"]["product"]["version"] for one in results), "?")
    how = "one after another" if in_turn else "side by side"
    print(f"prowler: {len(words.accounts)} accounts {how}, {seconds:.0f} s, {len(failing)} fail", flush=True)
    return Theirs(seconds, failing, version, broken, bool(ended))


def told(theirs: Theirs, ours: Run) -> str:
    more = "more than " if theirs.ended else ""
    return f"{more}{theirs.seconds:.0f} s: {more}{theirs.seconds / ours.seconds:.0f} times"


def waited(running: dict[str, subprocess.Popen[bytes]], patience: float) -> list[str]:
    """Those that are not through by then."""
    began = told = time.monotonic()
    while left := [account for account, process in running.items() if process.poll() is None]:
        now = time.monotonic()
        if now - began > patience:
            return left
        if now - told > EACH:
            told = now
            print(f"prowler: {now - began:.0f} s, {', '.join(left)} not through", flush=True)
        time.sleep(0.1)
    return []


def faults(aws: Control, folder: Path, words: argparse.Namespace, before: Theirs, table: Table) -> list[str]:
    """The same faults, by either; what is wrong with ours."""
    _, ours_before = audit(aws, folder)
    parts = {name: [one for one in sow(aws) if _account(one) in words.accounts] for name, sow in PARTS.items()}
    parts = {name: some(found, words.seeds) for name, found in parts.items()}
    seeds = [seed for found in parts.values() for seed in found]
    for seed in seeds:
        seed.sow()
    # An administrator made by hand breaks what a proof asks for as well, and that ends with 2.
    _, now = audit(aws, folder, ends=(0, 2))
    missed, others = judged(seeds, ours_before, now)
    theirs = prowler(aws, folder, words) if words.prowler and not before.ended else before
    new = theirs.failing - before.failing
    unknown = "not known: it was not through in time" if theirs.ended else "" if words.prowler else "not installed"
    met = [seed for seed in seeds if any(asks_for(seed, one) for one in new)]
    false = [one for one in new if not any(explains(seed, one) for seed in seeds)]
    for name, found in parts.items():
        beside = unknown or sum(seed in met for seed in found)
        table.add(f"{name}: {len(found)} faults, found", sum(seed not in missed for seed in found), beside)
    what, figure = f"all {len(seeds)} faults, found", len(seeds) - len(missed)
    table.add(what, figure, unknown or len(met))
    table.add("false alarms beside them", len(others), unknown or len(false))
    table.add("failing before any fault", ours_before["pending"], unknown or len(before.failing))
    beside = f"prowler {unknown or f'{len(met)}, {len(false)} false alarms'}"
    note(what, f"{figure}, {len(others)} false alarms", beside=beside)
    for one in sorted(false):
        print(f"prowler's false alarm: {one}")
    wrong = [f"{seed.resource}: not found" for seed in missed] + [f"{where}: {title}" for where, title in others]
    return wrong + theirs.broken


def some(seeds: list[Seed], most: int) -> list[Seed]:
    """As far apart as they can be; 0: all."""
    return seeds if not most or len(seeds) <= most else [seeds[one * len(seeds) // most] for one in range(most)]


def _account(seed: Seed) -> str:
    return HOSTS[seed.host]


def asks_for(seed: Seed, failing: tuple[str, str, str]) -> bool:
    """Of the resource, or of the account as a whole: then it is one for all faults of a kind."""
    _, check, said = failing
    uid = said.partition(" ")[0]
    whole = uid.endswith((":root", ":trail", ":log-group")) or uid == ACCOUNTS[_account(seed)][0]
    asked = any(word in check for word in seed.checks)
    return explains(seed, failing) and asked and (whole or seed.name in said)


def explains(seed: Seed, failing: tuple[str, str, str]) -> bool:
    """Whether the fault may be why: it is named, or what is asked is of its kind."""
    account, check, said = failing
    mine = account == ACCOUNTS[_account(seed)][0]
    return mine and (seed.name in said or any(word in check for word in seed.checks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 40], help="milliseconds that AWS takes")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--prowler", default=os.environ.get("PROWLER") or shutil.which("prowler") or "")
    parser.add_argument("--patience", type=float, default=1200, help="seconds that prowler has, each of two times")
    parser.add_argument("--accounts", nargs="+", default=list(ACCOUNTS), choices=list(ACCOUNTS))
    parser.add_argument("--services", nargs="+", default=list(SERVICES), help="that prowler looks at")
    parser.add_argument("--seeds", type=int, default=0, help="faults of each service; 0: all")
    parser.add_argument("--page", action="store_true", help="write the last run's table into the docs")
    words = parser.parse_args()
    if words.page:
        return page()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it was through"))  # what it started ends with it
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = (
        "false"  # their snapshots pass for an account's own: 1,295 calls to prowler
    )
    broken: list[str] = []
    table = Table()
    with tempfile.TemporaryDirectory() as name, Control(Path(name) / "aws") as aws:
        folder = Path(name)
        try:
            play(aws, folder, "playbooks/site.yml")
            play(aws, folder, "playbooks/prove_estate.yml")
            before = Theirs(0, set(), "", [])
            for latency in words.latency:
                aws.latency(latency)
                aws.forget_calls()
                audits = [audit(aws, folder) for _ in range(words.runs)]
                memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                calls, best = aws.calls(), min(run for run, _ in audits)
                number = len(calls) // words.runs
                aws.forget_calls()
                last = latency == words.latency[-1]
                theirs = prowler(aws, folder, words) if words.prowler and last else None
                asked = len(aws.calls())
                loop = prowler(aws, folder, words, in_turn=True) if theirs else None
                aws.latency(0)
                what = f"the whole estate, {latency:g} ms a call"
                figure = f"{best.seconds:.1f} s, {best.cpu:.1f} s of CPU"
                beside, times = "", 0.0
                if theirs and loop:
                    before, times = theirs, loop.seconds / best.seconds
                    beside = f"{theirs.version}: {asked} calls, {len(words.accounts)} accounts one after another"
                    beside += f" {told(loop, best)}, side by side {told(theirs, best)}"
                    broken += [*theirs.broken, *loop.broken]
                    slow = latency == 40 and times < TIMES
                    broken += [f"{times:.0f} times as fast as prowler's loop is less than {TIMES}"] if slow else []
                table.add(what, f"{figure}, {number} calls", beside)
                beside = f"prowler {beside}" if beside else "" if words.prowler else "prowler is not installed"
                first = memory if latency == words.latency[0] else 0  # afterwards prowler is the biggest child
                note(f"audit of {what}", figure, beside=beside, times=times, calls=number, memory_mb=first)
                broken += changes(audits[-1][1])
                broken += ["the audit writes"] if any(call["write"] for call in calls) else []
                slow = latency == 40 and best.seconds > MOST
                broken += [f"{best.seconds:.1f} s is more than {MOST:g} s"] if slow else []
            broken += faults(aws, folder, words, before, table)
        finally:
            routers = sorted((folder / "assets_router").glob("*"))
            subprocess.run([sys.executable, "roles/assets_router/files/local_router.py", "stop", *routers], cwd=ROOT)
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
