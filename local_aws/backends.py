"""moto's handlers of one service behind their paths, called as moto calls them, but without flask around each.

flask's contexts, sessions and hooks are a tenth of what a call costs, and none of them is used here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from flask.wrappers import Response
from moto.core.request import Request
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.exceptions import HTTPException

_current: ContextVar[Received | None] = ContextVar("request", default=None)


class Received(Request):
    """What arrived, which stays as it is."""

    from_wsgi_server = True

    @cached_property
    def raw_path(self) -> str:
        return super().raw_path

    @cached_property
    def raw_url(self) -> str:
        query = self.query_string.decode()
        return f"{self.scheme}://{self.host}{self.raw_path}{'?' if query else ''}{query}"


def asked() -> bool:
    """Whether somebody asks; otherwise AWS itself is at work."""
    return _current.get() is not None


def current() -> Received:
    """The request that this thread carries out."""
    request = _current.get()
    if request is None:
        raise RuntimeError("nobody asks")
    return request


class Backend:
    """The WSGI application of a service of moto's."""

    def __init__(self, service: Any) -> None:
        app = create_backend_app(service)
        self._paths = app.url_map
        self._bound = app.url_map.bind("localhost")  # for each request it costs more than finding the path
        self._handlers = {name: view.callback for name, view in app.view_functions.items()}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with Received(environ) as request:
            before = _current.set(request)
            try:
                return self._answer(request)(environ, start)
            finally:
                _current.reset(before)

    def _found(self, environ: dict[str, Any]) -> Any:
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        try:
            return self._bound.match(path, environ["REQUEST_METHOD"])
        except HTTPException:  # where to instead is said with the host that was asked
            return self._paths.bind_to_environ(environ).match()

    def _answer(self, request: Received) -> Any:
        try:
            name, _ = self._found(request.environ)
            result = self._handlers[name](request, request.raw_url, dict(request.headers))
        except ClientError as exc:
            result = 400, {}, exc.response["Error"]["Message"]
        except HTTPException as exc:
            return exc.get_response(request.environ)
        status, headers, content = result if len(result) == 3 else (200, {}, result)
        response = Response(content, status, headers)
        if request.method == "HEAD" and "content-length" in headers:
            response.headers["Content-Length"] = headers["content-length"]
        return response
