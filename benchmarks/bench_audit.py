"""The nightly audit of the whole estate at 40 ms a call, beside prowler's checks of the same, on the embedded AWS.

    python benchmarks/bench_audit.py [--latency 0 40] [--runs 3] [--prowler /path/to/prowler]

prowler is not among our requirements (it pins an old boto3): `uv venv p && uv pip install -p p prowler` makes one. It
looks at one account at a time, by the services that the estate has. Then both look for the same faults over every
service (tests/support/seeds.py): prowler has found one where a check that asks for something like it fails now for that
resource and did not before; what else fails now is a false alarm of either. Fails where the audit writes, finds a
change, takes longer than ten seconds at 40 ms, misses a fault or finds another.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from bench_estate import Run, play

from benchmarks.noted import note
from local_aws.accounts import ACCOUNTS
from local_aws.control import Control
from tests.support.seeds import HOSTS, Seed, judged, seeds_of

MOST = 10.0  # seconds at 40 ms a call
SERVICES = ("iam", "s3", "cloudtrail", "cloudwatch", "route53", "sns", "sqs", "kms")
PROFILES = ("digitalmarketplace", *(f"digitalmarketplace-{name}" for name in ("development", "production", "backups")))
Failing = set[tuple[str, str, str]]  # account, check, what the check says of which resource


def audit(aws: Control, folder: Path) -> tuple[Run, dict[str, Any]]:
    run = play(aws, folder, "playbooks/audit_estate.yml", "--check", "--diff")
    return run, json.loads((folder / "plan.json").read_text())["dm_plan"]


def prowler(aws: Control, folder: Path, program: str) -> tuple[float, Failing]:
    """Seconds for all accounts, one after another, and what fails."""
    shutil.rmtree(folder / "prowler", ignore_errors=True)
    began = time.monotonic()
    for profile in PROFILES:
        command = [program, "aws", "--profile", profile, "--region", "eu-west-1", "--services", *SERVICES]
        command += ["--output-directory", str(folder / "prowler"), "--output-formats", "json-ocsf", "--no-banner"]
        env = {**os.environ, **aws.env, "AWS_ENDPOINT_URL": aws.url}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode not in (0, 3):  # 3: something was found
            sys.exit(f"prowler: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    seconds = time.monotonic() - began
    results = [one for file in (folder / "prowler").glob("*.json") for one in json.loads(file.read_text())]
    return seconds, {
        (one["cloud"]["account"]["uid"], one["metadata"]["event_code"], f"{resource['uid']} {one['status_detail']}")
        for one in results
        if one["status_code"] == "FAIL"
        for resource in one["resources"]
    }


def faults(aws: Control, folder: Path, program: str) -> list[str]:
    """The same faults, by either; what is wrong with ours."""
    _, before = audit(aws, folder)
    theirs_before = prowler(aws, folder, program)[1] if program else set()
    seeds = seeds_of(aws)
    for seed in seeds:
        seed.sow()
    _, now = audit(aws, folder)
    missed, others = judged(seeds, before, now)
    figure, beside = f"{len(seeds) - len(missed)} found, {len(others)} false alarms", "prowler is not installed"
    if program:
        new = prowler(aws, folder, program)[1] - theirs_before
        met = {(seed, one) for seed in seeds for one in new if asks_for(seed, one)}
        false = {one for one in new if not any(seed.name in one[2] for seed in seeds)}
        beside = (
            f"prowler {len({seed for seed, _ in met})} found, {len(false)} false alarms, {len(theirs_before)} before"
        )
    what = f"{len(seeds)} faults over every service of the estate"
    print(f"{what}: {figure}; {beside}")
    note(what, figure, beside=beside)
    return [f"{seed.resource}: not found" for seed in missed] + [f"{where}: {title}" for where, title in others]


def asks_for(seed: Seed, failing: tuple[str, str, str]) -> bool:
    account, check, said = failing
    mine = account == ACCOUNTS[HOSTS[seed.host]][0] and seed.name in said
    return mine and any(word in check for word in seed.checks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 40], help="milliseconds that AWS takes")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--prowler", default=os.environ.get("PROWLER") or shutil.which("prowler") or "")
    words = parser.parse_args()
    broken = []
    with tempfile.TemporaryDirectory() as name, Control(Path(name) / "aws") as aws:
        folder = Path(name)
        try:
            play(aws, folder, "playbooks/site.yml")
            play(aws, folder, "playbooks/prove_estate.yml")
            for latency in words.latency:
                aws.latency(latency)
                aws.forget_calls()
                audits = [audit(aws, folder) for _ in range(words.runs)]
                calls, best = aws.calls(), min(run for run, _ in audits)
                number = len(calls) // words.runs
                aws.forget_calls()
                theirs = prowler(aws, folder, words.prowler)[0] if words.prowler else 0
                asked = len(aws.calls())
                aws.latency(0)
                beside = f"prowler {theirs:.0f} s, {asked} calls" if theirs else "prowler is not installed"
                what = f"audit of the whole estate, {latency:g} ms a call"
                figure = f"{best.seconds:.1f} s, {best.cpu:.1f} s of CPU"
                memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                print(f"{what}: {figure}, {number} calls; {beside}")
                note(what, figure, beside=beside, times=theirs / best.seconds, calls=number, memory_mb=memory)
                pending = audits[-1][1]["pending"]
                broken += [f"{pending} changes are found"] if pending else []
                broken += ["the audit writes"] if any(call["write"] for call in calls) else []
                slow = latency == 40 and best.seconds > MOST
                broken += [f"{best.seconds:.1f} s is more than {MOST:g} s"] if slow else []
            broken += faults(aws, folder, words.prowler)
        finally:
            routers = sorted((folder / "assets_router").glob("*"))
            subprocess.run([sys.executable, "roles/assets_router/files/local_router.py", "stop", *routers], cwd=ROOT)
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
