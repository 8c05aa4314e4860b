"""The condition keys of a request, in lower case: what a policy may ask about it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from moto.core.utils import utcnow

from local_aws import requests
from local_aws.callers import Caller

# Everybody is 127.0.0.1 here; who tests conditions on addresses says in this header where from they ask.
SOURCE = "HTTP_X_LOCAL_AWS_SOURCE_IP"
S3_HEADERS = (
    "x-amz-acl", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read",
    "x-amz-metadata-directive", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-object-ownership",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    "if-match", "if-none-match",
)  # fmt: skip
S3_QUERY = {"prefix": "prefix", "delimiter": "delimiter", "max-keys": "max-keys", "versionId": "versionid"}


def of(environ: dict[str, Any], caller: Caller) -> dict[str, list[str]]:
    now = datetime.now(UTC)
    found = {
        "aws:securetransport": ["true" if environ.get("wsgi.url_scheme") == "https" else "false"],
        "aws:sourceip": [environ.get(SOURCE) or environ.get("REMOTE_ADDR", "127.0.0.1")],
        "aws:currenttime": [now.isoformat(timespec="seconds")],
        "aws:epochtime": [str(int(time.time()))],
        "aws:principaltype": [{"user": "User", "role": "AssumedRole", "root": "Account"}.get(caller.kind, "Anonymous")],
        "aws:viaawsservice": ["false"],
        "aws:principalisawsservice": ["false"],
    }
    for name in ("user_agent", "referer"):
        if environ.get(f"HTTP_{name.upper()}"):
            found[f"aws:{name.replace('_', '')}"] = [environ[f"HTTP_{name.upper()}"]]
    if caller.account:
        found |= {
            "aws:principalarn": [caller.identity],
            "aws:principalaccount": [caller.account],
            "aws:userid": [caller.user_id],
        }
    if caller.source_identity:
        found["aws:sourceidentity"] = [caller.source_identity]
    if caller.kind == "user":
        found["aws:username"] = [caller.name]
    found |= {f"aws:principaltag/{name.lower()}": [value] for name, value in caller.tags.items()}
    if caller.mfa_at is not None:
        found["aws:multifactorauthage"] = [str(int((utcnow() - caller.mfa_at).total_seconds()))]
    if caller.mfa is not None:
        found["aws:multifactorauthpresent"] = ["true" if caller.mfa else "false"]
    signed = requests.scope(environ)
    if signed:
        found["aws:requestedregion"] = [signed.region]
    return found


def of_s3(environ: dict[str, Any], caller: Caller, owner: str) -> dict[str, list[str]]:
    found = of(environ, caller) | {"aws:resourceaccount": [owner], "s3:resourceaccount": [owner]}
    query = requests.query(environ)
    for name, key in S3_QUERY.items():
        if name in query:
            found[f"s3:{key}"] = query[name]
    for name in S3_HEADERS:
        value = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        if value:
            found[f"s3:{name}"] = [value]
    if requests.scope(environ):
        presigned = "X-Amz-Signature" in query
        found["s3:signatureversion"] = ["AWS4-HMAC-SHA256"]
        found["s3:authtype"] = ["REST-QUERY-STRING" if presigned else "REST-HEADER"]
    if environ.get("REQUEST_METHOD") in ("PUT", "POST"):
        found["s3:objectcreationoperation"] = ["false" if {"uploads", "partNumber"} & set(query) else "true"]
    tags = parse_qsl(environ.get("HTTP_X_AMZ_TAGGING", ""))
    if tags:
        found["s3:requestobjecttagkeys"] = [name for name, _ in tags]
        found |= {f"s3:requestobjecttag/{name.lower()}": [value] for name, value in tags}
    return found
