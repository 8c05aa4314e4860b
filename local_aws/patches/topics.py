"""SNS: endpoints are in the shape of their protocol; attributes, filters and policies are ones that SNS knows.

moto 5.2.5 takes any text for an endpoint or a policy.
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.responses import SNSResponse

from local_aws.policies import like, listed
from local_aws.replacing import extends

ENDPOINTS = {
    "http": r"http://\S+", "https": r"https://\S+", "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+", "sms": r"\+?[\d./-]+", "sqs": r"arn:aws:sqs:[a-z0-9-]+:\d{12}:\S+",
    "lambda": r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:\S+",
    "firehose": r"arn:aws:firehose:[a-z0-9-]+:\d{12}:deliverystream/\S+",
    "application": r"arn:aws:sns:[a-z0-9-]+:\d{12}:endpoint/\S+",
}  # fmt: skip
ATTRIBUTES = re.compile(
    r"DeliveryPolicy|DisplayName|Policy|TracingConfig|KmsMasterKeyId|SignatureVersion|ArchivePolicy|FifoThroughputScope"
    r"|ContentBasedDeduplication|(HTTP|Firehose|Lambda|Application|SQS)(Success|Failure)Feedback(RoleArn|SampleRate)"
)
SCOPES = {"MessageAttributes", "MessageBody"}
SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


def invalid(message: str) -> SNSInvalidParameter:
    return SNSInvalidParameter(f"Invalid parameter: {message}")


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid(f"{what}: failed to parse JSON")
    return found


@extends(SNSResponse)
def subscribe(original: Any, self: SNSResponse) -> Any:
    protocol, endpoint = self._get_param("Protocol"), self._get_param("Endpoint") or ""
    if protocol not in ENDPOINTS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if not re.fullmatch(ENDPOINTS[protocol], endpoint):
        raise invalid(f"{protocol} endpoint: {endpoint}")
    for name, value in (self._get_attributes() or {}).items():
        _check_subscription(name, value)
    return original(self)


@extends(SNSResponse)
def set_subscription_attributes(original: Any, self: SNSResponse) -> Any:
    _check_subscription(self._get_param("AttributeName"), self._get_param("AttributeValue"))
    return original(self)


def _check_subscription(name: str, value: str) -> None:
    if name == "FilterPolicyScope" and value not in SCOPES:
        raise invalid(f"FilterPolicyScope: Invalid value [{value}]")
    if name in {"FilterPolicy", "RedrivePolicy", "DeliveryPolicy"} and value:
        _object(value, name)


@extends(SNSResponse)
def set_topic_attributes(original: Any, self: SNSResponse) -> Any:
    name, value = self._get_param("AttributeName"), self._get_param("AttributeValue")
    if not ATTRIBUTES.fullmatch(name):
        raise invalid("AttributeName")
    if name == "Policy":
        _check_policy(self._get_param("TopicArn"), value)
    if name == "DeliveryPolicy" and value:
        _object(value, name)
    return original(self)


def _check_policy(arn: str, text: str) -> None:
    statements = listed(_object(text, "Policy").get("Statement"))
    if not statements:
        raise invalid("Policy Error: null")
    for one in statements:
        if one.get("Effect") not in {"Allow", "Deny"} or not ("Principal" in one or "NotPrincipal" in one):
            raise invalid("Policy Error: null")
        actions = [str(action) for action in listed(one.get("Action", one.get("NotAction")))]
        if not actions or not all(re.fullmatch(r"\*|sns:[\w*?]+", action, re.IGNORECASE) for action in actions):
            raise invalid("Policy statement action out of service scope!")
        for resource in listed(one.get("Resource", one.get("NotResource", arn))):
            if not like(resource, arn):
                raise invalid("Policy Error: null")


@extends(SNSResponse)
def publish(original: Any, self: SNSResponse) -> Any:
    subject = self._get_param("Subject")
    if not self._get_param("Message"):
        raise invalid("Empty message")
    if subject is not None and not SUBJECT.fullmatch(subject):
        raise invalid("Subject")
    return original(self)
