"""Sizes that S3 does not take: headers, metadata, keys, pages, a thousand keys to delete; and quiet deletions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.s3.responses import S3Response

from local_aws import xml_bodies
from local_aws.errors import AwsError, invalid_argument, malformed_xml
from local_aws.replacing import extends

HEADERS, METADATA, KEY, PAGE = 8192, 2048, 1024, 1000
META = "x-amz-meta-"
PAGED = ("list_objects", "list_objects_v2", "list_object_versions", "list_multipart_uploads", "list_parts")
SIZES = ("max-keys", "max-uploads", "max-parts")


def check_headers(headers: Any) -> None:
    if sum(len(name) + len(value) for name, value in headers.items()) > HEADERS:
        message = "Your request header section exceeds the maximum allowed bytes."
        raise AwsError("RequestHeaderSectionTooLarge", message, MaxSizeAllowed=str(HEADERS))
    size = sum(
        len(name) - len(META) + len(value.encode()) for name, value in headers.items() if name.lower().startswith(META)
    )
    if size > METADATA:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise AwsError("MetadataTooLarge", message, Size=str(size), MaxSizeAllowed=str(METADATA))


@extends(S3Response)
def _key_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    check_headers(request.headers)
    size = len(self.parse_key_name().encode())
    if size > KEY:
        raise AwsError("KeyTooLongError", "Your key is too long", Size=str(size), MaxSizeAllowed=str(KEY))
    return original(self, request, full_url)


@extends(S3Response)
def _bucket_response_delete_keys(original: Any, self: S3Response, bucket_name: str, *args: Any, **words: Any) -> Any:
    asked = xml_bodies.parsed(self, "DeleteObjects").get("Delete") or {}
    if not 0 < len(asked.get("Objects") or []) <= PAGE:
        raise malformed_xml()
    status, headers, text = original(self, bucket_name, *args, **words)
    if asked.get("Quiet"):  # only what went wrong is said
        text = re.sub(
            rb"<Deleted>.*?</Deleted>", b"", text if isinstance(text, bytes) else text.encode(), flags=re.DOTALL
        )
    return status, headers, text


@extends(S3Response, *PAGED)
def paged(original: Any, self: S3Response, *args: Any, **words: Any) -> Any:
    if self.querystring.get("encoding-type", ["url"])[0] != "url":
        raise invalid_argument("Invalid Encoding Method specified in Request", ArgumentName="encoding-type")
    for name in SIZES:
        asked = self.querystring.get(name, [None])[0]
        if asked is None:
            continue
        if not asked.isascii() or not asked.isdigit() or int(asked) > 2**31 - 1:
            message = f"Provided {name} not an integer or within integer range"
            raise invalid_argument(message, ArgumentName=name, ArgumentValue=asked)
        self.querystring[name] = [str(min(int(asked), PAGE))]
    return original(self, *args, **words)
