"""A browser's upload, held to the policy document that was signed for it, goes on as the PutObject that it means.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from local_aws import requests
from local_aws.refusals import Refused

FREE = {"x-amz-signature", "file", "filename", "policy"}  # need no condition
HEADERS = {name: name for name in ("cache-control", "content-disposition", "content-encoding", "expires")}
HEADERS["acl"] = "x-amz-acl"
SIGNING = {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"}


def carry_out(app: Callable[..., Any], environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """Have the app carry the upload out as a PUT, and answer as the form asks; raises Refused."""
    fields, bucket, said = requests.form(environ), _bucket(environ), []
    for name in ("key", "file"):
        if name not in fields:
            raise Refused(
                400, "InvalidArgument", f"Bucket POST must contain a field named '{name}'.", ArgumentName=name
            )
    key = fields["key"].replace("${filename}", fields["filename"])
    if "policy" in fields:
        _check(fields, {**fields, "key": key, "bucket": bucket})
    data = b"".join(app(_as_put(environ, key), lambda status, headers, *_: said.extend([status, headers])))
    status, headers = said
    if status.startswith("200"):
        status, headers, data = _answer(fields, bucket, key, headers)
    start(status, headers)
    return [data]


def _as_put(environ: dict[str, Any], key: str) -> dict[str, Any]:
    fields = requests.form(environ)
    put = {name: value for name, value in environ.items() if name not in {"CONTENT_TYPE", requests.FORM}}
    put |= {
        "REQUEST_METHOD": "PUT",
        "RAW_URI": f"{environ['RAW_URI'].partition('?')[0].rstrip('/')}/{quote(key)}",
        "PATH_INFO": f"{environ['PATH_INFO'].rstrip('/')}/{key.encode().decode('latin-1')}",
        "CONTENT_LENGTH": str(len(fields["file"])),
        "wsgi.input": io.BytesIO(fields["file"]),
        "HTTP_X_AMZ_CONTENT_SHA256": "UNSIGNED-PAYLOAD",
        requests.OPERATION: "PutObject",
    }
    for name, value in fields.items():
        if name in HEADERS or (name.startswith("x-amz-") and name not in SIGNING):
            put[f"HTTP_{HEADERS.get(name, name).upper().replace('-', '_')}"] = value
    if "content-type" in fields:
        put["CONTENT_TYPE"] = fields["content-type"]
    if requests.scope(environ):
        put["HTTP_AUTHORIZATION"] = requests.as_header(environ)
    return put


def _bucket(environ: dict[str, Any]) -> str:
    host = requests.S3_HOST.match(environ.get("HTTP_HOST", ""))
    return (host and host["bucket"]) or environ["PATH_INFO"].strip("/")


def _answer(fields: dict[str, Any], bucket: str, key: str, headers: list[tuple[str, str]]) -> Any:
    headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
    etag = {name.lower(): value for name, value in headers}.get("etag", "")
    if fields.get("success_action_redirect"):
        to, query = fields["success_action_redirect"], urlencode({"bucket": bucket, "key": key, "etag": etag})
        return "303 See Other", [*headers, ("Location", f"{to}{'&' if '?' in to else '?'}{query}")], b""
    wanted = fields.get("success_action_status")
    if wanted != "201":
        return "200 OK" if wanted == "200" else "204 No Content", headers, b""
    words = {"Location": f"/{bucket}/{quote(key)}", "Bucket": bucket, "Key": key, "ETag": etag}
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in words.items())
    return "201 Created", headers, f"<PostResponse>{text}</PostResponse>".encode()


def _invalid(message: str) -> Refused:
    return Refused(400, "InvalidPolicyDocument", f"Invalid Policy: {message}")


def _failed(message: str) -> Refused:
    return Refused(403, "AccessDenied", f"Invalid according to Policy: {message}")


def _check(sent: dict[str, Any], values: dict[str, Any]) -> None:
    try:
        policy = json.loads(base64.b64decode(sent["policy"], validate=True))
        until = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        conditions = policy["conditions"]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise _invalid("it is JSON with expiration and conditions.") from exc
    if until <= datetime.now(UTC):
        raise _failed("Policy expired.")
    named = set()
    for condition in conditions:
        for operator, name, wanted in _read(condition):
            named.add(name)
            if operator == "content-length-range":
                _check_size(len(values["file"]), *wanted)
            elif not _holds(operator, str(values.get(name, "")), wanted):
                raise _failed(f"Policy Condition failed: {json.dumps(condition)}")
    extra = sorted(name for name in sent if name not in named | FREE and not name.startswith("x-ignore-"))
    if extra:
        raise _failed(f"Extra input fields: {', '.join(extra)}")


def _read(condition: Any) -> list[tuple[str, str, Any]]:
    """(operator, field, what is wanted) of {"field": value} or ["operator", "$field", value]."""
    if isinstance(condition, dict):
        return [("eq", name.lower(), value) for name, value in condition.items()]
    if not isinstance(condition, list) or len(condition) != 3:
        raise _invalid("Invalid Condition.")
    operator = str(condition[0]).lower()
    if operator == "content-length-range":
        return [(operator, operator, condition[1:])]
    if operator not in {"eq", "starts-with"} or not str(condition[1]).startswith("$"):
        raise _invalid(f"Invalid Condition: {json.dumps(condition)}")
    return [(operator, condition[1][1:].lower(), condition[2])]


def _holds(operator: str, value: str, wanted: Any) -> bool:
    return value == str(wanted) if operator == "eq" else value.startswith(str(wanted))


def _check_size(size: int, least: int, most: int) -> None:
    if size < int(least):
        raise Refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    if size > int(most):
        raise Refused(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
