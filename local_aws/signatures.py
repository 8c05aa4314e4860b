"""Checks a request's version 4 signature: in its header, in a pre-signed URL, in a browser's form.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from local_aws import payloads, requests
from local_aws.refusals import Refused, refusal

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST = 7 * 24 * 3600  # seconds that a pre-signed URL may live
SKEW = timedelta(minutes=15)
STAMP = "%Y%m%dT%H%M%SZ"
MALFORMED = "The authorization header is malformed; "
# Headers that need no signature though they begin with x-amz-: what a pre-signed URL's client adds of the payload.
FREE = {"HTTP_X_AMZ_CONTENT_SHA256"}


def is_presigned(environ: dict[str, Any]) -> bool:
    return "X-Amz-Signature=" in environ.get("QUERY_STRING", "")


def token(environ: dict[str, Any]) -> str:
    """The session token that came along, or ""."""
    in_url = requests.query(environ).get("X-Amz-Security-Token", [""])[0]
    return environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or in_url or requests.form(environ).get("x-amz-security-token", "")


def read(environ: dict[str, Any]) -> None:
    """Refuse what claims to be signed and is not in the shape of a signature; unwrap what is sent unsigned."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    if header.startswith("AWS ") or "AWSAccessKeyId=" in environ.get("QUERY_STRING", ""):
        message = f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}."
        raise Refused(400, "InvalidRequest", message)
    if not header:
        if requests.scope(environ) is None:
            payloads.unwrap(environ)
        return
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        if requests.protocol(environ) != "s3":
            raise refusal(environ, "malformed", f"Unsupported algorithm: {algorithm}")
        raise Refused(400, "InvalidArgument", "Unsupported Authorization Type", ArgumentName="Authorization")
    words = _words(rest)
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not words.get(name)]
    if missing and requests.protocol(environ) == "s3":
        raise refusal(environ, "malformed", f"{MALFORMED}missing {missing[0]}.")
    if missing:
        raise refusal(
            environ, "malformed", " ".join(f"Authorization header requires '{n}' parameter." for n in missing)
        )
    parts = words["Credential"].split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not re.fullmatch(r"\d{8}", parts[1]):
        shape = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        raise refusal(environ, "malformed", MALFORMED + shape)


def check(environ: dict[str, Any], secret: str, now: datetime | None = None) -> None:
    """Raise Refused unless the request is signed with that secret, in time, and carries the payload it says."""
    now = now or datetime.now(UTC)
    if is_presigned(environ):
        _check_query(environ, secret, now)
    elif "HTTP_AUTHORIZATION" in environ:
        _check_header(environ, secret, now)
    else:
        _check_form(environ, secret)


@functools.lru_cache(256)
def _moment(text: str) -> datetime:
    return datetime.strptime(text, STAMP).replace(tzinfo=UTC)


def _words(text: str) -> dict[str, str]:
    return dict(part.strip().partition("=")[::2] for part in text.split(","))


def _check_header(environ: dict[str, Any], secret: str, now: datetime) -> None:
    words = _words(environ["HTTP_AUTHORIZATION"].partition(" ")[2])
    moment = environ.get("HTTP_X_AMZ_DATE", "")
    try:
        signed_at = _moment(moment)
    except ValueError:
        if requests.protocol(environ) != "s3":
            message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
            raise refusal(environ, "malformed", message) from None
        raise Refused(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
    if abs(now - signed_at) > SKEW:
        late = f"Signature expired: {moment} is now earlier than {now - SKEW:{STAMP}} ({now:{STAMP}} - 15 min.)"
        early = (
            f"Signature not yet current: {moment} is still later than {now + SKEW:{STAMP}} ({now:{STAMP}} + 15 min.)"
        )
        raise refusal(environ, "skewed", late if signed_at < now else early)
    if words["Credential"].split("/")[1] != moment[:8]:
        if requests.protocol(environ) == "s3":
            raise refusal(
                environ, "malformed", f"{MALFORMED}Invalid credential date. Date is not the same as X-Amz-Date."
            )
        raise refusal(environ, "wrong signature")
    payload = payloads.declared(environ)
    _compare(environ, secret, words, moment, payload, _pairs(environ))


def _check_query(environ: dict[str, Any], secret: str, now: datetime) -> None:
    pairs = _pairs(environ)
    words = {name.removeprefix("X-Amz-"): value for name, value in pairs if name.startswith("X-Amz-")}
    try:
        signed_at = _moment(words["Date"])
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
    payload = payloads.declared(environ, words.get("Content-Sha256") or "UNSIGNED-PAYLOAD")
    rest = [(name, value) for name, value in pairs if name != "X-Amz-Signature"]
    _compare(environ, secret, words, words["Date"], payload, rest)


def _check_form(environ: dict[str, Any], secret: str) -> None:
    """What is signed is the policy document; posts holds the form to it."""
    fields = requests.form(environ)
    if fields.get("x-amz-algorithm") != ALGORITHM or "policy" not in fields:
        raise Refused(400, "InvalidArgument", "Bucket POST must contain a field named 'policy' with a signature of it")
    scope = fields["x-amz-credential"].partition("/")[2]
    if not hmac.compare_digest(_sign(secret, scope, fields["policy"]), fields.get("x-amz-signature", "")):
        raise refusal(environ, "wrong signature")


def _pairs(environ: dict[str, Any]) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in environ.get("QUERY_STRING", "").split("&") if part]
    return [(unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, _, value in parts]


def _compare(
    environ: dict[str, Any], secret: str, words: dict[str, str], moment: str, payload: str, pairs: list[tuple[str, str]]
) -> None:
    names = words.get("SignedHeaders", "").split(";")
    scope = words.get("Credential", "").partition("/")[2]
    path = environ["RAW_URI"].partition("?")[0] or "/"
    service = scope.split("/")[2]
    if service != "s3":  # everywhere but in S3 the path is encoded once more
        path = quote(path, safe="/-_.~")
    canonical = "\n".join(
        [
            environ["REQUEST_METHOD"],
            path,
            "&".join(
                f"{name}={value}"
                for name, value in sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in pairs)
            ),
            *(f"{name}:{_header(environ, name)}" for name in names),
            "",
            ";".join(names),
            payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    found = _sign(secret, scope, f"{ALGORITHM}\n{moment}\n{scope}\n{digest}")
    if not hmac.compare_digest(found, words.get("Signature", "")):
        raise refusal(environ, "wrong signature")
    if service == "s3":
        _check_headers(environ, names)
    payloads.check(environ, payload, functools.partial(_sign, secret, scope), moment, found)


def _check_headers(environ: dict[str, Any], names: list[str]) -> None:
    """S3 takes no x-amz-* header that somebody could have added on the way."""
    signed = {f"HTTP_{name.upper().replace('-', '_')}" for name in names} | (FREE if is_presigned(environ) else set())
    extra = sorted(name for name in environ if name.startswith("HTTP_X_AMZ_") and name not in signed)
    extra += [] if "HTTP_HOST" in signed else ["HTTP_HOST"]
    if extra:
        said = ", ".join(name.removeprefix("HTTP_").lower().replace("_", "-") for name in extra)
        message = "There were headers present in the request which were not signed"
        raise Refused(403, "AccessDenied", message, HeadersNotSigned=said)


def _header(environ: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}", "")
    return " ".join(value.encode("latin-1").decode("utf-8", "replace").split())


def _sign(secret: str, scope: str, text: str) -> str:
    return hmac.new(_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


@functools.lru_cache(256)
def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for word in scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key
