"""A bucket has at most 50 tags, of AWS's letters; AWS's own can neither be made nor lost; S3 gives them in no order.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html (letters, numbers, spaces, and
_ . : / = + - @ of any language, as the pattern [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]* says)
https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html
"""

from __future__ import annotations

import unicodedata
from typing import Any

from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local_aws import xml_bodies
from local_aws.errors import AwsError
from local_aws.patches.bucket_configurations import shuffled
from local_aws.replacing import extends, replaces

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
SYSTEM = "aws:"


def invalid(message: str) -> AwsError:
    return AwsError("InvalidTag", message)


def taken(text: str) -> bool:
    return all(letter in "_.:/=+-@" or unicodedata.category(letter)[0] in "LZN" for letter in text)


def system_tags(backend: S3Backend, bucket_name: str) -> dict[str, str]:
    tags = backend.tagger.get_tag_dict_for_resource(backend.get_bucket(bucket_name).arn)
    return {name: value for name, value in tags.items() if name.startswith(SYSTEM)}


@replaces(S3Response)
def _bucket_tagging_from_body(self: S3Response) -> dict[str, str]:
    found = (xml_bodies.parsed(self, "PutBucketTagging").get("Tagging") or {}).get("TagSet") or []
    if len(found) > MOST:
        raise AwsError("BadRequest", f"Bucket tag count cannot be greater than {MOST}")
    tags = {tag.get("Key", ""): tag.get("Value") or "" for tag in found}
    if len(tags) < len(found):
        raise invalid("Cannot provide multiple Tags with the same key")
    for name, value in tags.items():
        if not 0 < len(name) <= LONGEST_KEY or not taken(name):
            raise invalid("The TagKey you have provided is invalid")
        if len(value) > LONGEST_VALUE or not taken(value):
            raise invalid("The TagValue you have provided is invalid")
    kept = system_tags(self.backend, self.bucket_name)
    if any(name.startswith(SYSTEM) and kept.get(name) != value for name, value in tags.items()):
        raise invalid("System tags cannot be added/updated by requester")
    if set(kept) - set(tags):
        raise invalid("System tags cannot be removed by requester")
    return tags


@extends(S3Response)
def put_object_tagging(original: Any, self: S3Response) -> Any:
    found = (xml_bodies.parsed(self, "PutObjectTagging").get("Tagging") or {}).get("TagSet") or []
    if len({tag["Key"] for tag in found}) < len(found):
        raise invalid("Cannot provide multiple Tags with the same key")
    return original(self)


@extends(S3Backend)
def delete_bucket_tagging(original: Any, self: S3Backend, bucket_name: str) -> None:
    if system_tags(self, bucket_name):
        raise invalid("System tags cannot be removed by requester")
    original(self, bucket_name)


@extends(S3Backend)
def get_bucket_tagging(original: Any, self: S3Backend, bucket_name: str) -> Any:
    found = original(self, bucket_name)
    return {**found, "Tags": shuffled(self.get_bucket(bucket_name), "tagging", found["Tags"])}
