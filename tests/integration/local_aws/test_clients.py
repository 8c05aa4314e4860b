"""Clients that nobody here wrote: two awsclis, rclone and s3cmd put, copy, list, compare and delete."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path
from ssl import create_default_context

import boto3
import pytest

ROOT = Path(__file__).parents[3]
NAME, BIG = "a-bucket", bytes(range(256)) * 40_000  # 10 MB: more than one part of each client's


@pytest.fixture
def files(tmp_path):
    """A folder with what makes trouble: a big file, spaces, plus, other letters, an empty one."""
    folder = tmp_path / "files"
    (folder / "in it").mkdir(parents=True)
    (folder / "big.bin").write_bytes(BIG)
    (folder / "in it" / "a b+c%20ä.txt").write_text("small")
    (folder / "empty").touch()
    return folder


@pytest.fixture
def s3(estate_aws, bucket):
    bucket(versioned=True)
    return estate_aws.client("s3", "production")


@pytest.fixture
def run(tmp_path):
    """run(program, words…) in an environment that cannot get out; its output."""

    def call(*words, ok=True, **environment):
        nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", **nowhere, **environment}
        done = subprocess.run(
            [str(word) for word in words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout + ("" if ok else done.stderr)

    return call


def keys(s3, prefix=""):
    return sorted(item["Key"] for item in s3.list_objects_v2(Bucket=NAME, Prefix=prefix).get("Contents", []))


PROFILE = ("--profile", "digitalmarketplace-production")
WANTED = ["big.bin", "empty", "in it/a b+c%20ä.txt"]


def fetched(estate_aws, url):
    with urllib.request.urlopen(url, context=create_default_context(cafile=estate_aws.ca)) as answer:  # noqa: S310 (https)
        return answer.read()


@pytest.fixture
def debians(estate_aws, run):
    """Debian's awscli, which knows no endpoint in profiles."""
    state = {"LOCAL_AWS_STATE": str(estate_aws.state)}

    def aws(*words, ok=True):
        return run(os.sys.executable, ROOT / "bin" / "aws", *words, *PROFILE, ok=ok, **state)

    return aws


@pytest.fixture
def newest(estate_aws, run, tmp_path):
    """The locked awscli by the profiles, one of which says how to sign links: S3 takes none of awscli 1's own kind."""
    config = tmp_path / "aws_config"
    text = Path(estate_aws.env["AWS_CONFIG_FILE"]).read_text()
    header = f"[profile {PROFILE[1]}]\n"
    config.write_text(text.replace(header, f"{header}s3 =\n  signature_version = s3v4\n"))
    credentials = estate_aws.env["AWS_SHARED_CREDENTIALS_FILE"]
    profiles = {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials}

    def aws(*words, ok=True):
        return run(os.sys.executable, Path(os.sys.executable).parent / "aws", *words, *PROFILE, ok=ok, **profiles)

    return aws


@pytest.mark.parametrize("whose", ["debians", "newest"])
def test_awscli(request, estate_aws, s3, files, whose):
    aws = request.getfixturevalue(whose)
    assert json.loads(aws("sts", "get-caller-identity"))["Account"] == "333333333333"
    aws("s3", "sync", files, f"s3://{NAME}/aws", "--quiet")
    assert keys(s3) == [f"aws/{key}" for key in WANTED]
    assert aws("s3", "sync", files, f"s3://{NAME}/aws") == ""
    assert s3.head_object(Bucket=NAME, Key="aws/big.bin")["ETag"].strip('"').endswith("-2")
    aws("s3", "cp", f"s3://{NAME}/aws/big.bin", f"s3://{NAME}/copy.bin", "--quiet")
    aws("s3", "mv", f"s3://{NAME}/copy.bin", f"s3://{NAME}/moved.bin", "--quiet")
    assert s3.get_object(Bucket=NAME, Key="moved.bin")["Body"].read() == BIG
    versions = json.loads(aws("s3api", "list-object-versions", "--bucket", NAME, "--prefix", "copy.bin"))
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (1, 1)
    url = aws("s3", "presign", f"s3://{NAME}/moved.bin", "--expires-in", "60").strip()
    assert fetched(estate_aws, url) == BIG
    aws("s3", "rm", f"s3://{NAME}/aws", "--recursive", "--quiet")
    assert keys(s3) == ["moved.bin"]
    for words in (
        ("iam", "list-roles"),
        ("ec2", "describe-vpcs"),
        ("logs", "describe-log-groups"),
        ("route53", "list-hosted-zones"),
    ):
        aws(*words)


def test_bin_aws_goes_nowhere_else(debians):
    assert "is the embedded AWS's" in debians("s3", "ls", "--endpoint-url", "https://s3.example", ok=False)


def test_rclone(estate_aws, s3, files, run, tmp_path):
    access_key, secret, token = estate_aws.keys["session"]["333333333333"]
    lines = {"type": "s3", "provider": "Other", "access_key_id": access_key, "secret_access_key": secret,
             "session_token": token, "region": "eu-west-1", "endpoint": estate_aws.url,
             "acl": "bucket-owner-full-control", "no_check_bucket": "true"}  # fmt: skip
    config = tmp_path / "rclone.conf"
    config.write_text("[emu]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))

    def rclone(*words, ok=True):
        return run("rclone", *words, "--ca-cert", estate_aws.ca, "--config", config, "--s3-upload-cutoff", "5M", ok=ok)

    rclone("copy", files, f"emu:{NAME}/rclone")
    assert keys(s3) == [f"rclone/{key}" for key in WANTED]
    assert s3.head_object(Bucket=NAME, Key="rclone/big.bin")["ETag"].strip('"').endswith("-2")
    rclone("check", "--download", files, f"emu:{NAME}/rclone")
    before = estate_aws.writes()[-1]["n"]
    rclone("sync", files, f"emu:{NAME}/rclone")
    assert estate_aws.writes(before + 1) == []
    rclone("copyto", f"emu:{NAME}/rclone/big.bin", f"emu:{NAME}/copy.bin")
    assert fetched(estate_aws, rclone("link", "--expire", "1m", f"emu:{NAME}/copy.bin").strip()) == BIG
    (files / "empty").write_text("not any more")
    assert "1 differences found" in rclone("check", files, f"emu:{NAME}/rclone", ok=False)
    rclone("sync", files, f"emu:{NAME}/rclone")
    assert len(s3.list_object_versions(Bucket=NAME, Prefix="rclone/empty")["Versions"]) == 2
    rclone("purge", f"emu:{NAME}/rclone")
    assert keys(s3) == ["copy.bin"]


def test_s3cmd(estate_aws, s3, files, run, tmp_path):
    access_key, secret, token = estate_aws.keys["session"]["333333333333"]
    host = estate_aws.url.removeprefix("https://")
    lines = {"access_key": access_key, "secret_key": secret, "access_token": token, "host_base": host,
             "host_bucket": host, "bucket_location": "eu-west-1", "ca_certs_file": estate_aws.ca,
             "use_https": "True"}  # fmt: skip
    config = tmp_path / "s3cfg"
    config.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))

    def s3cmd(*words):
        return run("s3cmd", "--no-progress", "--multipart-chunk-size-mb=5", "-c", config, *words)

    s3cmd("sync", f"{files}/", f"s3://{NAME}/s3cmd/")
    assert keys(s3) == [f"s3cmd/{key}" for key in WANTED]
    assert "upload" not in s3cmd("sync", f"{files}/", f"s3://{NAME}/s3cmd/")
    assert "10240000" in s3cmd("info", f"s3://{NAME}/s3cmd/big.bin")
    s3cmd("cp", f"s3://{NAME}/s3cmd/big.bin", f"s3://{NAME}/copy.bin")
    s3cmd("get", f"s3://{NAME}/copy.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == BIG
    s3cmd("del", "--recursive", "--force", f"s3://{NAME}/s3cmd/")
    assert keys(s3) == ["copy.bin"]
    policy = tmp_path / "policy.json"
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:GetObject",
                 "Resource": f"arn:aws:s3:::{NAME}/*"}  # fmt: skip
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3cmd("setpolicy", policy, f"s3://{NAME}")
    assert "arn:aws:iam::111111111111:root" in s3cmd("info", f"s3://{NAME}")


def test_the_accounts_own_block_is_reached_by_the_sdk(estate_aws):
    control = estate_aws.client("s3control", "production")
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    words = {"AccountId": "333333333333"}
    control.put_public_access_block(**words, PublicAccessBlockConfiguration=closed)
    assert control.get_public_access_block(**words)["PublicAccessBlockConfiguration"] == closed


def test_the_profiles_reach_s3control_by_boto3_and_awscli(estate_aws, run, monkeypatch):
    for name, value in estate_aws.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE")
    session = boto3.Session(profile_name="digitalmarketplace-production")
    assert session.client("s3control").list_jobs(AccountId="333333333333")["Jobs"] == []
    state = {"LOCAL_AWS_STATE": str(estate_aws.state)}
    aws = (os.sys.executable, ROOT / "bin" / "aws", "--profile", "digitalmarketplace-production")
    assert json.loads(run(*aws, "s3control", "list-jobs", "--account-id", "333333333333", **state)) == {"Jobs": []}
