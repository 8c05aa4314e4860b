"""CloudWatch Logs: what comes into a log group is counted, and feeds the metrics of its filters.

moto 5.2.5 keeps filters and never asks them. A JSON pattern becomes a jmespath expression here, terms and fields are
looked for in the text; a pattern that this does not know is refused with InvalidParameterException, never passed over.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jmespath
from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

from local_aws.replacing import extends

DAY = 24 * 3600 * 1000  # milliseconds
SELECTOR = r"\$(?:\.[\w-]+|\[\d+\])+"
COMPARISON = re.compile(
    rf"\s*({SELECTOR})\s*(?:(!=|<=|>=|=|<|>)\s*(\"[^\"]*\"|[^\s()&|]+)|(NOT EXISTS|IS NULL|IS TRUE|IS FALSE))\s*"
)


@functools.cache
def asks(pattern: str) -> Callable[[str], bool]:
    text = pattern.strip()
    if text.startswith("{") and text.endswith("}"):
        return _json(text[1:-1])
    if text.startswith("{") or text.endswith("}") or text.count('"') % 2:
        raise InvalidParameterException("Invalid metric filter pattern")
    if text.startswith("["):
        raise InvalidParameterException("patterns of fields are not known to this embedded AWS")
    if re.search(r"[?%]|(^|\s)-", text):
        raise InvalidParameterException("alternatives, exclusions and expressions are not known to this embedded AWS")
    terms = [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', text)]
    return lambda message: all(term in message for term in terms)


def _json(text: str) -> Callable[[str], bool]:
    """The comparisons by number, and Python's own words between them."""
    tests: list[Callable[[Any], bool]] = []

    def number(found: re.Match[str]) -> str:
        tests.append(_test(*found.groups()))
        return f" t[{len(tests) - 1}](e) "

    code = COMPARISON.sub(number, text).replace("&&", " and ").replace("||", " or ").strip()
    if re.sub(r"t\[\d+\]\(e\)|\band\b|\bor\b|[()\s]", "", code):
        raise InvalidParameterException(f"Invalid metric filter pattern: {text.strip()}")
    try:
        compiled = compile(code, "pattern", "eval")
    except SyntaxError:
        raise InvalidParameterException(f"Invalid metric filter pattern: {text.strip()}") from None

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return bool(eval(compiled, {"__builtins__": {}}, {"t": tests, "e": event}))  # noqa: S307 nothing but and, or, ()

    return matches


def _test(selector: str, sign: str | None, value: str | None, word: str | None) -> Callable[[Any], bool]:
    path = re.sub(r"\.([\w-]+)", r'."\1"', selector[1:]).removeprefix(".")
    get = jmespath.compile(path)
    if word:
        parent, _, leaf = path.rpartition(".")
        holder = jmespath.compile(parent or "@")

        def there(event: Any) -> bool:
            found = holder.search(event)
            return isinstance(found, dict) and leaf.strip('"') in found

        wanted = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False}.get(word)
        return lambda event: not there(event) if word == "NOT EXISTS" else there(event) and get.search(event) is wanted
    said = str(value)

    def test(event: Any) -> bool:
        found = get.search(event)
        if found is None or isinstance(found, (dict, list, bool)):
            return False
        if sign in ("=", "!="):
            quoted = said.startswith('"')
            if isinstance(found, str):
                same = fnmatch.fnmatchcase(found, re.sub(r"([\[?])", r"[\1]", said.strip('"')))
            else:
                same = not quoted and (said == "*" or _number(said) == found)
            return same is (sign == "=")
        if isinstance(found, str):
            return False
        limit = _number(said)
        return {"<": found < limit, ">": found > limit, "<=": found <= limit, ">=": found >= limit}[str(sign)]

    if sign not in ("=", "!="):
        _number(said)
    return test


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidParameterException(f"{text} is no number") from None


@extends(LogsBackend, "put_metric_filter")
def checked(original: Any, self: LogsBackend, name: str, pattern: str, group: str, metrics: Any) -> None:
    asks(pattern)
    original(self, name, pattern, group, metrics)


@extends(LogsBackend)
def put_log_events(original: Any, self: LogsBackend, log_group_name: str, log_stream_name: str, log_events: Any) -> Any:
    times = [one["timestamp"] for one in log_events]
    if times and max(times) - min(times) > DAY:
        message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        raise InvalidParameterException(message)
    answer = original(self, log_group_name, log_stream_name, log_events)
    cloudwatch = cloudwatch_backends[self.account_id][self.region_name]
    own = {"Name": "LogGroupName", "Value": log_group_name}
    count = {"MetricName": "IncomingLogEvents", "Dimensions": [own], "Value": len(log_events)}
    cloudwatch.put_metric_data("AWS/Logs", [count])
    for one in list(self.filters.metric_filters):
        if one["logGroupName"] != log_group_name:
            continue
        metric, matched = one["metricTransformations"][0], False
        for event in log_events:
            if asks(one["filterPattern"])(event["message"]):
                matched = True
                _count(cloudwatch, metric, _value(metric["metricValue"], event["message"]), event["timestamp"])
        if not matched and "defaultValue" in metric and log_events:
            _count(cloudwatch, metric, float(metric["defaultValue"]), log_events[0]["timestamp"])
    return answer


def _value(said: str, message: str) -> float | None:
    if not said.startswith("$"):
        return float(said)
    found = jmespath.search(said.removeprefix("$."), json.loads(message))
    return float(found) if isinstance(found, (int, float)) else None


def _count(cloudwatch: Any, metric: dict[str, Any], value: float | None, at: int) -> None:
    if value is not None:
        when = datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None)
        datum = {"MetricName": metric["metricName"], "Value": value, "Timestamp": when}
        cloudwatch.put_metric_data(metric["metricNamespace"], [datum])
