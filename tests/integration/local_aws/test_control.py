"""The embedded AWS as tests and make targets use it: accounts, record, failures, start and stop."""

from __future__ import annotations

import http.client
import io
import json
import os
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from local_aws import accounts, application, bootstrap
from tests.integration.local_aws.conftest import allow, document, refusal

ROOT = Path(__file__).parents[3]


def test_every_account_answers_with_its_own_id(estate_aws):
    for account, account_id in (
        ("main", "1" * 12),
        ("development", "2" * 12),
        ("production", "3" * 12),
        ("backups", "4" * 12),
    ):
        caller = estate_aws.client("sts", account).get_caller_identity()

        assert caller["Account"] == account_id
        assert caller["Arn"] == f"arn:aws:sts::{account_id}:assumed-role/OrganizationAccountAccessRole/local"


def test_profiles_get_into_their_account_as_on_the_real_one(estate_aws):
    script = (
        "import boto3, sys; print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Arn'])"
    )
    arns = [
        subprocess.run(
            [sys.executable, "-c", script, profile], env=estate_aws.env, capture_output=True, text=True, check=True
        ).stdout.strip()
        for profile in ("digitalmarketplace", "digitalmarketplace-backups")
    ]

    assert arns[0] == "arn:aws:iam::111111111111:user/bootstrap/bootstrap"
    assert arns[1].startswith("arn:aws:sts::444444444444:assumed-role/OrganizationAccountAccessRole/")


def test_calls_are_recorded_with_operation_account_and_whether_they_write(estate_aws):
    s3 = estate_aws.client("s3", "production")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.get_bucket_versioning(Bucket="a-bucket")
    estate_aws.client("iam").list_users()
    estate_aws.client("events").list_rules()

    seen = [(call["service"], call["operation"], call["account"], call["write"]) for call in estate_aws.calls()]

    assert seen == [
        ("s3", "CreateBucket", "333333333333", True),
        ("s3", "GetBucketVersioning", "333333333333", False),
        ("iam", "ListUsers", "111111111111", False),
        ("events", "ListRules", "111111111111", False),
    ]
    assert [call["operation"] for call in estate_aws.writes()] == ["CreateBucket"]
    estate_aws.forget_calls()
    assert estate_aws.calls() == []


def test_a_reset_leaves_nothing_and_keys_stay_good(estate_aws):
    s3 = estate_aws.client("s3", "production")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    estate_aws.reset()

    assert s3.list_buckets()["Buckets"] == []
    assert [role["RoleName"] for role in estate_aws.client("iam", "production").list_roles()["Roles"]] == [
        "OrganizationAccountAccessRole"
    ]


def test_the_nth_call_fails_with_the_wanted_error_in_every_protocol(estate_aws):
    s3, iam, events = (estate_aws.client(service) for service in ("s3", "iam", "events"))
    estate_aws.fail("ListBuckets", nth=2, code="SlowDown")
    estate_aws.fail("ListUsers", code="AccessDenied")
    estate_aws.fail("ListRules", code="InternalError")

    s3.list_buckets()
    for call, code, status in (
        (s3.list_buckets, "SlowDown", 503),
        (iam.list_users, "AccessDenied", 403),
        (events.list_rules, "InternalError", 500),
    ):
        with pytest.raises(ClientError) as failed:
            call()
        assert failed.value.response["Error"]["Code"] == code
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        call()


def test_a_connection_can_be_cut_before_and_after_the_call_took_effect(estate_aws):
    iam = estate_aws.client("iam")
    estate_aws.fail("CreateUser", kind="drop", matching="UserName=before")
    estate_aws.fail("CreateUser", kind="drop_after", matching="UserName=after")

    for name in ("before", "after"):
        with pytest.raises(ConnectionClosedError):
            iam.create_user(UserName=name)

    assert {user["UserName"] for user in iam.list_users()["Users"]} == {"after", "bootstrap"}


def test_an_answer_can_break_off_in_its_middle_after_the_call_took_effect(estate_aws):
    iam = estate_aws.client("iam")
    estate_aws.fail("CreateUser", kind="half")

    with pytest.raises(ResponseParserError):
        iam.create_user(UserName="ada")

    assert {user["UserName"] for user in iam.list_users()["Users"]} == {"ada", "bootstrap"}


def test_from_the_nth_write_on_nothing_gets_through_until_healed(estate_aws):
    iam = estate_aws.client("iam")
    estate_aws.fail(kind="die", nth=2, writes_only=True)
    iam.create_group(GroupName="one")
    for name in ("two", "three"):
        with pytest.raises(ConnectionClosedError):
            iam.create_group(GroupName=name)
    estate_aws.heal()

    assert [group["GroupName"] for group in iam.list_groups()["Groups"]] == ["one"]


def test_what_moto_does_not_have_says_so_and_is_not_retried(estate_aws):
    for service, call in (("accessanalyzer", "list_analyzers"), ("cloudtrail", "list_channels")):
        client = estate_aws.client_of(service, estate_aws.keys["user"], retries={"total_max_attempts": 3})
        with pytest.raises(ClientError, match=r"NotImplemented|501"):
            getattr(client, call)()
    assert [call["status"] for call in estate_aws.calls()] == [501, 501]


def lifecycle(estate_aws, days):
    rules = [{"ID": "a", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": days}}]
    s3 = estate_aws.client("s3", "production")
    return s3.put_bucket_lifecycle_configuration(Bucket="a-bucket", LifecycleConfiguration={"Rules": rules})


def days_read(estate_aws, times):
    s3 = estate_aws.client("s3", "production")
    reads = [s3.get_bucket_lifecycle_configuration(Bucket="a-bucket")["Rules"] for _ in range(times)]
    return [rules[0]["Expiration"]["Days"] for rules in reads]


def test_a_configuration_is_read_stale_so_often_so_long_or_in_turn(estate_aws, bucket):
    bucket()
    lifecycle(estate_aws, 1)
    estate_aws.fail("PutBucketLifecycleConfiguration", kind="stale", reads=2, matching="a-bucket")
    lifecycle(estate_aws, 2)
    assert days_read(estate_aws, 4) == [1, 1, 2, 2]
    estate_aws.fail("PutBucketLifecycleConfiguration", kind="stale", reads=4, in_turn=True)
    lifecycle(estate_aws, 3)
    assert days_read(estate_aws, 6) == [2, 3, 2, 3, 3, 3]
    estate_aws.fail("PutBucketLifecycleConfiguration", kind="stale", seconds=1)
    lifecycle(estate_aws, 4)
    assert days_read(estate_aws, 2) == [3, 3]
    time.sleep(1)
    assert days_read(estate_aws, 1) == [4]


def test_every_kind_of_configuration_can_be_stale_also_one_that_was_not_there(estate_aws, bucket):
    bucket(versioned=True)
    s3 = estate_aws.client("s3", "production")
    for operation in ("PutBucketPolicy", "PutBucketVersioning", "DeleteBucketPolicy"):
        estate_aws.fail(operation, kind="stale")
    policy = document(allow("s3:GetObject", "arn:aws:s3:::a-bucket/*", Principal={"AWS": "111111111111"}))
    s3.put_bucket_policy(Bucket="a-bucket", Policy=policy)
    s3.put_bucket_versioning(Bucket="a-bucket", VersioningConfiguration={"Status": "Suspended"})

    assert refusal(s3.get_bucket_policy, Bucket="a-bucket") == "NoSuchBucketPolicy"
    assert s3.get_bucket_policy(Bucket="a-bucket")["Policy"]
    assert [s3.get_bucket_versioning(Bucket="a-bucket")["Status"] for _ in range(2)] == ["Enabled", "Suspended"]
    s3.delete_bucket_policy(Bucket="a-bucket")
    assert s3.get_bucket_policy(Bucket="a-bucket")["Policy"]
    assert refusal(s3.get_bucket_policy, Bucket="a-bucket") == "NoSuchBucketPolicy"


def test_latency_is_added_to_every_call(estate_aws):
    iam = estate_aws.client("iam")
    iam.list_groups()
    estate_aws.latency(200)
    before = time.monotonic()
    iam.list_groups()

    assert time.monotonic() - before >= 0.2


def test_an_unknown_kind_of_failure_is_refused(estate_aws):
    with pytest.raises(ValueError, match="allowed are answer, drop, drop_after, half, die, stale"):
        estate_aws.fail("ListUsers", kind="explode")


def command(state: Path, word: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LOCAL_AWS_STATE": str(state)}
    return subprocess.run(
        [sys.executable, "-m", "local_aws", word], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def alive(pid: int) -> bool:
    """Not counting one that has ended and that init has yet to collect."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_start_is_idempotent_and_stop_leaves_nothing_running(tmp_path):
    first, second = command(tmp_path, "start"), command(tmp_path, "start")
    try:
        assert first.returncode == second.returncode == 0, first.stderr + second.stderr
        assert "already running" in second.stdout
        assert command(tmp_path, "status").returncode == 0
        assert oct((tmp_path / "aws_credentials").stat().st_mode)[-3:] == "600"
        assert oct((tmp_path / "server.pem").stat().st_mode)[-3:] == "600"
        pid = int((tmp_path / "server.lock").read_text())
    finally:
        stopped = command(tmp_path, "stop")

    assert "stopped" in stopped.stdout
    assert not alive(pid)
    assert command(tmp_path, "status").returncode == 3
    assert not (tmp_path / "aws_credentials").exists()


def test_stop_never_ends_a_process_that_only_has_the_old_pid(tmp_path):
    (tmp_path / "server.lock").write_text(str(os.getpid()))

    assert "not running" in command(tmp_path, "stop").stdout


def test_a_stopped_server_refuses_connections(tmp_path):
    from local_aws.control import Control

    with Control(tmp_path) as control:
        client = control.client("sts")
        client.get_caller_identity()

    with pytest.raises(EndpointConnectionError):
        boto3.client(
            "sts",
            endpoint_url=control.url,
            verify=control.ca,
            region_name="eu-west-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        ).get_caller_identity()


def test_many_callers_at_once_all_get_their_answer(estate_aws):
    iam, s3 = estate_aws.client("iam"), estate_aws.client("s3", "production")
    trust = document(allow("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))

    def work(number):
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=trust)
        iam.put_role_policy(
            RoleName=f"role-{number}", PolicyName="own", PolicyDocument=document(allow("s3:ListBucket", "*"))
        )
        iam.list_roles()
        s3.create_bucket(Bucket=f"b-{number:03}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=f"b-{number:03}", Key="a", Body=b"x" * 1000)
        s3.list_buckets()
        return s3.get_object(Bucket=f"b-{number:03}", Key="a")["Body"].read()

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(48))) == {b"x" * 1000}
    assert [call["status"] for call in estate_aws.calls() if call["status"] >= 500] == []
    assert len(s3.list_buckets()["Buckets"]) == 48


def test_what_is_not_there_is_never_taken_for_another_operation(estate_aws):
    s3 = estate_aws.client("s3", "production")
    abac = {"Bucket": "new-bucket", "AbacStatus": {"Status": "Enabled"}}
    assert refusal(s3.put_bucket_abac, **abac) == "NotImplemented"
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="new-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="new-bucket", Key="one", Body=b"")
    for call, words in (
        (s3.put_bucket_abac, abac),
        (s3.get_bucket_metadata_configuration, {"Bucket": "new-bucket"}),
        (s3.get_object_torrent, {"Bucket": "new-bucket", "Key": "one"}),
        (s3.get_object_retention, {"Bucket": "new-bucket", "Key": "one"}),
        (s3.rename_object, {"Bucket": "new-bucket", "Key": "one", "RenameSource": "new-bucket/two"}),
    ):
        assert refusal(call, **words) == "NotImplemented", call


@pytest.mark.parametrize(("service", "code"), [("iam", "InvalidAction"), ("ec2", "InvalidAction")])
def test_an_action_that_a_service_does_not_have_is_invalid(estate_aws, service, code):
    client = estate_aws.client(service, "production")
    operation = {"iam": "ListUsers", "ec2": "DescribeVpcs"}[service]
    client.meta.events.register(
        f"before-call.{service}.{operation}", lambda params, **_: params["body"].update(Action="Frobnicate")
    )
    with pytest.raises(ClientError) as refused:
        client._make_api_call(operation, {})
    assert refused.value.response["Error"]["Code"] == code


def test_ways_around_are_closed(estate_aws):
    """auditors S3: a reset by anybody, another account by a header."""
    iam = estate_aws.client("iam", "production")
    iam.meta.events.register(
        "before-call.iam.CreateUser",
        lambda params, **_: params["headers"].update({"x-moto-account-id": "111111111111"}),
    )
    assert ":333333333333:" in iam.create_user(UserName="ada")["User"]["Arn"]
    for path in ("/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/", "/__local_aws/reset"):
        assert post(estate_aws, path, {}) in (403, 404, 405), path
    assert post(estate_aws, "/__local_aws/ready", {"x-local-aws-token": "another"}) == 403
    assert iam.get_user(UserName="ada")
    token = json.loads((estate_aws.state / "endpoint.json").read_text())["token"]
    assert post(estate_aws, "/__local_aws/ready", {"x-local-aws-token": token}) == 200


def post(estate_aws, path, headers):
    context = ssl.create_default_context(cafile=estate_aws.ca)
    connection = http.client.HTTPSConnection("127.0.0.1", estate_aws.port, context=context)
    connection.request("POST", path, "{}", headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_requests_leave_nothing_behind_for_ever(estate_aws):
    s3 = estate_aws.client("s3", "production")
    for name in ("logged", "logs-of-it"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    policy = {
        "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs-of-it/*",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="logs-of-it", Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]}))
    logging = {"LoggingEnabled": {"TargetBucket": "logs-of-it", "TargetPrefix": "logged/"}}
    s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus=logging)

    s3.head_bucket(Bucket="logged")
    assert s3.list_objects_v2(Bucket="logs-of-it")["KeyCount"] == 0
    estate_aws.access_logs()
    s3.head_bucket(Bucket="logged")
    assert s3.list_objects_v2(Bucket="logs-of-it")["KeyCount"] == 1


def test_only_so_many_calls_are_remembered(monkeypatch):
    monkeypatch.setattr(application, "MOST_CALLS", 3)
    monkeypatch.setattr(bootstrap, "found", lambda _: None)
    server = application.Application(accounts.Keys(), "token")
    for _ in range(5):
        server._record({"PATH_INFO": "/", "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()})
    assert [call["n"] for call in server.admin_calls()] == [2, 3, 4]
    assert [call["n"] for call in server.admin_calls(since=4)] == [4]
