"""Checks a request's version 4 signature, in its header or in a pre-signed URL.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from local_aws import requests

LONGEST = 7 * 24 * 3600  # seconds that a pre-signed URL may live
SKEW = timedelta(minutes=15)


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


WRONG = Refused(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
)


def is_presigned(environ: dict[str, Any]) -> bool:
    return "X-Amz-Signature=" in environ.get("QUERY_STRING", "")


def check(environ: dict[str, Any], secret: str, now: datetime | None = None) -> None:
    """Raise Refused unless the request is signed with that secret, and in time."""
    now = now or datetime.now(UTC)
    if is_presigned(environ):
        _check_query(environ, secret, now)
    else:
        _check_header(environ, secret, now)


def _check_header(environ: dict[str, Any], secret: str, now: datetime) -> None:
    words = dict(
        part.strip().partition("=")[::2] for part in environ["HTTP_AUTHORIZATION"].partition(" ")[2].split(",")
    )
    moment = environ.get("HTTP_X_AMZ_DATE", "")
    try:
        signed_at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
    if abs(now - signed_at) > SKEW:
        raise Refused(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
    payload = environ.get("HTTP_X_AMZ_CONTENT_SHA256") or hashlib.sha256(requests.body(environ)).hexdigest()
    _compare(environ, secret, words, moment, payload, _pairs(environ))


def _check_query(environ: dict[str, Any], secret: str, now: datetime) -> None:
    pairs = _pairs(environ)
    words = {name.removeprefix("X-Amz-"): value for name, value in pairs if name.startswith("X-Amz-")}
    try:
        signed_at = datetime.strptime(words["Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        life = int(words["Expires"])
    except (KeyError, ValueError):
        message = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        message += "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        raise Refused(400, "AuthorizationQueryParametersError", message) from None
    if not 0 <= life <= LONGEST:
        message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
        raise Refused(400, "AuthorizationQueryParametersError", message + "less than 604800 seconds")
    if signed_at - now > SKEW:
        raise Refused(403, "AccessDenied", "Request is not valid yet")
    if now > signed_at + timedelta(seconds=life):
        raise Refused(403, "AccessDenied", "Request has expired")
    payload = environ.get("HTTP_X_AMZ_CONTENT_SHA256") or words.get("Content-Sha256") or "UNSIGNED-PAYLOAD"
    rest = [(name, value) for name, value in pairs if name != "X-Amz-Signature"]
    _compare(environ, secret, words, words["Date"], payload, rest)


def _pairs(environ: dict[str, Any]) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in environ.get("QUERY_STRING", "").split("&") if part]
    return [(unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, _, value in parts]


def _compare(
    environ: dict[str, Any],
    secret: str,
    words: dict[str, str],
    moment: str,
    payload: str,
    pairs: list[tuple[str, str]],
) -> None:
    names = words.get("SignedHeaders", "").split(";")
    scope = words.get("Credential", "").partition("/")[2]
    path = environ["RAW_URI"].partition("?")[0] or "/"
    date, region, service, _ = scope.split("/")
    if service != "s3":  # everywhere but in S3 the path is encoded once more
        path = quote(path, safe="/-_.~")
    canonical = "\n".join(
        [
            environ["REQUEST_METHOD"],
            path,
            "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)),
            *(f"{name}:{_header(environ, name)}" for name in names),
            "",
            ";".join(names),
            payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    found = hmac.new(_key(secret, date, region, service), to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(found, words.get("Signature", "")):
        raise WRONG


def _header(environ: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}", "")
    return " ".join(value.encode("latin-1").decode("utf-8", "replace").split())


@functools.lru_cache(256)
def _key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for word in (date, region, service, "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key
