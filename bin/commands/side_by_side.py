"""A plan made host by host, several at a time, and put together again: the same bytes however many there are."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from commands import plan_file
from commands.run import BIN, call, inventory_words, say
from commands.words import ROOT, Refusal, Words


def hosts(words: Words) -> int:
    """What a plan of STAGE can be cut into."""
    say(",".join(listed(words)), sys.stdout)
    return 0


def listed(words: Words) -> list[str]:
    limit = ["--limit", words["LIMIT"]] if words.get("LIMIT") else []
    command = [BIN / "ansible", "all", "--list-hosts", *inventory_words(words["STAGE"]), *limit]
    asked = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
    found = [line.strip() for line in asked.stdout.splitlines()[1:] if line.strip()]
    if asked.returncode or not found:
        raise Refusal(f"no host of STAGE={words['STAGE']} is there to plan: {' '.join(asked.stderr.split())}")
    return sorted(found)


def plan(words: Words) -> int:
    """WORKERS hosts at a time, each a plan of its own; what one of them has to say is shown when it ends."""
    workers = words["WORKERS"]
    if not workers.isdecimal() or not 1 <= int(workers) <= 64:
        raise Refusal(f"WORKERS={workers} is not understood; allowed is a number from 1 to 64")
    stage, more = words["STAGE"], [f"{word}={words[word]}" for word in ("TAGS", "ARGS") if words.get(word)]
    left = listed(words)
    files, failed = [], []
    running: dict[str, subprocess.Popen[str]] = {}
    try:
        while left or running:
            while left and len(running) < int(workers):
                host = left.pop(0)
                build = Path(words["BUILD"]) / "hosts" / host
                files.append(str(build / f"plan-{stage}.json"))
                running[host] = subprocess.Popen(
                    [
                        sys.executable,
                        ROOT / "bin/estate",
                        "plan",
                        f"STAGE={stage}",
                        f"LIMIT={host}",
                        f"BUILD={build}",
                        *more,
                    ],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    cwd=ROOT,
                )
            for host in [host for host, process in running.items() if process.poll() is not None]:
                process = running.pop(host)
                say(f"--- {host}\n{process.communicate()[0].rstrip()}", sys.stdout)
                failed += [host] if process.returncode not in (0, 2) else []
            time.sleep(0.05)
    finally:
        for process in running.values():
            process.terminate()
    if failed:
        raise Refusal(f"the plan of {', '.join(sorted(failed))} failed, so there is none of STAGE={stage}")
    return merge({**words, "PLANS": ",".join(files)})


def merge(words: Words) -> int:
    """PLANS into one, which is what apply takes."""
    paths = words.get("PLANS", "").split(",")
    for path in paths:
        plan_file.read(path)
    whole = f"{words['BUILD']}/plan-{words['STAGE']}.json"
    if call(BIN / "python", ROOT / "bin/commands/merge_plans.py", whole, *paths):
        raise Refusal("the plans could not be put together")
    return 2 if plan_file.read(whole)["pending"] else 0
