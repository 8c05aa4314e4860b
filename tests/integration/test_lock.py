"""Two runs at once on one account: one is told who is changing it, and nothing is lost or made twice."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

pytestmark = pytest.mark.slow
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


def test_while_one_run_changes_an_account_another_is_refused_and_says_who_it_is(converged_access):
    aws = converged_access
    s3 = aws.client("s3", "main")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=LOCKS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    change_by_hand(aws.client("iam", "main"))
    s3.delete_object(Bucket=LOCKS, Key=KEY)
    aws.fail("DeleteGroupPolicy", kind="die")  # it dies amid its changes, and gives nothing back
    aws.fail("PutObject", matching=KEY, nth=2, kind="die")
    try:
        first = aws.playbook(*COMMAND, env={"DM_RUN": "12345"})
    finally:
        aws.heal()
    assert first.rc != 0
    assert owner(s3).endswith("(process 12345)")

    second = aws.playbook(*COMMAND)
    assert second.rc != 0
    assert "nothing was changed: " in second.output
    assert "(process 12345) is changing this" in second.output, "whoever is in the way is named"
    time.sleep(61)
    third = aws.playbook(*COMMAND)
    assert third.rc == 0, third.output
    assert owner(s3) == "", "what a dead run held is taken after a minute, and given back"
    aws.forget_calls()
    assert aws.playbook(*COMMAND).rc == 0
    assert aws.writes() == [], "nothing to change takes no lock"
