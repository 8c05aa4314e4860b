"""What a request asks for: service, operation, whether it writes, whose key signed it."""

from __future__ import annotations

import functools
import io
import re
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router
from werkzeug.formparser import parse_form_data

S3_HOST = re.compile(r"^(?:(?P<bucket>.+)\.)?s3(?:[.-](?P<region>[a-z]{2}-[a-z]+-\d))?\.amazonaws\.com(?::\d+)?$")
READS = re.compile(
    r"^(Get|List|Describe|Head|Select|Lookup|Search|Simulate|Generate(CredentialReport|ServiceLast)|Query|Scan|Receive|BatchGet"
    r"|Check|Test|Estimate|Validate|Decode|Filter|Preview|Assume|Options)"
)

OPERATION = "local_aws.operation"  # where the application leaves it for the patches
FORM = "local_aws.form"
ACTION = "local_aws.action"
CONTROL = "/v20180820/"
REST_XML = {"route53", "cloudfront"}


class Scope(NamedTuple):
    access_key: str
    region: str
    service: str


def body(environ: dict[str, Any]) -> bytes:
    """The whole body; the server has it in memory, and the application reads it again."""
    data = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(data)
    return data


def query(environ: dict[str, Any]) -> dict[str, list[str]]:
    return parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)


def scope(environ: dict[str, Any]) -> Scope | None:
    """Who signed, for which region and service: from header, pre-signed URL or form; None when anonymous.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
    """
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    if not credential and "X-Amz-Credential=" in environ.get("QUERY_STRING", ""):
        credential = unquote(environ["QUERY_STRING"].partition("X-Amz-Credential=")[2].partition("&")[0])
    return _scope(credential or form(environ).get("x-amz-credential", ""))


@functools.lru_cache(1024)
def _scope(credential: str) -> Scope | None:
    words = credential.strip().split("/")
    return Scope(words[0], words[2], words[3].lower()) if len(words) == 5 else None


def as_header(environ: dict[str, Any]) -> str:
    """The Authorization header that a pre-signed URL or form stands for."""
    words = {name.lower(): values[0] for name, values in query(environ).items()} | form(environ)
    names = ("Credential", "SignedHeaders", "Signature")
    parts = [f"{name}={words.get(f'x-amz-{name.lower()}', '')}" for name in names]
    return f"AWS4-HMAC-SHA256 {', '.join(parts)}"


def form(environ: dict[str, Any]) -> dict[str, Any]:
    """The fields of a browser's upload by their lower-case names; "file" has the object's bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
    """
    if environ.get("REQUEST_METHOD") != "POST" or not environ.get("CONTENT_TYPE", "").startswith("multipart/form-data"):
        return {}
    if FORM not in environ:
        _, fields, files = parse_form_data({**environ, "wsgi.input": io.BytesIO(body(environ))})
        found: dict[str, Any] = {name.lower(): value for name, value in fields.items()}
        if "file" in files:
            found |= {"file": files["file"].read(), "filename": files["file"].filename or ""}
        environ[FORM] = found
    return environ[FORM]


def protocol(environ: dict[str, Any]) -> str:
    """How the request's service words its answers: "s3", "ec2", "query", "json", "rest-xml", "rest-json"."""
    if "HTTP_X_AMZ_TARGET" in environ:
        return "json"
    name = service(environ)
    if name == "ec2":
        return "ec2"
    if form_action(environ):
        return "query"
    return "s3" if name == "s3" else "rest-xml" if name in REST_XML else "rest-json"


def service(environ: dict[str, Any]) -> str:
    signed = scope(environ)
    if signed:
        return signed.service
    action = form_action(environ)
    return "sts" if action.startswith("AssumeRoleWith") else "s3"


def form_action(environ: dict[str, Any]) -> str:
    """Kept: moto has read the body by the time an error is worded."""
    if ACTION not in environ:
        environ[ACTION] = _form_action(environ)
    return environ[ACTION]


def _form_action(environ: dict[str, Any]) -> str:
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return ""
    found = re.search(rb"(?:^|&)Action=([A-Za-z0-9]+)", body(environ))
    return found.group(1).decode() if found else ""


def form_version(environ: dict[str, Any]) -> str:
    found = re.search(rb"(?:^|&)Version=([0-9-]+)", body(environ))
    return found.group(1).decode() if found else ""


def settle_conditions(environ: dict[str, Any]) -> None:
    """Of S3: a tag decides before a date, and a range of anything but bytes is none, which moto does not know.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    for tag, date in (("IF_MATCH", "IF_UNMODIFIED_SINCE"), ("IF_NONE_MATCH", "IF_MODIFIED_SINCE")):
        if f"HTTP_{tag}" in environ:
            environ.pop(f"HTTP_{date}", None)
    if not environ.get("HTTP_RANGE", "bytes=").startswith("bytes="):
        del environ["HTTP_RANGE"]


def is_control(environ: dict[str, Any]) -> bool:
    """Whether it is about an account's S3: s3control signs as s3, and is told by its path."""
    return environ["PATH_INFO"].startswith(CONTROL)


def operation(environ: dict[str, Any], name: str) -> str:
    """AWS's name of the operation, as boto3's event names have it: "PutBucketPolicy"."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    return form_action(environ) or ("PostObject" if form(environ) else _routed(environ, name))


def _routed(environ: dict[str, Any], name: str) -> str:
    """By moto's router; of S3, where it costs a tenth of a call, once for each kind of request."""
    if name != "s3" or is_control(environ):
        return _ask_router(environ, "s3control" if name == "s3" else name)
    key = _kind(environ)
    if key not in _known:
        _known[key] = _ask_router(environ, name)
    return _known[key]


_known: dict[tuple[Any, ...], str] = {}


def _kind(environ: dict[str, Any]) -> tuple[Any, ...]:
    """All that S3 tells its operations apart by."""
    parts = environ["PATH_INFO"].strip("/").split("/", 1)
    host = S3_HOST.match(environ.get("HTTP_HOST", ""))
    depth = (len(parts) if parts[0] else 0) + bool(host and host["bucket"])
    names = tuple(part.partition("=")[0] for part in environ.get("QUERY_STRING", "").split("&"))
    words = ("list-type=2" in environ.get("QUERY_STRING", ""), "HTTP_X_AMZ_COPY_SOURCE" in environ)
    return environ["REQUEST_METHOD"], min(depth, 2), names, *words, "HTTP_X_AMZ_RENAME_SOURCE" in environ


def _ask_router(environ: dict[str, Any], name: str) -> str:
    try:
        return get_service_router(name).match(Request(environ))[0].name
    except (NotFound, NotImplementedError):
        return "Options" if environ["REQUEST_METHOD"] == "OPTIONS" else "Unknown"
    except Exception:  # botocore raises one of a dozen for a service it does not know by this name
        return "Unknown"


def writes(operation_name: str) -> bool:
    return not READS.match(operation_name)
