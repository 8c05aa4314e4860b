"""The suite of playbooks broken on purpose: each that writes, by every kind of fault, at a call that a seed picks.

A run ends well or in one sentence, nothing that was there is lost, the next run converges, and nothing is there twice.
The trials are a fixed row, in whose first 66 each playbook meets each fault. The suite tries three a day, which is what
its time allows, of the first NIGHTLY: names of tests say which, and FAULTS=66 -k NAME tries one again on any day.
FAULTS=200 tries that many, FAULTS_SEED=1 picks other calls, and KILLS=20 kills each playbook at that many of its
writes, as far apart as they can be.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import _runner

pytestmark = pytest.mark.slow
PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
SEED, TRIALS, KILLS = (int(os.environ.get(name, 0)) for name in ("FAULTS_SEED", "FAULTS", "KILLS"))
A_DAY, NIGHTLY = 3, 18
EVER = {"times": 10**6}
FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"code": "Throttling", "times": 3},
    "slow down": {"code": "SlowDown", "times": 3},
    "internal error": {"code": "InternalError", "times": 3},
    "cut off before": {"kind": "drop"},
    "cut off after": {"kind": "drop_after"},
    "half an answer": {"kind": "half"},
    "stale reads": {"kind": "stale", "service": "s3", "seconds": 1.5, "writes_only": True, **EVER},
    "session ends": {"code": "ExpiredToken", **EVER},
    "clock is wrong": {"code": "RequestTimeTooSkewed", "status": 403, **EVER},
    "refused midway": {"code": "AccessDenied", "writes_only": True, **EVER},
    "killed": {"kind": "die", "writes_only": True},
}
ONE_LINE = 2_000  # characters; ten resources that could not be changed are named, each with its reason


class Part(NamedTuple):
    undo: Callable[[Any], Any]  # something for the playbook to do
    live: Callable[[Any], Any]  # what it makes, without what differs from run to run
    limit: str = "backups-account"


# --- what is undone by hand, and what is looked at --------------------------------------------------------------------


def users(aws: Any) -> Any:
    return [user["UserName"] for user in aws.client("iam").list_users()["Users"] if user["UserName"] != "bootstrap"]


def without_people(aws: Any) -> None:
    iam = aws.client("iam")
    for name in users(aws)[:2]:
        for group in iam.list_groups_for_user(UserName=name)["Groups"]:
            iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        iam.delete_user(UserName=name)
    for group in ("Developers", "Everyone"):
        for policy in iam.list_group_policies(GroupName=group)["PolicyNames"]:
            iam.delete_group_policy(GroupName=group, PolicyName=policy)
        for user in iam.get_group(GroupName=group)["Users"]:
            iam.remove_user_from_group(UserName=user["UserName"], GroupName=group)


def access(aws: Any, account: str = "main") -> Any:
    pages = aws.client("iam", account).get_paginator("get_account_authorization_details").paginate()
    found: dict[str, Any] = {}
    for page in pages:
        for user in page["UserDetailList"]:
            found[user["Arn"]] = sorted(user["GroupList"])
        for group in page["GroupDetailList"]:
            found[group["Arn"]] = [group["GroupPolicyList"], group["AttachedManagedPolicies"]]
        for role in page["RoleDetailList"]:
            found[role["Arn"]] = [role["AssumeRolePolicyDocument"], role["RolePolicyList"]]
        for policy in page["Policies"]:
            found[policy["Arn"]] = next(one for one in policy["PolicyVersionList"] if one["IsDefaultVersion"])[
                "Document"
            ]
    return found


def without_records(aws: Any) -> None:
    route53 = aws.client("route53", "development")
    for zone in route53.list_hosted_zones()["HostedZones"]:
        records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        gone = [{"Action": "DELETE", "ResourceRecordSet": one} for one in records if one["Type"] not in ("NS", "SOA")]
        route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": gone})


def names(aws: Any) -> Any:
    route53 = aws.client("route53", "development")
    zones = route53.list_hosted_zones()["HostedZones"]
    records = {
        zone["Name"]: route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"] for zone in zones
    }
    return len(zones), records


def without_alarms(aws: Any) -> None:
    watch, logs, sns = (aws.client(service, "backups") for service in ("cloudwatch", "logs", "sns"))
    alarms = [alarm["AlarmName"] for alarm in watch.describe_alarms()["MetricAlarms"]]
    watch.delete_alarms(AlarmNames=alarms)
    for group in logs.describe_log_groups()["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
    for topic in sns.list_topics()["Topics"]:
        sns.delete_topic(TopicArn=topic["TopicArn"])


def alarms(aws: Any) -> Any:
    watch, logs, sns = (aws.client(service, "backups") for service in ("cloudwatch", "logs", "sns"))
    passing = ("StateUpdatedTimestamp", "AlarmConfigurationUpdatedTimestamp", "StateTransitionedTimestamp",
               "StateReason", "StateReasonData", "StateValue")  # fmt: skip
    return [
        [{k: v for k, v in alarm.items() if k not in passing} for alarm in watch.describe_alarms()["MetricAlarms"]],
        sorted(group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]),
        sorted(one["filterName"] for one in logs.describe_metric_filters()["metricFilters"]),
        sorted(topic["TopicArn"] for topic in sns.list_topics()["Topics"]),
        sorted(one["Endpoint"] for one in sns.list_subscriptions()["Subscriptions"]),
    ]


def s3_of(aws: Any, name: str) -> Any:
    london = "cross-region" in name or name.endswith("-london")
    return aws.client("s3", "backups", "eu-west-2" if london else "eu-west-1")


def bucket_names(aws: Any) -> list[str]:
    return sorted(one["Name"] for one in aws.client("s3", "backups").list_buckets()["Buckets"])


def without_settings(aws: Any) -> None:
    """One bucket is gone, others lost what protects them."""
    for name in bucket_names(aws):
        s3 = s3_of(aws, name)
        if name == "digitalmarketplace-batch-jobs-backups":
            s3.delete_bucket(Bucket=name)
        elif not name.endswith("-locks"):
            s3.delete_bucket_policy(Bucket=name)
            s3.delete_bucket_tagging(Bucket=name)
            s3.delete_public_access_block(Bucket=name)


SETTINGS = ("policy", "tagging", "lifecycle_configuration", "replication", "encryption", "versioning", "logging")


def in_order(policy: Any) -> Any:
    """S3 keeps a policy's text and tags as they were written; the order of lists says nothing in either."""
    if isinstance(policy, dict):
        return {key: in_order(value) for key, value in sorted(policy.items())}
    return sorted(map(in_order, policy), key=str) if isinstance(policy, list) else policy


def buckets(aws: Any) -> Any:
    found = {}
    for name in bucket_names(aws):
        s3 = s3_of(aws, name)
        for setting in (*(f"get_bucket_{one}" for one in SETTINGS), "get_public_access_block"):
            try:
                answer = getattr(s3, setting)(Bucket=name)
            except s3.exceptions.ClientError as exc:
                answer = exc.response["Error"]["Code"]
            said = {**answer, "ResponseMetadata": 0} if isinstance(answer, dict) else answer
            if setting == "get_bucket_policy" and isinstance(said, dict):
                said = in_order(json.loads(said["Policy"]))
            if setting == "get_bucket_tagging":  # a set
                said = in_order(said)
            found[name, setting] = str(said)
    return found


def without_trail(aws: Any) -> None:
    trails = aws.client("cloudtrail", "backups")
    for trail in trails.describe_trails()["trailList"]:
        trails.delete_trail(Name=trail["TrailARN"])


def trails(aws: Any) -> Any:
    trails = aws.client("cloudtrail", "backups")
    found = trails.describe_trails()["trailList"]
    return found, [trails.get_trail_status(Name=trail["TrailARN"])["IsLogging"] for trail in found]


def without_canaries(aws: Any) -> None:
    for name in bucket_names(aws):
        s3 = s3_of(aws, name)
        listed = s3.list_object_versions(Bucket=name)
        for one in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
            if not name.endswith(("-locks", "database-backups")):  # nobody may delete a dump
                s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])


def canaries(aws: Any) -> Any:
    """Whose they are; when they were written differs."""
    return {name: len(s3_of(aws, name).list_objects_v2(Bucket=name).get("Contents", ())) for name in bucket_names(aws)
            if not name.endswith("-locks")}  # fmt: skip


PARTS = {
    "converge_access": Part(without_people, access, "main-account"),
    "converge_dns": Part(without_records, names, "development-account"),
    "converge_monitoring": Part(without_alarms, alarms),
    "converge_buckets": Part(without_settings, buckets),
    "converge_trails": Part(without_trail, trails),
    "verify_replication": Part(without_canaries, canaries),
}
NEEDS = {
    "converge_buckets": ("converge_monitoring",),
    "converge_trails": ("converge_monitoring", "converge_buckets"),
    "verify_replication": ("converge_monitoring", "converge_buckets"),
}
# Where the others that write are broken on purpose, or why they are not.
ELSEWHERE = {
    "site": "imports those above",
    "prove_estate": "imports verify_*",
    "audit_estate": "imports site, and writes nothing in check mode",
    "onboard_person": "at every call: test_person_calls",
    "offboard_person": "at every call: test_person_calls",
    "converge_assets": "writes no AWS; a run that ends in its middle: test_router_role",
    "withdraw_document": "writes no AWS; test_assets_estate",
    "configure_jenkins": "writes no AWS; tests/hosts",
    "update_jobs": "writes Jenkins, by its API: test_update_jobs",
    "enable_mfa_delete": "root's, at a terminal: test_mfa_delete_ceremony",
    "disable_mfa_delete": "imports enable_mfa_delete",
    "replicate_existing": "interrupted anywhere: test_replicas",
    "prove_backups": "imports check_backup, restore_backup",
    "check_backup": "writes tags of dumps only: test_dumps",
    "restore_backup": "writes no AWS; killed at any moment: test_restore",
    "provision_jenkins": "Ansible's own modules mostly, which try again: test_provision_jenkins, without faults",
    "restore_jenkins": "the drill takes down what it made: test_restore_jenkins",
    "verify_assets": "writes a canary where there is none, as verify_replication does",
    "verify_monitoring": "writes an event a day, and looks for it: test_monitoring_estate",
}
READS = {
    "ask_who_changed", "audit_documents", "check_vars", "compare_inventories", "compare_replicas", "presign_document",
    "render_jobs", "resolve_asset", "review_access", "show_routes", "validate_trails", "verify_dns",
}  # fmt: skip


# --- the trials -------------------------------------------------------------------------------------------------------


class Trial(NamedTuple):
    playbook: str
    fault: str
    share: float  # of the way through the calls


def row(number: int) -> list[Trial]:
    """Every playbook and every fault comes early, whatever the number."""
    chance = random.Random(SEED or 16)
    kinds = list(FAULTS)
    chance.shuffle(kinds)
    pairs = itertools.islice(zip(itertools.cycle(PARTS), itertools.cycle(kinds), strict=False), number)
    return [Trial(playbook, fault, chance.random()) for playbook, fault in pairs]


def of(day: datetime.date) -> list[Trial]:
    """In as many days as it takes, each."""
    first = day.toordinal() * A_DAY % NIGHTLY
    return row(NIGHTLY)[first : first + A_DAY]


def trials() -> list[Trial]:
    drawn = row(TRIALS) if TRIALS else of(datetime.datetime.now(datetime.UTC).date())
    return drawn + [Trial(playbook, "killed", one / KILLS) for playbook in PARTS for one in range(KILLS)]


class Small:
    """People and roles of two accounts; each part is converged when it is first tried."""

    def __init__(self, aws: Any, play: Any) -> None:
        self.aws, self.play = aws, play
        self.made: dict[str, tuple[Any, int, int]] = {}
        self.run("converge_access", "main-account,backups-account")

    def run(self, name: str, limit: str) -> None:
        done = self.play(f"{name}.yml", "-l", limit)
        assert done.rc == 0, done.output

    def ready(self, name: str) -> tuple[Any, int, int]:
        """What the playbook makes, and how many calls and writes it takes to make again what was undone."""
        if name not in self.made:
            part, aws = PARTS[name], self.aws
            for needed in NEEDS.get(name, ()):
                self.ready(needed)
            self.run(name, part.limit)
            state = part.live(aws)
            part.undo(aws)
            aws.forget_calls()
            self.run(name, part.limit)
            self.made[name] = state, len(aws.calls()), len(aws.writes())
            assert part.live(aws) == state, "what was undone by hand is made again as it was"
        return self.made[name]


@pytest.fixture(scope="module")
def small(_embedded_aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Small:
    _embedded_aws.reset()
    return Small(_embedded_aws, _runner(_embedded_aws, tmp_path_factory.mktemp("faults")))


@pytest.mark.parametrize("trial", trials(), ids=lambda trial: f"{trial.playbook}-{trial.fault}-{trial.share:.2f}")
def test_a_fault_ends_well_or_in_a_sentence_and_the_next_run_converges(small: Small, trial: Trial) -> None:
    aws, play, part, fault = small.aws, small.play, PARTS[trial.playbook], FAULTS[trial.fault]
    state, calls, writes = small.ready(trial.playbook)
    nth = 1 + int(trial.share * (writes if fault.get("writes_only") else calls))
    part.undo(aws)
    # The lock of a dead run holds for a minute (test_lock.py); whoever has its name need not wait.
    command = [f"{trial.playbook}.yml", "-l", part.limit]
    same = {"DM_RUN": "1"}
    aws.forget_calls()
    aws.fail(nth=nth, **fault)
    dropped = lambda: any(call["status"] == "dropped" for call in aws.calls())  # noqa: E731
    try:
        broken = play(*command, env=same, kill_when=dropped if trial.fault == "killed" else None)
    finally:
        aws.heal()

    assert "Traceback" not in broken.output
    if broken.rc > 0:
        said = [failure["sentence"] for failure in broken.report["failures"]]
        assert said, broken.output
        for one in said:
            assert "\n" not in one
            assert len(one) < ONE_LINE, one
            assert not re.search(r"<\w+ object at|Unexpected|NoneType|KeyError", one), one
    again = play(*command, env=same)
    assert again.rc == 0, again.output
    assert part.live(aws) == state, f"at call {nth}"
    if trial.playbook.startswith("converge"):
        assert play(*command, env=same, check=True).report["pending"] == 0


def test_each_trial_of_the_nights_comes_within_a_month_and_no_two_of_a_night_are_of_one_playbook():
    assert len({(one.playbook, one.fault) for one in row(66)}) == len(PARTS) * len(FAULTS) == 66
    nights = [of(datetime.date(2028, 2, 10) + datetime.timedelta(night)) for night in range(31)]
    assert {one for night in nights for one in night} == {*row(NIGHTLY)}
    assert all(len({one.playbook for one in night}) == A_DAY for night in nights)


def test_every_playbook_that_writes_is_tried_here_or_where_it_is_said() -> None:
    every = {file.stem for file in PLAYBOOKS.glob("*.yml")}
    assert {*PARTS, *ELSEWHERE, *READS} == every
