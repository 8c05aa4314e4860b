"""What a service's model says of a request's parameters holds before anything else, in the service's own words."""

from __future__ import annotations

import pytest

from tests.integration.local_aws.conftest import allow, document, refusal

TRUST = document(allow("sts:AssumeRole", Principal={"AWS": "333333333333"}))
ALARM = {
    "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
    "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip
ROLE = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}
RECORD = {"Name": "a.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}


def change(**words):
    one = {"Action": "CREATE", "ResourceRecordSet": {**RECORD, **words}}
    return {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [one]}}


@pytest.mark.parametrize(
    ("service", "call", "words", "code"),
    [
        ("iam", "create_role", {**ROLE, "Description": "x" * 1001}, "ValidationError"),
        ("iam", "create_role", {**ROLE, "MaxSessionDuration": 43201}, "ValidationError"),
        ("iam", "create_role", {**ROLE, "Tags": [{"Key": "k", "Value": "v" * 257}]}, "ValidationError"),
        ("iam", "create_user", {"UserName": "u", "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
         "ValidationError"),
        ("iam", "create_user", {"UserName": "u", "Tags": [{"Key": "k", "Value": "a;b"}]}, "ValidationError"),
        ("iam", "create_account_alias", {"AccountAlias": "-Bad"}, "ValidationError"),
        ("sts", "assume_role", {"RoleArn": "arn:aws:iam::333333333333:role/r", "RoleSessionName": "abc",
                                "SourceIdentity": "a b"}, "ValidationError"),
        ("cloudwatch", "put_metric_alarm", {**ALARM, "ComparisonOperator": "More"}, "ValidationError"),
        ("cloudwatch", "put_metric_alarm", {**ALARM, "AlarmActions": [f"arn:aws:sns:::{n}" for n in range(6)]},
         "ValidationError"),
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Unit": "Apples"}]},
         "ValidationError"),
        ("logs", "create_log_group", {"logGroupName": "a b"}, "InvalidParameterException"),
        ("logs", "create_log_stream", {"logGroupName": "g", "logStreamName": "a:b"}, "InvalidParameterException"),
        ("kms", "create_alias", {"AliasName": "alias/a b", "TargetKeyId": "k"}, "ValidationException"),
        ("acm", "request_certificate", {"DomainName": "bad_name"}, "ValidationException"),
        ("route53", "change_resource_record_sets", change(Type="HTTP"), "InvalidInput"),
        ("route53", "change_resource_record_sets", change(Weight=256), "InvalidInput"),
    ],
)  # fmt: skip
def test_a_parameter_outside_its_model_is_refused(estate_aws, service, call, words, code):
    assert refusal(getattr(estate_aws.client(service, "production"), call), **words) == code
    assert estate_aws.calls()[-1]["status"] == 400


def test_all_that_is_wrong_is_said_with_its_place(estate_aws):
    iam = estate_aws.client("iam", "production")
    with pytest.raises(iam.exceptions.ClientError) as refused:
        iam.create_user(UserName="u" * 65, Tags=[{"Key": "k", "Value": "v" * 257}])
    said = refused.value.response["Error"]["Message"]
    assert said.startswith("2 validation errors detected: ")
    assert "at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64" in said
    assert "at 'tags.1.member.value'" in said
