"""Nightly dumps on the embedded AWS: written, replicated, looked at, restored, released, each by the role that may."""

from __future__ import annotations

import contextlib
import datetime
import json
import shlex
import subprocess
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.control import Control
from tests.conftest import _runner
from tests.support import dumps, typed
from tests.support.dumps import packed

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
maker, plain, within = dumps.maker, dumps.plain, dumps.within
BUCKET, REPLICA = "digitalmarketplace-database-backups", "digitalmarketplace-cross-region-database-backups"
NOW = datetime.datetime.now(datetime.UTC)


def key(stage: str, **ago: int) -> str:
    return f"{stage}-{NOW - datetime.timedelta(**ago):%Y%m%d%H%M}.sql.gz.gpg"


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """The backups account with its roles and buckets, and a config file with the profiles of these roles."""
    with Control(tmp_path_factory.mktemp("aws")) as aws:
        aws.playbook = _runner(aws, tmp_path_factory.mktemp("runs"))
        for playbook in ("converge_access.yml", "converge_buckets.yml"):
            done = aws.playbook(playbook, *(["-l", "backups-account"] if "buckets" in playbook else []))
            assert done.rc == 0, done.output[-3000:]
        config = Path(aws.env["AWS_CONFIG_FILE"])
        common = next(part for part in config.read_text().split("[profile ") if part.startswith("digitalmarketplace]"))
        common = common.partition("]\n")[2]
        roles = (("ci", "111111111111:role/infrastructure", "host"), ("dumps", "444444444444:role/dump_checker", "ci"),
                 ("writer", "444444444444:role/dump_writer", "ci"))  # fmt: skip
        made = [f"[profile {name}]\n{common}role_arn = arn:aws:iam::{role}\nsource_profile = {source}\n"
                for name, role, source in roles]  # fmt: skip
        words = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        host = zip(words, aws.instance_session("main", "jenkins"), strict=True)
        made.append(f"[profile host]\n{common}" + "".join(f"{word} = {value}\n" for word, value in host))
        config.write_text(config.read_text() + "\n".join(made))
        yield aws


@pytest.fixture(scope="module")
def as_role(estate):
    def client(profile):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in estate.env.items():
                patch.setenv(name, value)
            key = boto3.Session(profile_name=profile).get_credentials().get_frozen_credentials()
        return estate.client_of("s3", key[:3])

    return client


@pytest.fixture(scope="module")
def written(estate, as_role, maker, plain):
    """A week of dumps of each stage, and two old ones of production, as the nightly job writes them."""
    writer = as_role("writer")
    for stage in ("preview", "staging", "production"):
        days = (0, 1, 2, 3, *((200, 201) if stage == "production" else ()))
        for day in days:
            body = maker.encrypted(packed(plain))
            writer.put_object(Bucket=BUCKET, Key=key(stage, hours=5, days=day), Body=body, IfNoneMatch="*")
    estate.settle()
    return estate


@pytest.fixture
def play(written, maker, within, tmp_path):
    given = {"dumps_profile": "dumps", "dumps_recipients": [maker.key], "dumps_evidence": str(tmp_path / "evidence"),
             "dumps_scratch": str(within)}  # fmt: skip

    def run(playbook, check=False, options=(), **more):
        env = {"GNUPGHOME": str(maker.home)}
        return written.playbook(playbook, *options, check=check, extra_vars=given | more, env=env)

    return run


def spoilt(aws, writer, stage, body):
    """Puts a newer dump; its name and version."""
    name = key(stage, minutes=30)
    version = writer.put_object(Bucket=BUCKET, Key=name, Body=body, IfNoneMatch="*")["VersionId"]
    aws.settle()
    return name, version


def taken_away(aws, name, version):
    """By root, whom alone the buckets' policies let delete."""
    for region, bucket in (("eu-west-1", BUCKET), ("eu-west-2", REPLICA)):
        aws.client("s3", "backups", region, root=True).delete_object(Bucket=bucket, Key=name, VersionId=version)


@contextlib.contextmanager
def gone_from_the_replica(aws, name):
    london = aws.client("s3", "backups", "eu-west-2", root=True)
    marker = london.delete_object(Bucket=REPLICA, Key=name)["VersionId"]
    yield
    london.delete_object(Bucket=REPLICA, Key=name, VersionId=marker)


@pytest.mark.usefixtures("written")
def test_whoever_writes_dumps_can_neither_replace_read_nor_delete_one(as_role):
    writer, name = as_role("writer"), key("preview", hours=5)
    for call, words in (
        (writer.put_object, {"Key": name, "Body": b""}),
        (writer.put_object, {"Key": "new", "Body": b""}),
        (writer.get_object, {"Key": name}),
        (writer.delete_object, {"Key": name}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(Bucket=BUCKET, **words)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        writer.put_object(Bucket=BUCKET, Key=name, Body=b"", IfNoneMatch="*")
    upload = writer.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    part = writer.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    with pytest.raises(ClientError, match="AccessDenied"):
        writer.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload=parts)
    writer.abort_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload)


@pytest.mark.usefixtures("written")
def test_whoever_checks_dumps_can_neither_write_nor_delete_one(as_role):
    checker, name = as_role("dumps"), key("preview", hours=5)
    for call, words in (
        (checker.put_object, {"Key": "new", "Body": b"", "IfNoneMatch": "*"}),
        (checker.delete_object, {"Key": name}),
        (checker.put_bucket_lifecycle_configuration, {"LifecycleConfiguration": {"Rules": []}}),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|MalformedXML"):
            call(Bucket=BUCKET, **words)


def test_both_proofs_are_what_the_page_says_to_type(written, maker, within, tmp_path):
    """But for whose key it is, which role looks, and of which stage: a real account's own."""
    (said,) = typed.lines("docs/backups.md", "bin/estate")
    given = {"dumps_profile": "dumps", "dumps_recipients": [maker.key], "dumps_evidence": str(tmp_path / "evidence"),
             "dumps_scratch": str(within), "dumps_stages": ["preview"]}  # fmt: skip
    own = f"BUILD={tmp_path} ARGS={shlex.quote(f'-e {shlex.quote(json.dumps(given))}')}"
    done = subprocess.run(
        ["bash", "-c", f"{said} {own}"], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env={**written.env, "GNUPGHOME": str(maker.home), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible")}, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    stored = json.loads((tmp_path / "prove-backups-accounts.json").read_text())["dm_plan"]
    proofs = [proof for plan in stored["plans"]["backups-account"].values() for proof in plan["proofs"]]
    assert {proof["verdict"] for proof in proofs} == {"proved"}
    assert {"size of preview's dump", "restore of preview's dump"} <= {proof["subject"] for proof in proofs}


def test_dumps_are_proved_restored_and_only_then_are_old_ones_released(written, play, as_role, tmp_path):
    """As docs/backups.md says to type it, but for whose key it is and which role looks: a real account's own."""
    s3 = as_role("dumps")
    (look,), (restore,) = (typed.playbooks("docs/backups.md", f"{name}_backup.yml") for name in ("check", "restore"))
    checked = play(look.playbook, options=look.options)
    assert restore.env == {"GNUPGHOME": "~/backups-key"}
    assert checked.rc == 0, checked.output[-3000:]
    assert checked.report["pending"] == 0
    assert "production has 0 dumps that were restored, so that none may go" in checked.output

    planned = play("restore_backup.yml", check=True, dumps_stages=["production"])
    assert planned.report["pending"] == 1
    for day in range(3):
        restored = play(restore.playbook, options=restore.options)
        assert restored.rc == 0, restored.output[-3000:]
        [proof, lost] = json.loads((tmp_path / "evidence" / "production.json").read_text())
        assert proof["rows"]["public.users"] == 500
        assert proof["seconds"] > 0
        assert 29 * 60 < lost["age_seconds"] < 3600
        written.forget_calls()
        again = play("restore_backup.yml", dumps_stages=["production"])
        assert (again.rc, written.writes()) == (0, []), again.output[-2000:]
        if day < 2:  # as if it were the next night's
            s3.put_object_tagging(Bucket=BUCKET, Key=key("production", hours=5, days=day + 1),
                                  Tagging={"TagSet": [{"Key": "Verified", "Value": "2026-01-01"}]})  # fmt: skip

    released = play("check_backup.yml", check=True)
    assert released.report["summary"]["backups-account"]["change"] == 2
    assert play("check_backup.yml").rc == 0
    rule = written.client("s3", "backups").get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    [asked] = [one["Filter"]["Tag"] for one in rule if "Expiration" in one]
    tags = {day: s3.get_object_tagging(Bucket=BUCKET, Key=key("production", hours=5, days=day))["TagSet"]
            for day in (0, 3, 200, 201)}  # fmt: skip
    assert [asked in tags[day] for day in (0, 3, 200, 201)] == [False, False, True, True]
    written.settle()
    london = written.client("s3", "backups", "eu-west-2", root=True)
    rule = london.get_bucket_lifecycle_configuration(Bucket=REPLICA)["Rules"]
    [asked] = [one["Filter"]["Tag"] for one in rule if "Expiration" in one]
    policy = london.get_bucket_policy(Bucket=REPLICA)["Policy"]
    london.delete_bucket_policy(Bucket=REPLICA)  # which lets nobody read a tag there
    tags = {day: london.get_object_tagging(Bucket=REPLICA, Key=key("production", hours=5, days=day))["TagSet"]
            for day in (0, 3, 200, 201)}  # fmt: skip
    london.put_bucket_policy(Bucket=REPLICA, Policy=policy)
    assert [asked in tags[day] for day in (0, 3, 200, 201)] == [False, False, True, True], "carried over by S3"
    written.forget_calls()
    checked = play("check_backup.yml")
    assert checked.rc == 0
    assert written.writes() == []
    proofs = checked.report["plans"]["backups-account"]["dumps"]["proofs"]
    kept = {one["subject"] for one in proofs if "good copies" in one["subject"]}
    # another test restored preview's, if it came first
    assert kept - {"the last good copies of preview's dump"} == {"the last good copies of production's dump"}
    with gone_from_the_replica(written, key("production", hours=5, days=1)):
        lost = play("check_backup.yml", check=True)
    assert lost.rc == 2
    assert "restored, and not in the replica" in lost.output


def test_each_way_a_dump_can_be_bad_is_seen(written, play, as_role, maker, plain):
    good = maker.encrypted(packed(plain))
    other = maker.other_key()
    for body, playbook, says in (
        (good[: len(good) // 2], "check_backup.yml", "size of preview's dump"),
        (good[:-3000], "restore_backup.yml", "gpg could not open it"),
        (maker.encrypted(packed(plain), other), "check_backup.yml", "recipient of preview's dump: it is encrypted for"),
        (maker.encrypted(packed(plain), other), "restore_backup.yml", "No secret key"),
        (maker.encrypted(packed(b"")), "restore_backup.yml", "pg_dump's last line"),
    ):
        found = spoilt(written, as_role("writer"), "preview", body)
        seen = play(playbook, check=True, dumps_stages=["preview"])
        taken_away(written, *found)
        assert seen.rc == 2, seen.output[-2000:]
        assert says in seen.output, (says, seen.output[-2000:])
    old = play("check_backup.yml", check=True, dumps_max_age_hours=4)
    assert "age of production's dump" in old.output
    newest = key("preview", hours=5)
    with gone_from_the_replica(written, newest):
        missing = play("check_backup.yml", check=True)
    assert missing.rc == 2
    assert f"replica of preview's dump: {newest} is not in the replica" in missing.output
