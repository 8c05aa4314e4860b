"""A payload is what its signature says: by its hash, or chunk by chunk; chunked ones are unwrapped for moto.

After unwrap the request looks as if it had been sent whole, its trailing checksums among its headers.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from collections.abc import Callable
from typing import Any

from local_aws import requests
from local_aws.refusals import Refused, refusal

UNSIGNED = "UNSIGNED-PAYLOAD"
CHUNKED = {
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
}
EMPTY = hashlib.sha256(b"").hexdigest()
BROKEN = Refused(400, "IncompleteBody", "The request body terminated unexpectedly")


def declared(environ: dict[str, Any], default: str = "") -> str:
    """The hash of the payload that the signature covers: S3 is told it, everybody else works it out."""
    if requests.service(environ) != "s3":
        return hashlib.sha256(requests.body(environ)).hexdigest()
    said = environ.get("HTTP_X_AMZ_CONTENT_SHA256") or default
    if not said:
        raise Refused(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if said not in CHUNKED | {UNSIGNED} and not re.fullmatch(r"[0-9a-f]{64}", said):
        message = f"x-amz-content-sha256 must be {UNSIGNED}, {', '.join(sorted(CHUNKED))}, or a valid sha256 value."
        raise Refused(400, "InvalidArgument", message)
    return said


def check(environ: dict[str, Any], said: str, sign: Callable[[str], str], moment: str, seed: str) -> None:
    """Raise Refused unless the payload is the declared one; sign signs a text as the request was signed."""
    if said in CHUNKED:
        unwrap(environ, said, sign, moment, seed)
    elif said != UNSIGNED and requests.service(environ) == "s3":
        found = hashlib.sha256(requests.body(environ)).hexdigest()
        if found != said:
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            elements = {"ClientComputedContentSHA256": said, "S3ComputedContentSHA256": found}
            raise Refused(400, "XAmzContentSHA256Mismatch", message, **elements)


def unwrap(
    environ: dict[str, Any], said: str = "", sign: Callable[[str], str] | None = None, moment: str = "", seed: str = ""
) -> None:
    """Replace chunks by what they hold; without sign (nobody signed) they carry no signatures either."""
    said = said or environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if said not in CHUNKED:
        return
    if said == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
        sign = None
    elif sign is None:
        raise Refused(403, "AccessDenied", "Access Denied")
    source, data, previous = io.BytesIO(requests.body(environ)), bytearray(), seed
    while True:
        size, signature = _chunk_head(source)
        chunk = source.read(size)
        if len(chunk) < size:
            raise BROKEN
        if sign:
            digest = hashlib.sha256(chunk).hexdigest()
            found = sign(f"AWS4-HMAC-SHA256-PAYLOAD\n{moment}\n{_scope(environ)}\n{previous}\n{EMPTY}\n{digest}")
            if not hmac.compare_digest(found, signature):
                raise refusal(environ, "wrong signature")
            previous = found
        data += chunk
        if not size:
            break
        if source.readline() != b"\r\n":
            raise BROKEN
    trailers = _trailers(source)
    if sign and said.endswith("-TRAILER"):
        text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()) if "signature" not in name)
        digest = hashlib.sha256(text.encode()).hexdigest()
        found = sign(f"AWS4-HMAC-SHA256-TRAILER\n{moment}\n{_scope(environ)}\n{previous}\n{digest}")
        if not hmac.compare_digest(found, trailers.pop("x-amz-trailer-signature", "")):
            raise refusal(environ, "wrong signature")
    _replace(environ, bytes(data), trailers)


def _chunk_head(source: io.BytesIO) -> tuple[int, str]:
    found = re.fullmatch(rb"([0-9a-fA-F]+)(?:;chunk-signature=([0-9a-f]{64}))?\r\n", source.readline(200))
    if not found:
        raise BROKEN
    return int(found[1], 16), (found[2] or b"").decode()


def _trailers(source: io.BytesIO) -> dict[str, str]:
    lines = source.read(8192).decode("latin-1").replace("\r\n", "\n").split("\n")
    parts = [line.partition(":") for line in lines if line.strip()]
    return {name.strip().lower(): value.strip() for name, _, value in parts}


def _scope(environ: dict[str, Any]) -> str:
    credential = environ.get("HTTP_AUTHORIZATION") or requests.as_header(environ)
    return credential.partition("Credential=")[2].partition(",")[0].partition("/")[2]


def _replace(environ: dict[str, Any], data: bytes, trailers: dict[str, str]) -> None:
    length = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH", "")
    if not length.isdigit():
        raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    if int(length) != len(data):
        raise BROKEN
    announced = {name.strip().lower() for name in environ.get("HTTP_X_AMZ_TRAILER", "").split(",") if name.strip()}
    if announced != set(trailers):
        raise Refused(400, "MalformedTrailerError", "The request contained trailing data that was not well-formed.")
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(data), str(len(data))
    environ["HTTP_X_AMZ_CONTENT_SHA256"] = UNSIGNED
    for name, value in trailers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    for name in ("HTTP_X_AMZ_TRAILER", "HTTP_X_AMZ_DECODED_CONTENT_LENGTH"):
        environ.pop(name, None)
    kept = [word for word in environ.get("HTTP_CONTENT_ENCODING", "").split(",") if word.strip() != "aws-chunked"]
    environ["HTTP_CONTENT_ENCODING"] = ",".join(kept)
    if not kept or kept == [""]:
        del environ["HTTP_CONTENT_ENCODING"]
