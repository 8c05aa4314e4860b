"""Two runs at once on one stage: one is told who is changing it, and nothing is lost or made twice."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands.run import inventory_words

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LOCKS, KEY = "digitalmarketplace-development-locks", "preview"
COMMAND = ["playbooks/converge_buckets.yml", "--limit", "preview"]


def owner(s3):
    try:
        return json.loads(s3.get_object(Bucket=LOCKS, Key=KEY)["Body"].read())["owner"]
    except s3.exceptions.NoSuchKey:
        return ""


def test_while_one_run_changes_a_stage_another_is_refused_and_says_who_it_is(converged_access, tmp_path):
    aws = converged_access
    s3 = aws.client("s3", "development")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=LOCKS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    command = [str(Path(sys.executable).parent / "ansible-playbook"), *inventory_words("local"), *COMMAND]
    environment = {**aws.env, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "first"), "ANSIBLE_NOCOLOR": "true",
                   "DM_PLAN_FILE": str(tmp_path / "first.json")}  # fmt: skip
    aws.latency(600)
    with (tmp_path / "first.txt").open("w") as log:
        first = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 120
        while not owner(s3):
            assert first.poll() is None, (tmp_path / "first.txt").read_text()
            assert time.monotonic() < deadline
        second = aws.playbook(*COMMAND)
        assert first.wait(240) == 0, (tmp_path / "first.txt").read_text()
    finally:
        aws.latency(0)
        if first.poll() is None:
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()

    assert second.rc != 0
    assert "nothing was changed: " in second.output
    assert f"(process {first.pid})" in second.output, "whoever is in the way is named"
    assert owner(s3) == "", "it is given back"
    third = aws.playbook(*COMMAND)
    assert third.rc == 0, third.output
    aws.forget_calls()
    assert aws.playbook(*COMMAND).rc == 0
    assert aws.writes() == [], "nothing to change takes no lock"
