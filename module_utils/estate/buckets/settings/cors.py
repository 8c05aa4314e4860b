"""Cross-origin rules, in order since the first that matches is taken; the lists inside a rule have none.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.objects import id_mistakes, rule_name
from ansible.module_utils.estate.buckets.schema import TEXT, listing, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World

_LISTS = {
    "origins": "AllowedOrigins",
    "methods": "AllowedMethods",
    "headers": "AllowedHeaders",
    "expose": "ExposeHeaders",
}
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")


def _live_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": rule.get("ID", "")}
    shape |= {word: sorted(rule[key]) for word, key in _LISTS.items() if rule.get(key)}
    return shape | ({"max_age": rule["MaxAgeSeconds"]} if rule.get("MaxAgeSeconds") is not None else {})


def _aws_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    given = {"ID": rule["id"]} if rule["id"] else {}
    given |= {key: list(rule[word]) for word, key in _LISTS.items() if rule.get(word)}
    return given | ({"MaxAgeSeconds": rule["max_age"]} if rule.get("max_age") is not None else {})


def _aws(bucket: Bucket) -> dict[str, Any]:
    return {"CORSRules": [_aws_rule(rule) for rule in bucket["cors"]]}


def _write(bucket: Bucket, _answer: Answer) -> Calls:
    if not bucket["cors"]:
        return [("delete_bucket_cors", {})]
    return [("put_bucket_cors", {"CORSConfiguration": _aws(bucket)})]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    yield from id_mistakes(bucket["cors"], 100)
    for rule in bucket["cors"]:
        for word in ("origins", "methods"):
            if not rule.get(word):
                yield f"{rule_name(rule)}: {word} is empty; AWS needs at least one"
        for method in rule.get("methods") or []:
            if method not in METHODS:
                yield f"{rule_name(rule)}: methods has {method!r}; allowed are {', '.join(METHODS)}"
        for word in _LISTS:
            if "" in (rule.get(word) or []):
                yield f"{rule_name(rule)}: {word} has an empty text; leave it out"
        if any("*" in header for header in rule.get("expose") or []):
            yield f"{rule_name(rule)}: expose has an asterisk, which AWS takes in origins and headers only"
        for origin in [*(rule.get("origins") or []), *(rule.get("headers") or [])]:
            if origin.count("*") > 1:
                yield f"{rule_name(rule)} has {origin!r}; AWS allows one asterisk"


def live(answer: Answer) -> list[dict[str, Any]]:
    return [_live_rule(rule) for rule in answer.get("CORSRules") or []]


SETTING = Setting(
    name="cors",
    order=70,
    read="get_bucket_cors",
    absent="NoSuchCORSConfiguration",
    live=live,
    wanted=lambda bucket, _: live(_aws(bucket)),
    write=_write,
    check=_check,
    schema=listing(
        mapping(
            {
                "id": TEXT,
                **dict.fromkeys(_LISTS, listing(TEXT)),
                "max_age": {"type": "integer", "minimum": 0, "maximum": 2147483647},
            },
            "id",
            "origins",
            "methods",
        )
    ),
    adopt=live,
)
