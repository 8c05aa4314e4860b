"""The contract of make plan, apply and converge: what they print, store and exit with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
BUCKET = "digitalmarketplace-dev-uploads"


@pytest.fixture
def make(estate_aws, tmp_path):
    def run(*words):
        env = {**estate_aws.env, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible"), "ANSIBLE_NOCOLOR": "true"}
        command = [
            "make",
            "--no-print-directory",
            *words,
            "LIMIT=development-account",
            "TAGS=buckets",
            f"BUILD={tmp_path}",
        ]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def test_plan_exits_with_2_1_or_0_and_apply_carries_out_what_was_planned(make, estate_aws, tmp_path):
    plan = make("plan")
    assert plan.returncode == 2, plan.stdout + plan.stderr
    assert "development-account: 2 to add, 0 to change, 0 to remove, 0 unmanaged" in plan.stdout
    assert estate_aws.writes() == []
    assert (tmp_path / "plan-local.html").is_file()

    applied = make("apply", f"PLAN={tmp_path}/plan-local.json")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "development-account: 2 added" in applied.stdout

    assert make("plan").returncode == 0

    estate_aws.fail("AssumeRole", code="AccessDenied", times=9)
    broken = make("plan")
    assert broken.returncode == 1
    assert "Cannot get into account development" in broken.stderr
    assert make("converge").returncode == 1, "2 is for changes that are pending"


def test_apply_stops_when_the_world_has_moved_since_the_plan(make, estate_aws, tmp_path):
    assert make("plan").returncode == 2
    plan = tmp_path / "plan-local.json"
    estate_aws.client("s3", "development").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    estate_aws.forget_calls()

    applied = make("apply", f"PLAN={plan}")

    assert applied.returncode == 1
    assert "the world has moved since" in applied.stderr
    assert "development-account buckets would now change otherwise" in applied.stderr
    assert estate_aws.writes() == []


def test_the_module_itself_refuses_a_plan_that_nobody_reviewed(make, run_playbook, estate_aws, tmp_path):
    assert make("plan").returncode == 2
    reviewed = json.loads((tmp_path / "plan-local.json").read_text())["dm_reviewed"]
    estate_aws.client("s3", "development").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for known in (reviewed, {}):
        estate_aws.forget_calls()
        run = run_playbook("converge_buckets.yml", "--limit", "development-account", extra_vars={"dm_reviewed": known})
        assert run.rc != 0
        assert "The world has moved since the plan for the buckets of development-account was reviewed" in run.output
        assert "development-account: 0 added, 0 changed" in run.output
        assert estate_aws.writes() == []


def test_apply_says_where_a_plan_comes_from_when_it_is_missing(make):
    applied = make("apply", "PLAN=build/none.json")

    assert applied.returncode == 1
    assert "make plan STAGE=local writes one" in applied.stderr


def test_an_unknown_stage_is_one_sentence():
    done = subprocess.run(["make", "plan", "STAGE=prod"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "STAGE=prod is unknown; allowed are local, preview, staging, production, accounts, access" in done.stderr
