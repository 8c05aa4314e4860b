"""A continuation token is one that S3 gave out, and lists on from where it was; keys of versions are encoded on demand.

moto keeps tokens by their hash for ever and fails with 500 on another; it encodes keys of objects, and not of versions,
so that a key that XML has no room for makes a listing that nobody can read.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html (encoding-type)
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local_aws.errors import invalid_argument
from local_aws.replacing import extends

MARK = b"after:"


def _after(token: str) -> str:
    try:
        text = base64.b64decode(token, validate=True)
        if not text.startswith(MARK):
            raise ValueError
        return text.removeprefix(MARK).decode()
    except ValueError:
        message = "The continuation token provided is incorrect"
        raise invalid_argument(message, ArgumentName="continuation-token") from None


@extends(S3Backend)
def _truncate_result(original: Any, self: S3Backend, result_keys: Any, max_keys: int) -> Any:
    page, truncated, token = original(self, result_keys, max_keys)
    if token:
        token = base64.b64encode(MARK + self._pagination_tokens.pop(token).encode()).decode()
    return page, truncated, token


@extends(S3Backend)
def list_objects_v2(original: Any, self: S3Backend, *args: Any, continuation_token: str | None, **words: Any) -> Any:
    if continuation_token:
        words["start_after"] = _after(continuation_token)
    return original(self, *args, continuation_token=None, **words)


@extends(S3Response)
def serialized(original: Any, self: S3Response, action_result: Any) -> Any:
    found = action_result.result
    if self.data.get("Action") == "ListObjectVersions" and "url" in self.querystring.get("encoding-type", ()):
        found["EncodingType"] = "url"
        lists = ("Versions", "DeleteMarkers", "CommonPrefixes")
        for row in [found, *(row for name in lists for row in found.get(name, []))]:
            for name in ("Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker"):
                if row.get(name):
                    row[name] = quote(row[name])
    return original(self, action_result)
