"""When objects in INTELLIGENT_TIERING are archived: {id: {"prefix", "tags"?, "archive_days"?, "deep_archive_days"?}}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketIntelligentTieringConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.listed import Rule, listed
from ansible.module_utils.estate.buckets.objects import aws_filter, filter_shape
from ansible.module_utils.estate.buckets.schema import TAGS
from ansible.module_utils.estate.buckets.setting import Bucket, World

_TIERS = {"archive_days": ("ARCHIVE_ACCESS", 90), "deep_archive_days": ("DEEP_ARCHIVE_ACCESS", 180)}


def _live(rule: Rule) -> dict[str, Any]:
    shape = filter_shape(rule)
    days = {tier["AccessTier"]: tier["Days"] for tier in rule.get("Tierings") or []}
    shape |= {word: days[tier] for word, (tier, _) in _TIERS.items() if tier in days}
    return shape | ({"other": {"Status": rule.get("Status")}} if rule.get("Status") != "Enabled" else {})


def _aws(rule: Rule, _bucket: Bucket) -> dict[str, Any]:
    tiers = [{"AccessTier": tier, "Days": rule[word]} for word, (tier, _) in _TIERS.items() if rule.get(word)]
    only = {"Filter": aws_filter(rule)} if rule.get("prefix") or rule.get("tags") else {}
    return {"Status": "Enabled", "Tierings": tiers, **only}


def _mistakes(rule: Rule, _bucket: Bucket, _world: World) -> Iterator[str]:
    if not any(rule.get(word) for word in _TIERS):
        yield f" does nothing; it needs one of {', '.join(_TIERS)}"
    for word, (_, least) in _TIERS.items():
        if rule.get(word) is not None and not least <= rule[word] <= 730:
            yield f": {word} is {rule[word]}; allowed are {least} to 730"
    if (rule.get("archive_days") or 0) >= (rule.get("deep_archive_days") or 731):
        yield ": archive_days is not before deep_archive_days"


SETTING = listed(
    "intelligent_tiering",
    "IntelligentTiering",
    _live,
    _aws,
    {"tags": TAGS, "archive_days": {"type": "integer"}, "deep_archive_days": {"type": "integer"}},
    mistakes=_mistakes,
)
