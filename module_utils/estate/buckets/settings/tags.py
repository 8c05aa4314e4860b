"""The bucket's tags. AWS's own (aws:cloudformation:…) nobody may change, and they must be sent back.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible.module_utils.estate.buckets.objects import tag_dict, tag_list, tag_mistakes
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World


def _all(answer: Answer) -> dict[str, str]:
    return tag_dict(answer.get("TagSet") or [])


def live(answer: Answer) -> dict[str, str]:
    return {key: value for key, value in _all(answer).items() if not key.startswith("aws:")}


def _wanted(bucket: Bucket, answer: Answer) -> dict[str, str]:
    """The declared ones, and the live ones that the declaration leaves to others."""
    ignored = tuple(bucket.get("ignored_tags") or ())
    kept = {
        key: value
        for key, value in live(answer).items()
        if bucket.get("purge_tags") is False or key.startswith(ignored or "\0")
    }
    return kept | {key: str(value) for key, value in bucket["tags"].items()}


def _write(bucket: Bucket, answer: Answer) -> Calls:
    aws = {key: value for key, value in _all(answer).items() if key.startswith("aws:")}
    tags: Mapping[str, str] = _wanted(bucket, answer) | aws  # AWS refuses a tag set that lacks the tags it put there
    return [("put_bucket_tagging", {"Tagging": {"TagSet": tag_list(tags)}}) if tags else ("delete_bucket_tagging", {})]


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    yield from tag_mistakes("", bucket["tags"], 50)


SETTING = Setting(
    name="tags",
    order=50,
    read="get_bucket_tagging",
    absent="NoSuchTagSet",
    live=live,
    wanted=_wanted,
    write=_write,
    check=_check,
    schema={"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    adopt=live,
)
