"""A stand-in's pages, put together as boto3 does it."""

from __future__ import annotations

import functools
from typing import Any

from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.paginate import Paginator


@functools.cache
def _known(service: str) -> tuple[dict[str, Any], ServiceModel]:
    loader = create_loader()
    model = ServiceModel(loader.load_service_model(service, "service-2"))
    return loader.load_service_model(service, "paginators-1")["pagination"], model


def paginator(client: Any, method: str, service: str = "s3") -> Paginator:
    """What get_paginator of boto3's client would return, over the stand-in's own method."""
    operation = "".join(word.capitalize() for word in method.split("_"))
    config, model = _known(service)
    return Paginator(getattr(client, method), config[operation], model.operation_model(operation))
