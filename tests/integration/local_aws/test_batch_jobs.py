"""S3 Batch Operations: jobs, their states, what they replicate, and what they report."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
import yaml

from tests.integration.local_aws.conftest import allow, document, refusal

ROOT = Path(__file__).parents[3]
OWN = "333333333333"
SOURCE, COPY, REPORTS = "dm-source", "dm-copy", "dm-reports"
ROLE, LIVE = f"arn:aws:iam::{OWN}:role/batch", f"arn:aws:iam::{OWN}:role/replication"
BATCH = "batchoperations.s3.amazonaws.com"
ALLOWED = {
    "generate": allow(["s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"], f"arn:aws:s3:::{SOURCE}"),
    "initiate": allow("s3:InitiateReplication", f"arn:aws:s3:::{SOURCE}/*"),
    "read": allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{SOURCE}/*"),
    "manifest": allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{REPORTS}/*"),
    "report": allow("s3:PutObject", f"arn:aws:s3:::{REPORTS}/*"),
}


def rule(**words):
    return {
        "ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": f"arn:aws:s3:::{COPY}"}, **words,
    }  # fmt: skip


@pytest.fixture
def s3(estate_aws, bucket):
    """A versioned pair with two old objects, a bucket for reports, and the roles of replication and of jobs."""
    bucket(SOURCE, versioned=True)
    bucket(COPY, region="eu-west-2", versioned=True)
    bucket(REPORTS)
    iam = estate_aws.client("iam", "production")
    for name, service in (("replication", "s3.amazonaws.com"), ("batch", BATCH)):
        trust = document(allow("sts:AssumeRole", Principal={"Service": service}))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="replication", PolicyName="all", PolicyDocument=document(allow("s3:*", "*")))
    iam.put_role_policy(RoleName="batch", PolicyName="all", PolicyDocument=document(*ALLOWED.values()))
    client = estate_aws.client("s3", "production")
    for key in ("one", "two words"):
        client.put_object(Bucket=SOURCE, Key=key, Body=key.encode())
    put_rules(client, rule())
    return client


def put_rules(s3, *rules):
    s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration={"Role": LIVE, "Rules": list(rules)})


def without(estate_aws, name):
    policy = document(*(statement for key, statement in ALLOWED.items() if key != name))
    estate_aws.client("iam", "production").put_role_policy(RoleName="batch", PolicyName="all", PolicyDocument=policy)


def generator(**words):
    wanted = {"EligibleForReplication": True, **words}
    source = {"SourceBucket": f"arn:aws:s3:::{SOURCE}", "EnableManifestOutput": False, "Filter": wanted}
    return {"S3JobManifestGenerator": source}


def listed(s3, *rows, fields=("Bucket", "Key", "VersionId")):
    put = s3.put_object(Bucket=REPORTS, Key="manifest.csv", Body="\n".join(rows).encode())
    return {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
        "Location": {"ObjectArn": f"arn:aws:s3:::{REPORTS}/manifest.csv", "ETag": put["ETag"]},
    }


def wanted(**words):
    report = {"Enabled": True, "Bucket": f"arn:aws:s3:::{REPORTS}", "Format": "Report_CSV_20180820"}
    given = {
        "AccountId": OWN, "Operation": {"S3ReplicateObject": {}}, "Priority": 10, "RoleArn": ROLE,
        "Report": report | {"Prefix": "batch", "ReportScope": "AllTasks"}, "ConfirmationRequired": False, **words,
    }  # fmt: skip
    return given if "Manifest" in given else {"ManifestGenerator": generator()} | given


@pytest.fixture
def control(estate_aws):
    return estate_aws.client("s3control", "production")


@pytest.fixture
def ended(estate_aws, control):
    """ended(words…) makes a job, and gives what is said of it when there is nothing left to do."""

    def end(**words):
        job = control.create_job(**wanted(**words))["JobId"]
        estate_aws.settle()
        return control.describe_job(AccountId=OWN, JobId=job)["Job"]

    return end


def counts(job):
    found = job["ProgressSummary"]
    return tuple(found[name] for name in ("TotalNumberOfTasks", "NumberOfTasksSucceeded", "NumberOfTasksFailed"))


def report(s3, job):
    """{(key, status, HTTP status, code)} of a job's report."""
    folder = f"batch/job-{job['JobId']}"
    top = json.loads(s3.get_object(Bucket=REPORTS, Key=f"{folder}/manifest.json")["Body"].read())
    assert top["Format"] == "Report_CSV_20180820"
    assert top["ReportSchema"].split(", ")[0] == "Bucket"
    rows = set()
    for result in top["Results"]:
        found = s3.get_object(Bucket=result["Bucket"], Key=result["Key"])
        text = found["Body"].read()
        assert found["ETag"] == f'"{result["MD5Checksum"]}"'
        assert result["Key"].startswith(f"{folder}/results/")
        rows |= {(row[1], *row[3:6]) for row in csv.reader(io.StringIO(text.decode()))}
    return rows


def copies(estate_aws):
    client = estate_aws.client("s3", "production", "eu-west-2")
    return [(one["Key"], one["VersionId"]) for one in client.list_object_versions(Bucket=COPY).get("Versions", [])]


def test_what_is_older_than_the_rule_arrives_with_a_report(estate_aws, s3, ended):
    job = ended(Description="what was there")
    assert (job["Status"], counts(job)) == ("Complete", (2, 2, 0))
    assert job["JobArn"] == f"arn:aws:s3:eu-west-1:{OWN}:job/{job['JobId']}"
    assert (job["Description"], job["Priority"], job["RoleArn"]) == ("what was there", 10, ROLE)
    assert job["ManifestGenerator"] == generator()
    versions = s3.list_object_versions(Bucket=SOURCE)["Versions"]
    assert copies(estate_aws) == [(one["Key"], one["VersionId"]) for one in versions]
    assert s3.head_object(Bucket=SOURCE, Key="one")["ReplicationStatus"] == "COMPLETED"
    assert report(s3, job) == {("one", "succeeded", "200", ""), ("two+words", "succeeded", "200", "")}


@pytest.mark.usefixtures("s3")
def test_a_job_is_never_done_at_once_and_goes_through_its_states(control):
    job = control.create_job(**wanted())["JobId"]
    seen = []
    deadline = time.monotonic() + 30
    while "Complete" not in seen and time.monotonic() < deadline:
        status = control.describe_job(AccountId=OWN, JobId=job)["Job"]["Status"]
        seen += [status] if status not in seen else []
        time.sleep(0.01)
    order = ["New", "Preparing", "Ready", "Active", "Completing", "Complete"]
    assert seen == [state for state in order if state in seen]
    assert len(seen) > 2
    assert seen[-1] == "Complete"


def test_statuses_and_times_choose_what_is_replicated(estate_aws, s3, ended):
    s3.put_object(Bucket=SOURCE, Key="new", Body=b"x")
    estate_aws.settle()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    none = ended(ManifestGenerator=generator(ObjectReplicationStatuses=["FAILED"]))
    assert (none["Status"], counts(none)) == ("Failed", (0, 0, 0))
    assert ended(ManifestGenerator=generator(CreatedAfter=tomorrow))["Status"] == "Failed"
    assert counts(ended(ManifestGenerator=generator(ObjectReplicationStatuses=["NONE", "FAILED"]))) == (2, 2, 0)
    assert counts(ended(ManifestGenerator=generator(CreatedBefore=tomorrow))) == (3, 3, 0)
    prefix = {"KeyNameConstraint": {"MatchAnyPrefix": ["two"]}}
    assert counts(ended(ManifestGenerator=generator(**prefix))) == (1, 1, 0)


def test_an_older_version_does_not_become_the_current_one(estate_aws, s3, ended):
    s3.put_object(Bucket=SOURCE, Key="one", Body=b"newer")
    estate_aws.settle()
    assert ended()["Status"] == "Complete"
    copy = estate_aws.client("s3", "production", "eu-west-2")
    assert copy.get_object(Bucket=COPY, Key="one")["Body"].read() == b"newer"
    assert len(copy.list_object_versions(Bucket=COPY, Prefix="one")["Versions"]) == 2


def test_a_replica_that_was_deleted_by_its_version_does_not_come_back(estate_aws, s3, ended):
    ended()
    copy = estate_aws.client("s3", "production", "eu-west-2")
    gone = dict(copies(estate_aws))["one"]
    copy.delete_object(Bucket=COPY, Key="one", VersionId=gone)
    job = ended()
    assert (job["Status"], counts(job)) == ("Complete", (2, 1, 1))
    assert ("one", "failed", "400", "DstObjectHardDeleted") in report(s3, job)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("role", "AssumeRoleNotPermitted"),
        ("policy", "SrcGetObjectNotPermitted"),
        ("write", "DstPutObjectNotPermitted"),
        ("initiate", "InitiateReplicationNotPermitted"),
        ("target", "DstBucketUnversioned"),
    ],
)
def test_each_object_that_cannot_be_replicated_says_why(estate_aws, s3, ended, broken, code):
    iam = estate_aws.client("iam", "production")
    if broken == "role":
        trust = document(allow("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))
        iam.update_assume_role_policy(RoleName="replication", PolicyDocument=trust)
    elif broken in {"policy", "write"}:
        left = [] if broken == "policy" else ["s3:GetReplicationConfiguration", "s3:GetObjectVersionForReplication"]
        policy = document(allow(["s3:GetReplicationConfiguration", *left], "*"))
        iam.put_role_policy(RoleName="replication", PolicyName="all", PolicyDocument=policy)
    elif broken == "initiate":
        without(estate_aws, "initiate")
    else:
        suspended = {"Status": "Suspended"}
        copy = estate_aws.client("s3", "production", "eu-west-2")
        copy.put_bucket_versioning(Bucket=COPY, VersioningConfiguration=suspended)
    job = ended()
    assert (job["Status"], counts(job)) == ("Complete", (2, 0, 2))
    assert {row[3] for row in report(s3, job)} == {code}


@pytest.mark.parametrize("missing", ["generate", "report"])
@pytest.mark.usefixtures("s3")
def test_a_job_fails_without_what_its_role_must_be_allowed(estate_aws, ended, missing):
    without(estate_aws, missing)
    job = ended()
    assert (job["Status"], job["FailureReasons"][0]["FailureCode"]) == ("Failed", "AccessDenied")


@pytest.mark.usefixtures("s3")
def test_a_job_fails_where_its_role_does_not_let_the_service_in(estate_aws, ended):
    job = ended(RoleArn=LIVE)
    assert (job["Status"], job["FailureReasons"][0]["FailureCode"]) == ("Failed", "AccessDenied")
    assert copies(estate_aws) == []


def test_a_manifest_of_ones_own(estate_aws, s3, ended):
    version = s3.head_object(Bucket=SOURCE, Key="two words")["VersionId"]
    job = ended(Manifest=listed(s3, f"{SOURCE},two%20words,{version}", f"{SOURCE},nothing,", f"{SOURCE},one,other"))
    assert (job["Status"], counts(job)) == ("Complete", (3, 1, 2))
    assert report(s3, job) == {
        ("two+words", "succeeded", "200", ""),
        ("nothing", "failed", "404", "SrcObjectNotFound"),
        ("one", "failed", "404", "SrcVersionNotFound"),
    }
    assert copies(estate_aws) == [("two words", version)]


def test_a_manifest_that_cannot_be_used_fails_the_job(estate_aws, s3, ended):
    def code(manifest):
        job = ended(Manifest=manifest)
        return job["Status"], job["FailureReasons"][0]["FailureCode"]

    assert code(listed(s3, f"{SOURCE},one")) == ("Failed", "InvalidManifestContent")
    assert code(listed(s3, f"{SOURCE},one,", f"{COPY},one,")) == ("Failed", "InvalidManifestContent")
    manifest = listed(s3, f"{SOURCE},one,")
    s3.put_object(Bucket=REPORTS, Key="manifest.csv", Body=b"another")
    assert code(manifest) == ("Failed", "PreconditionFailed")
    manifest = listed(s3, f"{SOURCE},one,")
    without(estate_aws, "manifest")
    assert code(manifest) == ("Failed", "AccessDenied")


def test_checksums_are_worked_out_and_reported(s3, ended):
    manifest = listed(s3, f"{SOURCE},one", f"{SOURCE},none", fields=("Bucket", "Key"))
    job = ended(Manifest=manifest, Operation={"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "SHA256"}})
    assert (job["Status"], counts(job)) == ("Complete", (2, 1, 1))
    folder = f"batch/job-{job['JobId']}/results/"
    texts = [
        s3.get_object(Bucket=REPORTS, Key=one["Key"])["Body"].read().decode()
        for one in s3.list_objects_v2(Bucket=REPORTS, Prefix=folder)["Contents"]
    ]
    rows = [row for text in texts for row in csv.reader(io.StringIO(text))]
    said = next(json.loads(row[6]) for row in rows if row[3] == "succeeded")
    known = s3.put_object(Bucket=SOURCE, Key="again", Body=b"one", ChecksumAlgorithm="SHA256")["ChecksumSHA256"]
    assert (said["checksum_base64"], said["checksumAlgorithm"]) == (known, "SHA256")
    assert [row[5] for row in rows if row[3] == "failed"] == ["NoSuchKey"]


def test_a_checksum_of_what_kms_encrypts_takes_the_key_through_s3(estate_aws, s3, ended):
    """By the very statement that the estate's role of jobs has."""
    key = estate_aws.client("kms", "production").create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=SOURCE, Key="sealed", Body=b"s", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    words = {"Manifest": listed(s3, f"{SOURCE},sealed,", fields=("Bucket", "Key", "VersionId")),
             "Operation": {"S3ComputeObjectChecksum": {}}}  # fmt: skip
    assert counts(ended(**words)) == (1, 0, 1)

    policies = yaml.safe_load((ROOT / "inventories/common/group_vars/all/access.yml").read_text())["access_policies"]
    [decrypt] = [one for one in policies["BatchJobs"]["Statement"] if one["Action"] == "kms:Decrypt"]
    decrypt["Resource"] = f"arn:aws:kms:*:{OWN}:key/*"
    policy = document(*ALLOWED.values(), decrypt)
    estate_aws.client("iam", "production").put_role_policy(RoleName="batch", PolicyName="all", PolicyDocument=policy)
    assert counts(ended(**words)) == (1, 1, 0)


def test_any_key_can_be_in_a_manifest_and_in_a_report(s3, ended):
    key = "é +%,\x01\n.pdf"
    s3.put_object(Bucket=SOURCE, Key=key, Body=b"odd")
    job = ended(Manifest=listed(s3, f"{SOURCE},{quote(key)},"))
    assert counts(job) == (1, 1, 0)
    assert [unquote_plus(row[0]) for row in report(s3, job)] == [key]


def test_a_report_of_failures_only_leaves_out_what_succeeded(s3, ended):
    short = wanted()["Report"] | {"ReportScope": "FailedTasksOnly"}
    manifest = listed(s3, f"{SOURCE},one,", f"{SOURCE},nothing,")
    assert {row[0] for row in report(s3, ended(Report=short, Manifest=manifest))} == {"nothing"}
    silent = ended(Report={"Enabled": False})
    assert silent["Status"] == "Complete"
    assert not s3.list_objects_v2(Bucket=REPORTS, Prefix=f"batch/job-{silent['JobId']}").get("Contents")


@pytest.mark.usefixtures("s3")
def test_a_job_waits_to_be_confirmed_and_can_be_cancelled(estate_aws, control, ended):
    job = ended(ConfirmationRequired=True)
    known = {"AccountId": OWN, "JobId": job["JobId"]}
    assert (job["Status"], job["SuspendedCause"], counts(job)) == ("Suspended", "AWAITING_CONFIRMATION", (2, 0, 0))
    assert control.update_job_priority(**known, Priority=3)["Priority"] == 3
    control.update_job_status(**known, RequestedJobStatus="Ready", StatusUpdateReason="looked at")
    estate_aws.settle()
    done = control.describe_job(**known)["Job"]
    assert (done["Status"], done["StatusUpdateReason"], done["Priority"]) == ("Complete", "looked at", 3)
    for asked in ("Ready", "Cancelled"):
        assert refusal(control.update_job_status, **known, RequestedJobStatus=asked) == "JobStatusException"
    assert refusal(control.update_job_priority, **known, Priority=4) == "BadRequestException"

    other = {"AccountId": OWN, "JobId": ended(ConfirmationRequired=True)["JobId"]}
    control.update_job_status(**other, RequestedJobStatus="Cancelled")
    estate_aws.settle()
    gone = control.describe_job(**other)["Job"]
    assert gone["Status"] == "Cancelled"
    assert gone["TerminationDate"]


@pytest.mark.usefixtures("s3")
def test_the_most_urgent_job_runs_first(estate_aws, control):
    ids = [control.create_job(**wanted(Priority=priority))["JobId"] for priority in (1, 2, 3)]
    estate_aws.settle()
    ends = {job["JobId"]: job["TerminationDate"] for job in control.list_jobs(AccountId=OWN)["Jobs"]}
    assert ends[ids[2]] < ends[ids[0]]


@pytest.mark.usefixtures("s3")
def test_jobs_are_listed_by_pages_and_statuses(estate_aws, control, ended):
    ids = [ended(ConfirmationRequired=True)["JobId"] for _ in range(3)]
    ended()
    words = {"AccountId": OWN, "JobStatuses": ["Suspended"], "MaxResults": 2}
    first = control.list_jobs(**words)
    assert [job["Operation"] for job in first["Jobs"]] == ["S3ReplicateObject"] * 2
    rest = control.list_jobs(**words, NextToken=first["NextToken"])
    assert "NextToken" not in rest
    assert {job["JobId"] for job in first["Jobs"] + rest["Jobs"]} == set(ids)
    assert len(control.list_jobs(AccountId=OWN)["Jobs"]) == 4
    assert refusal(control.list_jobs, AccountId=OWN, NextToken="other") == "InvalidNextTokenException"
    elsewhere = estate_aws.client("s3control", "production", "eu-west-2")
    assert elsewhere.list_jobs(AccountId=OWN).get("Jobs", []) == []
    assert refusal(elsewhere.describe_job, AccountId=OWN, JobId=ids[0]) == "NoSuchJobException"


@pytest.mark.usefixtures("s3")
def test_a_token_makes_one_job(control):
    words = wanted(ClientRequestToken="same", ConfirmationRequired=True)
    assert control.create_job(**words)["JobId"] == control.create_job(**words)["JobId"]
    assert refusal(control.create_job, **words | {"Priority": 11}) == "IdempotencyException"


@pytest.mark.parametrize(
    "words",
    [
        {"ManifestGenerator": generator(EligibleForReplication=False)},
        {"RoleArn": "arn:aws:iam::444444444444:role/batch"},
        {"Report": {"Enabled": True}},
        {"Operation": {}},
        {"Operation": {"S3ReplicateObject": {}, "S3DeleteObjectTagging": {}}},
    ],
)
@pytest.mark.usefixtures("s3")
def test_what_makes_no_sense_is_refused(control, words):
    assert refusal(control.create_job, **wanted(**words)) == "InvalidRequest"


@pytest.mark.usefixtures("s3")
def test_other_operations_are_not_implemented(control):
    assert refusal(control.create_job, **wanted(Operation={"S3DeleteObjectTagging": {}})) == "NotImplemented"


@pytest.mark.usefixtures("s3")
def test_who_makes_a_job_passes_its_role(estate_aws, become):
    job = allow("s3:CreateJob", "*", Condition={"NumericLessThan": {"s3:RequestJobPriority": "20"}})
    passing = allow("iam:PassRole", ROLE, Condition={"StringEquals": {"iam:PassedToService": BATCH}})
    lacking = estate_aws.client_of("s3control", become("lacking", "production", job))
    able = estate_aws.client_of("s3control", become("able", "production", job, passing))
    assert refusal(lacking.create_job, **wanted()) == "AccessDenied"
    assert refusal(able.create_job, **wanted(Priority=20)) == "AccessDenied"
    made = able.create_job(**wanted(ConfirmationRequired=True))["JobId"]
    assert refusal(able.describe_job, AccountId=OWN, JobId=made) == "AccessDenied"
    arn = f"arn:aws:s3:eu-west-1:{OWN}:job/{made}"
    reader = estate_aws.client_of("s3control", become("reader", "production", allow("s3:DescribeJob", arn)))
    assert reader.describe_job(AccountId=OWN, JobId=made)["Job"]["JobId"] == made
    assert refusal(reader.describe_job, AccountId="444444444444", JobId=made) == "AccessDenied"
