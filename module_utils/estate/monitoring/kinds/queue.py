"""The queue that is told of an alarm beside people, so that a proof can see what arrived.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.monitoring.kind import Call, Kind, Place, Reader, Thing
from ansible.module_utils.estate.policy import same_policy, written

ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
SECONDS = "86400"  # what came a day ago proves nothing any more


def url(place: Place, name: str) -> str:
    return f"https://sqs.{place.region}.amazonaws.com/{place.account_id}/{name}"


def policy(thing: Thing, place: Place) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Topic",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": place.arn("sqs", thing["name"]),
                "Condition": {"ArnEquals": {"aws:SourceArn": place.arn("sns", thing["topic"])}},
            }
        ],
    }


def _read(reader: Reader) -> dict[str, dict[str, Any]]:
    def one(thing: Thing) -> tuple[str, dict[str, Any]] | None:
        where = url(reader.place, thing["name"])
        found = reader.answer("sqs", "get_queue_attributes", ABSENT, QueueUrl=where, AttributeNames=["Policy"])
        if found is None:
            return None
        live = json.loads((found.get("Attributes") or {}).get("Policy") or "{}")
        same = same_policy(live, policy(thing, reader.place))
        return thing["name"], {"name": thing["name"], "topic": thing["topic"] if same else "another"}

    return dict(reader.each(one, reader.declared["queues"]))


def _calls(wanted: Thing, live: Thing | None, place: Place) -> Iterator[Call]:
    attributes = {"Policy": written(policy(wanted, place))}
    if live is None:
        more = {"MessageRetentionPeriod": SECONDS, "SqsManagedSseEnabled": "true"}
        yield Call("sqs.create_queue", {"QueueName": wanted["name"], "Attributes": attributes | more})
    else:
        yield Call("sqs.set_queue_attributes", {"QueueUrl": url(place, wanted["name"]), "Attributes": attributes})


KIND = Kind("queue", "queues", _read, _calls, listed=False)
