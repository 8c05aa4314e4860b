"""Notifications go to destinations that are there and that let S3 in; EventBridge's switch is kept.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from __future__ import annotations

import itertools
import secrets
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote_plus

from moto.backends import get_backend
from moto.s3 import notifications
from moto.s3.models import FakeBucket
from moto.s3.notifications import S3NotificationEvent
from moto.s3.responses import S3Response

from local_aws.errors import invalid_argument, malformed_xml
from local_aws.patches.bucket_configurations import KINDS, Config, Kind
from local_aws.policies import Principal, decide, parsed

SERVICE = Principal(service="s3.amazonaws.com")
TYPES = {
    "TopicConfigurations": ("TopicArn", "sns", "SNS:Publish"),
    "QueueConfigurations": ("QueueArn", "sqs", "SQS:SendMessage"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda", "lambda:InvokeFunction"),
}


def check(response: S3Response, bucket: FakeBucket, config: Config) -> None:
    entries = []
    for kind, (arn, service, action) in TYPES.items():
        for entry in config.get(kind) or []:
            entry.setdefault("Id", secrets.token_urlsafe(36))
            _check_entry(bucket, entry, entry.get(arn) or "", service)
            entries.append((entry, entry[arn], service, action))
    if len({entry["Id"] for entry, *_ in entries}) < len(entries):
        raise invalid_argument("Same ID used for multiple configurations. IDs must be unique")
    if any(_overlap(one, other) for (one, *_), (other, *_) in itertools.combinations(entries, 2)):
        message = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        raise invalid_argument(message)
    if response.headers.get("x-amz-skip-destination-validation", "").lower() != "true":
        for _, arn, service, action in entries:
            _check_destination(bucket, arn, service, action)
    body = response._notification_config_from_body() if config else {}
    response.backend.put_bucket_notification_configuration(bucket.name, body)  # what moto sends by


def _check_entry(bucket: FakeBucket, entry: Config, arn: str, service: str) -> None:
    parts = arn.split(":")
    if len(parts) < 6 or parts[2] != service:
        raise invalid_argument("The ARN is not well formed")
    if parts[3] != bucket.region_name:
        raise invalid_argument(
            "The notification destination service region is not valid for the bucket location constraint"
        )
    if not entry.get("Events") or not all(S3NotificationEvent.is_event_valid(event) for event in entry["Events"]):
        raise invalid_argument("The event is not supported for notifications")
    rules = _rules(entry)
    for rule in rules:
        rule["Name"] = str(rule.get("Name", "")).capitalize()  # as S3 gives it back
        if rule["Name"] not in {"Prefix", "Suffix"}:
            raise invalid_argument("filter rule name must be either prefix or suffix")
        if not rule.get("Value") or len(rule["Value"]) > 1024:
            raise malformed_xml()
    if len({rule["Name"] for rule in rules}) < len(rules):
        raise invalid_argument("Cannot specify more than one prefix rule or one suffix rule in a filter.")


def _rules(entry: Config) -> list[Config]:
    return ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []


def _overlap(one: Config, other: Config) -> bool:
    """Whether an event about one key could be meant by both."""
    events = itertools.product(one["Events"], other["Events"])
    if not any(fnmatchcase(first, second) or fnmatchcase(second, first) for first, second in events):
        return False
    given = [{rule["Name"]: rule["Value"] for rule in _rules(entry)} for entry in (one, other)]
    prefixes, suffixes = ([filters.get(name, "") for filters in given] for name in ("Prefix", "Suffix"))
    return (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])) and (
        suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
    )


def _policy(arn: str, service: str) -> Any:
    """The destination's policy, "" where it has none, None where there is no such destination."""
    region, account, name = arn.split(":", 5)[3:]
    backend = get_backend(service)[account][region]  # loaded when first asked for: Lambda's takes a second
    if service == "sns":
        topic = backend.topics.get(arn)
        return topic.policy if topic else None
    if service == "sqs":
        queue = backend.queues.get(name)
        return (queue.policy or "") if queue else None
    versions = backend._lambdas._functions.get(name.removeprefix("function:").partition(":")[0])
    return {"Version": "2012-10-17", "Statement": versions["latest"].policy.statements} if versions else None


def _check_destination(bucket: FakeBucket, arn: str, service: str, action: str) -> None:
    policy = _policy(arn, service)
    given = {"aws:sourcearn": [f"arn:aws:s3:::{bucket.name}"], "aws:sourceaccount": [bucket.account_id]}
    if policy and decide(parsed(policy), SERVICE, action, arn, given) == "Allow":
        return
    lacking = "Permissions on the destination do not allow S3 to publish notifications from this bucket"
    reason = "The destination does not exist" if policy is None else lacking
    message = "Unable to validate the following destination configurations"
    raise invalid_argument(message, ArgumentName1=arn, ArgumentValue1=reason)


def key_in_message(name: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""
    return quote_plus(name, safe="/")


def apply() -> None:
    notifications.quote_plus = key_in_message
    KINDS["notification"] = Kind("BucketNotificationConfiguration", "NotificationConfiguration", check)
