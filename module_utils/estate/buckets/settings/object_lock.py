"""Whether versions are kept from being deleted before their time: {"mode"?, "days"? | "years"?}; {} gives no time.

It can be switched on and never off; retention in compliance mode nobody can shorten, root included.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.schema import TEXT, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World

# USD for a GiB and month of S3 Standard in London: https://aws.amazon.com/s3/pricing/
PRICE = 0.024
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


def means(bucket: Bucket, answer: Answer) -> Iterator[str]:
    """What cannot be taken back of a change, and what that costs at worst."""
    live, wanted = _live(answer), _wanted(bucket, answer)
    if live is None:
        yield f"{bucket['name']}: object lock can never be switched off again, nor versioning suspended"
    if wanted.get("mode") == "COMPLIANCE" and wanted != live:
        days = wanted.get("days", 0) + 365 * wanted.get("years", 0)
        yield (
            f"{bucket['name']}: nobody, root included, can delete what is written from now on for {days} days: each "
            f"GiB costs about USD {days / 30.4 * PRICE:.2f} until then, which only closing the account would end"
        )


def _check(bucket: Bucket, world: World) -> Iterator[str]:
    given = bucket["object_lock"]
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html
    for rule in (bucket.get("replication") or {}).get("rules") or ():
        target = None if rule.get("account") else world.buckets.get(rule["bucket"])
        if target and target.get("object_lock") is None:
            yield f" goes with replicas that have one, too; say object_lock: {{}} for {target['name']}"
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
    schema=mapping(
        {
            "mode": {"enum": ["GOVERNANCE", "COMPLIANCE"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 36500},
            "years": {"type": "integer", "minimum": 1, "maximum": 100},
            "confirm": TEXT,
        }
    ),
    adopt=lambda answer: None if (_live(answer) or {}).get("mode") == "COMPLIANCE" else _live(answer),
)
