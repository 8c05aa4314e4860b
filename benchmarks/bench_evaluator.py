"""What access is proved by: a plan's effects, and invariants of ten thousand principals beside iamprover (PyPI).

    python benchmarks/bench_evaluator.py [--principals 10000] [--compared 300 1000] [--limit 120] [--iamprover 0.7.1]

Both read the same answer of GetAccountAuthorizationDetails and judge the same invariants over everything that somebody
can become. The input says who really breaks one (`breaks`); whoever else is told is a false alarm. iamprover gets
--limit seconds at each size, so that alarms are compared on as many as both get through ("> 120 s": not ended). Fails
where a promise is not kept: the proof of a change among 30 people, 100 policies and 40 buckets within 5 s; faster than
iamprover, with fewer false alarms and nothing missed.
"""

from __future__ import annotations

import argparse
import copy
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ansible.module_utils

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.access.read import parse
from ansible.module_utils.estate.effects.invariants import judge
from ansible.module_utils.estate.effects.planned import planned
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.review.read import shape

from benchmarks.noted import note

ACCOUNT = "111111111111"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
VAULT = "arn:aws:s3:::vault/*"
ANY_PERSON, A_MACHINE = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Service": "ec2.amazonaws.com"}
INVARIANTS: list[dict[str, Any]] = [
    {"name": "vault", "never": ["s3:GetObject"], "of": [VAULT], "because": "it is private"},
    {"name": "trails", "never": ["s3:DeleteObject"], "of": ["arn:aws:s3:::trails/*"], "because": "they are evidence"},
    {"name": "keys_of_root", "never": ["iam:CreateAccessKey"], "of": [f"arn:aws:iam::{ACCOUNT}:user/breakglass"],
     "because": "nobody is to be it"},
]  # fmt: skip


def statement(action: Any, resource: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def inline(**policies: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": name, "PolicyDocument": one} for name, one in policies.items()]


def trust(who: Any) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"})


def account(principals: int) -> tuple[dict[str, Any], set[str]]:
    """(the account, ARNs of who breaks an invariant): a tenth roles, people in two of forty groups and in everybody's.

    What tempts to a false alarm is what real accounts have: a policy variable, a denial without MFA of what is allowed
    with it and never (NotResource), a boundary, a date that is over, a chain that ends where no trust lets in.
    """
    me = "arn:aws:iam::*:user/${aws:username}"
    over = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    groups = {
        "Everyone": document(
            statement(["iam:ChangePassword", "iam:CreateAccessKey", "iam:DeleteAccessKey"], me),
            statement("*", "*", "Deny", Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        ),
        "Former": document(statement("s3:GetObject", VAULT, Condition=over)),
    }
    for number in range(40):
        team = f"team{number:02}"
        groups[team] = document(
            statement(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"arn:aws:s3:::{team}-*/*"),
            statement("sts:AssumeRole", arn("role", f"{team}-*")),
        )
    users, roles, breaks = [], [], set()
    for number in range(principals // 10):
        name = f"team{number % 40:02}-{number:05}"
        own = document(statement(["s3:GetObject", "s3:ListBucket"], [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]))
        roles.append(
            {"RoleName": name, "Path": "/", "Arn": arn("role", name), "RolePolicyList": inline(own=own),
             "AssumeRolePolicyDocument": trust(ANY_PERSON if number % 3 else A_MACHINE)}
        )  # fmt: skip
    # Whoever is in team00 may become this one, and so reads the vault; that of team01 trusts no person.
    for team, who in (("team00", ANY_PERSON), ("team01", A_MACHINE)):
        reader = {"RoleName": f"{team}-vault", "Path": "/", "Arn": arn("role", f"{team}-vault"),
                  "AssumeRolePolicyDocument": trust(who),
                  "RolePolicyList": inline(own=document(statement("s3:GetObject", VAULT)))}  # fmt: skip
        roles.append(reader)
        breaks.add(reader["Arn"])
    for number in range(principals - len(roles) - 1):
        name = f"user{number:05}.example"
        mine = ["Everyone", f"team{number % 40:02}", f"team{number * 7 % 40:02}"] + ["Former"] * (number % 50 == 3)
        user: dict[str, Any] = {"UserName": name, "Path": "/", "Arn": arn("user", name), "GroupList": mine}
        if "team00" in mine:
            breaks.add(user["Arn"])
        if number % 1000 == 5:
            user["UserPolicyList"] = inline(own=document(statement("iam:Create*", arn("user", "break*"))))
            breaks.add(user["Arn"])
        if number % 1000 == 7:  # held back by its boundary
            user["UserPolicyList"] = inline(own=document(statement("s3:*", "*")))
            user["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn("policy", "own")}
        users.append(user)
    users.append({"UserName": "breakglass", "Path": "/", "Arn": arn("user", "breakglass"), "GroupList": []})
    bound = document(statement("s3:*", ["arn:aws:s3:::team*", "arn:aws:s3:::team*/*"]))
    whole = {
        "UserDetailList": users,
        "GroupDetailList": [
            {"GroupName": name, "Path": "/", "Arn": arn("group", name), "GroupPolicyList": inline(own=one)}
            for name, one in groups.items()
        ],
        "RoleDetailList": roles,
        "Policies": [
            {"PolicyName": "own", "Path": "/", "Arn": arn("policy", "own"), "DefaultVersionId": "v1",
             "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": bound}]}
        ],
    }  # fmt: skip
    return whole, breaks


def ours(given: Path) -> tuple[float, set[str]]:
    began = time.monotonic()
    live = parse([json.loads(given.read_text(encoding="utf-8"))])
    estate = Estate({"main": {"account_id": ACCOUNT, **shape(live, {})}}, now="2026-11-26T12:00:00Z")
    told = {who for one in judge(INVARIANTS, estate) for who in one.who if who.startswith("arn:")}  # no service
    return time.monotonic() - began, told


def install(version: str, folder: Path) -> None:
    """In a Python of its own."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([folder / "venv/bin/python", "-m", "pip", "install", "-q", f"iamprover=={version}"], check=True)


def theirs(given: Path, folder: Path, limit: float) -> tuple[float, set[str] | None]:
    """Without the time that its Python takes to start; None where it has not ended within the limit."""
    asked = [
        {"id": one["name"], "description": one["because"],
         "forbid": {"action": one["never"][0], "resource": one["of"][0]}}
        for one in INVARIANTS
    ]  # fmt: skip
    said = folder / "invariants.yaml"
    said.write_text(json.dumps({"invariants": asked}), encoding="utf-8")
    command = [folder / "venv/bin/iamprover", "verify", "--gaad", given, "--invariants", said, "--closure", "all",
               "--format", "json"]  # fmt: skip
    idle = time.monotonic()
    subprocess.run([folder / "venv/bin/iamprover", "--help"], check=True, capture_output=True)
    began = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return limit, None
    took = time.monotonic() - began - (began - idle)
    if done.returncode not in (0, 2):
        sys.exit(f"iamprover: {done.stderr[-2000:]}")
    return took, set(re.findall(r'"principal": "(arn:[^"]+)"', done.stdout))


def changed_estate() -> tuple[dict[str, Any], dict[str, Any]]:
    """30 people, 100 policies, 40 buckets, before and after a change of a membership, a policy and a bucket."""
    groups = [f"group{number:02}" for number in range(20)]
    live: dict[str, Any] = {
        "account_id": ACCOUNT,
        "policies": {
            arn("policy", f"p{number:02}"): document(
                statement(["s3:GetObject", "s3:ListBucket"], f"arn:aws:s3:::bucket{number % 40:02}*"),
                statement("sts:AssumeRole", arn("role", f"role{number % 30:02}"), Condition=MFA),
                statement("iam:*", "*", "Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
            )
            for number in range(100)
        },
    }  # fmt: skip

    def holder(kind: str, name: str, *policies: int) -> dict[str, Any]:
        held = [arn("policy", f"p{number % 100:02}") for number in policies]
        found = {"name": name, "path": "/", "arn": arn(kind, name), "managed": held, "inline": {}}
        return found | {"boundary": "", "tags": {}}

    live["groups"] = [holder("group", name, *range(n * 5, n * 5 + 5)) for n, name in enumerate(groups)]
    live["users"] = [
        holder("user", f"user{n:02}.example") | {"groups": [groups[n % 20], groups[n * 3 % 20]]} for n in range(30)
    ]
    live["roles"] = [
        holder("role", f"role{n:02}", n, n + 30)
        | {"trust": document({**trust(ANY_PERSON)["Statement"][0], "Condition": MFA})}
        for n in range(30)
    ]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    live["buckets"] = {
        bucket: {
            "restricted": True,
            "policy": document(
                statement(
                    "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": arn("role", f"role{n % 30:02}")}
                ),
                statement("s3:*", f"arn:aws:s3:::{bucket}/*", "Deny", Principal="*", Condition=plain),
            ),
        }
        for n in range(40)
        for bucket, reader in [(f"bucket{n:02}", arn("role", f"role{n % 30:02}"))]
    }
    then = copy.deepcopy(live)
    then["users"][3]["groups"].append("group11")
    then["policies"][arn("policy", "p05")]["Statement"][0]["Resource"] = "arn:aws:s3:::bucket0*"
    then["buckets"]["bucket09"]["policy"]["Statement"][0]["Principal"] = {"AWS": arn("role", "role03")}
    return live, then


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--principals", type=int, default=10_000)
    parser.add_argument("--compared", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--limit", type=float, default=120, help="seconds that iamprover gets at each size")
    parser.add_argument("--iamprover", default="0.7.1", help="version; empty leaves it out")
    words = parser.parse_args()
    broken = []
    before, after = changed_estate()
    asked = [{**INVARIANTS[0], "of": ["arn:aws:s3:::bucket3*/*"], "who": ["people"]}, *INVARIANTS[1:]]
    began = time.monotonic()
    meant, _ = planned({"main": before}, {"main": after}, {}, asked)
    took = time.monotonic() - began
    print(f"30 people, 100 policies, 40 buckets: proved in {took:.2f} s, {len(meant.gains)} gains")
    note("access: proof of a plan, 30 people, 100 policies, 40 buckets", f"{took:.2f} s")
    if took > 5 or not meant.gains or meant.undecided:
        broken.append("the proof of a plan takes more than 5 s, or proves nothing")
    with tempfile.TemporaryDirectory() as folder:
        if words.iamprover:
            install(words.iamprover, Path(folder))
        for number in dict.fromkeys([*words.compared, words.principals]):
            broken += beside(number, Path(folder), words.iamprover, words.limit)
    sys.exit("; ".join(broken) or 0)


def beside(principals: int, folder: Path, version: str, limit: float) -> list[str]:
    """One row, and which promises it breaks."""
    given = folder / "account.json"
    whole, breaks = account(principals)
    given.write_text(json.dumps(whole), encoding="utf-8")
    seconds, told = ours(given)
    said = f"{seconds:.2f} s, {len(told & breaks)} of {len(breaks)} found, {len(told - breaks)} false alarms"
    broken = [] if told == breaks else [f"of {principals} we miss {len(breaks - told)}, {len(told - breaks)} too many"]
    other, times = "", 0.0
    if version:
        took, theirs_told = theirs(given, folder, limit)
        times = took / seconds
        found = f"> {limit:g} s, not ended" if theirs_told is None else (
            f"{took:.2f} s, {len(theirs_told & breaks)} found, {len(theirs_told - breaks)} false alarms"
        )  # fmt: skip
        other = f"iamprover {version}, {found}"
        if seconds >= took or (theirs_told is not None and len(told - breaks) >= len(theirs_told - breaks)):
            broken.append(f"of {principals} iamprover is as fast, or as right")
    print(f"{principals} principals: {said}; {other}")
    note(f"access: invariants of {principals} principals", said, beside=other, times=times)
    return broken


if __name__ == "__main__":
    main()
