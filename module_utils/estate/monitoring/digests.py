"""Whether a trail's files are those that CloudTrail wrote: digests signed and chained, log files as they say. Pure.

Judges as `aws cloudtrail validate-logs` does (awscli, customizations/cloudtrail/validation.py, DigestTraverser): from
the newest digest back along what each names as the one before it, and from the next that is there where one is not.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key
except ImportError:
    pass  # the module that needs it says so

NEEDED = {
    "digestS3Bucket", "digestS3Object", "digestPublicKeyFingerprint", "digestEndTime", "digestStartTime",
    "previousDigestSignature", "previousDigestS3Bucket", "previousDigestS3Object", "logFiles",
}  # fmt: skip
_DATE = re.compile(r"_(\d{8}T\d{6}Z)\.json\.gz$")


class File(NamedTuple):
    """An object as GetObject answers it."""

    body: bytes
    metadata: Mapping[str, str]


class Found(NamedTuple):
    """A file's verdict; problem is "" of a good one."""

    kind: str  # "digest" or "log"
    where: str
    problem: str = ""


class Digest(NamedTuple):
    data: Mapping[str, Any]
    problem: str


def date_of(key: str) -> str:
    """When a digest ends, by its name: text that sorts as time does."""
    found = _DATE.search(key)
    return found[1] if found else ""


def inflated(body: bytes) -> bytes:
    return zlib.decompress(body, zlib.MAX_WBITS | 16)


def digest(bucket: str, key: str, file: File | None, keys: Mapping[str, bytes]) -> Digest:
    """What the file says, and what is wrong with it. keys are CloudTrail's public keys by fingerprint."""
    if file is None:
        return Digest({}, "not found")
    try:
        raw = inflated(file.body)
        data = json.loads(raw)
    except (ValueError, zlib.error):
        return Digest({}, "invalid format")
    if "signature" not in file.metadata or "signature-algorithm" not in file.metadata:
        return Digest({}, "signature verification failed")
    if not isinstance(data, dict) or NEEDED - data.keys():
        return Digest({}, "invalid format")
    if (data["digestS3Bucket"], data["digestS3Object"]) != (bucket, key):
        return Digest({}, "has been moved from its original location")
    if data["digestPublicKeyFingerprint"] not in keys:
        return Digest({}, "public key not found")
    previous = data["previousDigestSignature"] or "null"
    signed = f"{data['digestEndTime']}\n{bucket}/{key}\n{hashlib.sha256(raw).hexdigest()}\n{previous}"
    try:
        _public(keys[data["digestPublicKeyFingerprint"]]).verify(
            bytes.fromhex(file.metadata["signature"]), signed.encode(), PKCS1v15(), SHA256()
        )
    except (InvalidSignature, ValueError):
        return Digest({}, "signature verification failed")
    return Digest(data, "")


@functools.cache
def _public(der: bytes) -> Any:
    return load_der_public_key(der)


def walked(
    bucket: str, keys: Sequence[str], get: Callable[[str, str], Digest], start: datetime.datetime
) -> Iterator[tuple[Found, Mapping[str, Any]]]:
    """Each digest of the chain with its verdict, newest first. keys are what is there, oldest first."""
    left = list(keys)
    key = left.pop() if left else ""
    oldest = datetime.datetime.fromisoformat(date_of(key)) if key else start
    while key and start <= oldest:
        data, problem = get(bucket, key)
        yield Found("digest", f"s3://{bucket}/{key}", problem), data
        if not problem:
            oldest = datetime.datetime.fromisoformat(data["digestStartTime"])
        if problem or not data["previousDigestS3Bucket"] or not data["previousDigestS3Object"]:
            before = date_of(key)
            key = ""
            while left and not key:
                key = left.pop() if date_of(left[-1]) < before else left.pop() and ""
        else:
            bucket, key = data["previousDigestS3Bucket"], data["previousDigestS3Object"]


def log(entry: Mapping[str, Any], file: File | None) -> Found:
    where = f"s3://{entry['s3Bucket']}/{entry['s3Object']}"
    if file is None:
        return Found("log", where, "not found")
    try:
        raw = inflated(file.body)
    except zlib.error:
        return Found("log", where, "invalid format")
    same = hashlib.sha256(raw).hexdigest() == entry["hashValue"]
    return Found("log", where, "" if same else "hash value doesn't match")
