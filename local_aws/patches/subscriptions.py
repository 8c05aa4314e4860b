"""SNS: mail and HTTPS are told nothing before they confirm; passwords are masked; nothing leaves this machine.

moto 5.2.5 takes every subscription for confirmed, and posts to whatever address it has. Here an endpoint on this
machine gets SNS's SubscriptionConfirmation and must come with the token; mail stays pending, since nobody gets it.
Messages to addresses elsewhere are dropped, and logged as failures where the topic has a role for that.
https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from typing import Any
from urllib.parse import urlsplit

import requests
from moto.core.responses import ActionResult
from moto.core.utils import unix_time_millis, utcnow
from moto.logs.models import logs_backends
from moto.sns.exceptions import InvalidParameterValue, SNSNotFoundError
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from local_aws.replacing import extends

ASK = {"http", "https", "email", "email-json"}
HERE = {"127.0.0.1", "localhost"}
SECONDS = 5


def masked(endpoint: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:****@", endpoint)


def _post(endpoint: str, kind: str, body: dict[str, Any]) -> bool:
    """Whether an endpoint of this machine took it."""
    if urlsplit(endpoint).hostname not in HERE:
        return False
    headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": kind}
    try:
        return requests.post(endpoint, json=body, headers=headers, timeout=SECONDS, verify=False).ok  # noqa: S501
    except requests.RequestException:
        return False


@extends(SNSBackend)
def subscribe(original: Any, self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    known = self._find_subscription(topic_arn, endpoint, protocol)
    subscription = original(self, topic_arn, endpoint, protocol)
    if known is None and protocol in ASK:
        token = subscription.token = secrets.token_hex(32)
        subscription.attributes["PendingConfirmation"] = True
        body = {"Type": "SubscriptionConfirmation", "TopicArn": topic_arn, "Token": token, "Timestamp": str(utcnow())}
        threading.Thread(target=_post, args=(endpoint, "SubscriptionConfirmation", body), daemon=True).start()
    return subscription


def pending(subscription: Subscription) -> bool:
    return bool(subscription.attributes.get("PendingConfirmation"))


@extends(Subscription)
def publish(original: Any, self: Subscription, message: str, message_id: str, **words: Any) -> None:
    if pending(self):
        return
    if self.protocol not in ASK:
        original(self, message, message_id, **words)
    elif self.protocol.startswith("http"):
        matcher = self._filter_policy_matcher
        if matcher is None or matcher.matches(words.get("message_attributes"), message):
            body = self.get_post_data(message, message_id, words.get("subject"))
            if not _post(self.endpoint, "Notification", body):
                _log_failure(self, message_id)


def _log_failure(subscription: Subscription, message_id: str) -> None:
    topic = subscription.topic
    if not getattr(topic, "http_failure_feedback_role_arn", ""):
        return
    backend = logs_backends[topic.account_id][topic.sns_backend.region_name]
    group = f"sns/{topic.sns_backend.region_name}/{topic.account_id}/{topic.name}/Failure"
    backend.ensure_log_group(group)
    backend.ensure_log_stream(group, message_id)
    said = {"notification": {"messageId": message_id, "topicArn": topic.arn}, "status": "FAILURE",
            "delivery": {"destination": masked(subscription.endpoint), "attempts": 1}}  # fmt: skip
    event = {"timestamp": int(unix_time_millis(utcnow())), "message": json.dumps(said)}
    backend.put_log_events(group, message_id, [event])


@extends(SNSResponse, "list_subscriptions", "list_subscriptions_by_topic")
def listed(original: Any, self: SNSResponse) -> ActionResult:
    result = dict(original(self).result)
    result["Subscriptions"] = [
        {
            "SubscriptionArn": "PendingConfirmation" if pending(one) else one.arn, "Owner": one.owner,
            "Protocol": one.protocol, "Endpoint": masked(one.endpoint), "TopicArn": one.topic_arn,
        }
        for one in result["Subscriptions"]
    ]  # fmt: skip
    return ActionResult(result)


@extends(SNSResponse)
def get_subscription_attributes(original: Any, self: SNSResponse) -> ActionResult:
    result = dict(original(self).result)
    attributes = {
        name: str(value).lower() if isinstance(value, bool) else value for name, value in result["Attributes"].items()
    }
    return ActionResult({"Attributes": attributes | {"Endpoint": masked(attributes["Endpoint"])}})


@extends(SNSResponse)
def confirm_subscription(original: Any, self: SNSResponse) -> ActionResult:  # noqa: ARG001
    arn, token = self._get_param("TopicArn"), self._get_param("Token")
    if arn not in self.backend.topics:
        raise SNSNotFoundError("Topic does not exist")
    for one in self.backend.subscriptions.values():
        if one.topic_arn == arn and token and getattr(one, "token", "") == token:
            one.attributes["PendingConfirmation"] = False
            return ActionResult({"SubscriptionArn": one.arn})
    raise InvalidParameterValue("Invalid token")


@extends(SNSResponse)
def get_topic_attributes(original: Any, self: SNSResponse) -> ActionResult:
    result = dict(original(self).result)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    mine = [one for one in self.backend.subscriptions.values() if one.topic is topic]
    waiting = sum(map(pending, mine))
    more = {"SubscriptionsPending": str(waiting), "SubscriptionsConfirmed": str(len(mine) - waiting)}
    if role := getattr(topic, "http_failure_feedback_role_arn", ""):
        more["HTTPFailureFeedbackRoleArn"] = role
    return ActionResult({"Attributes": result["Attributes"] | more})
