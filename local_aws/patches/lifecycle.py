"""Lifecycle rules are checked as S3 does, and keep what moto drops: sizes, versions to retain, markers.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

from __future__ import annotations

import secrets
from datetime import datetime
from itertools import pairwise
from typing import Any

from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from local_aws.errors import invalid_argument, invalid_request, malformed_xml
from local_aws.patches.bucket_configurations import KINDS, Config, Kind

MOST, LONGEST_ID, MOST_VERSIONS = 1000, 255, 100
ACTIONS = {
    "Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
}  # fmt: skip
INFREQUENT = {"STANDARD_IA", "ONEZONE_IA"}  # take objects after 30 days
WAY_DOWN = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
MINIMUM = "x-amz-transition-default-minimum-object-size"
MIXED = "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule"
MINIMA = {"all_storage_classes_128K", "varies_by_storage_class"}


def check(response: S3Response, _: FakeBucket, config: Config) -> None:
    rules = config["Rules"]
    if len(rules) > MOST:
        raise invalid_request("The number of lifecycle rules must not exceed the allowed limit of 1000 rules")
    minimum = response.headers.get(MINIMUM, "all_storage_classes_128K")
    if minimum not in MINIMA:
        raise invalid_argument("Invalid value for transition default minimum object size")
    for rule in rules:
        rule.setdefault("ID", secrets.token_urlsafe(36))
        _check_rule(rule)
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise invalid_argument("Rule ID must be unique. Found same ID for more than one rule")
    if len({"Filter" in rule for rule in rules}) > 1:
        raise invalid_request("Filter element can only be used in Lifecycle V2.")
    config["TransitionDefaultMinimumObjectSize"] = minimum


def _check_rule(rule: Config) -> None:
    if len(rule["ID"]) > LONGEST_ID:
        raise invalid_argument("ID length should not exceed allowed limit of 255")
    if ("Filter" in rule) == ("Prefix" in rule):
        raise malformed_xml()
    if not any(rule.get(action) is not None for action in ACTIONS):
        raise invalid_request("At least one action needs to be specified in a rule")
    tagged, sized = _check_filter(rule.get("Filter") or {})
    expiration = rule.get("Expiration")
    if expiration is not None:
        _check_expiration(expiration, tagged)
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is not None:
        _check_noncurrent(noncurrent, "NoncurrentVersionExpiration")
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort is not None:
        if tagged or sized:
            what = "Tags" if tagged else "Object Size"
            raise invalid_request(f"AbortIncompleteMultipartUpload cannot be specified with {what}.")
        _positive(abort.get("DaysAfterInitiation"), "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
    _check_transitions(rule, expiration or {})


def _positive(days: Any, name: str, action: str) -> None:
    if days is None:
        raise malformed_xml()
    if days < 1:
        raise invalid_argument(f"'{name}' for {action} action must be a positive integer")


def _check_filter(given: Config) -> tuple[bool, bool]:
    """Whether it asks for tags, for sizes."""
    if len(given) > 1:
        raise malformed_xml()
    both = given.get("And") or {}
    tags = both.get("Tags") or ([given["Tag"]] if given.get("Tag") else [])
    if any(not tag.get("Key") or len(tag["Key"]) > 128 or len(tag.get("Value", "")) > 256 for tag in tags):
        raise invalid_argument("A tag's key has 1 to 128 characters, its value at most 256")
    if len({tag["Key"] for tag in tags}) < len(tags):
        raise invalid_request("Duplicate Tag Keys are not allowed.")
    sizes = {**given, **both}
    over, under = sizes.get("ObjectSizeGreaterThan"), sizes.get("ObjectSizeLessThan")
    if over is not None and under is not None and over >= under:
        raise invalid_request("'ObjectSizeLessThan' should be a value greater than 'ObjectSizeGreaterThan'")
    return bool(tags), over is not None or under is not None


def _midnight(moment: Any) -> bool:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
    return (found.hour, found.minute, found.second) == (0, 0, 0)


def _check_expiration(expiration: Config, tagged: bool) -> None:
    if len(expiration) != 1:
        raise malformed_xml()
    if "Days" in expiration:
        _positive(expiration["Days"], "Days", "Expiration")
    if "Date" in expiration and not _midnight(expiration["Date"]):
        raise invalid_argument("'Date' must be at midnight GMT")
    if tagged and expiration.get("ExpiredObjectDeleteMarker") is not None:
        raise invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_noncurrent(given: Config, action: str) -> None:
    _positive(given.get("NoncurrentDays"), "NoncurrentDays", action)
    kept = given.get("NewerNoncurrentVersions")
    if kept is not None and not 1 <= kept <= MOST_VERSIONS:
        raise invalid_argument(f"'NewerNoncurrentVersions' for {action} action must be between 1 and {MOST_VERSIONS}")


def _check_transitions(rule: Config, expiration: Config) -> None:
    for transition in rule.get("Transitions") or []:
        days, storage = transition.get("Days"), transition.get("StorageClass")
        if storage is None or (days is None) == ("Date" not in transition):
            raise malformed_xml()
        if days is None:
            if "Days" in expiration:
                raise invalid_request(MIXED)
            continue
        if days < (30 if storage in INFREQUENT else 0):
            least = f"greater than or equal to 30 for storageClass '{storage}'"
            raise invalid_argument(
                f"'Days' in Transition action must be {least if storage in INFREQUENT else 'nonnegative'}"
            )
        if "Date" in expiration:
            raise invalid_request(MIXED)
        if "Days" in expiration and expiration["Days"] <= days:
            where = f"'(prefix={rule.get('Prefix') or (rule.get('Filter') or {}).get('Prefix') or ''})'"
            raise invalid_argument(
                f"'Days' in the Expiration action for filter {where} must be greater than 'Days' in the "
                "Transition action"
            )
    _check_way_down(rule.get("Transitions") or [], "Days")
    _check_way_down(rule.get("NoncurrentVersionTransitions") or [], "NoncurrentDays")
    gone = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
    for transition in rule.get("NoncurrentVersionTransitions") or []:
        if gone is not None and transition.get("NoncurrentDays", 0) >= gone:
            raise invalid_argument(
                "'NoncurrentDays' in the NoncurrentVersionExpiration action must be greater than 'NoncurrentDays' in "
                "the NoncurrentVersionTransition action"
            )
        if "StorageClass" not in transition:
            raise malformed_xml()
        _check_noncurrent({"NoncurrentDays": 1, **transition}, "NoncurrentVersionTransition")
        if transition["StorageClass"] in INFREQUENT and transition.get("NoncurrentDays", 0) < 30:
            raise invalid_argument(
                "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30"
            )


def _check_way_down(transitions: list[Config], days: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""
    if len({one.get("StorageClass") for one in transitions}) < len(transitions):
        raise invalid_request("'StorageClass' must be different for each 'Transition' action in a rule")
    found = {one["StorageClass"]: one[days] for one in transitions if days in one}
    for one, other in pairwise([name for name in WAY_DOWN if name in found]):
        if found[one] >= found[other]:
            raise invalid_argument(
                f"'{days}' in the Transition action for StorageClass '{other}' must be greater than for '{one}'"
            )


def apply() -> None:
    missing = ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
    KINDS["lifecycle"] = Kind("BucketLifecycleConfiguration", "LifecycleConfiguration", check, missing)
