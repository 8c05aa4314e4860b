"""When objects expire, or move to another storage class: {rule id: shape}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.objects import (
    SIZES,
    STORAGE_CLASSES,
    adopted,
    aws_filter,
    filter_shape,
    id_mistakes,
    rest,
    rule_name,
    tag_mistakes,
)
from ansible.module_utils.estate.buckets.schema import PREFIX, TAGS, TEXT, listing, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World, foreign, unmarked

MAX = 2147483647
# our word -> where AWS has it; in the order of AWS's page
_WORDS = {
    "expire_days": ("Expiration", "Days"),
    "expire_date": ("Expiration", "Date"),
    "expired_markers": ("Expiration", "ExpiredObjectDeleteMarker"),
    "noncurrent_days": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "newer_noncurrent": ("NoncurrentVersionExpiration", "NewerNoncurrentVersions"),
    "abort_upload_days": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}
_MOVES = {
    "transitions": ("Transitions", {"days": "Days", "date": "Date", "storage_class": "StorageClass"}),
    "noncurrent_transitions": (
        "NoncurrentVersionTransitions",
        {"days": "NoncurrentDays", "newer": "NewerNoncurrentVersions", "storage_class": "StorageClass"},
    ),
}
ACTIONS = ("expire_days", "expire_date", "expired_markers", "noncurrent_days", "abort_upload_days", *_MOVES)
# An object moves down these and never up: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
_DOWN = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
# Infrequent access takes nothing younger: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
_AFTER_A_MONTH = ("STANDARD_IA", "ONEZONE_IA")


def _plain(value: Any) -> Any:
    """A date is a day: AWS takes midnight only."""
    return value.strftime("%Y-%m-%d") if isinstance(value, datetime.date) else value


def _live_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    shape = filter_shape(rule)
    other = shape.pop("other", {})
    known: dict[str, list[str]] = {}
    for word, (part, key) in _WORDS.items():
        known.setdefault(part, []).append(key)
        value = (rule.get(part) or {}).get(key)
        if value not in (None, False):  # ExpiredObjectDeleteMarker: false is how AWS may say nothing
            shape[word] = _plain(value)
    for part, keys in known.items():
        other |= rest(rule.get(part) or {}, *keys)
    for word, (part, names) in _MOVES.items():
        if moves := rule.get(part):
            found = [{ours: _plain(move[key]) for ours, key in names.items() if key in move} for move in moves]
            shape[word] = sorted(found, key=lambda move: sorted((key, str(value)) for key, value in move.items()))
    parts = (*known, *(part for part, _ in _MOVES.values()))
    other |= rest(rule, "ID", "Filter", "Prefix", "Status", *parts)
    if rule.get("Status") != "Enabled":
        shape["enabled"] = False
    return shape | ({"other": other} if other else {})


def _aws_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"ID": rule["id"], "Status": "Disabled" if rule.get("enabled") is False else "Enabled"}
    given["Filter"] = aws_filter(rule)
    for word, (part, key) in _WORDS.items():
        if rule.get(word):
            given.setdefault(part, {})[key] = _plain(rule[word])
    for word, (part, names) in _MOVES.items():
        if moves := rule.get(word):
            given[part] = [
                {key: _plain(move[ours]) for ours, key in names.items() if move.get(ours) is not None} for move in moves
            ]
    return given


def _kept(bucket: Bucket, answer: Answer) -> list[dict[str, Any]]:
    """Somebody else's live rules. Version 1 (Prefix) cannot stand beside version 2, so it becomes that."""
    if not bucket.get("keep_lifecycle_rules"):
        return []
    ids = unmarked(bucket["lifecycle"])
    kept = []
    for rule in answer.get("Rules") or []:
        if rule.get("ID", "") in ids or not foreign(bucket, rule.get("ID", "")):
            continue
        version_2 = {key: value for key, value in rule.items() if key != "Prefix"}
        kept.append({**version_2, "Filter": rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}})
    return kept


def _live(answer: Answer) -> dict[str, Any]:
    return {rule.get("ID", ""): _live_rule(rule) for rule in answer.get("Rules") or []}


def _aws(bucket: Bucket, answer: Answer) -> dict[str, Any]:
    return {"Rules": [*map(_aws_rule, bucket["lifecycle"]), *_kept(bucket, answer)]}


def _write(bucket: Bucket, answer: Answer) -> Calls:
    wanted = _aws(bucket, answer)
    if not wanted["Rules"]:
        return [("delete_bucket_lifecycle", {})]
    params: dict[str, Any] = {"LifecycleConfiguration": wanted}
    if size := answer.get("TransitionDefaultMinimumObjectSize"):  # not declared here, so it stays as it is
        params["TransitionDefaultMinimumObjectSize"] = size
    return [("put_bucket_lifecycle_configuration", params)]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    rules = bucket["lifecycle"]
    if rules and bucket.get("mfa_delete"):
        yield " and mfa_delete exclude each other in S3; choose one"
    yield from id_mistakes(rules, 1000)
    for rule in rules:
        for sentence in _rule_mistakes(rule):
            yield f"{rule_name(rule)}{sentence}"


def _rule_mistakes(rule: Mapping[str, Any]) -> Iterator[str]:
    if not any(rule.get(word) for word in ACTIONS):
        yield f" does nothing; it needs one of {', '.join(ACTIONS)}"
    for word in ("expire_days", "noncurrent_days", "newer_noncurrent", "abort_upload_days"):
        value, most = rule.get(word), 100 if word == "newer_noncurrent" else MAX
        if value is not None and not 1 <= value <= most:
            yield f": {word} is {value}; allowed are 1 to {most}"
    if len([word for word in ("expire_days", "expire_date", "expired_markers") if rule.get(word)]) > 1:
        yield " has more than one of expire_days, expire_date and expired_markers; choose one"
    if rule.get("expire_date") and not _is_day(rule["expire_date"]):
        yield f": expire_date is {str(rule['expire_date'])!r}; allowed is a day such as 2030-01-31"
    if rule.get("newer_noncurrent") and not rule.get("noncurrent_days"):
        yield ": newer_noncurrent needs noncurrent_days"
    for word, what in (("abort_upload_days", ("tags", *SIZES)), ("expired_markers", ("tags",))):
        if rule.get(word) and (of := next((one for one in what if rule.get(one)), "")):
            yield f" has {of}, which what {word} is about has not; make it a rule of its own"
    for word in _MOVES:
        yield from (f": {word}{said}" for said in _move_mistakes(rule, word))
    yield from tag_mistakes(": tags", rule.get("tags") or {}, 10)
    if (rule.get("larger_than") or 0) >= (rule.get("smaller_than") or MAX * 4096):
        yield ": larger_than is not less than smaller_than, so no object is meant"


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, datetime.date) or bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def _move_mistakes(rule: Mapping[str, Any], word: str) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""
    moves: list[Mapping[str, Any]] = rule.get(word) or []
    classes = [move["storage_class"] for move in moves]
    if twice := next((one for one in classes if classes.count(one) > 1), ""):
        yield f" moves to {twice} twice; choose one"
    if moves and word == "transitions":
        given = [*moves, {"days": rule.get("expire_days"), "date": rule.get("expire_date")}]
        if len({key for one in given for key in ("days", "date") if one.get(key) is not None}) > 1:
            yield " and what expires have both days and a date; a rule has one of the two"
    known = sorted(
        (move for move in moves if move["storage_class"] in _DOWN), key=lambda one: _DOWN.index(one["storage_class"])
    )
    for one, other in itertools.pairwise(known):
        if any(one.get(when) and other.get(when) and one[when] >= other[when] for when in ("days", "date")):
            yield f" to {other['storage_class']} must come after that to {one['storage_class']}"
    for move in moves:
        where = f" to {move['storage_class']}"
        if move.get("date") and rule.get("expire_date") and str(move["date"]) >= str(rule["expire_date"]):
            yield f"{where} on {move['date']} is not before they are deleted, on {rule['expire_date']}"
        if move["storage_class"] not in STORAGE_CLASSES[2:]:
            yield f" has the storage_class {move['storage_class']!r}; allowed are {', '.join(STORAGE_CLASSES[2:])}"
        if move.get("date") and not _is_day(move["date"]):
            yield f"{where}: date is {move['date']!r}; allowed is a day such as 2030-01-31"
        days = move.get("days")
        if days is None:
            if not move.get("date"):
                yield f"{where} needs days"
            continue
        least = 30 if move["storage_class"] in _AFTER_A_MONTH else 0 if word == "transitions" else 1
        if not least <= days <= MAX:
            yield f"{where}: days is {days}; allowed are {least} to {MAX}"
        end = rule.get("expire_days" if word == "transitions" else "noncurrent_days")
        if end and days >= end:
            yield f"{where} after {days} days is not before they are deleted, after {end}"
        for other in moves:
            if (
                other["storage_class"] in _AFTER_A_MONTH
                and 0 <= days - (other.get("days") or MAX) < 30
                and other != move
            ):
                yield f"{where} after {days} days is less than 30 after {other['storage_class']}"


_INT: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": MAX}
_DATE: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d$",
    "description": "a day in quotes, such as '2030-01-31'",
}
_ONLY: dict[str, dict[str, Any]] = {
    "transitions": {"days": {**_INT, "minimum": 0}, "date": _DATE},
    "noncurrent_transitions": {"days": _INT, "newer": {**_INT, "maximum": 100}},
}
_TO = {"storage_class": {"enum": list(STORAGE_CLASSES[2:])}}
SETTING = Setting(
    name="lifecycle",
    order=40,
    read="get_bucket_lifecycle_configuration",
    absent="NoSuchLifecycleConfiguration",
    live=_live,
    wanted=lambda bucket, answer: _live(_aws(bucket, answer)),
    write=_write,
    check=_check,
    settles=True,
    schema=listing(
        mapping(
            {
                "id": TEXT,
                "prefix": PREFIX,
                "tags": TAGS,
                "larger_than": {"type": "integer", "minimum": 0},
                "smaller_than": {"type": "integer", "minimum": 1},
                **dict.fromkeys(("expire_days", "noncurrent_days", "newer_noncurrent", "abort_upload_days"), _INT),
                "expire_date": _DATE,
                "expired_markers": {"type": "boolean"},
                "enabled": {"type": "boolean"},
                **{word: listing(mapping({**_TO, **only}, *_TO)) for word, only in _ONLY.items()},
            },
            "id",
        )
    ),
    adopt=lambda answer: adopted(_live(answer)),
)
