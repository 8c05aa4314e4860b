"""Parts belong to an upload of their own key, are numbered 1 to 10,000 and put together in that order; listings end.

moto 5.2.5 takes parts for whatever upload there is, in any order, and counts pages by place instead of number.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from moto.core.utils import utcnow
from moto.s3.exceptions import InvalidPart, InvalidPartOrder, NoSuchUpload
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

from local_aws.errors import invalid_argument
from local_aws.patches.bucket_configurations import answered
from local_aws.patches.object_copies import source
from local_aws.replacing import extends, replaces

MOST = 10_000
PAGE = 1000


def upload(response: S3Response) -> FakeMultipart:
    """The one that the request names, if it is about the same key."""
    name = response.querystring.get("uploadId", [""])[0]
    found = response.backend.get_bucket(response.bucket_name).multiparts.get(name)
    if found is None or found.key_name != response.parse_key_name():
        raise NoSuchUpload(upload_id=name)
    return found


@extends(S3Response, "upload_part", "upload_part_copy")
def put_part(original: Any, self: S3Response) -> Any:
    number = self.querystring.get("partNumber", [""])[0]
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= MOST:
        message = f"Part number must be an integer between 1 and {MOST}, inclusive"
        raise invalid_argument(message, ArgumentName="partNumber", ArgumentValue=number)
    upload(self)
    said = self.headers.get("x-amz-copy-source-range")
    copied = source(self)[0] if said else None
    if said and copied is not None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", said)
        if asked is None or int(asked[1]) > int(asked[2]):
            message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
            raise invalid_argument(f"{message}the zero-based offsets of the first and last bytes to copy")
        if int(asked[2]) >= copied.size:
            raise invalid_argument(f"Range specified is not valid for source object of size: {copied.size}")
    return original(self)


@extends(S3Response, "list_parts", "abort_multipart_upload")
def asked_of(original: Any, self: S3Response) -> Any:
    upload(self)
    return original(self)


@extends(S3Response)
def _complete_multipart_body(original: Any, self: S3Response, body: bytes) -> list[tuple[int, str]]:
    upload(self)
    try:
        parts = list(original(self, body))
    except (IndexError, AttributeError):  # a part without its ETag
        raise InvalidPart from None
    if any(one >= other for (one, _), (other, _) in pairwise(parts)):
        raise InvalidPartOrder
    return parts


@replaces(FakeMultipart)
def list_parts(self: FakeMultipart, part_number_marker: int, max_parts: int) -> Iterator[FakeKey]:
    yield from [self.parts[number] for number in self.partlist if number > part_number_marker][:max_parts]


@replaces(S3Backend)
def is_truncated(self: S3Backend, bucket_name: str, multipart_id: str, next_part_number_marker: int) -> bool:
    return any(
        number > next_part_number_marker for number in self.get_bucket(bucket_name).multiparts[multipart_id].parts
    )


@replaces(S3Response)
def list_multipart_uploads(self: S3Response) -> Any:
    asked = {name: values[0] for name, values in self.querystring.items()}
    if asked.get("delimiter"):
        raise NotImplementedError("uploads are listed without a delimiter")
    key, after = asked.get("key-marker", ""), asked.get("upload-id-marker", "")
    every, size = self.backend.list_multipart_uploads(self.bucket_name).values(), int(asked.get("max-uploads", PAGE))
    found = [
        one
        for one in sorted(every, key=lambda one: (one.key_name, one.id))
        if one.key_name.startswith(asked.get("prefix", ""))
        and (one.key_name > key or bool(after and one.key_name == key and one.id > after))
    ]
    page, last = found[:size], found[size - 1] if 0 < size < len(found) else None
    uploads = [
        {"Key": one.key_name, "UploadId": one.id, "StorageClass": one.storage or "STANDARD",
         "Initiated": one.initiated, "ChecksumAlgorithm": one.metadata.get("x-amz-checksum-algorithm"),
         "ChecksumType": one.metadata.get("x-amz-checksum-type")}
        for one in page
    ]  # fmt: skip
    return answered(self, "ListMultipartUploads", {
        "Bucket": self.bucket_name, "Prefix": asked.get("prefix"), "KeyMarker": key, "UploadIdMarker": after,
        "MaxUploads": size, "IsTruncated": last is not None, "Uploads": uploads,
        "NextKeyMarker": last and last.key_name, "NextUploadIdMarker": last and last.id,
    })  # fmt: skip


@extends(FakeMultipart, "__init__")
def begin(original: Any, self: FakeMultipart, *args: Any, **words: Any) -> None:
    original(self, *args, **words)
    self.initiated = utcnow()
