"""The parameters of a request, by botocore's model of its operation, whatever the protocol: {"RoleName": "x", …}."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, OperationNotFoundError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.utils import get_service_model

from local_aws import requests

# boto3's name of a service where its signatures have another.
MODELS = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2", "states": "stepfunctions", "email": "ses"}
ENVIRON = "local_aws.parameters"


def of(environ: dict[str, Any], service: str, operation: str) -> dict[str, Any]:
    """{} of what botocore has no model of."""
    if ENVIRON not in environ:
        try:
            environ[ENVIRON] = _parsed(environ, service, operation)
        except (NotFound, OperationNotFoundError, UnknownServiceError):
            environ[ENVIRON] = {}
    return environ[ENVIRON]


def _parsed(environ: dict[str, Any], service: str, operation: str) -> dict[str, Any]:
    model = get_service_model(MODELS.get(service, service))
    body = requests.body(environ)
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":  # as SDKs send what is long
        body = gzip.decompress(body)
    request = Request(dict(environ) | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    spoken = determine_request_protocol(model, request.content_type)
    rest = spoken.startswith("rest")
    in_path = get_service_router(MODELS.get(service, service)).match(request)[1] if rest else {}
    return parsed(request, spoken, model.operation_model(operation), body, in_path)


def parsed(request: Request, spoken: str, model: OperationModel, body: Any, in_path: Any) -> dict[str, Any]:
    """By moto's parser of a protocol."""
    words = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": body,
        "url_path": request.path,
        "url_params": in_path,
    }
    return dict(PROTOCOL_PARSERS[spoken](model).parse(words))


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a request, however deep, with the name of the parameter that holds it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, name)
    elif isinstance(value, str):
        yield name, value
