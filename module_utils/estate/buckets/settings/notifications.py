"""Who is told of events: {"topics": {id: {"arn", "events", "prefix"?, "suffix"?}}, …, "event_bridge": true}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html
"""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.objects import id_mistakes, rule_name
from ansible.module_utils.estate.buckets.schema import TEXT, listing, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Setting, World
from ansible.module_utils.estate.errors import nearest

_TARGETS = {
    "topics": ("TopicConfigurations", "TopicArn", "sns"),
    "queues": ("QueueConfigurations", "QueueArn", "sqs"),
    "functions": ("LambdaFunctionConfigurations", "LambdaFunctionArn", "lambda"),
}
_NAMED = {"sns": r"[\w.-]+", "sqs": r"[\w.-]+", "lambda": r"function:[\w-]+(:[\w$-]+)?"}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
EVENTS = (
    "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete", "s3:Replication:*", "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:Replication:OperationNotTracked", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete",
    "s3:ObjectAnnotation:*", "s3:ObjectAnnotation:Put", "s3:ObjectAnnotation:Delete", "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:ReducedRedundancyLostObject",
    "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectAcl:Put", "s3:ObjectRetention:Put",
)  # fmt: skip


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


def _aws(bucket: Bucket) -> dict[str, Any]:
    declared = bucket["notifications"]
    given: dict[str, Any] = {"EventBridgeConfiguration": {}} if declared.get("event_bridge") else {}
    for word, (key, arn, _) in _TARGETS.items():
        for entry in declared.get(word) or []:
            rules = [{"Name": side, "Value": entry[side]} for side in ("prefix", "suffix") if entry.get(side)]
            one = {"Id": entry["id"], arn: entry["arn"], "Events": sorted(set(entry["events"]))}
            given.setdefault(key, []).append(one | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}))
    return given


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    every: list[tuple[str, Mapping[str, Any]]] = []
    for word, (_, _, service) in _TARGETS.items():
        entries = bucket["notifications"].get(word) or []
        for sentence in id_mistakes(entries, 100):
            yield f".{word}{sentence}"
        for entry in entries:
            where = f".{word}{rule_name(entry)}"
            if not (arn := re.fullmatch(rf"arn:aws[-a-z]*:{service}:([^:]*):\d{{12}}:{_NAMED[service]}", entry["arn"])):
                yield f"{where}: arn is {entry['arn']!r}; it must begin with arn:aws:{service}: and have six parts"
            elif entry["arn"].endswith(".fifo"):
                yield f"{where}: arn is of a FIFO {word[:-1]}, which S3 does not tell; it must be a standard one"
            elif arn[1] != bucket["region"]:
                yield f"{where}: arn is of {arn[1]!r}, but S3 tells only who is in the bucket's {bucket['region']}"
            if not entry["events"] or any(not event.startswith("s3:") for event in entry["events"]):
                yield f"{where}: events must be a list of events such as s3:ObjectCreated:*"
            elif strange := next((event for event in entry["events"] if event not in EVENTS), ""):
                yield f"{where}: events has {strange!r}, which is none of S3's{nearest(strange, EVENTS)}"
            yield from (f"{where}{said}" for said in _beside(entry, word, every))
            every.append((word, entry))


def _beside(entry: Mapping[str, Any], word: str, every: list[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """One event goes to one target; https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"""
    for kind, other in every:
        if kind != word and other["id"] == entry["id"]:
            yield f" has the id of one of the {kind}; each needs its own"
        pairs = itertools.product(entry["events"], other["events"])
        prefixes, suffixes = ([one.get(side) or "" for one in (entry, other)] for side in ("prefix", "suffix"))
        same_keys = _one_of(str.startswith, prefixes) and _one_of(str.endswith, suffixes)
        if same_keys and any(_one_of(fnmatch.fnmatchcase, pair) for pair in pairs):
            yield f" overlaps{rule_name(other)}: S3 tells one target of an event; part them by prefix or suffix"


def _one_of(test: Callable[[str, str], bool], pair: Sequence[str]) -> bool:
    return test(pair[0], pair[1]) or test(pair[1], pair[0])


def _adopt(answer: Answer) -> dict[str, Any] | None:
    shape = _live(answer)
    for word in _TARGETS:
        if word in shape:
            shape[word] = [{"id": name, **entry} for name, entry in shape[word].items()]
    return shape or None


_TARGET = mapping(
    {**dict.fromkeys(("id", "arn", "prefix", "suffix"), TEXT), "events": listing(TEXT)}, "id", "arn", "events"
)
SETTING = Setting(
    name="notifications",
    order=80,
    read="get_bucket_notification_configuration",
    live=_live,
    wanted=lambda bucket, _: _live(_aws(bucket)),
    write=lambda bucket, _: [("put_bucket_notification_configuration", {"NotificationConfiguration": _aws(bucket)})],
    check=_check,
    schema=mapping({**dict.fromkeys(_TARGETS, listing(_TARGET)), "event_bridge": {"type": "boolean"}}),
    adopt=_adopt,
)
