"""Settings that AWS keeps as a list of configurations, each put and deleted by its id. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.objects import adopted, id_mistakes, rule_name, tag_mistakes
from ansible.module_utils.estate.buckets.schema import PREFIX, TEXT, listing, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World

Rule = Mapping[str, Any]


def listed(
    name: str,
    aws: str,  # "Metrics" of ListBucketMetricsConfigurations, MetricsConfiguration, put_bucket_metrics_configuration
    live_rule: Callable[[Rule], dict[str, Any]],
    aws_rule: Callable[[Rule, Bucket], dict[str, Any]],
    properties: Mapping[str, Any],  # what the vars may say of one, beside its id and prefix
    *required: str,
    mistakes: Callable[[Rule, Bucket, World], Iterator[str]] = lambda *_: iter(()),
) -> Setting:
    """The declared list is complete."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in aws).strip("_")

    def live(answer: Answer) -> dict[str, Any]:
        return {rule["Id"]: live_rule(rule) for rule in answer.get(f"{aws}ConfigurationList") or []}

    def wanted(bucket: Bucket, _answer: Answer) -> dict[str, Any]:
        return {rule["id"]: live_rule(aws_rule(rule, bucket)) for rule in bucket[name]}

    def write(bucket: Bucket, answer: Answer) -> Calls:
        before, after = live(answer), wanted(bucket, answer)
        calls: Calls = [(f"delete_bucket_{snake}_configuration", {"Id": one}) for one in before if one not in after]
        for rule in bucket[name]:
            if before.get(rule["id"]) != after[rule["id"]]:
                given = {"Id": rule["id"], **aws_rule(rule, bucket)}
                calls.append((f"put_bucket_{snake}_configuration", {"Id": rule["id"], f"{aws}Configuration": given}))
        return calls

    def check(bucket: Bucket, world: World) -> Iterator[str]:
        yield from id_mistakes(bucket[name], 1000)
        for rule in bucket[name]:
            if not re.fullmatch(r"[A-Za-z0-9._-]{0,64}", rule["id"]):
                yield f"{rule_name(rule)} has an id of other than 1 to 64 letters, digits and . - _"
            yield from (f"{rule_name(rule)}{said}" for said in mistakes(rule, bucket, world))
            yield from (f"{rule_name(rule)}{said}" for said in tag_mistakes(": tags", rule.get("tags") or {}, 10))

    return Setting(
        name=name,
        order=85,
        read=f"list_bucket_{snake}_configurations",
        live=live,
        wanted=wanted,
        write=write,
        check=check,
        schema=listing(mapping({"id": TEXT, "prefix": PREFIX, **properties}, "id", *required)),
        adopt=lambda answer: adopted(live(answer)),
    )
