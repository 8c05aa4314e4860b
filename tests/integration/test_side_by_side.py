"""A plan made by several at a time is the plan, byte for byte, and is what apply takes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
# Without backups-account, whose bucket policy names roles that only converging access makes.
ACCOUNTS = ["development-account", "main-account", "production-account"]


@pytest.fixture
def estate(estate_aws, tmp_path):
    def run(command, *words, build="build"):
        return subprocess.run(
            [ROOT / "bin/estate", command, "STAGE=accounts", *words, f"BUILD={tmp_path / build}"],
            cwd=ROOT,
            env={**estate_aws.env, "ANSIBLE_NOCOLOR": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_any_number_of_workers_and_agents_plans_the_same_bytes_and_apply_takes_them(estate, estate_aws, tmp_path):
    part = ("TAGS=buckets", f"LIMIT={','.join(ACCOUNTS)}")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    for account in ("main", "development", "production"):  # whom the buckets' policies name
        estate_aws.client("iam", account).create_role(
            RoleName="infrastructure", AssumeRolePolicyDocument=json.dumps(trust)
        )
    estate_aws.forget_calls()
    hosts = subprocess.run([ROOT / "bin/estate", "hosts", "STAGE=accounts"], capture_output=True, text=True, check=True)
    assert hosts.stdout.strip().split(",") == ["backups-account", *ACCOUNTS]

    for workers in (1, 2, 4):
        planned = estate("plan", *part, f"WORKERS={workers}", build=str(workers))
        assert planned.returncode == 2, planned.stdout + planned.stderr
    agents = []
    for share in (ACCOUNTS[0::2], ACCOUNTS[1::2]):  # as the Jenkinsfile deals them out to two agents
        assert estate("plan", "TAGS=buckets", "WORKERS=1", f"LIMIT={','.join(share)}", build=share[0]).returncode == 2
        agents.append(str(tmp_path / share[0] / "plan-accounts.json"))
    put_together = estate("merge", f"PLANS={','.join(agents)}", build="agents")
    assert put_together.returncode == 2, put_together.stdout + put_together.stderr

    for file in ("plan-accounts.json", "plan-accounts.html"):
        assert len({(tmp_path / build / file).read_bytes() for build in ("1", "2", "4", "agents")}) == 1
    assert estate_aws.writes() == []
    plan = json.loads((tmp_path / "agents/plan-accounts.json").read_text())["dm_plan"]
    assert plan["looked_at"] == ACCOUNTS
    assert plan["pending"] > 2

    at_once = estate("plan", *part, build="at-once")
    assert at_once.returncode == 2
    whole = json.loads((tmp_path / "at-once/plan-accounts.json").read_text())
    assert whole["dm_reviewed"] == json.loads((tmp_path / "4/plan-accounts.json").read_text())["dm_reviewed"]

    applied = estate("apply", f"PLAN={tmp_path}/agents/plan-accounts.json")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert estate("plan", *part, "WORKERS=4").returncode == 0


def test_what_one_cannot_plan_nobody_plans(estate, estate_aws):
    estate_aws.fail("AssumeRole", code="AccessDenied", times=1)

    planned = estate("plan", "TAGS=buckets", "WORKERS=2")

    assert planned.returncode == 1
    assert "so there is none of STAGE=accounts" in planned.stderr
    assert estate("plan", "WORKERS=0").returncode == estate("plan", "WORKERS=x").returncode == 1


def test_a_bucket_that_hosts_of_two_workers_declare_fails_the_whole_plan(estate, estate_aws, tmp_path):
    twice = """ARGS=-e '{"buckets_standalone": {"shop-everywhere": {}}}'"""

    planned = estate("plan", "TAGS=buckets", twice, "LIMIT=backups-account,development-account", "WORKERS=2")

    assert planned.returncode == 1
    assert "declare shop-everywhere; it belongs to one host (buckets_kinds" in planned.stderr
    refused = estate("apply", f"PLAN={tmp_path}/build/plan-accounts.json", twice)
    assert refused.returncode == 1
    assert estate_aws.writes() == []


def test_a_plan_is_applied_by_the_code_that_made_it(estate, estate_aws, tmp_path):
    assert estate("plan", "TAGS=buckets").returncode == 2
    path = tmp_path / "build/plan-accounts.json"
    stored = json.loads(path.read_text())
    stored["dm_plan"]["commits"]["estate"] = "f" * 40
    path.write_text(json.dumps(stored))

    applied = estate("apply", f"PLAN={path}")

    assert applied.returncode == 1
    assert f"was made with {'f' * 40} of the estate repo" in applied.stderr
    assert estate_aws.writes() == []
