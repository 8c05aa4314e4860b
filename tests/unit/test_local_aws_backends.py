from __future__ import annotations

import functools
import io
import re
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from moto.core.request import Request
from moto.core.serialize import ResponseSerializer, XFormedAttributePicker
from moto.core.utils import get_service_model
from moto.moto_server import werkzeug_app
from moto.s3.responses import S3Response

from local_aws import backends, worked_out


def answered(app, method: str, path: str) -> tuple[str, list[tuple[str, str]], bytes]:
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "RAW_URI": path, "QUERY_STRING": "", "SCRIPT_NAME": "",
        "HTTP_HOST": "route53.amazonaws.com", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "443",
        "wsgi.url_scheme": "https", "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0", "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    said: list = []
    data = b"".join(app(environ, lambda status, headers, *_: said.extend([status, headers])))
    headers = sorted((name, value) for name, value in said[1] if name.lower() != "x-amzn-requestid")
    return said[0], headers, re.sub(rb"(?<=<RequestId>)\w+", b"", data)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "TRACE"])
@pytest.mark.parametrize(
    "path", ["/2013-04-01/hostedzone", "/nowhere", "/2013-04-01//hostedzone", "/2013-04-01/hostedzone/none"]
)
def test_a_service_answers_as_it_does_within_flask(monkeypatch, method, path):
    monkeypatch.setattr(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
    theirs = werkzeug_app.create_backend_app("route53")
    theirs.debug, theirs.config["PROPAGATE_EXCEPTIONS"] = False, True
    ours = backends.Backend("route53")
    try:
        expected = answered(theirs, method, path)
    except Exception as exc:
        with pytest.raises(type(exc)):
            answered(ours, method, path)
    else:
        assert answered(ours, method, path) == expected


def test_a_request_is_known_while_it_is_carried_out_and_no_longer(monkeypatch):
    ours, seen = backends.Backend("sts"), []

    def handler(request, *_):
        seen.append(backends.current() is request)
        return "well"

    monkeypatch.setattr(ours, "_handlers", dict.fromkeys(ours._handlers, handler))
    assert answered(ours, "GET", "/")[2] == b"well"
    assert (seen, backends.asked()) == ([True], False)
    with pytest.raises(RuntimeError):
        backends.current()


class DBInstance:
    Meta = SimpleNamespace(serialization_aliases={"Endpoint": "somewhere"})
    identifier, somewhere, engine, DBName = "a", "b", "c", "d"


class Other:
    db_instance_identifier, Endpoint, db_name, somewhere = "x", "y", "z", "not of this class"


def test_values_are_found_by_the_names_that_moto_tries():
    operation = get_service_model("rds").operation_model("DescribeDBInstances")
    instance = operation.output_shape.members["DBInstances"].member
    picker = XFormedAttributePicker()
    serializer = ResponseSerializer(operation, value_picker=picker)
    original = functools.partial(ResponseSerializer.get_value, serializer)
    values = [DBInstance(), Other(), {"Engine": "e", "db_name": "f"}, DBInstance(), Other(), {}]
    for value in values:
        for name, shape in instance.members.items():
            shape.parent = instance
            assert worked_out._value(original, serializer, value, name, shape) == original(value, name, shape)


def test_a_transformer_of_a_response_is_still_asked():
    operation = get_service_model("rds").operation_model("DescribeDBInstances")
    instance = operation.output_shape.members["DBInstances"].member
    picker = XFormedAttributePicker(response_transformers={"Engine": str.upper})
    serializer = ResponseSerializer(operation, value_picker=picker)
    original = ResponseSerializer.get_value
    assert worked_out._value(original, serializer, {"Engine": "e"}, "Engine", instance.members["Engine"]) == "E"


@pytest.mark.parametrize("host", ["127.0.0.1:41000", "s3.amazonaws.com", "shop.s3.amazonaws.com:443", "localhost"])
@pytest.mark.parametrize("uri", ["/", "//shop/a", "/shop/a%2Fb%20c?versionId=1&x=%41", "/shop?", "/sch%C3%B6n"])
def test_a_request_is_where_moto_says(host, uri):
    path, _, query = uri.partition("?")
    words = {"HTTP_HOST": host, "RAW_URI": uri, "PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query}
    environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "https", "SCRIPT_NAME": "", **words}
    assert backends.Received(environ).raw_url == Request(environ).raw_url


@pytest.mark.parametrize(
    "host", ["127.0.0.1:41000", "s3.amazonaws.com", "shop.s3.eu-west-1.amazonaws.com", "localhost"]
)
def test_a_bucket_is_in_the_host_where_moto_says(host):
    request = Request({"REQUEST_METHOD": "GET", "wsgi.url_scheme": "https", "HTTP_HOST": host})
    assert worked_out.subdomain_based_buckets(request) == S3Response.subdomain_based_buckets(request)
