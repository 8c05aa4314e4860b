"""Groups and their members: dm_access beside amazon.aws.iam_group in a loop, on the embedded AWS, in one run.

    python benchmarks/bench_access.py [--groups 100] [--people 1000] [--latency 40] [--memory-people 10000]

Prints a table with ratios, and fails where a promise is not kept: an unchanged run at least 40 times as fast in a read
of as many pages as the people need, creating at least 10 times as fast, 10,000 people within 150 MB for the module.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.noted import note
from local_aws.control import Control

PAGE = 1000
# Runs the module as Ansible would, in a process of its own, and tells the most memory it ever had.
MEASURED = """
import pathlib, re, runpy, sys
import ansible.module_utils
ansible.module_utils.__path__.append("module_utils")
try:
    runpy.run_path("library/dm_access.py", run_name="__main__")
finally:
    # of this program alone: getrusage's figure begins at what whoever started it had
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]
    print("peak", int(peak) // 1024, file=sys.stderr)
"""


class Run(NamedTuple):
    seconds: float
    calls: Counter[str]


def estate(people: int, groups: int) -> dict[str, Any]:
    """Everybody is in two groups."""
    names = [f"user{n:05}.example" for n in range(people)]
    members: dict[str, list[str]] = {f"group{n:03}": [] for n in range(groups)}
    for number, name in enumerate(names):
        for group in {number % groups, (number // groups * 7 + number + 1) % groups}:
            members[f"group{group:03}"].append(name)
    return {
        "users": [{"name": name} for name in names],
        "groups": [{"name": name} for name in members],
        "members": members,
    }


def play(aws: Control, name: str, wanted: Path) -> Run:
    aws.forget_calls()
    environment = aws.env | {
        "AWS_PROFILE": "digitalmarketplace",
        "AWS_REGION": "eu-west-1",
        "DM_PLAN_FILE": str(wanted) + ".plan",
    }
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", f"benchmarks/access/{name}.yml",
         "-e", f"estate_file={wanted}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Run(seconds, Counter(call["operation"] for call in aws.calls()))


def without_groups(aws: Control, wanted: dict[str, Any]) -> None:
    """Back to where creating began."""
    iam = aws.client("iam")
    for group, names in wanted["members"].items():
        for name in names:
            iam.remove_user_from_group(GroupName=group, UserName=name)
        iam.delete_group(GroupName=group)


def memory(aws: Control, wanted: dict[str, Any]) -> tuple[int, float]:
    """(most MB, seconds) of the module."""
    given = {"ANSIBLE_MODULE_ARGS": {"account": "main", "account_id": "111111111111", **wanted}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(given, file)
        file.flush()
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, file.name],
            cwd=ROOT, env=aws.env | {"AWS_PROFILE": "digitalmarketplace", "AWS_REGION": "eu-west-1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(f"dm_access: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return int(done.stderr.rsplit("peak", 1)[1]), time.monotonic() - began


def row(what: str, stock: Run, own: Run) -> float:
    ratio = stock.seconds / own.seconds
    print(
        f"{what:34} {stock.seconds:8.1f} s {sum(stock.calls.values()):6} calls "
        f"{own.seconds:8.1f} s {sum(own.calls.values()):6} calls {ratio:7.1f} times"
    )
    beside = f"iam_group in a loop, {stock.seconds:.1f} s"
    note(f"access: {what}", f"{own.seconds:.1f} s", beside=beside, times=ratio, calls=sum(own.calls.values()))
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=40, help="milliseconds that AWS takes for each call")
    parser.add_argument("--memory-people", type=int, default=10_000, help="0 leaves memory out")
    words = parser.parse_args()
    broken = []
    with tempfile.TemporaryDirectory() as folder, Control(Path(folder) / "aws") as aws:
        wanted = estate(words.people, words.groups)
        file = Path(folder) / "estate.json"
        file.write_text(json.dumps(wanted))
        iam = aws.client("iam")
        for user in wanted["users"]:
            iam.create_user(UserName=user["name"])
        print(f"{words.groups} groups, {words.people} people, {words.latency:g} ms a call")
        print(f"{'':34} {'iam_group in a loop':>23} {'dm_access':>23}")
        aws.latency(words.latency)
        stock_creates = play(aws, "stock_groups", file)
        stock_rests = play(aws, "stock_groups", file)
        aws.latency(0)
        without_groups(aws, wanted)
        aws.latency(words.latency)
        own_creates = play(aws, "own_groups", file)
        own_rests = play(aws, "own_groups", file)
        aws.latency(0)
        if row("creating groups and memberships", stock_creates, own_creates) < 10:
            broken.append("creating is not 10 times as fast")
        if row("nothing to change", stock_rests, own_rests) < 40:
            broken.append("an unchanged run is not 40 times as fast")
        print(f"{'':34} of dm_access: {dict(own_rests.calls)}")
        pages = -(-(words.people + words.groups + 10) // PAGE)
        if own_rests.calls["GetAccountAuthorizationDetails"] > pages or len(own_rests.calls) > 1:
            broken.append(f"an unchanged run takes more than a sweep of {pages} pages")
        many = estate(words.memory_people, words.groups)
        for what in ("creating", "nothing to change") if words.memory_people else ():
            most, seconds = memory(aws, many)
            print(f"{words.memory_people} people, {what:20} {most:6} MB at most {seconds:7.1f} s")
            note(f"access: {words.memory_people} people, {what}", f"{seconds:.1f} s", memory_mb=most)
            if most > 150:
                broken.append(f"{words.memory_people} people take {most} MB")
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
