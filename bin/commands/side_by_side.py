"""A plan made by several at once, each with a share of the hosts: the same bytes however many there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commands import plan_file
from commands.run import BIN, call, inventory_words, say
from commands.words import ROOT, Refusal, Words

ESTATE = str(ROOT / "bin" / "estate")


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
    """WORKERS at a time, each with its share of the hosts; what one of them has to say is shown when it ends."""
    workers = words["WORKERS"]
    if not workers.isdecimal() or not 1 <= int(workers) <= 64:
        raise Refusal(f"WORKERS={workers} is not understood; allowed is a number from 1 to 64")
    stage, more = words["STAGE"], [f"{word}={words[word]}" for word in ("TAGS", "ARGS") if words.get(word)]
    hosts = listed(words)
    started, files, failed = [], [], []
    try:
        for number in range(min(int(workers), len(hosts))):
            share, build = hosts[number :: int(workers)], Path(words["BUILD"], "shares", str(number))
            files.append(str(build / f"plan-{stage}.json"))
            build.mkdir(parents=True, exist_ok=True)
            command = ["plan", f"STAGE={stage}", f"LIMIT={','.join(share)}", f"BUILD={build}", *more]
            with (build / "said.txt").open("w", encoding="utf-8") as out:
                process = subprocess.Popen([sys.executable, ESTATE, *command], stdout=out, stderr=out, cwd=ROOT)
            started.append((process, share, build))
        for process, share, build in started:
            failed += share if process.wait() not in (0, 2) else []
            say((build / "said.txt").read_text(encoding="utf-8").rstrip(), sys.stdout)
    finally:
        for process, _, _ in started:
            if process.poll() is None:
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
    made = plan_file.read(whole)
    if broken := made["together"].get("broken"):
        raise Refusal("; ".join(broken))
    return 2 if made["pending"] else 0
