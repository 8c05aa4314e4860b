"""The seed's whole estate, converged by the real playbooks and read back with plain boto3."""

from __future__ import annotations

import json
import re
import shutil
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
    **{f"digitalmarketplace-{account}-cloudtrail": account for account in ("main", "backups", *STAGES.values())},
    **{f"digitalmarketplace-{account}-locks": account for account in ("main", "development", "production", "backups")},
}
BATCH_JOBS = {"dev": "development", "prod": "production", "backups": "backups"}
ACCOUNTS |= {f"digitalmarketplace-batch-jobs-{name}{place}": account for name, account in BATCH_JOBS.items()
             for place in ("", "-london")}  # fmt: skip
UNVERSIONED = {"versioning": False, "mfa_delete": False, "encryption": {"algorithm": "AES256"}}
ACCOUNTS |= {replica: ACCOUNTS[source] for source, replica in REPLICATED.items()}


MFA_DELETE = {
    *(f"digitalmarketplace-{kind}-{stage}-{stage}" for kind in KINDS for stage in ("preview", "production")),
    *(replica for replica in REPLICATED.values() if not replica.endswith("database-backups")),
    *(name for name in ACCOUNTS if name.endswith("-cloudtrail")),
}


def region_of(name):
    return "eu-west-2" if "cross-region" in name or name.endswith("-london") else "eu-west-1"


def planned(run):
    """host -> [(method, resource)] of the plan that the run stored."""
    return {
        host: [(action["method"], action["resource"]) for action in purposes["buckets"]["actions"]]
        for host, purposes in run.report["plans"].items()
        if "buckets" in purposes
    }


def test_every_bucket_of_the_seed_is_as_declared(converged_estate):
    for name, account in ACCOUNTS.items():
        region = region_of(name)
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
        s3 = converged_estate.client("s3", account, region_of(name))
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


def test_objects_of_no_other_bucket_expire(converged_estate):
    expiring = {}
    for name, account in ACCOUNTS.items():
        s3 = converged_estate.client("s3", account, region_of(name))
        try:
            rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        except s3.exceptions.ClientError:
            assert name in MFA_DELETE, "S3 allows no lifecycle rule beside MFA delete; all others drop stale uploads"
            continue
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
        for rule in rules:
            if "Expiration" in rule:
                expiring[name] = rule["Expiration"]["Days"]
    assert expiring == {
        **dict.fromkeys((name for name in ACCOUNTS if "-batch-jobs-" in name), 90),
        "digitalmarketplace-database-backups": 180,
        "digitalmarketplace-cross-region-database-backups": 7,
        "digitalmarketplace-load-balancer-logs": 90,
    }


def test_dumps_and_their_replicas_expire_once_they_are_released(converged_estate):
    """Age alone deletes none."""
    for name, region, expected in (
        ("digitalmarketplace-database-backups", "eu-west-1", [(180, {"Key": "Retention", "Value": "released"})]),
        ("digitalmarketplace-cross-region-database-backups", "eu-west-2", [(7, {"Key": "Copy", "Value": "released"})]),
    ):
        s3 = converged_estate.client("s3", "backups", region)
        rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        expiring = [(rule["Expiration"]["Days"], rule["Filter"].get("Tag")) for rule in rules if "Expiration" in rule]
        assert expiring == expected


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
    plans = again.report["plans"]
    noted = {note.split(":")[0] for plan in plans.values() for note in plan["buckets"]["drift"]}
    assert noted == MFA_DELETE, "only root can switch it on, so it is said in every run"
    assert all(not actions for actions in planned(again).values())
    assert converged_estate.writes() == []


def test_a_replica_that_is_no_longer_declared_is_shown_to_end_with_its_rule(converged_estate):
    """The role serves declared replicas only: a rule that stayed would fail for every object, unseen."""
    overrides = yaml.safe_load((ROOT / "inventories/preview/host_vars/preview/buckets.yml").read_text())
    del overrides["buckets_overrides"]["documents"]["replica"]
    overrides = {"buckets_overrides": overrides["buckets_overrides"]}

    run = converged_estate.playbook("converge_buckets.yml", "-l", "preview", check=True, extra_vars=overrides)

    assert run.rc == 0, run.output
    assert planned(run)["preview"] == [
        ("s3.delete_bucket_replication", "replication of digitalmarketplace-documents-preview-preview"),
        ("iam.put_role_policy", "role replication, narrowed"),
    ]
    assert "digitalmarketplace-cross-region-documents-preview-preview" in run.output
    assert "1 to change, 1 to remove, 1 unmanaged" in run.output


def test_a_declaration_that_was_lost_is_refused(converged_estate):
    run = converged_estate.playbook(
        "converge_buckets.yml", "-l", "backups-account", check=True, extra_vars={"buckets_standalone": {}}
    )

    assert run.rc == 2
    assert "no bucket is declared, but digitalmarketplace-backups-" in run.output


def test_a_tag_alone_narrows_the_whole_site_down(converged_estate):
    run = converged_estate.playbook("site.yml", "--tags", "buckets", check=True)

    assert run.rc == 0, run.output
    assert {purpose for plans in run.report["plans"].values() for purpose in plans} == {"buckets"}


def test_a_plan_of_an_empty_estate_writes_nothing_and_is_what_apply_then_does(estate_aws, run_playbook):
    assert run_playbook("converge_access.yml").rc == 0  # whom policies name
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
        ({"buckets_region": "eu-west-9"}, "buckets_region is 'eu-west-9', which is no region of AWS's"),
        ({"buckets_replica_region": "eu-west-1"}, "where the source is; allowed is any other"),
        ({"buckets_name_prefix": "Market"}, "has 'M' at position 1"),
        ({"buckets_name_prefix": "m" * 50}, "allowed are 3 to 63"),
        ({"buckets_standalone": {"digitalmarketplace-logs-preview-preview": {}}}, "is declared twice"),
        (
            {"buckets_overrides": {"reports": {"readers": ["arn:aws:iam::111111111111:user/ada.exampel"]}}},
            "a user that nobody declares in main; allowed are those of vars/people.yml; did you mean ada.example",
        ),
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


def test_a_name_that_two_hosts_declare_is_refused_before_the_first_call_of_s3(estate_aws, run_playbook):
    limit = "development-account,backups-account"
    lost = run_playbook("converge_buckets.yml", "-l", limit, "-e", '{"buckets_standalone": {"shop-everywhere": {}}}')

    assert lost.rc != 0
    assert "declares shop-everywhere; a bucket belongs to one host" in " ".join(lost.output.split())
    assert {call["service"] for call in estate_aws.calls()} <= {"sts", "iam"}


def test_the_plan_of_a_name_that_two_hosts_declare_fails_too(estate_aws, run_playbook):
    declared = '{"buckets_standalone": {"shop-everywhere": {}}}'
    limit = "development-account,backups-account"
    lost = run_playbook("converge_buckets.yml", "-l", limit, "-e", declared, "--check", "--diff")

    told = "backups-account and development-account declare shop-everywhere; it belongs to one host"
    assert [one.partition(" (")[0] for one in lost.report["together"]["broken"]] == [told]
    assert told in " ".join(lost.output.split())
    assert "bucket shop-everywhere" in lost.output, "what each would do is shown all the same"
    assert estate_aws.writes() == []
    alone = run_playbook("converge_buckets.yml", "-l", "backups-account", "-e", declared, "--check")
    assert "broken" not in alone.report["together"]


def test_the_plan_says_so_where_aws_refuses_the_name_to_one_of_them(estate_aws, run_playbook):
    declared = ("-e", '{"buckets_standalone": {"shop-one": {}}}')
    assert run_playbook("converge_buckets.yml", "-l", "development-account", *declared).rc == 0
    estate_aws.forget_calls()

    lost = run_playbook("converge_buckets.yml", "-l", "development-account,backups-account", *declared, "--check")

    assert lost.rc != 0
    assert "the name belongs to another AWS account" in lost.output
    assert "backups-account and development-account declare shop-one; it belongs" in " ".join(lost.output.split())


def edit(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda common, _: edit(common, "\nbuckets_kinds:", "\nbuckets_kindz:"),
            "buckets.yml:30 has the variable 'buckets_kindz', which no role takes; did you mean buckets_kinds?",
        ),
        (
            lambda common, _: common.write_text(re.sub(r"(?ms)^buckets_kinds:\n.*?(?=^\w)", "", common.read_text())),
            "buckets_kinds is missing (inventories/*/group_vars/all and host_vars; roles/buckets/meta/arg",
        ),
        (
            lambda common, _: edit(common, "buckets_tags: {", "buckets_tags: # {"),
            "buckets.yml:8: buckets_tags is empty; give it a value, [] or {} where there is none.",
        ),
        (
            lambda common, _: edit(common, "versioning: true", "versioning: sometimes"),
            "buckets_defaults.versioning is 'sometimes'; allowed is true or false (",
        ),
        (
            lambda common, _: edit(common, "buckets_region: eu-west-1", "buckets_region: eu-west-9"),
            "buckets_region is 'eu-west-9', which is no region of AWS's; did you mean eu-west-",
        ),
        (
            lambda _, own: own.write_text(""),
            "inventories/preview/host_vars/preview/buckets.yml is empty or no mapping; allowed",
        ),
        (lambda _, own: own.write_text("- a list"), "buckets.yml is empty or no mapping; allowed are vars"),
        (lambda _, own: own.write_text("a: ["), "buckets.yml:2 cannot be read (YAML parsing failed"),
        (
            lambda _, own: own.write_text("$ANSIBLE_VAULT;1.1;AES256\n3132\n"),
            "buckets.yml cannot be read (Attempting to decrypt but no vault secrets found); allowed is YAML, or a file",
        ),
        (
            lambda _, own: own.with_name("more.sops.yml").write_text("a: ENC[x]\n"),
            "more.sops.yml is a file of sops; those belong in the credentials repo",
        ),
        (
            lambda _, own: own.with_name("main.yml").write_text("dm_account: devel\ndm_stage: preview\n"),
            "dm_accounts.devel.id is 'missing'; it must be 12 digits in quotes (inventories/common/group_vars/all/acc",
        ),
        (
            lambda _, own: own.with_name("main.yml").write_text("dm_stage: preview\n"),
            "dm_account is missing (inventories",
        ),
    ],
)
def test_vars_files_that_cannot_be_used_are_named_before_the_first_call(
    estate_aws, run_playbook, tmp_path, spoil, said
):
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    own = tmp_path / "inventories/preview/host_vars/preview/buckets.yml"
    spoil(tmp_path / "inventories/common/group_vars/all/buckets.yml", own)
    estate_aws.forget_calls()

    run = run_playbook(
        "converge_buckets.yml", "--limit", "preview", inventories=tmp_path / "inventories",
        env={"LOCAL_AWS_STATE": str(estate_aws.state)},
    )  # fmt: skip

    assert run.rc != 0
    assert said in run.output
    assert "Traceback" not in run.output
    assert {call["service"] for call in estate_aws.calls()} <= {"sts"}, "nothing but whose account it is was asked"
