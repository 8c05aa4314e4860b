"""What dm_dumps tags, and what it proves of copies, on moto's S3."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import boto3
import dm_dumps
import pytest
from moto import mock_aws

NOW = datetime.datetime.now(datetime.UTC)
REGIONS = {"dumps": "eu-west-1", "copies": "eu-west-2"}


class Clients(dict):
    region = "eu-west-1"

    def __init__(self):
        made = {region: boto3.client("s3", region_name=region) for region in REGIONS.values()}
        super().__init__({"s3": made["eu-west-1"], ("s3", "eu-west-2"): made["eu-west-2"]})

    def call(self, action):
        return self["s3"].put_object_tagging(**action.params)


def key(days):
    return f"production-{NOW - datetime.timedelta(days=days, hours=5):%Y%m%d%H%M}.sql.gz.gpg"


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        clients = Clients()
        for bucket, client in zip(REGIONS, (clients["s3"], clients["s3", "eu-west-2"]), strict=True):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGIONS[bucket]})
            for days in (0, 1, 2, 3, 8, 9, 200):
                client.put_object(Bucket=bucket, Key=key(days), Body=b"x")
        yield clients


def verify(s3, *days):
    for one in days:
        tagging = {"TagSet": [{"Key": "Verified", "Value": "2026-11-01"}]}
        s3["s3"].put_object_tagging(Bucket="dumps", Key=key(one), Tagging=tagging)


@pytest.fixture
def look(s3, monkeypatch):
    """Runs the module: the tags that it gives by dump, and its proofs by subject."""

    def run(_module, plan, call, proofs):
        for action in plan.actions:
            call(action)
        given = {
            action.params["Key"]: {tag["Key"] for tag in action.params["Tagging"]["TagSet"]} for action in plan.actions
        }
        found.append((given, {proof["subject"]: proof for proof in proofs()}, list(plan.notes), dict(plan.left_out)))

    found = []
    params = {"account": "backups", "bucket": "dumps", "replica": "copies", "replica_region": "eu-west-2",
              "stages": ["production"], "max_age_hours": 26, "least_share": 0.8, "recipients": ["0123456789ABCDEF"],
              "keep_days": 180, "replica_keep_days": 7, "least_verified": 3}  # fmt: skip
    monkeypatch.setattr(dm_dumps, "estate_module", lambda _: SimpleNamespace(params=params))
    monkeypatch.setattr(dm_dumps, "Clients", lambda _: s3)
    monkeypatch.setattr(dm_dumps, "recipients", lambda *_: ["0123456789ABCDEF"])
    monkeypatch.setattr(dm_dumps, "run", run)

    def once():
        dm_dumps.main()
        return found.pop()

    return once


def test_nothing_goes_in_either_place_until_enough_were_restored(s3, look):
    verify(s3, 0, 1)
    given, proofs, notes, failed = look()
    assert (given, failed) == ({}, {})
    assert notes == ["production has 2 dumps that were restored, so that none may go (restore_backup.yml)"]
    assert proofs["the last good copies of production's dump"]["verdict"] == "proved"


def test_copies_go_after_a_week_and_originals_after_half_a_year_behind_the_last_good_ones(s3, look):
    verify(s3, 0, 2, 8)
    given, _, notes, failed = look()
    assert (notes, failed) == ([], {})
    assert given == {key(9): {"Copy"}, key(200): {"Copy", "Retention"}}, "the third good one stays, a week old or not"
    assert look()[0] == {}


def test_a_good_copy_that_is_lost_is_said_and_lets_nothing_else_go(s3, look):
    verify(s3, 0, 2, 8)
    s3["s3", "eu-west-2"].delete_object(Bucket="copies", Key=key(2))
    given, proofs, _, _ = look()
    assert given == {key(200): {"Retention"}}
    good = proofs["the last good copies of production's dump"]
    assert (good["verdict"], good["why"]) == ("failed", f"{key(2)} restored, and not in the replica")
