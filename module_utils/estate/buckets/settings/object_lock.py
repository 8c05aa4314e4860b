"""Whether versions are kept from being deleted before their time: {"mode"?, "days"? | "years"?}; {} gives no time.

It can be switched on and never off; retention in compliance mode nobody can shorten, root included.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World

_WORDS = {"mode": "Mode", "days": "Days", "years": "Years"}


def _live(answer: Answer) -> dict[str, Any] | None:
    """None where it is off."""
    given = answer.get("ObjectLockConfiguration") or {}
    if given.get("ObjectLockEnabled") != "Enabled":
        return None
    retention = (given.get("Rule") or {}).get("DefaultRetention") or {}
    return {word: retention[key] for word, key in _WORDS.items() if retention.get(key)}


def _wanted(bucket: Bucket, _answer: Answer) -> dict[str, Any]:
    return {word: bucket["object_lock"][word] for word in _WORDS if bucket["object_lock"].get(word)}


def _write(bucket: Bucket, answer: Answer) -> Calls:
    retention = {_WORDS[word]: value for word, value in _wanted(bucket, answer).items()}
    given: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    given |= {"Rule": {"DefaultRetention": retention}} if retention else {}
    return [("put_object_lock_configuration", {"ObjectLockConfiguration": given})]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    given = bucket["object_lock"]
    times = [word for word in ("days", "years") if given.get(word)]
    if bucket.get("versioning") is not True:
        yield f" needs versioning of {bucket['name']}; say versioning: true"
    if bool(given.get("mode")) != bool(times) or len(times) > 1:
        yield f" is {_wanted(bucket, {})}; allowed are mode with either days or years, or none of them"
    if given.get("mode") == "COMPLIANCE" and given.get("confirm") != bucket["name"]:
        yield (
            ".mode is COMPLIANCE, which nobody can take back before its time, root included: "
            f"say confirm: {bucket['name']} if that is meant"
        )


SETTING = Setting(
    name="object_lock",
    order=25,  # behind versioning, which it needs
    read="get_object_lock_configuration",
    absent="ObjectLockConfigurationNotFoundError",
    live=_live,
    wanted=_wanted,
    write=_write,
    check=_check,
    schema={
        "type": "object",
        "properties": {
            "mode": {"enum": ["GOVERNANCE", "COMPLIANCE"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 36500},
            "years": {"type": "integer", "minimum": 1, "maximum": 100},
            "confirm": {"type": "string"},
        },
        "additionalProperties": False,
    },
    adopt=lambda answer: None if (_live(answer) or {}).get("mode") == "COMPLIANCE" else _live(answer),
)
