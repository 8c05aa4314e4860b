"""Requests as no SDK would send them: signed by botocore, then changed on the way."""

from __future__ import annotations

import http.client
import re
import ssl
from datetime import UTC, datetime
from typing import Any

import botocore.auth
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, dict(response.getheaders()), response.read().decode()
        self.lower = {name.lower(): value for name, value in self.headers.items()}

    @property
    def code(self) -> str:
        found = re.search(r"<Code>(\w+)</Code>|\"__type\": \"(\w+)\"", self.body)
        return (found.group(1) or found.group(2)) if found else ""


def send(aws: Any, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", aws.port, context=ssl.create_default_context(cafile=aws.ca), timeout=20
    )
    connection.request(method, path, body, headers or {})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def sign(
    aws: Any, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"", service: str = "s3",
    key: Any = None, at: datetime | None = None,
) -> dict[str, str]:  # fmt: skip
    """The headers of that request, signed by production's bootstrap role or the key given."""
    access_key, secret, token = key or aws.keys["session"]["333333333333"]
    request = AWSRequest(method, f"{aws.url}{path}", headers=headers or {}, data=body)
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
        Credentials(access_key, secret, token or None), service, "eu-west-1"
    )
    said = (headers or {}).get("x-amz-content-sha256")
    if said:
        signer.payload = lambda _: said
    original = botocore.auth.get_current_datetime
    if at:
        botocore.auth.get_current_datetime = lambda *_, **__: at.astimezone(UTC).replace(tzinfo=None)
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = original
    return dict(request.headers.items())
