"""The review of who may go where as a person asks for it: bin/estate access, from its start to its end.

    python benchmarks/bench_review.py [--users 1000] [--roles 90] [--runs 3]

The embedded AWS is filled with people in two of thirty groups, who may assume some of the roles of four accounts, by
trusts that ask for MFA. Fails where the fastest run takes longer than six seconds, or tells of fewer people or roles.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.noted import note
from local_aws.accounts import ACCOUNTS
from local_aws.control import Control

MOST, GROUPS = 6.0, 30
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def fill(aws: Control, users: int, roles: int) -> None:
    names = list(ACCOUNTS)
    arns: list[str] = []
    root = f"arn:aws:iam::{ACCOUNTS['main'][0]}:root"
    for number in range(roles):
        account, name = names[number % len(names)], f"role{number:02}"
        iam = aws.client("iam", account)
        trust = document({"Action": "sts:AssumeRole", "Principal": {"AWS": root}, "Condition": MFA})
        arns.append(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])
        own = document({"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": f"arn:aws:s3:::{name}-*"})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=own)
    iam = aws.client("iam")
    for number in range(GROUPS):
        iam.create_group(GroupName=f"team{number:02}")
        mine = [arns[(number * 3 + more) % roles] for more in range(4)]
        given = document({"Action": "sts:AssumeRole", "Resource": mine})
        iam.put_group_policy(GroupName=f"team{number:02}", PolicyName="assume", PolicyDocument=given)

    def person(number: int) -> None:
        name = f"user{number:04}.example"
        iam.create_user(UserName=name)
        for group in {number % GROUPS, (number * 7 + 1) % GROUPS}:
            iam.add_user_to_group(UserName=name, GroupName=f"team{group:02}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(person, range(users)))


def review(aws: Control, folder: Path) -> tuple[float, float]:
    """(seconds, seconds of processors) of the whole command."""
    was, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [ROOT / "bin/estate", "access", "STAGE=accounts", f"BUILD={folder}",
         f"ARGS=-e access_review_directory={folder}"],
        cwd=ROOT, env={**aws.env, "DM_CREDENTIALS_REPO": str(ROOT / "credentials.example")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    took, now = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 2):
        sys.exit(f"bin/estate access: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return took, now.ru_utime + now.ru_stime - was.ru_utime - was.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--roles", type=int, default=90)
    parser.add_argument("--runs", type=int, default=3)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Control(Path(name) / "aws") as aws:
        fill(aws, words.users, words.roles)
        runs = [review(aws, Path(name) / "build") for _ in range(words.runs)]
        with (Path(name) / "build/access.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    people = {row["who"] for row in rows if row["who"].startswith("user")}
    roles = {(row["role_account"], row["role"]) for row in rows if row["role"].startswith("role")}
    (seconds, processors), told = min(runs), f"{len(people)} people, {len(roles)} roles told"
    print(f"{words.users} users x {words.roles} roles: {seconds:.2f} s, of processors {processors:.2f} s; {told}")
    note(f"access: the review of {words.users} users x {words.roles} roles", f"{seconds:.2f} s", beside=told)
    broken = [f"the review takes {seconds:.2f} s, and {MOST:g} s at most were promised"] if seconds > MOST else []
    if len(people) < words.users or len(roles) < words.roles:
        broken.append(f"of {words.users} people and {words.roles} roles {told}")
    sys.exit("; ".join(broken) or 0)


if __name__ == "__main__":
    main()
