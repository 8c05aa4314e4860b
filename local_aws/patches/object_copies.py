"""A copy is made only while its source is what the caller says, and never of an object onto itself for nothing.

moto knows one of the four conditions, and takes the bucket's default encryption for a change.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote

from moto.core.utils import str_to_rfc_1123_datetime
from moto.s3.models import FakeKey
from moto.s3.responses import S3Response

from local_aws.errors import AwsError, invalid_request
from local_aws.replacing import extends

CONDITIONS = "x-amz-copy-source-if-"
CHANGES = ("x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-website-redirect-location")
ILLEGAL = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)


def source(response: S3Response) -> tuple[FakeKey | None, bool]:
    """The object that is to be copied, and whether one version of it was named."""
    path, _, query = response.headers.get("x-amz-copy-source", "").partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    version = parse_qs(query).get("versionId", [None])[0]
    return (response.backend.get_object(bucket, key, version_id=version) if key else None), version is not None


def check_conditions(response: S3Response, key: FakeKey) -> None:
    names = ("match", "unmodified-since", "none-match", "modified-since")
    given = {name: response.headers.get(f"{CONDITIONS}{name}") for name in names}
    etag, changed = key.etag.strip('"'), key.last_modified.replace(microsecond=0)
    since, until = (
        str_to_rfc_1123_datetime(given[name]) if given[name] else None
        for name in ("modified-since", "unmodified-since")
    )
    matches = bool(given["match"]) and given["match"].strip('"') == etag
    failed = {  # the first that fails is named
        "match": given["match"] and not matches,
        # An ETag that matches counts more than a date that does not.
        "unmodified-since": until and changed > until and not matches,
        "none-match": given["none-match"] and given["none-match"].strip('"') == etag,
        "modified-since": since and changed <= since and not given["none-match"],
    }
    for name, wrong in failed.items():
        if wrong:
            message = "At least one of the pre-conditions you specified did not hold"
            raise AwsError("PreconditionFailed", message, Condition=f"{CONDITIONS}{name}")


@extends(S3Response)
def copy_object(original: Any, self: S3Response) -> Any:
    key, versioned = source(self)
    if key:
        itself = (key.bucket_name, key.name) == (self.bucket_name, self.parse_key_name())
        replaced = self.headers.get("x-amz-metadata-directive") == "REPLACE"
        if itself and not versioned and not replaced and not any(name in self.headers for name in CHANGES):
            default = (self.backend.get_bucket(self.bucket_name).encryption or {}).get("Rule", {})
            if default.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") == key.encryption:
                raise invalid_request(ILLEGAL)
    return original(self)


@extends(S3Response, "copy_object", "upload_part_copy")
def conditional(original: Any, self: S3Response) -> Any:
    key, _ = source(self)
    if key:
        check_conditions(self, key)
    return original(self)
