"""Who is told of events: {"topics": {id: {"arn", "events", "prefix"?, "suffix"?}}, …, "event_bridge": true}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.objects import id_mistakes, rule_name
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World

_TARGETS = {
    "topics": ("TopicConfigurations", "TopicArn", "sns"),
    "queues": ("QueueConfigurations", "QueueArn", "sqs"),
    "functions": ("LambdaFunctionConfigurations", "LambdaFunctionArn", "lambda"),
}


def _live(answer: Answer) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    for word, (key, arn, _) in _TARGETS.items():
        entries = {}
        for entry in answer.get(key) or []:
            # AWS answers "Prefix" where it was told "prefix".
            rules = {
                rule["Name"].lower(): rule["Value"]
                for rule in ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules", [])
                if rule.get("Value")
            }
            entries[entry.get("Id", "")] = {"arn": entry[arn], "events": sorted(set(entry["Events"]))} | rules
        if entries:
            shape[word] = entries
    return shape | ({"event_bridge": True} if "EventBridgeConfiguration" in answer else {})


def _wanted(bucket: Bucket, _answer: Answer) -> dict[str, Any]:
    declared, shape = bucket["notifications"], {}
    for word in _TARGETS:
        entries = {
            entry["id"]: {"arn": entry["arn"], "events": sorted(set(entry["events"]))}
            | {side: entry[side] for side in ("prefix", "suffix") if entry.get(side)}
            for entry in declared.get(word) or []
        }
        if entries:
            shape[word] = entries
    return shape | ({"event_bridge": True} if declared.get("event_bridge") else {})


def _write(bucket: Bucket, _answer: Answer) -> Calls:
    declared = bucket["notifications"]
    given: dict[str, Any] = {"EventBridgeConfiguration": {}} if declared.get("event_bridge") else {}
    for word, (key, arn, _) in _TARGETS.items():
        for entry in declared.get(word) or []:
            rules = [{"Name": side, "Value": entry[side]} for side in ("prefix", "suffix") if entry.get(side)]
            one = {"Id": entry["id"], arn: entry["arn"], "Events": sorted(set(entry["events"]))}
            given.setdefault(key, []).append(one | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}))
    return [("put_bucket_notification_configuration", {"NotificationConfiguration": given})]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    for word, (_, _, service) in _TARGETS.items():
        entries = bucket["notifications"].get(word) or []
        for sentence in id_mistakes(entries, 100):
            yield f".{word}{sentence}"
        for entry in entries:
            where = f".{word}{rule_name(entry)}"
            if not re.match(rf"arn:aws[-a-z]*:{service}:", entry["arn"]):
                yield f"{where}: arn is {entry['arn']!r}; it must begin with arn:aws:{service}:"
            if not entry["events"] or any(not event.startswith("s3:") for event in entry["events"]):
                yield f"{where}: events must be a list of events such as s3:ObjectCreated:*"


def _adopt(answer: Answer) -> dict[str, Any] | None:
    shape = _live(answer)
    for word in _TARGETS:
        if word in shape:
            shape[word] = [{"id": name, **entry} for name, entry in shape[word].items()]
    return shape or None


_TARGET = {
    "type": "object",
    "properties": {
        **{word: {"type": "string"} for word in ("id", "arn", "prefix", "suffix")},
        "events": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["id", "arn", "events"],
    "additionalProperties": False,
}
SETTING = Setting(
    name="notifications",
    order=80,
    read="get_bucket_notification_configuration",
    live=_live,
    wanted=_wanted,
    write=_write,
    check=_check,
    schema={
        "type": "object",
        "properties": {
            **{word: {"type": "array", "items": _TARGET} for word in _TARGETS},
            "event_bridge": {"type": "boolean"},
        },
        "additionalProperties": False,
    },
    adopt=_adopt,
)
