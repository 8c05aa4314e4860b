"""Which objects a rule is for: AWS's filters to ours and back. Pure.

A filter's own shape is {"prefix": "", "tags": {}, "larger_than": 0, "smaller_than": 0}, without what it does not say;
AWS writes the same thing in four ways (and a fifth, older one):
https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html and API_ReplicationRuleFilter.html.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SIZES = {"larger_than": "ObjectSizeGreaterThan", "smaller_than": "ObjectSizeLessThan"}
STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
)


def tag_list(tags: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(tags[key])} for key in sorted(tags)]


def tag_dict(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def filter_shape(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Of AWS's rule, whichever way it writes it; what we have no word for is under "other"."""
    found = rule.get("Filter") or {}
    both = found.get("And") or {}
    tags = tag_dict([*([found["Tag"]] if found.get("Tag") else []), *both.get("Tags", [])])
    sizes = {word: size for word, key in SIZES.items() if (size := found.get(key) or both.get(key))}
    other = rest(found, "Prefix", "Tag", "And", *SIZES.values()) | rest(both, "Prefix", "Tags", *SIZES.values())
    shape: dict[str, Any] = {"prefix": found.get("Prefix") or both.get("Prefix") or rule.get("Prefix") or ""}
    return shape | ({"tags": tags} if tags else {}) | sizes | ({"other": other} if other else {})


def aws_filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The one way that AWS accepts for this many conditions."""
    tags = tag_list(rule.get("tags") or {})
    parts: dict[str, Any] = {"Prefix": rule["prefix"]} if rule.get("prefix") else {}
    parts |= {SIZES[word]: rule[word] for word in SIZES if rule.get(word)}
    if len(parts) + len(tags) > 1:
        return {"And": parts | ({"Tags": tags} if tags else {})}
    return {"Tag": tags[0]} if tags else parts or {"Prefix": ""}


def rest(given: Mapping[str, Any], *known: str) -> dict[str, Any]:
    """What AWS says that this project has no word for: it must show in a diff rather than vanish."""
    return {key: value for key, value in given.items() if key not in known}


def adopted(rules: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Live rules by their id as the vars would list them; None where they have something that the vars cannot say."""
    listed = [{"id": name, **shape} for name, shape in rules.items()]
    return None if any("other" in rule or not rule["id"] for rule in listed) else listed


# --- what can be wrong with them --------------------------------------------------------------------------------------


def _letter(one: str) -> bool:
    return one in "_.:/=+-@" or unicodedata.category(one)[0] in "LZN"


def tag_mistakes(at: str, tags: Mapping[str, Any], limit: int) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging.html"""
    if len(tags) > limit:
        yield f"{at} has {len(tags)} tags; AWS allows {limit}"
    for key, value in tags.items():
        if not 1 <= len(key) <= 128:
            yield f"{at}.{key} has a key of {len(key)} characters; allowed are 1 to 128"
        elif key.lower().startswith("aws:"):
            yield f"{at}.{key} begins with aws:, which AWS reserves"
        elif strange := next((one for one in f"{key}{value}" if not _letter(one)), ""):
            yield f"{at}.{key} has {strange!r}, but may have letters, digits, spaces and + - = . _ : / @ only"
        elif len(str(value)) > 256:
            yield f"{at}.{key} has a value of {len(str(value))} characters; allowed are 256"


def rule_name(rule: Mapping[str, Any]) -> str:
    return f" rule {rule['id']}"


def id_mistakes(rules: Sequence[Mapping[str, Any]], limit: int, *unique: str) -> Iterator[str]:
    """Of rules that AWS knows by their id; unique are more keys whose value no two may share."""
    if len(rules) > limit:
        yield f" has {len(rules)} rules; AWS allows {limit}"
    for rule in rules:
        if not 1 <= len(rule["id"]) <= 255:
            yield f"{rule_name(rule)} has an id of {len(rule['id'])} characters; allowed are 1 to 255"
    for key in ("id", *unique):
        values = [rule.get(key) for rule in rules]
        for index, value in enumerate(values):
            if values.index(value) < index:
                first, where = rules[values.index(value)], rule_name(rules[index])
                yield f"{where} has the {key} {value!r}, as rule {first['id']} has; each needs its own"
