"""How a call goes out: by connections that all clients of a process share, no more of them than answers take to come.

botocore has connections for each client, and reads all authorities anew for each connection: with its own bundle twenty
milliseconds of work, ten times what a call takes.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

Session: Any = object
try:
    from botocore.exceptions import SSLError
    from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path

    Session = URLLib3Session
except ImportError:
    pass  # AnsibleAWSModule reports it

FEW = 8  # calls at once, until one host's answers show that it takes more
SHARE = 0.001  # seconds of an answer's time for each further call: half of what a call takes of the processor


class Gate:
    """Lets so many calls through to a host at once as keep the processor busy while it answers.

    What counts is its quickest answer: the others waited for a processor, too, as more calls would only do longer.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Condition()
        self._busy, self._open, self._most = 0, min(FEW, most), most
        self._quickest = float("inf")

    @contextlib.contextmanager
    def passed(self) -> Iterator[None]:
        with self._free:
            while self._busy >= self._open:
                self._free.wait()
            self._busy += 1
        began = time.monotonic()
        try:
            yield
        finally:
            with self._free:
                self._quickest = min(self._quickest, time.monotonic() - began)
                self._open = min(self._most, max(FEW, int(self._quickest / SHARE)))
                self._busy -= 1
                self._free.notify(max(0, self._open - self._busy))


@functools.cache
def authorities(verify: Any) -> Any:
    context = create_urllib3_context()
    try:
        context.load_verify_locations(get_cert_path(verify))
    except (OSError, ssl.SSLError) as exc:
        raise SSLError(endpoint_url=str(get_cert_path(verify)), error=exc) from exc
    return context


class Transport(Session):
    def __init__(self, verify: Any, connections: int, timeout: tuple[float, float]) -> None:
        super().__init__(verify=verify, max_pool_connections=connections, timeout=timeout)
        self._gate = functools.cache(lambda _host: Gate(connections))

    def answer(self, request: Any, **_: Any) -> Any:
        """What botocore takes from before-send for the answer, and then sends nothing itself."""
        with self._gate(urlsplit(request.url).netloc).passed():
            return self.send(request)

    def _get_ssl_context(self) -> Any:
        return authorities(self._verify)

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        super()._setup_ssl_cert(conn, url, verify)
        conn.ca_certs = None  # they are in the context


_shared = functools.cache(Transport)


def share(events: Any, verify: Any, config: Any) -> None:
    """Have clients that are made with these events call so; with a proxy, or trusting anybody, as botocore does."""
    if verify and not urllib.request.getproxies():
        http = _shared(verify, config.max_pool_connections, (config.connect_timeout, config.read_timeout))
        events.register("before-send", http.answer)
