"""HTTP/1.1 over TLS for a WSGI application: keep-alive, a thread per connection, one write per answer.

werkzeug's own server closes the connection after every answer and shakes hands in the thread that accepts.
"""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import DechunkedInput, ThreadedWSGIServer

MOST_CONNECTIONS = 10_000


class Dropped(Exception):
    """Raised by the application: end the connection without an answer."""


def tls_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def handle_expect_100(self) -> bool:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        return True

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return io.BufferedReader(DechunkedInput(self.rfile)).read()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def run_wsgi(self) -> None:
        body = self._body()  # the whole of it, or the next request would start in its middle
        environ = self.make_environ()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        answer: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> None:
            answer[:] = [status, headers]

        try:
            chunks = self.server.app(environ, start_response)
            data = b"".join(chunks)
            if hasattr(chunks, "close"):
                chunks.close()
            status, headers = answer
        except Dropped:
            self.close_connection = True
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            status, headers = "500 Internal Server Error", [("Content-Type", "application/xml")]
            data = b"<Error><Code>InternalError</Code><Message>local_aws: see its server.log</Message></Error>"
        self._send(status, headers, data)

    def _send(self, status: str, headers: list[tuple[str, str]], data: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        said = {name.lower(): value for name, value in headers}
        for name, value in headers:
            if name.lower() not in {"connection", "server", "date", "status"}:
                self.send_header(name, str(value))
        bodiless = self.command == "HEAD" or code in {"204", "304"}
        if "content-length" not in said and code != "204":
            self.send_header("Content-Length", "0" if bodiless else str(len(data)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(data)
            # Half an answer: nothing that follows belongs to it.
            self.close_connection |= int(said.get("content-length", 0)) > len(data)
        self.wfile.flush()

    def log_request(self, *_: Any, **__: Any) -> None:
        pass

    log_error = log_request


class Server(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 256
    multithread = True

    def __init__(self, app: Any, certificate: Path) -> None:
        super().__init__("127.0.0.1", 0, app, handler=Handler)
        self.tls = tls_context(certificate)
        self.ssl_context = self.tls  # werkzeug asks it for the URL's scheme
        # Starting one for each connection would keep whoever accepts waiting until it runs, for longer than most calls.
        self._connections = ThreadPoolExecutor(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.submit(self.process_request_thread, request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread: a client that stalls its handshake holds up nobody else."""
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # also for the handshake
        request.settimeout(30)
        try:
            connection = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        connection.settimeout(None)
        try:
            Handler(connection, client_address, self)
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error of ours."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc(file=sys.stderr)
