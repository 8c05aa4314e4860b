"""A topic: who may publish to it, and who is told.

A subscription by mail or by HTTPS is worth nothing before whoever gets it has confirmed it:
https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing
from ansible.module_utils.estate.plan import Ref
from ansible.module_utils.estate.policy import same_policy, show_policy, written

PENDING = "PendingConfirmation"
SECRET = "****"  # noqa: S105 what SNS shows in place of an endpoint's password


def masked(endpoint: str) -> str:
    """The endpoint as SNS lists it: a password is never shown.

    https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
    """
    parts = urlsplit(endpoint)
    if parts.password is None:
        return endpoint
    return endpoint.replace(f":{parts.password}@", f":{SECRET}@", 1)


def secret(topic: str, endpoint: str) -> Ref:
    """What stands in a plan for an endpoint whose password is known to nobody but SNS."""
    return Ref(f"endpoint {masked(endpoint)} of {topic}", "url")


def tells(subscription: Mapping[str, Any]) -> str:
    return f"{subscription['protocol']} {masked(subscription['endpoint'])}"


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    arns = [one["TopicArn"] for one in reader.pages("sns", "list_topics", "Topics")]
    declared = {reader.place.arn("sns", thing["name"]): thing for thing in reader.declared["topics"]}
    listed = reader.pages("sns", "list_subscriptions", "Subscriptions")

    def one(arn: str) -> tuple[str, dict[str, Any]]:
        name = arn.rpartition(":")[2]
        attributes = reader.answer("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
        policy = json.loads(attributes["Policy"])
        told = [_subscription(reader, given) for given in listed if given["TopicArn"] == arn]
        return name, {"name": name, "policy": policy, "attributes": attributes, "subscriptions": told}

    return dict(reader.each(one, [arn for arn in arns if arn in declared])) | {
        arn.rpartition(":")[2]: {"name": arn.rpartition(":")[2]} for arn in arns if arn not in declared
    }


def _subscription(reader: Reader, given: Mapping[str, Any]) -> dict[str, Any]:
    one = {"protocol": given["Protocol"], "endpoint": given["Endpoint"], "arn": given["SubscriptionArn"]}
    if one["arn"] != PENDING:
        found = reader.answer("sns", "get_subscription_attributes", ("NotFound",), SubscriptionArn=one["arn"])
        attributes = (found or {}).get("Attributes", {})
        if str(attributes.get(PENDING, "false")).lower() == "true":
            one["arn"] = PENDING
        one["filter"] = json.loads(attributes.get("FilterPolicy") or "{}")
    return one


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:
    arn = place.arn("sns", wanted["name"])
    if live is None:
        attributes = {"Policy": written(wanted["policy"]), **wanted["attributes"]}
        yield Call("sns.create_topic", {"Name": wanted["name"], "Attributes": attributes})
    else:
        other = {name: value for name, value in wanted["attributes"].items() if live["attributes"].get(name) != value}
        if not same_policy(live["policy"], wanted["policy"]):
            other = {"Policy": written(wanted["policy"]), **other}
        for name, value in other.items():
            params = {"TopicArn": arn, "AttributeName": name, "AttributeValue": value}
            yield Call("sns.set_topic_attributes", params)
    known = {tells(one): one for one in (live or {}).get("subscriptions", ())}
    for one in wanted["subscriptions"]:
        there = known.get(tells(one))
        rules = json.dumps(one.get("filter") or {}, sort_keys=True)
        if there is None:
            endpoint = one["endpoint"]
            given = endpoint if masked(endpoint) == endpoint else secret(wanted["name"], endpoint)
            scope = {"FilterPolicyScope": "MessageBody", "FilterPolicy": rules} if one.get("filter") else {}
            params = {"TopicArn": arn, "Protocol": one["protocol"], "Endpoint": given, "Attributes": scope}
            yield Call("sns.subscribe", {**params, "ReturnSubscriptionArn": True})
        elif not _filters(there, one):
            for name, value in (("FilterPolicyScope", "MessageBody"), ("FilterPolicy", rules)):
                params = {"SubscriptionArn": there["arn"], "AttributeName": name, "AttributeValue": value}
                yield Call("sns.set_subscription_attributes", params)


def _filters(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the subscription lets through what is declared; of one that nobody confirmed SNS does not say."""
    return live["arn"] == PENDING or live.get("filter", {}) == (wanted.get("filter") or {})


def _same(word: str, live: Any, wanted: Any) -> bool:
    if word == "policy":
        return same_policy(live, wanted)
    if word == "attributes":
        return all((live or {}).get(name) == value for name, value in wanted.items())
    if word == "subscriptions":
        known = {tells(one): one for one in live or ()}
        return all(tells(one) in known and _filters(known[tells(one)], one) for one in wanted)
    return bool(live == wanted)


def _shown(thing: Thing) -> Thing:
    said = {tells(one): one.get("filter") or {} for one in thing.get("subscriptions", ())}
    return {"name": thing["name"], "policy": show_policy(thing.get("policy")), "subscriptions": said}


def notes(wanted: Thing, live: Thing | None) -> Iterator[str]:
    """Who has to click, and who listens without being declared."""
    known = {tells(one): one for one in (live or {}).get("subscriptions", ())}
    for one in wanted["subscriptions"]:
        if one["protocol"] in ("email", "https") and known.get(tells(one), {"arn": PENDING})["arn"] == PENDING:
            who = f"{masked(one['endpoint'])} must {'click the link in' if one['protocol'] == 'email' else 'confirm'}"
            yield f"topic {wanted['name']} tells {one['protocol']} nothing yet: {who} AWS's message"
    for said in known.keys() - {tells(one) for one in wanted["subscriptions"]}:
        yield f"topic {wanted['name']} tells {said}, which nobody declares: declare it, or end it in the console"
    if not wanted["subscriptions"]:
        yield f"topic {wanted['name']} tells nobody: list whom in monitoring_subscriptions"


KIND = Kind(
    "topic",
    "topics",
    _read,
    _calls,
    needs=lambda thing: [
        f"queue {one['endpoint'].rpartition(':')[2]}" for one in thing["subscriptions"] if one["protocol"] == "sqs"
    ],
    same=_same,
    shown=_shown,
)
