"""What moto works out anew for each call, although it is always the same: worked out once.

Each is a function of nothing but classes, of AWS's models of its services, or of the text that it is given.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import xmltodict
from botocore.model import Shape
from moto.core import responses
from moto.core.constants import MISSING
from moto.core.errors import ErrorLookupFactory
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker
from moto.core.utils import camelcase_to_underscores, get_value, method_names_from_class
from moto.s3.responses import S3Response

from local_aws.replacing import extends, replaces

_errors: dict[str, Any] = {}
_validate_name, _subdomain_based_buckets = xmltodict._validate_name, S3Response.subdomain_based_buckets


@replaces(responses, "method_names_from_class")
@functools.cache
def _methods(of: type) -> list[str]:
    return method_names_from_class(of)


@replaces(responses, "camelcase_to_underscores")
@functools.lru_cache(4096)
def _underscored(name: str) -> str:
    return camelcase_to_underscores(name)


@replaces(xmltodict, "_validate_name")
@functools.lru_cache(4096)
def _good_name(name: str, kind: str) -> None:
    _validate_name(name, kind)


@replaces(S3Response)
def subdomain_based_buckets(request: Any) -> bool:
    return _in_host(request.headers.get("host") or urlsplit(request.url).netloc)


@functools.lru_cache(4096)
def _in_host(host: str) -> bool:
    return _subdomain_based_buckets(SimpleNamespace(headers={"host": host}))


@replaces(ErrorLookupFactory, "__init__")
def _remember(self: ErrorLookupFactory) -> None:
    self._error_lut_cache = _errors


@extends(ResponseSerializer, "get_value")
def _value(original: Any, self: ResponseSerializer, value: Any, key: str, shape: Shape) -> Any:
    """Of a value by the names that moto tries, which hang on the class of what has it and its place in the model."""
    picker: Any = self._value_picker
    if type(picker) is not XFormedAttributePicker or picker.response_transformers:
        return original(self, value, key, shape)
    known = shape.__dict__.setdefault("local_aws.names", {})
    place = key, type(value), getattr(shape, "parent", None)
    if place not in known:
        known[place] = tuple(dict.fromkeys(picker.get_possible_keys(AttributePickerContext(value, key, shape))))
    for name in known[place]:
        found = get_value(value, name, MISSING)
        if found is not MISSING:
            return found
    return None
