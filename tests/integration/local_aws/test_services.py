"""Alarms, data, filters, topics and keys that AWS would not take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.local_aws.conftest import allow, document, refusal

ALARM = {
    "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
    "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "left_out", "code"),
    [
        ({"Period": 45}, "", "ValidationError"),
        ({"Period": 61}, "", "ValidationError"),
        ({"Period": 300, "EvaluationPeriods": 289}, "", "ValidationError"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "", "ValidationError"),
        ({"DatapointsToAlarm": 2}, "", "ValidationError"),
        ({"TreatMissingData": "whatever"}, "", "ValidationError"),
        ({}, "MetricName", "ValidationError"),
        ({}, "Statistic", "InvalidParameterCombination"),
        ({}, "Threshold", "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "", "InvalidParameterCombination"),
        ({"AlarmActions": ["a-topic"]}, "", "ValidationError"),
        ({"Dimensions": [{"Name": "d", "Value": "1"}, {"Name": "d", "Value": "2"}]}, "", "InvalidParameterValue"),
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(estate_aws, words, left_out, code):
    cloudwatch = estate_aws.client("cloudwatch", "production")
    asked = {name: value for name, value in (ALARM | words).items() if name != left_out}
    assert refusal(cloudwatch.put_metric_alarm, **asked) == code
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    cloudwatch.put_metric_alarm(**ALARM | {"Period": 3600, "EvaluationPeriods": 168})


def test_data_are_of_these_days_and_not_awss_own(estate_aws):
    cloudwatch, now = estate_aws.client("cloudwatch", "production"), datetime.now(UTC)
    for namespace, when in (
        ("n", now - timedelta(days=15)),
        ("n", now + timedelta(hours=3)),
        ("AWS/S3", now),
    ):
        datum = {"MetricName": "m", "Value": 1.0, "Timestamp": when}
        assert refusal(cloudwatch.put_metric_data, Namespace=namespace, MetricData=[datum]) == "InvalidParameterValue"
    many = [{"MetricName": "m", "Value": 1.0}] * 1001
    assert refusal(cloudwatch.put_metric_data, Namespace="n", MetricData=many) == "InvalidParameterValue"
    cloudwatch.put_metric_data(Namespace="n", MetricData=many[1:])


@pytest.fixture
def logs(estate_aws):
    client = estate_aws.client("logs", "production")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    return client


def put_filter(logs, pattern="x", name="f", **words):
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1", **words}
    words = {"logGroupName": "g", "filterName": name, "filterPattern": pattern, "metricTransformations": [metric]}
    return logs.put_metric_filter, words


@pytest.mark.parametrize("pattern", ["{ $.a = ", "{ $.a = 1 } more", '"open', "{ $.a == 1 }", "$.a = 1 }"])
def test_a_pattern_that_cannot_be_read_is_refused(logs, pattern):
    call, words = put_filter(logs, pattern)
    assert refusal(call, **words) == "InvalidParameterException"


@pytest.mark.parametrize(
    "metric",
    [
        {"metricValue": "one"},
        {"metricNamespace": "AWS/Own"},
        {"defaultValue": 0.0, "dimensions": {"a": "$.a"}},
        {"dimensions": {name: f"$.{name}" for name in "abcd"}},
    ],
)
def test_a_filters_metric_is_one_that_logs_may_make(logs, metric):
    call, words = put_filter(logs, "{ $.a = 1 }", **metric)
    assert refusal(call, **words) == "InvalidParameterException"


def test_a_group_has_a_hundred_filters(logs):
    for number in range(100):
        call, words = put_filter(logs, name=f"f{number}")
        call(**words)
    call, words = put_filter(logs, name="one-more")
    assert refusal(call, **words) == "LimitExceededException"
    call, words = put_filter(logs, name="f1")
    call(**words)


def test_a_batch_of_events_spans_a_day(logs):
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": now - 25 * 3_600_000, "message": "a"}, {"timestamp": now, "message": "b"}]
    words = {"logGroupName": "g", "logStreamName": "s"}
    assert refusal(logs.put_log_events, **words, logEvents=events) == "InvalidParameterException"
    logs.put_log_events(**words, logEvents=events[1:])


@pytest.fixture
def sns(estate_aws):
    return estate_aws.client("sns", "production")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="t")["TopicArn"]


@pytest.mark.parametrize(
    ("protocol", "endpoint", "attributes"),
    [
        ("pigeon", "x", {}),
        ("email", "nobody", {}),
        ("https", "http://hooks.example", {}),
        ("lambda", "a-function", {}),
        ("sqs", "a-queue", {}),
        ("email", "a@b.example", {"FilterPolicy": "no JSON"}),
        ("email", "a@b.example", {"FilterPolicyScope": "Everything"}),
    ],
)
def test_a_subscription_that_cannot_work_is_refused(sns, topic, protocol, endpoint, attributes):
    words = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes}
    assert refusal(sns.subscribe, **words) == "InvalidParameter"
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Colour", "red"),
        ("Policy", "no JSON"),
        ("Policy", document(allow("s3:GetObject", "{topic}", Principal="*"))),
        ("Policy", document(allow("sns:Publish", "{topic}-other", Principal="*"))),
        ("Policy", document(allow("sns:Publish", "{topic}"))),
        ("Policy", document()),
        ("DeliveryPolicy", "no JSON"),
    ],
)
def test_an_attribute_that_sns_would_not_take_is_refused(sns, topic, name, value):
    before = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    words = {"TopicArn": topic, "AttributeName": name, "AttributeValue": value.replace("{topic}", topic)}
    assert refusal(sns.set_topic_attributes, **words) == "InvalidParameter"
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"] == before


def test_a_message_has_words_and_its_subject_is_one_line(sns, topic):
    assert refusal(sns.publish, TopicArn=topic, Message="") == "InvalidParameter"
    assert refusal(sns.publish, TopicArn=topic, Message="x", Subject="a\nb") == "InvalidParameter"


def test_a_key_does_what_its_state_lets_it(estate_aws):
    kms = estate_aws.client("kms", "production")
    key = {"KeyId": kms.create_key()["KeyMetadata"]["KeyId"]}
    for days in (6, 31):
        assert refusal(kms.schedule_key_deletion, **key, PendingWindowInDays=days) == "ValidationException"
    assert refusal(kms.create_alias, AliasName="alias/aws/own", TargetKeyId=key["KeyId"]) == "NotAuthorizedException"
    bad = {"PolicyName": "default", "Policy": "no JSON"}
    assert refusal(kms.put_key_policy, **key, **bad) == "MalformedPolicyDocumentException"
    sealed = kms.encrypt(**key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(**key)
    assert refusal(kms.encrypt, **key, Plaintext=b"x") == "DisabledException"
    assert refusal(kms.enable_key_rotation, **key) == "DisabledException"
    kms.enable_key(**key)
    assert kms.decrypt(CiphertextBlob=sealed, **key)["Plaintext"] == b"x"
    kms.schedule_key_deletion(**key, PendingWindowInDays=7)
    for call, words in ((kms.enable_key, {}), (kms.encrypt, {"Plaintext": b"x"}), (kms.schedule_key_deletion, {})):
        assert refusal(call, **key, **words) == "KMSInvalidStateException"
    kms.cancel_key_deletion(**key)
    assert kms.describe_key(**key)["KeyMetadata"]["KeyState"] == "Disabled"
