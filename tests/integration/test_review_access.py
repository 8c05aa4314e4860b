"""The access review on the converged estate, by its own playbook."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from ansible.module_utils.estate.review import NO_WAY_IN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reviewed(converged_estate, tmp_path_factory):
    """(run, directory, calls) of one review of the seed's estate, with one trust taken away."""
    folder = tmp_path_factory.mktemp("review")
    iam = converged_estate.client("iam", "production")
    trust = iam.get_role(RoleName="security_audit")["Role"]["AssumeRolePolicyDocument"]
    nobody = {"Version": "2012-10-17", "Statement": [trust["Statement"][0] | {"Effect": "Deny"}]}
    iam.update_assume_role_policy(RoleName="security_audit", PolicyDocument=json.dumps(nobody))
    converged_estate.forget_calls()
    try:
        run = converged_estate.playbook("review_access.yml", extra_vars={"access_review_directory": str(folder)})
        calls = converged_estate.calls()
    finally:
        iam.update_assume_role_policy(RoleName="security_audit", PolicyDocument=json.dumps(trust))
    assert run.rc == 0, run.output[-4000:]
    return run, folder, calls


def test_both_sides_of_the_seed_s_grants_are_found(reviewed):
    _, folder, _ = reviewed
    review = json.loads((folder / "access.json").read_text())["review"]
    explicit = {
        (g["who"], f"{g['role_account']}:{g['role']}", g["through"])
        for g in review["grants"]
        if g["explicit"] and not g["via"]
    }

    assert explicit == {
        *{(who, f"{account}:admins", "group Admins") for who in ("ada.example", "bob.example")
          for account in ("main", "development", "production", "backups")},
        *{(who, "development:developers", "group Developers") for who in ("cy.example", "dee.example", "eve.example")},
        ("dee.example", "production:developers", "group ProdDevelopers"),
        ("bob.example", "development:infrastructure", "group DevInfrastructure"),
        ("eve.example", "development:infrastructure", "group DevInfrastructure"),
        ("bob.example", "production:infrastructure", "group ProdInfrastructure"),
        ("bob.example", "backups:backups", "group backups"),
        ("fay.example", "development:security_audit", "group SecurityAudit"),
        *{("jenkins", f"{there}:infrastructure", "role jenkins")
          for there in ("main", "development", "production", "backups")},
        # Both sides of one account: either is enough there.
        ("jenkins", "main:infrastructure", "the role's trust"),
        ("infrastructure", "backups:dump_writer", "role infrastructure"),
        ("infrastructure", "backups:dump_checker", "role infrastructure"),
    }  # fmt: skip
    people = [g for g in review["grants"] if g["kind"] == "user" and not g["via"]]
    asked = {tuple(one for one in g["conditions"] if one != NO_WAY_IN) for g in people}
    assert asked == {("MFA", "address in 192.0.2.0/24, 203.0.113.0/28")}


def test_the_side_that_was_taken_away_is_told(reviewed):
    run, folder, _ = reviewed
    [dangling] = json.loads((folder / "access.json").read_text())["review"]["dangling"]

    assert (dangling["holder"], dangling["role_account"], dangling["role"]) == (
        "group SecurityAudit", "production", "security_audit",
    )  # fmt: skip
    assert "group SecurityAudit is given production:security_audit" in " ".join(run.stdout.split())


def test_the_terminal_the_tables_and_the_picture_hold_the_review_and_no_key(reviewed, converged_estate):
    run, folder, _ = reviewed
    rows = list(csv.DictReader((folder / "access.csv").read_text().splitlines()))

    assert {"who": "dee.example", "role": "developers", "role_account": "production"}.items() <= next(
        row for row in rows if row["through"] == "group ProdDevelopers"
    ).items()
    assert "Who reaches which role" in run.stdout
    ways = run.report["tables"]["Who reaches which role"]
    assert {(way["account"], way["role"]) for way in ways} == {(row["role_account"], row["role"]) for row in rows}
    assert run.report["tables"]["findings"] == json.loads((folder / "access.json").read_text())["findings"]
    assert run.report["picture"] == (folder / "access.svg").read_text()
    if shutil.which("dot"):
        assert "<title" in (folder / "access.svg").read_text()
    key = converged_estate.keys["user"][0]
    assert not [path for path in folder.iterdir() if key in path.read_text()]
    assert key not in run.output


def test_every_invariant_holds_on_the_seed_s_estate_and_is_kept_as_a_proof(reviewed):
    run, _, _ = reviewed
    plan = run.report["plans"]["main-account"]["invariants of access"]

    assert plan["drift"] == [], run.stdout[-6000:]


def test_one_that_does_not_hold_is_a_finding(converged_estate, tmp_path):
    iam = converged_estate.client("iam")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="jenkins", PolicyName="up", PolicyDocument=json.dumps(policy))
    try:
        run = converged_estate.playbook("review_access.yml", extra_vars={"access_review_directory": str(tmp_path)})
    finally:
        iam.delete_role_policy(RoleName="jenkins", PolicyName="up")

    # The proof that nobody destroys a last copy fails with it, and comes after; what either goes by is on the page.
    assert "drift: invariant jenkins_writes_no_iam failed: role main:jenkins may iam:Put*" in run.stdout
    assert "not proved: deletion by" in run.stderr
    assert {row["attacker"] for row in run.report["tables"]["Who can destroy the last copy"]} >= {"Jenkins", "root"}
    assert run.report["tables"]["findings"]
    assert "<svg" in run.report["picture"]


def test_the_review_only_reads(reviewed):
    _, _, calls = reviewed
    writes = [
        c["operation"] for c in calls if c["write"] and c["operation"] not in ("GenerateCredentialReport", "AssumeRole")
    ]

    assert writes == []
    sweeps = [call for call in calls if call["operation"] == "GetAccountAuthorizationDetails"]
    assert len(sweeps) == 4


def test_who_can_destroy_the_last_copy_is_stored_with_a_row_for_each_bucket(reviewed):
    run, *_ = reviewed
    [plan] = [purposes["deletion"] for purposes in run.report["plans"].values() if "deletion" in purposes]
    verdicts = {proof["attacker"]: proof["verdict"] for proof in plan["proofs"]}
    rows = run.report["tables"]["Who can destroy the last copy"]
    of = {(row["attacker"], row["bucket"]): row for row in rows}

    # Until MFA delete is on.
    assert verdicts == dict.fromkeys(("a stolen developer", "whoever has infrastructure", "Jenkins"), "waiting")
    documents = of["Jenkins", "digitalmarketplace-documents-production-production"]
    assert (documents["copies"], documents["advised"]) == (2, "")
    assert "lifecycle" in documents["today"]
    dumps = {attacker: of[attacker, "digitalmarketplace-database-backups"] for attacker in verdicts}
    # dump_checker says which may go, and Jenkins can become that: the lifecycle rules are live, and slow
    slow = "tag, and live lifecycle rules after 210 days"
    assert {one["today"] for one in dumps.values()} == {"", slow}
    assert dumps["a stolen developer"]["today"] == ""
    assert {one["advised"] for one in dumps.values()} == {""}
    trails = of["a stolen developer", "digitalmarketplace-development-cloudtrail"]
    assert "a KMS key" in trails["controls today"]
    assert "key" not in trails["today"], "whose policy lets admins and root alone end it"
    assert "delete its key" in of["an admin", "digitalmarketplace-development-cloudtrail"]["today"]
    assert of["root", "digitalmarketplace-database-backups"]["advised"] == "close the account, within 90 days"
    assert "delete versions" in of["an admin", "digitalmarketplace-dev-uploads"]["advised"]
