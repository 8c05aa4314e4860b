"""dm_buckets against the embedded AWS, read back with plain boto3."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dm_buckets
import pytest
from ansible.module_utils.testing import patch_module_args

ROOT = Path(__file__).parents[2]
ACCOUNT = "222222222222"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/replication"
PROFILE = "digitalmarketplace-development"


def tls(name: str, *more: dict[str, Any]) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{name}"
    deny = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [deny, *more]}


def base(name: str, region: str = "eu-west-1", **settings: Any) -> dict[str, Any]:
    return {
        "name": name,
        "region": region,
        "versioning": True,
        "encryption": {"algorithm": "AES256"},
        "public_access_block": True,
        "ownership": "BucketOwnerEnforced",
        "policy": tls(name),
        "tags": {"Stage": "preview"},
    } | settings


def declaration() -> dict[str, Any]:
    """A source that has everything, its replica, their logs; and the role."""
    deliver = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::shop-logs/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    read = {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"AWS": ROLE_ARN},
        "Action": ["s3:GetObjectVersion", "s3:GetObject"],
        "Resource": "arn:aws:s3:::shop-documents/*",
    }
    rule = {"id": "documents", "bucket": "shop-replica", "region": "eu-west-2", "delete_markers": True}
    source = base(
        "shop-documents",
        policy=tls("shop-documents", read),
        logging={"bucket": "shop-logs", "prefix": "shop-documents/"},
        lifecycle=[{"id": "retention", "noncurrent_days": 30, "abort_upload_days": 7}],
        cors=[{"id": "shop", "origins": ["https://shop.example"], "methods": ["GET", "PUT"], "max_age": 60}],
        replication={"role": ROLE_ARN, "rules": [rule]},
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "s3:ReplicateObject", "Resource": "arn:aws:s3:::shop-replica/*"}
    return {
        "account": "preview",
        "unmanaged_pattern": "shop-*",
        "buckets": [source, base("shop-replica", "eu-west-2"), base("shop-logs", policy=tls("shop-logs", deliver))],
        "replication_role": {
            "name": "replication",
            "trust": {"Version": "2012-10-17", "Statement": [trust]},
            "policy_name": "replication-preview",
            "policy": {"Version": "2012-10-17", "Statement": [allow]},
        },
    }


@pytest.fixture
def converge(estate_aws, monkeypatch, capsys) -> Callable[..., dict[str, Any]]:
    """Runs the module as Ansible's own process would, but in this one, and returns what it answers."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in estate_aws.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def run(declared: dict[str, Any], check: bool = False, profile: str = PROFILE) -> dict[str, Any]:
        monkeypatch.setenv("AWS_PROFILE", profile)
        with patch_module_args({**declared, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            dm_buckets.main()
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return run


@pytest.fixture
def s3(estate_aws):
    return estate_aws.client("s3", "development")


def names(estate_aws) -> set[str]:
    return {bucket["Name"] for bucket in estate_aws.client("s3", "development").list_buckets()["Buckets"]}


def done(result: dict[str, Any]) -> set[str]:
    return {entry["status"] for entry in result["outcomes"]}


def test_what_is_declared_is_what_boto3_finds(estate_aws, converge, s3):
    result = converge(declaration())

    assert result.get("msg") is None
    assert result["changed"] is True
    assert done(result) == {"done"}
    assert result["plan"]["counts"] == {"add": 5, "change": 0, "remove": 0}
    assert names(estate_aws) == {"shop-documents", "shop-replica", "shop-logs"}
    name = {"Bucket": "shop-documents"}
    assert s3.get_bucket_location(**name)["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_versioning(**name)["Status"] == "Enabled"
    rules = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"].values()) == {True}
    controls = s3.get_bucket_ownership_controls(**name)["OwnershipControls"]["Rules"]
    assert controls == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    policy = json.loads(s3.get_bucket_policy(**name)["Policy"])
    assert {statement["Sid"] for statement in policy["Statement"]} == {"TlsOnly", "Read"}
    logs = s3.get_bucket_logging(**name)["LoggingEnabled"]
    assert (logs["TargetBucket"], logs["TargetPrefix"]) == ("shop-logs", "shop-documents/")
    [rule] = s3.get_bucket_lifecycle_configuration(**name)["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert s3.get_bucket_tagging(**name)["TagSet"] == [{"Key": "Stage", "Value": "preview"}]
    [cors] = s3.get_bucket_cors(**name)["CORSRules"]
    assert (cors["AllowedOrigins"], cors["MaxAgeSeconds"]) == (["https://shop.example"], 60)
    config = s3.get_bucket_replication(**name)["ReplicationConfiguration"]
    assert config["Role"] == ROLE_ARN
    assert config["Rules"][0]["Destination"]["Bucket"] == "arn:aws:s3:::shop-replica"
    assert config["Rules"][0]["DeleteMarkerReplication"] == {"Status": "Enabled"}
    iam = estate_aws.client("iam", "development")
    document = iam.get_role_policy(RoleName="replication", PolicyName="replication-preview")["PolicyDocument"]
    assert document == declaration()["replication_role"]["policy"]


def test_a_second_run_changes_nothing_and_reads_each_setting_once(estate_aws, converge):
    converge(declaration())
    estate_aws.forget_calls()

    result = converge(declaration())

    assert result["changed"] is False
    assert (result["diff"], result["outcomes"], result["plan"]["actions"]) == ([], [], [])
    assert estate_aws.writes() == []
    asked = Counter(call["operation"] for call in estate_aws.calls() if call["service"] != "sts")
    everywhere = ("Versioning", "Encryption", "OwnershipControls", "Policy", "Tagging")
    once = ("Logging", "LifecycleConfiguration", "Cors", "Replication")
    assert asked == {
        "ListBuckets": 1,
        "GetPublicAccessBlock": 3,
        **{f"GetBucket{setting}": 3 for setting in everywhere},
        **{f"GetBucket{setting}": 1 for setting in once},
        "GetRole": 1,
        "GetRolePolicy": 1,
    }


def test_the_account_is_entered_once(estate_aws, converge):
    estate_aws.forget_calls()
    converge(declaration(), check=True)
    assert Counter(call["operation"] for call in estate_aws.calls())["AssumeRole"] == 1


def test_check_mode_writes_nothing_and_tells_exactly_what_an_apply_does(estate_aws, converge):
    for declared in (declaration(), changed(declaration())):
        estate_aws.forget_calls()
        foretold = converge(declared, check=True)
        assert estate_aws.writes() == []
        assert foretold["changed"] is True

        result = converge({**declared, "reviewed": {"buckets": foretold["plan"]["digest"]}})

        assert result["plan"] == foretold["plan"]
        assert result["diff"] == foretold["diff"]
        told = [(action["method"], action["resource"]) for action in foretold["plan"]["actions"]]
        assert [(entry["method"], entry["resource"]) for entry in result["outcomes"]] == told
        written = Counter(call["operation"].lower() for call in estate_aws.writes())
        assert written == Counter(method.split(".")[1].replace("_", "") for method, _ in told)


def changed(declared: dict[str, Any]) -> dict[str, Any]:
    """The same with something else for every setting."""
    source = declared["buckets"][0]
    source |= {
        "encryption": {"algorithm": "aws:kms", "key": "arn:aws:kms:eu-west-1:222222222222:key/a", "bucket_key": True},
        "ownership": "BucketOwnerPreferred",
        "policy": tls("shop-documents"),
        "logging": {},
        "lifecycle": [],
        "tags": {},
        "cors": [],
        "replication": {"rules": []},
    }
    return declared


def test_what_is_declared_away_goes(converge, s3):
    converge(declaration())
    result = converge(changed(declaration()))

    assert done(result) == {"done"}
    assert {action["verb"] for action in result["plan"]["actions"]} == {"change", "remove"}
    [diff] = result["diff"]
    assert "Read" in diff["before"]["policy"]
    assert "Read" not in diff["after"]["policy"]
    for read in ("lifecycle_configuration", "cors", "tagging", "replication"):
        with pytest.raises(s3.exceptions.ClientError):
            getattr(s3, f"get_bucket_{read}")(Bucket="shop-documents")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="shop-documents")
    assert converge(changed(declaration()))["changed"] is False


DRIFT: dict[str, Callable[[Any], Any]] = {
    "encryption": lambda s3: s3.put_bucket_encryption(
        Bucket="shop-documents",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    ),
    "public_access_block": lambda s3: s3.delete_public_access_block(Bucket="shop-documents"),
    "ownership": lambda s3: s3.put_bucket_ownership_controls(
        Bucket="shop-documents", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "policy": lambda s3: s3.delete_bucket_policy(Bucket="shop-documents"),
    "logging": lambda s3: s3.put_bucket_logging(Bucket="shop-documents", BucketLoggingStatus={}),
    "lifecycle": lambda s3: s3.delete_bucket_lifecycle(Bucket="shop-documents"),
    "tags": lambda s3: s3.put_bucket_tagging(Bucket="shop-documents", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    "cors": lambda s3: s3.delete_bucket_cors(Bucket="shop-documents"),
    "replication": lambda s3: s3.delete_bucket_replication(Bucket="shop-documents"),
}


def test_drift_is_shown_and_repaired_with_nothing_else_written(estate_aws, converge, s3):
    converge(declaration())
    for drift in DRIFT.values():
        drift(s3)
    estate_aws.forget_calls()

    result = converge(declaration())

    assert len(estate_aws.writes()) == len(DRIFT)
    [diff] = result["diff"]
    assert {key for key in diff["after"] if diff["before"][key] != diff["after"][key]} == set(DRIFT)
    assert converge(declaration())["changed"] is False


def test_a_bucket_that_fails_does_not_stop_the_others(estate_aws, converge, s3):
    estate_aws.fail("PutBucketPolicy", matching="shop-replica", times=99, code="AccessDenied")
    result = converge(declaration())

    assert result["failed"] is True
    assert result["msg"].startswith(
        "buckets of preview: not all of it is as declared: bucket shop-replica: s3.put_bucket_policy: AWS refused: "
    )
    assert "Traceback" not in json.dumps(result)
    assert {entry["resource"] for entry in result["outcomes"] if entry["status"] == "failed"} == {"bucket shop-replica"}
    assert s3.get_bucket_logging(Bucket="shop-documents")["LoggingEnabled"]["TargetBucket"] == "shop-logs"
    # Replication needs the replica's versioning, and not its policy; its tags need neither.
    assert {
        entry["status"] for entry in result["outcomes"] if entry["resource"] == "replication of shop-documents"
    } == {"done"}
    london = estate_aws.client("s3", "development", "eu-west-2")
    assert london.get_bucket_tagging(Bucket="shop-replica")["TagSet"]

    estate_aws.heal()
    assert done(converge(declaration())) == {"done"}
    assert converge(declaration())["changed"] is False


def test_a_bucket_that_cannot_be_read_is_left_out_in_check_mode_too(estate_aws, converge):
    converge(declaration())
    declared = declaration()
    for bucket in declared["buckets"]:
        bucket["tags"] = {"Stage": "other"}
    estate_aws.fail("GetBucketTagging", matching="shop-logs", times=99, code="AccessDenied")

    result = converge(declared, check=True)

    assert result["failed"] is True
    assert {action["resource"] for action in result["plan"]["actions"]} == {
        "bucket shop-documents",
        "bucket shop-replica",
    }
    assert "bucket shop-logs: cannot read its tags: not allowed" in result["msg"]


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "ServiceUnavailable"])
def test_throttling_and_aws_own_errors_are_retried(estate_aws, converge, code):
    for operation in ("ListBuckets", "CreateBucket", "PutBucketPolicy", "PutBucketReplication", "HeadBucket"):
        estate_aws.fail(operation, times=2, code=code, status=503 if code != "InternalError" else 500)
    assert done(converge(declaration())) == {"done"}


@pytest.mark.parametrize("operation", ["CreateBucket", "CreateRole", "PutBucketVersioning"])
def test_an_answer_that_is_lost_on_the_way_is_no_failure(estate_aws, converge, operation):
    estate_aws.fail(operation, kind="drop_after")
    assert done(converge(declaration())) == {"done"}
    assert converge(declaration())["changed"] is False


def test_what_aws_needs_a_moment_for_is_waited_for(estate_aws, converge):
    estate_aws.fail("PutBucketReplication", times=1, code="InvalidRequest", message="The role cannot be assumed")
    estate_aws.fail("PutBucketPolicy", matching="shop-documents", code="MalformedPolicy", message="Invalid principal")
    estate_aws.fail("CreateBucket", matching="shop-logs", code="OperationAborted", status=409)
    assert done(converge(declaration())) == {"done"}


@pytest.mark.slow
def test_killed_at_any_moment_the_next_run_finishes(estate_aws, converge):
    script = "import sys, runpy, ansible.module_utils as m; m.__path__.append('module_utils')"
    script += "; runpy.run_path('library/dm_buckets.py', run_name='__main__')"
    args = json.dumps({"ANSIBLE_MODULE_ARGS": declaration()})
    estate_aws.latency(30)
    for writes in (1, 6, 15):
        estate_aws.forget_calls()
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, env={**estate_aws.env, "AWS_PROFILE": PROFILE},
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        process.stdin.write(args)
        process.stdin.close()
        while process.poll() is None and len(estate_aws.writes()) < writes:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    estate_aws.latency(0)

    assert done(converge(declaration())) <= {"done"}
    assert converge(declaration())["changed"] is False


def test_what_nobody_declares_is_reported_and_left_alone(estate_aws, converge, s3):
    for name in ("shop-forgotten", "shop-known", "unrelated"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    estate_aws.forget_calls()

    result = converge({**declaration(), "known": ["shop-known"]})

    assert [found["resource"] for found in result["plan"]["unmanaged"]] == ["bucket shop-forgotten"]
    assert "versioning: true" not in result["plan"]["unmanaged"][0]["adopt"]
    about = [call["operation"] for call in estate_aws.calls() if "shop-forgotten" in call["path"]]
    assert all(operation.startswith(("Get", "List")) for operation in about), (
        "looked at, to say what it is, and left alone"
    )


def test_any_other_plan_than_the_reviewed_one_is_refused(estate_aws, converge, s3):
    digest = converge(declaration(), check=True)["plan"]["digest"]
    s3.create_bucket(Bucket="shop-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    estate_aws.forget_calls()

    result = converge({**declaration(), "reviewed": {"buckets": digest}})

    assert "nothing was changed: the world has moved since the plan was reviewed" in result["msg"]
    assert estate_aws.writes() == []


def test_a_name_that_another_account_has_is_said_before_anything_is_tried(estate_aws, converge):
    other = estate_aws.client("s3", "production", "eu-west-2")
    other.create_bucket(Bucket="shop-replica", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})

    result = converge(declaration(), check=True)

    assert "bucket shop-replica: the name belongs to another AWS account" in result["msg"]
    assert {"method": "plan", "resource": "replication of shop-documents", "status": "failed",
            "why": "bucket shop-replica failed"} in result["outcomes"]  # fmt: skip


def test_a_mistake_stops_everything_before_the_first_call(estate_aws, converge):
    declared = declaration()
    declared["buckets"][0]["region"] = "eu-west-7"
    estate_aws.forget_calls()

    result = converge(declared)

    assert result["msg"].startswith(
        "shop-documents: region is 'eu-west-7', which is no region of AWS's; did you mean eu-"
    )
    assert estate_aws.calls() == []


def test_wrong_credentials_are_one_sentence(estate_aws, converge):
    assert "the profile is not in the AWS config file" in converge(declaration(), profile="nobody")["msg"]

    estate_aws.fail("ListBuckets", times=99, code="ExpiredToken")
    assert "the session has expired: sign in again" in converge(declaration())["msg"]
    assert estate_aws.writes() == []


def test_mfa_delete_is_compared_and_never_touched(converge):
    converge(declaration())
    declared = declaration()
    declared["buckets"][1]["mfa_delete"] = True

    result = converge(declared)

    assert result["changed"] is False
    assert result["plan"]["drift"][0].startswith("shop-replica: MFA delete is declared but off; only the root user can")


def test_versioning_under_mfa_delete_is_never_written_while_the_rest_is(estate_aws, converge):
    converge(declaration())
    estate_aws.client("s3", "development", "eu-west-2", root=True).put_bucket_versioning(
        Bucket="shop-replica",
        VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"},
        MFA="arn:aws:iam::222222222222:mfa/root-account-mfa-device 123456",
    )
    declared = declaration()
    declared["buckets"][0] |= {"replication": {"rules": []}}
    declared["buckets"][1] |= {"versioning": False, "mfa_delete": False, "tags": {"Stage": "other"}}
    estate_aws.forget_calls()

    result = converge(declared)

    assert done(result) == {"done"}
    assert {call["operation"] for call in estate_aws.writes()} == {"PutBucketTagging", "DeleteBucketReplication"}
    assert [note.partition(";")[0] for note in result["plan"]["drift"]] == [
        "shop-replica: MFA delete is on but declared off",
        "shop-replica: versioning is declared off, but under MFA delete only the root user can change it (https://docs.aws."
        "amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html)",
    ]


def test_the_module_runs_under_ansible_with_a_diff_a_person_can_read(estate_aws, tmp_path):
    playbook = tmp_path / "play.yml"
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"name": "Converge", "dm_buckets": declaration()}]}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    playbook.write_text(json.dumps([play]))
    environment = {**estate_aws.env, "AWS_PROFILE": PROFILE, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                   "ANSIBLE_LOCAL_TEMP": str(tmp_path), "DM_PLAN_FILE": str(tmp_path / "plan.json"),
                   "ANSIBLE_NOCOLOR": "true"}  # fmt: skip
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(playbook)]

    first = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stdout + first.stderr
    [new] = [line for line in first.stdout.splitlines() if line.startswith("localhost: + ")]
    assert "bucket shop-" in new, "what is new is named on a line, in the order in which it came to be"
    assert "versioning: true" not in first.stdout
    assert "5 added, 0 changed, 0 removed" in first.stdout

    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "0 added, 0 changed, 0 removed" in second.stdout, second.stdout + second.stderr


def test_a_bucket_opened_to_the_world_is_closed_whatever_else_fails(estate_aws, converge, s3):
    """buckets 1: by hand without blocks, with ACLs that count and one that lets everybody read."""
    converge(declaration())
    name = {"Bucket": "shop-documents"}
    s3.put_object(**name, Key="secret.pdf", Body=b"secret")
    s3.delete_public_access_block(**name)
    s3.put_bucket_ownership_controls(**name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_bucket_acl(**name, ACL="public-read")
    s3.put_object_acl(**name, Key="secret.pdf", ACL="public-read")
    estate_aws.fail("PutBucketPolicy", matching="shop-documents", times=99, code="InternalError")
    estate_aws.fail("PutBucketTagging", matching="shop-documents", times=99, code="InternalError")

    foretold = converge(declaration(), check=True)
    assert "READ for AllUsers" in foretold["diff"][0]["before"]["ownership"]
    assert done(converge(declaration())) == {"done"}

    assert set(s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_ownership_controls(**name)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    assert converge(declaration())["changed"] is False


def test_a_setting_that_fails_stops_no_other(estate_aws, converge, s3):
    declared = declaration()
    converge(declared)
    source = declared["buckets"][0]
    source |= {"tags": {"Stage": "other"}, "cors": []}
    s3.delete_bucket_policy(Bucket="shop-documents")
    s3.delete_public_access_block(Bucket="shop-documents")
    estate_aws.fail("PutBucketPolicy", matching="shop-documents", times=99, code="MalformedPolicy")

    result = converge(declared)

    assert {(one["method"], one["status"]) for one in result["outcomes"]} == {
        ("s3.put_public_access_block", "done"),
        ("s3.put_bucket_policy", "failed"),
        ("s3.put_bucket_tagging", "done"),
        ("s3.delete_bucket_cors", "done"),
    }


def test_a_log_bucket_with_an_acl_for_logs_gets_a_policy_instead(converge, s3):
    """buckets 6: as the real estate has it."""
    declared = declaration()
    s3.create_bucket(
        Bucket="shop-logs",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        ObjectOwnership="ObjectWriter",
    )
    s3.delete_public_access_block(Bucket="shop-logs")
    s3.put_bucket_acl(Bucket="shop-logs", ACL="log-delivery-write")

    assert done(converge(declared)) == {"done"}
    assert converge(declared)["changed"] is False


def test_a_decimal_that_is_raised_is_written(converge, s3):
    """buckets 4"""
    declared = declaration()
    old = {
        "Sid": "DenyOldTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::shop-documents/*",
        "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}},
    }
    declared["buckets"][0]["policy"] = tls("shop-documents", old)
    converge(declared)
    assert converge(declared)["changed"] is False

    old["Condition"]["NumericLessThan"]["s3:TlsVersion"] = 1.3
    assert converge(declared)["changed"] is True
    live = json.loads(s3.get_bucket_policy(Bucket="shop-documents")["Policy"])["Statement"]
    assert {"s3:TlsVersion": "1.3"} in [one["Condition"].get("NumericLessThan") for one in live]


def test_a_lifecycle_that_is_read_stale_is_waited_for(estate_aws, converge, s3):
    """buckets 15: for a while AWS answers what was before; the change is done when it no longer does."""
    converge(declaration())
    declared = declaration()
    declared["buckets"][0]["lifecycle"][0]["noncurrent_days"] = 60
    estate_aws.fail("PutBucketLifecycleConfiguration", matching="shop-documents", kind="stale", seconds=1.5)

    assert done(converge(declared)) == {"done"}

    [rule] = s3.get_bucket_lifecycle_configuration(Bucket="shop-documents")["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 60}
    assert converge(declared)["changed"] is False
