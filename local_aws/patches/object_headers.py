"""What the headers of an object say is known and goes together; conditions on a copy's target hold.

moto takes what it does not know for nothing said.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response

from local_aws.errors import AwsError, invalid_argument, invalid_request
from local_aws.replacing import extends

SSE, KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
LOCKED, UNTIL = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"
DIRECTIVES = {"x-amz-metadata-directive": "metadata", "x-amz-tagging-directive": "tagging"}
ATTRIBUTES = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}


def invalid(message: str, name: str = "") -> AwsError:
    return invalid_argument(message, **({"ArgumentName": name} if name else {}))


@extends(S3Response, "put_object", "copy_object", "create_multipart_upload")
def said(original: Any, self: S3Response, *args: Any, **words: Any) -> Any:
    headers = self.headers
    if headers.get(KEY) and headers.get(SSE) == "AES256":
        raise invalid(f"Server Side Encryption with AWS KMS managed key requires HTTP header {SSE} : aws:kms", SSE)
    tags = parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True)
    if len({name for name, _ in tags}) < len(tags):
        message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
        raise invalid(f"{message}tag name duplicates.", "x-amz-tagging")
    target = headers.get("x-amz-website-redirect-location")
    if target and not target.startswith(("/", "http://", "https://")):
        message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        raise AwsError("InvalidRedirectLocation", message)
    if headers.get("If-None-Match", "*") != "*":
        raise NotImplementedError("A header you provided implies functionality that is not implemented")
    check_lock(headers.get(LOCKED), headers.get(UNTIL))
    return original(self, *args, **words)


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def check_lock(mode: str | None, until: str | None) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"""
    if bool(mode) != bool(until):
        raise invalid(f"{UNTIL} and {LOCKED} must both be supplied")
    if mode not in {None, "GOVERNANCE", "COMPLIANCE"}:
        raise invalid("Unknown wormMode directive.", LOCKED)
    if until:
        try:
            over = moment(until) <= datetime.now(UTC)
        except ValueError:
            raise invalid("The retain until date must be provided in ISO 8601 format", UNTIL) from None
        if over:
            raise invalid("The retain until date must be in the future!", UNTIL)


@extends(S3Response)
def copy_object(original: Any, self: S3Response) -> Any:
    for header, what in DIRECTIVES.items():
        if self.headers.get(header, "COPY") not in {"COPY", "REPLACE"}:
            raise invalid(f"Unknown {what} directive.", header)
    if "/" not in unquote(self.headers["x-amz-copy-source"].partition("?")[0]).strip("/"):
        raise invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source")
    there = self.backend.get_bucket(self.bucket_name).keys.get(self.parse_key_name())
    etag = there.etag.strip('"') if isinstance(there, FakeKey) else None
    wanted = self.headers.get("If-Match")
    if wanted and etag is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.")
    if (wanted and wanted.strip('"') != etag) or (self.headers.get("If-None-Match") == "*" and etag is not None):
        message = "At least one of the pre-conditions you specified did not hold"
        raise AwsError("PreconditionFailed", message, Condition="If-Match" if wanted else "If-None-Match")
    return original(self)


@extends(S3Response)
def _acl_from_headers(original: Any, self: S3Response, headers: dict[str, str]) -> Any:
    try:
        return original(self, headers)
    except AssertionError:  # of a canned ACL that there is not
        raise invalid("There is no such canned ACL", "x-amz-acl") from None


@extends(S3Response, "get_object", "head_object")
def part_or_range(original: Any, self: S3Response, *args: Any, **words: Any) -> Any:
    if "partNumber" in self.querystring and self.headers.get("Range"):
        raise invalid_request("Cannot specify both Range header and partNumber query parameter.")
    return original(self, *args, **words)


@extends(S3Response)
def get_object_attributes(original: Any, self: S3Response) -> Any:
    asked = {one.strip() for one in self.headers.get("x-amz-object-attributes", "").split(",")}
    if not asked <= ATTRIBUTES:
        raise invalid("Invalid attribute name specified.", "x-amz-object-attributes")
    return original(self)


@extends(S3Backend)
def delete_object_tagging(original: Any, self: S3Backend, bucket_name: str, key_name: str, **version: Any) -> Any:
    if self.get_object(bucket_name, key_name, **version) is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.")
    return original(self, bucket_name, key_name, **version)
