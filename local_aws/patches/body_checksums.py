"""What arrives is what was sent: Content-MD5 and every checksum are worked out anew, and kept with the object.

moto believes what it is told, and without awscrt answers a CRC32 where CRC64NVME is asked for.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

import anycrc
from moto.s3 import models, responses
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

from local_aws import xml_bodies
from local_aws.backends import current
from local_aws.errors import AwsError, invalid_request
from local_aws.replacing import extends, replaces
from local_aws.requests import OPERATION

CRC32C, CRC64 = anycrc.Model("CRC32C"), anycrc.Model("CRC64-NVME")
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda data: binascii.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: CRC32C.calc(data).to_bytes(4, "big"),
    "CRC64NVME": lambda data: CRC64.calc(data).to_bytes(8, "big"),
    "SHA1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "SHA512": lambda data: hashlib.sha512(data).digest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
}
DEFAULT = "CRC64NVME"
PREFIX = "x-amz-checksum-"
# Bodies that S3 takes with a checksum only; SDKs send one with more, s3cmd does not.
PROVED = {
    "DeleteObjects", "PutBucketCors", "PutBucketLifecycle", "PutBucketLifecycleConfiguration", "PutBucketReplication",
    "PutBucketTagging", "PutObjectLegalHold", "PutObjectLockConfiguration", "PutObjectRetention",
}  # fmt: skip
NOT_CHECKSUMS = {"algorithm", "mode", "type"}


def digest(algorithm: str, data: bytes) -> bytes:
    if algorithm not in DIGESTS:
        raise NotImplementedError(f"the checksum algorithm {algorithm}")
    return DIGESTS[algorithm](data)


@replaces(models)
@replaces(responses)
def compute_checksum(body: bytes, algorithm: str, encode_base64: bool = True) -> bytes:
    found = digest(algorithm, body)
    return base64.b64encode(found) if encode_base64 else found


def given(headers: Any) -> tuple[str, str] | None:
    """(algorithm, value) of the one checksum that came along."""
    names = [name.lower() for name in headers.keys() if name.lower().startswith(PREFIX)]  # noqa: SIM118
    found = [name for name in names if name.removeprefix(PREFIX) not in NOT_CHECKSUMS]
    if len(found) > 1:
        raise invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    return (found[0].removeprefix(PREFIX).upper(), headers[found[0]]) if found else None


def _decoded(value: str, length: int) -> bytes | None:
    try:
        found = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return found if len(found) == length else None


def check(response: S3Response, request: Any) -> None:
    """Raise what AWS does for a body that is not what its headers say, or says nothing where it has to."""
    operation, headers, body = request.environ.get(OPERATION, ""), request.headers, response.body or b""
    md5, checksum = headers.get("Content-MD5"), given(headers)
    if md5 is not None:
        wanted = _decoded(md5, 16)
        if wanted is None:
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if wanted != digest("MD5", body):
            raise AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    elif checksum is None and operation in PROVED:
        raise invalid_request("Missing required header for this request: Content-MD5")
    if checksum is None:
        if headers.get("x-amz-sdk-checksum-algorithm") and md5 is None and operation in {"PutObject", "UploadPart"}:
            message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
            raise invalid_request(f"{message}headers were found.")
    elif operation != "CompleteMultipartUpload":  # there it is the whole object's
        algorithm, value = checksum
        found = digest(algorithm, body)
        wanted = _decoded(value, len(found))
        if wanted is None:
            raise invalid_request(f"Value for {PREFIX}{algorithm.lower()} header is invalid.")
        if wanted != found:
            raise AwsError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")


@extends(S3Response, "_bucket_response", "_key_response")
def arrived(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    if request.method in {"PUT", "POST"}:
        check(self, request)
    return original(self, request, full_url)


@replaces(S3Response)
def _get_checksum(self: S3Response, response_headers: dict[str, Any]) -> tuple[str, str | None]:
    """Of an object always one, of anything else what came along."""
    algorithm, value = given(self.headers) or ("", None)
    if value is None and self.request.environ.get(OPERATION) == "PutObject":
        algorithm, value = DEFAULT, compute_checksum(self.body or b"", DEFAULT).decode()
    if value:
        response_headers[f"{PREFIX}{algorithm.lower()}"] = value
        response_headers["x-amz-checksum-type"] = "FULL_OBJECT"
    return algorithm, value


@extends(S3Response)
def head_object(original: Any, self: S3Response, *args: Any, **words: Any) -> Any:
    """moto leaves the number of parts off a composite checksum here, and its type."""
    status, headers, body = original(self, *args, **words)
    query = self.querystring
    key = self.backend.get_object(self.bucket_name, self.parse_key_name(), query.get("versionId", [None])[0])
    name = f"{PREFIX}{(getattr(key, 'checksum_algorithm', None) or '').lower()}"
    if name in headers:
        headers["x-amz-checksum-type"] = key.checksum_type or "FULL_OBJECT"
        if key.checksum_type == "COMPOSITE":
            headers[name] = f"{key.checksum_value}-{key.checksum_parts}"
    return status, headers, body


@extends(FakeMultipart)
def complete(original: Any, self: FakeMultipart, body: Any) -> Any:
    """Parts and whole as the request that completes them says."""
    parts = list(body)
    value, etag, details = original(self, iter(parts))
    headers, algorithm = current().headers, self.metadata.get("x-amz-checksum-algorithm") or DEFAULT
    size, checksum = headers.get("x-amz-mp-object-size"), given(headers)
    if size is not None and size != str(len(value)):
        raise invalid_request("The provided 'x-amz-mp-object-size' header does not match what was computed.")
    if checksum and details and checksum[1].partition("-")[0] != details[1]:
        raise AwsError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
    return value, etag, details


@extends(S3Backend)
def complete_multipart_upload(
    original: Any, self: S3Backend, bucket_name: str, multipart_id: str, body: Any
) -> FakeKey | None:
    key = original(self, bucket_name, multipart_id, body)
    if key and not key.checksum_algorithm:
        key.checksum_algorithm = DEFAULT
    return key


@extends(S3Response)
def _complete_multipart_body(original: Any, self: S3Response, body: bytes) -> Any:
    upload = self.backend.get_bucket(self.bucket_name).multiparts[self.querystring["uploadId"][0]]
    words = xml_bodies.parsed(self, "CompleteMultipartUpload").get("MultipartUpload") or {}
    for said in words.get("Parts") or []:
        part = upload.parts.get(said.get("PartNumber"))
        for algorithm in DIGESTS:
            value = said.get(f"Checksum{algorithm}")
            if part and value and value != compute_checksum(part.value, algorithm).decode():
                message = "One or more of the specified parts could not be found. The part may not have been uploaded, "
                raise AwsError("InvalidPart", f"{message}or the specified entity tag may not match the part's.")
    return original(self, body)
