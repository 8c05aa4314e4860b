"""The nightly audit of the whole estate at 40 ms a call, beside prowler's checks of the same, on the embedded AWS.

    python benchmarks/bench_audit.py [--latency 0 40] [--runs 3] [--prowler /path/to/prowler]

prowler is not among our requirements (it pins an old boto3): `uv venv p && uv pip install -p p prowler` makes one. It
looks at one account at a time, by the services that the estate has. Fails where the audit writes, finds a change, or
takes longer than ten seconds at 40 ms.
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

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from bench_estate import play

from benchmarks.noted import note
from local_aws.control import Control

MOST = 10.0  # seconds at 40 ms a call
SERVICES = ("iam", "s3", "cloudtrail", "cloudwatch", "route53", "sns")
PROFILES = ("digitalmarketplace", *(f"digitalmarketplace-{name}" for name in ("development", "production", "backups")))


def prowler(aws: Control, folder: Path, program: str) -> float:
    """Seconds for all accounts, one after another."""
    began = time.monotonic()
    for profile in PROFILES:
        command = [program, "aws", "--profile", profile, "--region", "eu-west-1", "--services", *SERVICES]
        command += ["--output-directory", str(folder / "prowler"), "--output-formats", "json-ocsf", "--no-banner"]
        env = {**os.environ, **aws.env, "AWS_ENDPOINT_URL": aws.url}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode not in (0, 3):  # 3: something was found
            sys.exit(f"prowler: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    return time.monotonic() - began


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
                audits = [
                    play(aws, folder, "playbooks/audit_estate.yml", "--check", "--diff") for _ in range(words.runs)
                ]
                calls, best = aws.calls(), min(audits)
                number = len(calls) // words.runs
                aws.forget_calls()
                theirs = prowler(aws, folder, words.prowler) if words.prowler else 0
                asked = len(aws.calls())
                aws.latency(0)
                beside = f"prowler {theirs:.0f} s, {asked} calls" if theirs else "prowler is not installed"
                what = f"audit of the whole estate, {latency:g} ms a call"
                figure = f"{best.seconds:.1f} s, {best.cpu:.1f} s of CPU"
                memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                print(f"{what}: {figure}, {number} calls; {beside}")
                note(what, figure, beside=beside, times=theirs / best.seconds, calls=number, memory_mb=memory)
                found = json.loads((folder / "plan.json").read_text())["dm_plan"]
                broken += [f"{found['pending']} changes are found"] if found["pending"] else []
                broken += ["the audit writes"] if any(call["write"] for call in calls) else []
                slow = latency == 40 and best.seconds > MOST
                broken += [f"{best.seconds:.1f} s is more than {MOST:g} s"] if slow else []
        finally:
            routers = sorted((folder / "assets_router").glob("*"))
            subprocess.run([sys.executable, "roles/assets_router/files/local_router.py", "stop", *routers], cwd=ROOT)
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
