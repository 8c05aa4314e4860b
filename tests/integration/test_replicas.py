"""Replication of a stage proved and compared, broken on purpose, and seen to say so."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.support import typed
from tests.support.replicas import COPY, SOURCE, emptied

pytestmark = pytest.mark.slow
ONLY = ("-l", "preview")


@pytest.fixture
def estate(converged_estate):
    """The shared estate without what another test left, canaries too: they would still prove the rule."""
    emptied(converged_estate)
    yield converged_estate
    emptied(converged_estate)


@pytest.fixture
def s3(estate):
    return estate.client("s3", "development")


@pytest.fixture
def london(estate):
    return estate.client("s3", "development", "eu-west-2")


@pytest.fixture
def older(estate, s3):
    """Four versions that the rule is too young for, and one that it saw."""
    rules = s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]
    s3.delete_bucket_replication(Bucket=SOURCE)
    for key, body in (("old/a", b"1"), ("old/a", b"22"), ("old/é +%\x01\n.pdf", b"333")):
        s3.put_object(Bucket=SOURCE, Key=key, Body=body)
    s3.delete_object(Bucket=SOURCE, Key="old/a")
    s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration=rules)
    s3.put_object(Bucket=SOURCE, Key="new", Body=b"4444")
    estate.settle()


@contextlib.contextmanager
def without_the_roles_policy(estate):
    iam = estate.client("iam", "development")
    known = {"RoleName": "replication", "PolicyName": "replication-preview"}
    policy = iam.get_role_policy(**known)["PolicyDocument"]
    iam.delete_role_policy(**known)
    try:
        yield
    finally:
        iam.put_role_policy(**known, PolicyDocument=json.dumps(policy))


def compared(estate, **more):
    """The proof of documents, and what the run found besides."""
    run = estate.playbook("compare_replicas.yml", *ONLY, check=True, extra_vars=more)
    assert run.rc == 0, run.output
    [proof] = [one for one in run.report["plans"]["preview"]["replicas"]["proofs"] if one["source"] == SOURCE]
    return proof, run


@pytest.mark.usefixtures("older")
def test_what_is_older_than_the_rule_is_found_to_the_last_version(estate):
    estate.forget_calls()

    proof, run = compared(estate)

    assert (proof["verdict"], proof["counts"], proof["bytes_to_copy"]) == ("failed", {"never": 4}, 6)
    assert [one["key"] for one in proof["examples"]] == ["old/a", "old/a", "old/a", "old/é +%\x01\n.pdf"]
    assert f"drift: every version of {SOURCE} in {COPY}: 4 older than the rule" in run.output
    assert estate.writes() == []
    assert {call["operation"] for call in estate.calls() if call["service"] == "s3"} == {
        "ListObjectVersions", "HeadObject"
    }  # fmt: skip


def backfilled(estate, *sources, check=False):
    """As docs/replication.md says to type it: it looks, makes a job that waits, or sets it going."""
    look, wait, go = typed.playbooks("docs/replication.md", "replicate_existing.yml")
    assert (look.options, wait.options, SOURCE in str(go.options)) == (["--check"], [], True)
    said = look if check else go if sources else wait
    options = [word.replace(SOURCE, sources[0]) if sources else word for word in said.options]
    run = estate.playbook(said.playbook, *options, *ONLY)
    proofs = run.report["plans"]["preview"]["backfill"].get("proofs", [])
    return run, {proof["subject"]: proof for proof in proofs if proof["source"] == SOURCE}


@pytest.fixture
def jobs(estate):
    """jobs() → (status, tasks) of those that this test had made."""

    def listed():
        return estate.client("s3control", "development").list_jobs(AccountId="222222222222")["Jobs"]

    before = {job["JobId"] for job in listed()}
    return lambda: [
        (job["Status"], job["ProgressSummary"]["TotalNumberOfTasks"]) for job in listed() if job["JobId"] not in before
    ]


@pytest.mark.usefixtures("older")
def test_what_is_missing_is_copied_by_one_job_that_somebody_confirmed(estate, s3, london, jobs):
    estate.forget_calls()
    plan, _ = backfilled(estate, check=True)
    assert plan.rc == 0, plan.output
    assert f"this means: backfill of {SOURCE}: 4 versions, 6 bytes, about $0.25; waits" in plan.output
    assert estate.writes() == []

    estate.fail("CreateJob", kind="drop_after")  # made, and nobody heard of it
    made, proofs = backfilled(estate)
    estate.heal()
    estate.settle()
    assert made.rc == 0, made.output
    assert proofs[f"backfill of {SOURCE}"]["verdict"] == "waiting"
    backfilled(estate)
    assert jobs() == [("Suspended", 4)]
    assert not london.list_object_versions(Bucket=COPY, Prefix="old").get("Versions")

    done, proofs = backfilled(estate, SOURCE)
    assert done.rc == 0, done.output
    assert jobs() == [("Complete", 4)]
    job, second = proofs[f"backfill of {SOURCE}"], proofs[f"every version of {SOURCE} in {COPY}"]
    assert (job["verdict"], job["succeeded"], job["failed"]) == ("proved", 4, 0)
    assert (second["verdict"], second["counts"]) == ("proved", {})
    for client, name in ((s3, SOURCE), (london, COPY)):
        listed = client.list_object_versions(Bucket=name, Prefix="old")
        assert [len(listed[kind]) for kind in ("Versions", "DeleteMarkers")] == [3, 1]

    estate.forget_calls()
    again, _ = backfilled(estate, SOURCE)
    assert (again.rc, estate.writes()) == (0, [])


def test_what_a_job_could_not_copy_is_told_by_its_key(estate, s3, jobs):
    with without_the_roles_policy(estate):
        s3.put_object(Bucket=SOURCE, Key="no way", Body=b"55")
        estate.settle()
        run, proofs = backfilled(estate, SOURCE)

    assert run.rc != 0
    [failure] = proofs[f"backfill of {SOURCE}"]["failures"]
    assert (failure["key"], failure["code"]) == ("no way", "SrcGetObjectNotPermitted")
    assert "1 of its objects could not be copied" in run.output
    mended, proofs = backfilled(estate, SOURCE)
    assert mended.rc == 0, mended.output
    assert [status for status, _ in jobs()] == ["Complete"] * 2


def test_a_bucket_that_is_not_replicated_is_refused(estate):
    estate.forget_calls()
    run, _ = backfilled(estate, "digitalmarketplace-reports-preview-preview")
    assert run.rc != 0
    assert "digitalmarketplace-reports-preview-preview is no replicated bucket of preview" in run.output
    assert estate.writes() == []


def checked(estate):
    """As docs/replication.md says to type it."""
    (said,) = typed.playbooks("docs/replication.md", "compare_replicas.yml")
    run = estate.playbook(said.playbook, *(word.replace("<bucket>", SOURCE) for word in said.options), *ONLY)
    return run, run.report["plans"]["preview"]["checksums"]["proofs"][0]


def test_checksums_that_s3_works_out_tell_what_etags_do_not(estate, s3):
    for key in ("rots", *"abcd"):
        s3.put_object(Bucket=SOURCE, Key=key, Body=b"as it was")
    estate.settle()
    run, proof = checked(estate)
    assert run.rc == 0, run.output
    assert (proof["verdict"], proof["differing"], proof["unread"]) == ("proved", 0, 0)
    assert proof["same"] >= 5

    estate.rot("development", COPY, "rots")
    assert compared(estate)[0]["counts"] == {}, "sizes and ETags are the same"
    run, proof = checked(estate)
    assert run.rc != 0
    assert (proof["differing"], proof["examples"][0]["key"]) == (1, "rots")
    estate.rot("development", COPY, "rots", etag="0" * 32)
    assert compared(estate)[0]["counts"] == {"differing": 1}


def test_checksums_of_what_kms_encrypts_are_joined_too(estate, s3):
    iam = estate.client("iam", "development")
    keys = [estate.client("kms", "development", region).create_key()["KeyMetadata"]["Arn"]
            for region in ("eu-west-1", "eu-west-2")]  # fmt: skip
    may = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], "Resource": keys}
    ours = {"RoleName": "replication", "PolicyName": "keys-of-a-test"}
    iam.put_role_policy(**ours, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}))
    rules = s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]
    under = json.loads(json.dumps(rules))
    for rule in under["Rules"]:
        rule["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
        rule["Destination"]["EncryptionConfiguration"] = {"ReplicaKmsKeyID": keys[1]}
    s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration=under)
    s3.put_object(Bucket=SOURCE, Key="sealed", Body=b"under a key", ServerSideEncryption="aws:kms", SSEKMSKeyId=keys[0])
    estate.settle()
    assert s3.head_object(Bucket=SOURCE, Key="sealed")["ReplicationStatus"] == "COMPLETED"
    s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration=rules)
    iam.delete_role_policy(**ours)

    run, proof = checked(estate)
    assert run.rc == 0, run.output
    assert (proof["verdict"], proof["unread"]) == ("proved", 0)

    barred = {"RoleName": "batch", "PolicyName": "no-keys"}
    no_keys = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
    iam.put_role_policy(**barred, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [no_keys]}))
    run, proof = checked(estate)
    iam.delete_role_policy(**barred)
    assert run.rc != 0
    assert (proof["verdict"], proof["unread"]) == ("failed", 1)


def test_what_s3_failed_to_copy_and_what_was_lost_or_altered_there_are_told_apart(estate, s3, london):
    s3.put_object(Bucket=SOURCE, Key="new", Body=b"4444")
    estate.settle()
    with without_the_roles_policy(estate):
        s3.put_object(Bucket=SOURCE, Key="refused", Body=b"55555")
        estate.settle()
        broken = estate.playbook("verify_replication.yml", *ONLY, extra_vars={"buckets_replication_timeout": 5})
    assert broken.rc != 0
    proofs = broken.report["plans"]["preview"]["replication proof"]["proofs"]
    [why] = [proof["why"] for proof in proofs if proof["source"] == SOURCE]
    assert why.startswith("S3 says that it could not copy estate-canary.txt")
    assert f"{why}." in broken.output
    version = s3.head_object(Bucket=SOURCE, Key="new")["VersionId"]
    london.delete_object(Bucket=COPY, Key="new", VersionId=version)
    s3.put_object(Bucket=SOURCE, Key="altered", Body=b"true")
    estate.settle()
    london.put_object(Bucket=COPY, Key="altered", Body=b"false")
    london.put_object(Bucket=COPY, Key="strange", Body=b"x")

    proof, _ = compared(estate)

    assert proof["verdict"] == "failed"
    # the canary that failed beside it
    assert proof["counts"] == {"failed": 2, "lost": 1, "altered": 1, "extra": 1}
    assert "2 S3 says FAILED" in proof["why"]
    assert estate.playbook("verify_replication.yml", *ONLY).rc == 0


def test_a_proof_is_renewed_when_its_rule_changed(estate, s3):
    mended = estate.playbook("verify_replication.yml", *ONLY)
    assert mended.rc == 0, mended.output
    [proof] = [
        one for one in mended.report["plans"]["preview"]["replication proof"]["proofs"] if one["source"] == SOURCE
    ]
    assert (proof["verdict"], proof["kept"]) == ("proved", "only root may delete versions of this bucket")

    rules = s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]
    other = {"buckets_overrides": {"documents": {"replica": {"name": COPY, "storage_class": "STANDARD_IA"}}}}
    estate.forget_calls()
    audit = estate.playbook("verify_replication.yml", *ONLY, check=True, extra_vars=other)
    assert audit.rc == 0, audit.output
    assert audit.report["drift"] == 1
    assert "the rule has changed since it was proved; estate prove writes a canary" in audit.output
    assert estate.writes() == []
    assert s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"] == rules


def test_a_rule_that_somebody_deleted_is_not_proved_by_the_canary_it_copied(estate, s3):
    assert estate.playbook("verify_replication.yml", *ONLY).rc == 0
    rules = s3.get_bucket_replication(Bucket=SOURCE)["ReplicationConfiguration"]
    s3.delete_bucket_replication(Bucket=SOURCE)
    estate.settle()
    try:
        audit = estate.playbook("verify_replication.yml", *ONLY, check=True)
        proved = estate.playbook("verify_replication.yml", *ONLY, extra_vars={"buckets_replication_timeout": 2})
    finally:
        s3.put_bucket_replication(Bucket=SOURCE, ReplicationConfiguration=rules)
        estate.settle()

    [drift] = audit.report["plans"]["preview"]["replication proof"]["drift"]
    assert f"no rule in force copies estate-canary.txt into {COPY}; estate prove writes a canary" in drift
    assert proved.rc == 2
    assert f"did not arrive within 2 s: no rule in force copies estate-canary.txt into {COPY}" in proved.output
    assert estate.playbook("verify_replication.yml", *ONLY).rc == 0


def test_an_audit_tells_the_age_of_the_last_proof_and_a_role_without_rights_says_so(estate):
    assert estate.playbook("verify_replication.yml", *ONLY).rc == 0
    audit = estate.playbook("verify_replication.yml", *ONLY, check=True)
    proofs = audit.report["plans"]["preview"]["replication proof"]["proofs"]
    assert {proof["verdict"] for proof in proofs} == {"proved"}
    assert all(proof["age_seconds"] < 3600 and proof["at"].startswith("20") for proof in proofs)
    estate.fail("ListObjectVersions", code="AccessDenied", matching=COPY, times=9)
    denied = estate.playbook("compare_replicas.yml", *ONLY, check=True)
    estate.heal()
    assert denied.rc != 0
    assert f"every version of {SOURCE} in {COPY}: cannot compare: not allowed" in denied.output


def test_a_server_that_fails_now_and_then_changes_nothing(estate, s3):
    for key in "abcdef":
        s3.put_object(Bucket=SOURCE, Key=key, Body=b"1")
    estate.settle()
    estate.fail("ListObjectVersions", code="SlowDown", nth=2, times=2)
    proof, _ = compared(estate)
    estate.heal()
    assert proof["compared"] > 5
