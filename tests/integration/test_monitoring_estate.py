"""Monitoring as the real playbooks make it, read back with plain boto3."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import yaml
from cryptography.hazmat.primitives import serialization

from tests.support.replicas import SOURCE, emptied
from tests.support.trail_files import Bucket as TrailFiles

pytestmark = pytest.mark.slow
ACCOUNTS = {"main": "111111111111", "development": "222222222222", "production": "333333333333",
            "backups": "444444444444"}  # fmt: skip
STAGES = {"preview": "development", "staging": "production", "production": "production"}
UPLOADED = ("documents", "communications", "submissions", "agreements")


def all_of(client: Any, method: str, key: str, **words: Any) -> list[Any]:
    return [one for page in client.get_paginator(method).paginate(**words) for one in page[key]]


def test_log_groups_are_kept_as_long_as_the_originals(converged_estate: Any) -> None:
    for stage, account in STAGES.items():
        groups = all_of(converged_estate.client("logs", account), "describe_log_groups", "logGroups")
        mine = {one["logGroupName"]: one.get("retentionInDays") for one in groups}
        kept = {
            days for name, days in mine.items() if name.startswith(f"{stage}-") and name.endswith(("nginx", "tion"))
        }
        assert kept == {3653 if stage == "production" else 180}
        assert len([name for name in mine if name.startswith(f"{stage}-") and name.endswith("-nginx")]) == 10
        assert f"sns/eu-west-1/{ACCOUNTS[account]}/{stage}-uploads/Failure" in mine


def test_alarms_tell_their_topics_and_staging_has_none(converged_estate: Any) -> None:
    for account in ACCOUNTS:
        alarms = all_of(converged_estate.client("cloudwatch", account), "describe_alarms", "MetricAlarms")
        topics = {one["TopicArn"] for one in all_of(converged_estate.client("sns", account), "list_topics", "Topics")}
        assert alarms
        assert {arn for alarm in alarms for arn in (*alarm["AlarmActions"], *alarm["OKActions"])} <= topics
        assert all(alarm["ActionsEnabled"] and alarm["AlarmActions"] for alarm in alarms)
        assert not [alarm for alarm in alarms if alarm["AlarmName"].startswith("staging-")]


def test_every_account_has_a_trail_that_misses_nothing(converged_estate: Any) -> None:
    for account, number in ACCOUNTS.items():
        client = converged_estate.client("cloudtrail", account)
        (trail,) = client.describe_trails()["trailList"]
        assert trail["IsMultiRegionTrail"]
        assert trail["IncludeGlobalServiceEvents"]
        assert trail["LogFileValidationEnabled"]
        (selector,) = client.get_event_selectors(TrailName=account)["EventSelectors"]
        assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
        assert trail["S3BucketName"] == f"digitalmarketplace-{account}-cloudtrail"
        assert trail["CloudWatchLogsLogGroupArn"].endswith(f":log-group:{account}-cloudtrail:*")
        assert client.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
        kms = converged_estate.client("kms", account)
        key = kms.describe_key(KeyId=trail["KmsKeyId"])["KeyMetadata"]["KeyId"]
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
        (group,) = converged_estate.client("logs", account).describe_log_groups(
            logGroupNamePrefix=f"{account}-cloudtrail"
        )["logGroups"]
        assert (group["kmsKeyId"], group["retentionInDays"]) == (trail["KmsKeyId"], 731)
        assert f":{number}:" in trail["KmsKeyId"]


def test_a_trail_that_somebody_made_to_look_away_looks_again(converged_estate: Any) -> None:
    cloudtrail = converged_estate.client("cloudtrail", "development")
    away = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": []}
    cloudtrail.put_event_selectors(TrailName="development", EventSelectors=[away])
    done = converged_estate.playbook("converge_trails.yml", "-l", "development-account")
    assert done.rc == 0, done.output[-3000:]
    assert "trail development" in done.output
    (seen,) = cloudtrail.get_event_selectors(TrailName="development")["EventSelectors"]
    assert seen["ReadWriteType"] == "All"


def test_a_trails_files_are_validated_by_the_pipelines_own_role_and_a_spoilt_one_is_named(
    converged_estate: Any,
) -> None:
    """Digests of two regions, signed by the embedded CloudTrail's key; what nobody logged is a finding of its own."""
    cloudtrail, s3 = (converged_estate.client(name, "main") for name in ("cloudtrail", "s3"))
    cloudtrail.list_public_keys()
    signer: Any = serialization.load_pem_private_key((converged_estate.state / "trail_key.pem").read_bytes(), None)
    now = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
    chains = [
        TrailFiles(ACCOUNTS["main"], "main", region, now, signer, "eu-west-1").fill(3, 2)
        for region in ("eu-west-1", "us-east-1")
    ]
    for chain in chains:
        for key, (body, metadata) in chain.objects.items():
            s3.put_object(Bucket=chain.name, Key=key, Body=body, Metadata=metadata)
    words = ("-l", "main-account")
    converged_estate.forget_calls()
    done = converged_estate.playbook("validate_trails.yml", *words)
    assert done.rc == 0, done.output[-3000:]
    assert converged_estate.writes() == []
    seen = {one["subject"]: one for one in done.report["plans"]["main-account"]["trail validation"]["proofs"]}
    assert {subject: (one["verdict"], one["digests_valid"], one["logs_valid"]) for subject, one in seen.items()} == {
        "trail main in eu-west-1": ("proved", 3, 6), "trail main in us-east-1": ("proved", 3, 6),
    }  # fmt: skip
    s3.put_object(Bucket=chains[1].name, Key=chains[1].logs[2], Body=chains[1].objects[chains[1].logs[1]][0])
    again = converged_estate.playbook("validate_trails.yml", *words)
    assert again.rc != 0
    assert chains[1].logs[2] in again.output


def test_uploads_are_told_by_just_the_upload_buckets(converged_estate: Any) -> None:
    for stage, account in STAGES.items():
        arn = f"arn:aws:sns:eu-west-1:{ACCOUNTS[account]}:{stage}-uploads"
        sns = converged_estate.client("sns", account)
        policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        (allowed,) = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
        buckets = {f"digitalmarketplace-{kind}-{stage}-{stage}" for kind in UPLOADED}
        assert set(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == {f"arn:aws:s3:::{one}" for one in buckets}
        assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNTS[account]}
        s3 = converged_estate.client("s3", account)
        for bucket in buckets:
            (told,) = s3.get_bucket_notification_configuration(Bucket=bucket)["TopicConfigurations"]
            assert (told["TopicArn"], told["Events"]) == (arn, ["s3:ObjectCreated:*"])
        (one,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        assert (one["SubscriptionArn"], one["Protocol"]) == ("PendingConfirmation", "https")
        assert "not-a-secret" not in one["Endpoint"]


def test_an_event_sets_an_alarm_off_that_reaches_a_confirmed_subscription(converged_estate: Any) -> None:
    audited = converged_estate.playbook("verify_monitoring.yml", "-l", "preview", check=True)
    assert "were not proved to reach anybody" in audited.output
    proved = converged_estate.playbook("verify_monitoring.yml", "-l", "preview,staging")
    assert proved.rc == 0, proved.output[-3000:]
    cloudwatch = converged_estate.client("cloudwatch", "development")
    past = cloudwatch.describe_alarm_history(AlarmName="preview-canary", HistoryItemType="Action")["AlarmHistoryItems"]
    assert any("Successfully executed action" in one["HistorySummary"] for one in past)
    converged_estate.forget_calls()
    again = converged_estate.playbook("verify_monitoring.yml", "-l", "preview,staging")
    assert again.rc == 0
    assert converged_estate.writes() == [], "a message of the last day is proof without another event"

    cloudwatch.disable_alarm_actions(AlarmNames=["preview-canary"])
    audited = converged_estate.playbook("verify_monitoring.yml", "-l", "preview", check=True)
    cloudwatch.enable_alarm_actions(AlarmNames=["preview-canary"])
    [drift] = audited.report["plans"]["preview"]["alarm proof"]["drift"]
    assert "were not proved to reach anybody since alarm preview-canary is switched off" in drift


class Api(BaseHTTPRequestHandler):
    """The antivirus API as SNS sees it: it confirms, and remembers what it was told."""

    told: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


def test_an_upload_reaches_the_api_once_it_has_confirmed(converged_estate: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sns, s3 = (converged_estate.client(name, "development") for name in ("sns", "s3"))
    arn = "arn:aws:sns:eu-west-1:222222222222:preview-uploads"
    endpoint = f"http://127.0.0.1:{server.server_port}/callbacks/sns/s3/uploaded"
    made = sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn=True)
    try:
        s3.put_object(Bucket=SOURCE, Key="before.pdf", Body=b"x")
        asked = waited_for(lambda: [one for one in Api.told if one["Type"] == "SubscriptionConfirmation"])
        sns.confirm_subscription(TopicArn=arn, Token=asked[0]["Token"])
        s3.put_object(Bucket=SOURCE, Key="g-cloud-13/documents/1/x.pdf", Body=b"x")
        s3.put_object(Bucket="digitalmarketplace-reports-preview-preview", Key="report.csv", Body=b"x")
        told = waited_for(lambda: [json.loads(one["Message"]) for one in Api.told if one["Type"] == "Notification"])
        keys = [one["s3"]["object"]["key"] for message in told for one in message["Records"]]
        assert keys == ["g-cloud-13/documents/1/x.pdf"]
    finally:
        server.shutdown()
        sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
        emptied(converged_estate)
        s3.delete_object(Bucket="digitalmarketplace-reports-preview-preview", Key="report.csv")


def waited_for(ask: Callable[[], list[Any]]) -> list[Any]:
    for _ in range(100):
        if found := ask():
            return found
        time.sleep(0.1)
    return ask()


def test_a_second_run_writes_nothing_and_says_who_must_click(converged_estate: Any) -> None:
    for part, ask in (("monitoring", False), ("trails", False), ("monitoring", True)):
        converged_estate.forget_calls()
        again = converged_estate.playbook(f"converge_{part}.yml", check=ask)
        assert again.rc == 0, again.output[-3000:]
        assert converged_estate.writes() == []
        for purposes in again.report["plans"].values():
            assert purposes[part]["actions"] == []
            assert purposes[part]["unmanaged"] == []
    assert "estate@marketplace.example must click the link" in again.output
    assert "not-a-secret" not in again.output


def test_what_was_changed_by_hand_is_put_back_and_what_was_added_is_shown_with_vars_that_adopt_it(
    converged_estate: Any,
) -> None:
    cloudwatch, logs = (converged_estate.client(name, "development") for name in ("cloudwatch", "logs"))
    cloudwatch.disable_alarm_actions(AlarmNames=["preview-router-5xx"])
    cloudwatch.put_metric_alarm(
        AlarmName="preview-by-hand", Namespace="AWS/S3", MetricName="4xxErrors", Statistic="Sum", Period=300,
        EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=7, ComparisonOperator="GreaterThanThreshold",
        AlarmActions=["arn:aws:sns:eu-west-1:222222222222:preview-alarm"],
    )  # fmt: skip
    logs.create_log_group(logGroupName="preview-by-hand")
    logs.put_retention_policy(logGroupName="preview-by-hand", retentionInDays=30)
    planned = converged_estate.playbook("converge_monitoring.yml", "-l", "preview", check=True)
    plan = planned.report["plans"]["preview"]["monitoring"]
    assert [action["resource"] for action in plan["actions"]] == ["alarm preview-router-5xx"]
    assert "switched off by hand" in planned.output
    assert {one["resource"] for one in plan["unmanaged"]} == {"alarm preview-by-hand", "log group preview-by-hand"}

    pasted: dict[str, Any] = {"monitoring_extra": {}}
    for one in plan["unmanaged"]:
        assert one["file"] == "inventories/preview/host_vars/preview/monitoring.yml"
        pasted["monitoring_extra"] |= yaml.safe_load(one["adopt"])["monitoring_extra"]
    applied = converged_estate.playbook("converge_monitoring.yml", "-l", "preview", extra_vars=pasted)
    assert applied.rc == 0, applied.output[-3000:]
    now = applied.report["plans"]["preview"]["monitoring"]
    assert (now["unmanaged"], len(now["actions"])) == ([], 1)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["preview-router-5xx"])["MetricAlarms"]
    assert alarm["ActionsEnabled"]

    shorter = {"monitoring_extra": {"log_groups": {"preview-by-hand": {"days": 7}}}}
    refused = converged_estate.playbook("converge_monitoring.yml", "-l", "preview", extra_vars=shorter, check=True)
    assert refused.rc != 0
    assert "monitoring_shorter: [preview-by-hand]" in refused.output
    cloudwatch.delete_alarms(AlarmNames=["preview-by-hand"])
    logs.delete_log_group(logGroupName="preview-by-hand")
