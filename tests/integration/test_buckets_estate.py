"""The seed's whole estate, converged by the real playbooks and read back with plain boto3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
STAGES = {"preview": "development", "staging": "production", "production": "production"}
KINDS = ["documents", "communications", "submissions", "agreements", "reports", "g7-draft-documents", "logs"]
REPLICATED = {
    **{
        f"digitalmarketplace-{kind}-preview-preview": f"digitalmarketplace-cross-region-{kind}-preview-preview"
        for kind in KINDS[:4]
    },
    **{
        f"digitalmarketplace-{kind}-production-production": f"digitalmarketplace-cross-region-{kind}-production"
        for kind in KINDS[:4]
    },
    "digitalmarketplace-database-backups": "digitalmarketplace-cross-region-database-backups",
}
ACCOUNTS = {
    **{f"digitalmarketplace-{kind}-{stage}-{stage}": account for stage, account in STAGES.items() for kind in KINDS},
    "digitalmarketplace-dev-uploads": "development",
    "digitalmarketplace-cleaned-db-dumps": "development",
    "digitalmarketplace-database-backups": "backups",
    "digitalmarketplace-load-balancer-logs": "main",
}
UNVERSIONED = {"versioning": False, "mfa_delete": False, "encryption": {"algorithm": "AES256"}}
ACCOUNTS |= {replica: ACCOUNTS[source] for source, replica in REPLICATED.items()}


def planned(run):
    """host -> [(method, resource)] of the plan that the run stored."""
    return {
        host: [(action["method"], action["resource"]) for action in purposes["buckets"]["actions"]]
        for host, purposes in run.report["plans"].items()
        if "buckets" in purposes
    }


def test_every_bucket_of_the_seed_is_as_declared(converged_estate):
    for name, account in ACCOUNTS.items():
        region = "eu-west-2" if "cross-region" in name else "eu-west-1"
        s3 = converged_estate.client("s3", account, region)
        assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == region
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert blocked
        assert all(blocked.values())
        [ownership] = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == "BucketOwnerEnforced"
        [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        deny = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]
        assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
        assert tags["ManagedBy"] == "marketplace-estate"


def test_nothing_else_exists(converged_estate):
    live = {
        bucket["Name"]
        for account in ("main", "development", "production", "backups")
        for bucket in converged_estate.client("s3", account).list_buckets()["Buckets"]
    }
    assert live - set(ACCOUNTS) == set()


def test_buckets_of_a_stage_log_to_its_logs_bucket_under_their_name(converged_estate):
    for name, account in ACCOUNTS.items():
        stage = next((stage for stage in STAGES if name.endswith(f"-{stage}-{stage}")), None)
        s3 = converged_estate.client("s3", account, "eu-west-2" if "cross-region" in name else "eu-west-1")
        logging = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled")
        if stage and "cross-region" not in name and "-logs-" not in name:
            assert logging["TargetBucket"] == f"digitalmarketplace-logs-{stage}-{stage}"
            assert logging["TargetPrefix"] == f"{name}/"
        else:
            assert logging is None


def test_exactly_the_declared_buckets_are_replicated_to_london(converged_estate):
    for name, account in ACCOUNTS.items():
        if "cross-region" in name:
            continue
        s3 = converged_estate.client("s3", account)
        if name not in REPLICATED:
            with pytest.raises(s3.exceptions.ClientError, match="ReplicationConfigurationNotFoundError"):
                s3.get_bucket_replication(Bucket=name)
            continue
        [rule] = s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"]["Rules"]
        assert rule["Destination"]["Bucket"] == f"arn:aws:s3:::{REPLICATED[name]}"
        assert rule["Status"] == "Enabled"
        assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
        assert rule["Destination"]["Metrics"]["Status"] == "Enabled"


def test_database_backups_expire_after_180_days_and_their_replica_after_7(converged_estate):
    for name, region, days in (
        ("digitalmarketplace-database-backups", "eu-west-1", 180),
        ("digitalmarketplace-cross-region-database-backups", "eu-west-2", 7),
    ):
        s3 = converged_estate.client("s3", "backups", region)
        [rule] = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        assert rule["Expiration"]["Days"] == days


def test_an_object_reaches_its_replica(converged_estate):
    proved = converged_estate.playbook("verify_replication.yml")
    assert proved.rc == 0, proved.output
    for source, replica in REPLICATED.items():
        at_source = converged_estate.client("s3", ACCOUNTS[source]).head_object(Bucket=source, Key="estate-canary.txt")
        london = converged_estate.client("s3", ACCOUNTS[replica], "eu-west-2")
        at_replica = london.head_object(Bucket=replica, Key="estate-canary.txt")
        assert at_source["ReplicationStatus"] == "COMPLETED"
        assert at_replica["ReplicationStatus"] == "REPLICA"
        assert at_source["VersionId"] == at_replica["VersionId"]

    converged_estate.forget_calls()
    assert converged_estate.playbook("verify_replication.yml").rc == 0
    assert converged_estate.writes() == [], "a fresh canary is proof without a write"


def test_a_second_converge_changes_nothing_and_writes_nothing(converged_estate):
    converged_estate.forget_calls()

    again = converged_estate.playbook("converge_buckets.yml")

    assert again.rc == 0, again.output
    assert again.report["pending"] == 0
    assert all(not actions for actions in planned(again).values())
    assert converged_estate.writes() == []


def test_a_plan_of_an_empty_estate_writes_nothing_and_is_what_apply_then_does(estate_aws, run_playbook):
    estate_aws.forget_calls()

    plan = run_playbook("converge_buckets.yml", "--limit", "development-account", check=True)
    assert plan.rc == 0, plan.output
    assert estate_aws.writes() == []

    applied = run_playbook("converge_buckets.yml", "--limit", "development-account")
    assert applied.rc == 0, applied.output
    assert planned(applied) == planned(plan)
    assert applied.report["pending"] == plan.report["pending"] > 0
    done = applied.report["plans"]["development-account"]["buckets"]["outcomes"]
    assert {outcome["status"] for outcome in done} == {"done"}


def test_the_wrong_account_is_refused_before_anything_is_asked_of_s3(estate_aws, run_playbook):
    accounts = {
        "dm_accounts": yaml.safe_load((ROOT / "inventories/common/group_vars/all/accounts.yml").read_text())[
            "dm_accounts"
        ]
    }
    accounts["dm_accounts"]["development"]["id"] = "999999999999"
    estate_aws.forget_calls()

    run = run_playbook("converge_buckets.yml", "--limit", "development-account", extra_vars=accounts)

    assert run.rc != 0
    assert "Account development is 999999999999, but the credentials of profile" in run.output
    assert {call["service"] for call in estate_aws.calls()} <= {"sts"}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("config", "the profile is not in the AWS config file: add it"),
        ("credentials", "no AWS credentials found: sign in"),
        ("network", "AWS cannot be reached: check the network"),
        ("expired", "the session has expired: sign in again"),
    ],
)
def test_credentials_that_do_not_work_are_one_sentence(estate_aws, run_playbook, tmp_path, broken, said):
    files = {name: (estate_aws.state / name).read_text() for name in ("aws_config", "aws_credentials", "ca.pem")}
    if broken == "config":
        files["aws_config"] = ""
    if broken == "credentials":
        files["aws_credentials"] = ""
    if broken == "network":
        files["aws_config"] = files["aws_config"].replace(f":{estate_aws.port}", ":9")
    if broken == "expired":
        estate_aws.fail("AssumeRole", code="ExpiredToken", times=9)
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    run = run_playbook(
        "converge_buckets.yml", "--limit", "development-account", extra_vars={"dm_local_state": str(tmp_path)}
    )

    assert run.rc != 0
    assert (
        f"Cannot get into account development (222222222222) with profile digitalmarketplace-development: {said}"
        in (run.output)
    )
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"buckets_overrides": {"documnts": {}}}, "unknown kind 'documnts'; allowed are documents"),
        ({"buckets_region": "eu-west-9"}, "eu-west-9"),
        ({"buckets_replica_region": "eu-west-1"}, "where the source is; allowed is any other"),
        ({"buckets_name_prefix": "Market"}, "has 'M' at position 1"),
        ({"buckets_name_prefix": "m" * 50}, "a bucket name has 3 to 63"),
        ({"buckets_standalone": {"digitalmarketplace-logs-preview-preview": {}}}, "is declared twice"),
        (
            {"buckets_defaults": {"versioning": False, "mfa_delete": False, "encryption": {"algorithm": "AES256"}}},
            "needs versioning",
        ),
    ],
)
def test_bad_vars_are_one_sentence_and_nothing_is_written(estate_aws, run_playbook, mistake, said):
    estate_aws.forget_calls()

    run = run_playbook("converge_buckets.yml", "--limit", "preview", extra_vars=mistake)

    assert run.rc != 0
    assert said in run.output
    assert "Traceback" not in run.output
    assert estate_aws.writes() == []
