"""Two runs at once on one account: one is told who is changing it, and nothing is lost or made twice."""

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
LOCKS, KEY = "digitalmarketplace-main-locks", "main-account"
COMMAND = ["converge_access.yml", "--limit", "main-account"]
GROUPS = ("Developers", "ProdDevelopers", "DevS3Only", "SecurityAudit", "Everyone")


def owner(s3):
    try:
        return json.loads(s3.get_object(Bucket=LOCKS, Key=KEY)["Body"].read())["owner"]
    except s3.exceptions.NoSuchKey:
        return ""


def change_by_hand(iam):
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}
    for group in GROUPS:
        iam.put_group_policy(GroupName=group, PolicyName="by-hand", PolicyDocument=json.dumps(nothing))


def test_while_one_run_changes_an_account_another_is_refused_and_says_who_it_is(converged_access, tmp_path):
    aws = converged_access
    s3 = aws.client("s3", "main")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=LOCKS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    change_by_hand(aws.client("iam", "main"))
    ansible = str(Path(sys.executable).parent / "ansible-playbook")
    command = [ansible, *inventory_words("local"), f"playbooks/{COMMAND[0]}", *COMMAND[1:]]
    environment = {**aws.env, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "first"), "ANSIBLE_NOCOLOR": "true",
                   "DM_PLAN_FILE": str(tmp_path / "first.json"), "DM_RUN": "12345"}  # fmt: skip
    with (tmp_path / "first.txt").open("w") as log:
        first = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 120
        while not owner(s3):
            assert first.poll() is None, (tmp_path / "first.txt").read_text()
            assert time.monotonic() < deadline
        os.killpg(first.pid, signal.SIGKILL)
    finally:
        if first.poll() is None:
            os.killpg(first.pid, signal.SIGKILL)
        first.wait()

    change_by_hand(aws.client("iam", "main"))
    second = aws.playbook(*COMMAND)
    assert second.rc != 0
    assert "nothing was changed: " in second.output
    assert "(process 12345)" in second.output, "whoever is in the way is named"
    time.sleep(65)
    third = aws.playbook(*COMMAND)
    assert third.rc == 0, third.output
    assert owner(s3) == "", "what a dead run held is taken after a minute, and given back"
    aws.forget_calls()
    assert aws.playbook(*COMMAND).rc == 0
    assert aws.writes() == [], "nothing to change takes no lock"
