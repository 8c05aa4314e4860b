"""What is wrong with declared monitoring, and what AWS would refuse, before it is asked. Pure.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.monitoring.pattern import PatternError, compiled

DAYS = {
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}  # fmt: skip
WORDS = {
    "keys": {"name", "policy", "rotated"},
    "log_groups": {"name", "days", "key"},
    "filters": {"name", "group", "pattern", "namespace", "metric", "value", "default"},
    "queues": {"name", "topic"},
    "topics": {"name", "policy", "subscriptions", "attributes"},
    "alarms": {
        "name", "about", "namespace", "metric", "dimensions", "statistic", "period", "periods", "datapoints",
        "comparison", "threshold", "missing", "alarm", "recovery", "enabled", "of_each",
    },
    "dashboards": {"name", "body"},
    "trails": {
        "name", "bucket", "prefix", "multi_region", "global_events", "validated", "group", "role", "key", "management",
        "logging",
    },
}  # fmt: skip
OPTIONAL = {"key", "default", "of_each"}
_NAMES = {
    "log_groups": r"(?!aws/)[\w./#-]{1,512}",
    "filters": r"[^:*]{1,512}",
    "topics": r"[\w-]{1,256}",
    "queues": r"[\w-]{1,80}",
    "alarms": r"[\x20-\x7e]{1,255}",
    "dashboards": r"[\w-]{1,255}",
    "trails": r"[A-Za-z0-9][\w.-]{1,126}[A-Za-z0-9]",
}
_NAMESPACE = re.compile(r"(?!:)[\x20-\x7e]{1,255}")
_MADE = re.compile(r"[^:*$]{1,255}")  # a metric, or a namespace, of a filter
_VALUE = re.compile(r"\$.+|-?\d+(\.\d+)?")
_NUMBERS = {"days": "log_groups", "period": "alarms", "periods": "alarms", "datapoints": "alarms"}
_ENDPOINTS = {"email": r"[^@\s]+@[^@\s]+", "https": r"https://.+", "sqs": r"arn:.+", "lambda": r"arn:.+"}
_STATISTIC = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p(\d{1,2}(\.\d{0,10})?|100)")
DAY = 86400


def mistakes(
    desired: Mapping[str, Sequence[Mapping[str, Any]]], places: Mapping[tuple[str, str], str] | None = None
) -> list[str]:
    """A sentence for each, with what is allowed, and where it is declared: once for all that one declaration makes."""
    found: dict[str, str] = {}
    for option, things in desired.items():
        for thing in things:
            place = (places or {}).get((option, thing["name"]), f"{option} {thing['name']}")
            if place not in found and (said := list(_said(option, thing, desired))):
                found[place] = "; ".join(said)
    return [f"{place}: {said}." for place, said in found.items()]


def _said(option: str, thing: Mapping[str, Any], desired: Mapping[str, Any]) -> Iterator[str]:
    try:
        yield from list(_words(option, thing)) or _of(option, thing, desired)
    except (TypeError, AttributeError, LookupError) as exc:
        yield f"is not of the shape of its kind ({exc}); allowed are {', '.join(sorted(WORDS[option]))}"


def _words(option: str, thing: Mapping[str, Any]) -> Iterator[str]:
    for word in thing.keys() - WORDS[option]:
        yield f"{word} is unknown; allowed are {', '.join(sorted(WORDS[option]))}"
    for word in WORDS[option] - thing.keys() - OPTIONAL:
        yield f"{word} is missing"
    pattern = _NAMES.get(option)
    if pattern and not re.fullmatch(pattern, thing["name"], re.ASCII):
        yield "AWS refuses the name; allowed is " + pattern
    for word, of in _NUMBERS.items():
        value = thing.get(word, 1)
        if of == option and (isinstance(value, bool) or not isinstance(value, int)):
            yield f"{word} is {value!r}; allowed is a whole number"


def _of(option: str, thing: Mapping[str, Any], desired: Mapping[str, Any]) -> Iterator[str]:
    if option == "log_groups" and thing["days"] not in DAYS:
        yield f"days is {thing['days']}; allowed are {', '.join(map(str, sorted(DAYS)))} (0 keeps them for ever)"
    if option == "filters":
        yield from _filter(thing, desired)
    if option == "alarms":
        yield from _alarm(thing, desired)
    if option == "topics":
        told = [(one.get("protocol"), one.get("endpoint", "")) for one in thing["subscriptions"]]
        for protocol, endpoint in told:
            if protocol not in _ENDPOINTS:
                yield f"subscriptions: protocol is {protocol!r}; allowed are {', '.join(_ENDPOINTS)}"
            elif not re.fullmatch(_ENDPOINTS[protocol], endpoint):
                yield f"subscriptions: {endpoint!r} is no endpoint of {protocol}"
        yield from (f"subscriptions: {one[1]} is told twice" for one, times in Counter(told).items() if times > 1)
    if option == "trails" and bool(thing["group"]) != bool(thing["role"]):
        yield "group and role go together: CloudTrail writes into the one by the other"


def _filter(thing: Mapping[str, Any], desired: Mapping[str, Any]) -> Iterator[str]:
    if len(thing["pattern"]) > 1024:
        yield f"pattern has {len(thing['pattern'])} characters; allowed are 1024"
    try:
        compiled(thing["pattern"])
    except PatternError as exc:
        yield f"pattern: {exc}"
    if not _VALUE.fullmatch(thing["value"]):
        yield f"value is {thing['value']!r}; allowed is a number, or a property such as $.bytes"
    for word in ("namespace", "metric"):
        if not _MADE.fullmatch(thing[word]) or thing[word].startswith("AWS/"):
            yield f"{word} is {thing[word]!r}; AWS takes 255 characters without : * $, and keeps AWS/ for itself"
    if thing["group"] not in {group["name"] for group in desired["log_groups"]}:
        yield f"group is {thing['group']}, which log_groups does not have"
    if thing.get("default") is not None and thing["value"].startswith("$"):
        yield "default beside a value that is taken from the event would be read as a number of its own; leave it out"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1024


def _alarm(thing: Mapping[str, Any], desired: Mapping[str, Any]) -> Iterator[str]:
    period, span = thing["period"], thing["period"] * thing["periods"]
    if not math.isfinite(thing["threshold"]):
        yield f"threshold is {thing['threshold']}; allowed is a number"
    if len(thing["about"]) > 1024:
        yield f"about has {len(thing['about'])} characters; allowed are 1024"
    if not _NAMESPACE.fullmatch(thing["namespace"]):
        yield f"namespace is {thing['namespace']!r}; allowed are 255 characters, : not first"
    dimensions = thing["dimensions"]
    if not isinstance(dimensions, Mapping) or len(dimensions) > 30 or not all(map(_is_text, dimensions.values())):
        yield "dimensions are up to 30 names, each with a text"
        return
    for word in ("alarm", "recovery"):
        if not isinstance(thing[word], (list, tuple)) or len(thing[word]) > 5:
            yield f"{word} is {thing[word]!r}; allowed is a list of up to five topics"
            return
    if not (period in (10, 20, 30) or (period >= 60 and period % 60 == 0)):
        yield f"period is {period}; allowed are 10, 20, 30 and multiples of 60 seconds"
    if span > (7 * DAY if period >= 3600 else DAY):
        yield f"{thing['periods']} periods of {period} s are too long; allowed is a day, or a week of hours and longer"
    if thing["periods"] < 1:
        yield f"periods is {thing['periods']}; allowed are 1 and more"
    elif not 1 <= thing["datapoints"] <= thing["periods"]:
        yield f"datapoints is {thing['datapoints']}; allowed are 1 to {thing['periods']}"
    if thing["comparison"] not in (">=", ">", "<=", "<"):
        yield f"comparison is {thing['comparison']!r}; allowed are >=, >, <=, <"
    if thing["missing"] not in ("missing", "ignore", "breaching", "notBreaching"):
        yield f"missing is {thing['missing']!r}; allowed are missing, ignore, breaching, notBreaching"
    if not _STATISTIC.fullmatch(thing["statistic"]):
        yield f"statistic is {thing['statistic']!r}; allowed are Sum, Average, Minimum, Maximum, SampleCount, p99"
    topics = {topic["name"] for topic in desired["topics"]}
    for name in (*thing["alarm"], *thing["recovery"]):
        if name not in topics and not name.startswith("arn:"):
            yield f"tells {name}, which topics does not have"
    if not thing["alarm"]:
        yield "tells nobody; name a topic in alarm"
    made = {(one.get("namespace"), one.get("metric")) for one in desired["filters"]}
    own = {namespace for namespace, _ in made}
    if thing["namespace"] in own and (thing["namespace"], thing["metric"]) not in made:
        yield f"no filter makes {thing['metric']} of {thing['namespace']}, so it could never fire"
    group = thing["dimensions"].get("LogGroupName")
    if group and group not in {one["name"] for one in desired["log_groups"]}:
        yield f"watches log group {group}, which log_groups does not have"
