"""How a call goes out: by connections that all clients of a process share.

botocore has connections for each client, and reads all authorities anew for each connection: with its own bundle twenty
milliseconds of work, ten times what a call takes.
"""

from __future__ import annotations

import functools
import ssl
import urllib.request
from typing import Any

Session: Any = object
try:
    from botocore.exceptions import SSLError
    from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path

    Session = URLLib3Session
except ImportError:
    pass  # AnsibleAWSModule reports it


@functools.cache
def authorities(verify: Any) -> Any:
    context = create_urllib3_context()
    try:
        context.load_verify_locations(get_cert_path(verify))
    except (OSError, ssl.SSLError) as exc:
        raise SSLError(endpoint_url=str(get_cert_path(verify)), error=exc) from exc
    return context


class Transport(Session):
    def answer(self, request: Any, **_: Any) -> Any:
        """What botocore takes from before-send for the answer, and then sends nothing itself."""
        return self.send(request)

    def _get_ssl_context(self) -> Any:
        return authorities(self._verify)

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        super()._setup_ssl_cert(conn, url, verify)
        conn.ca_certs = None  # they are in the context


@functools.cache
def _shared(verify: Any, connections: int, timeout: tuple[float, float]) -> Transport:
    return Transport(verify=verify, max_pool_connections=connections, timeout=timeout)


def share(events: Any, verify: Any, config: Any) -> None:
    """Have clients that are made with these events call so; with a proxy, or trusting anybody, as botocore does."""
    if verify and not urllib.request.getproxies():
        http = _shared(verify, config.max_pool_connections, (config.connect_timeout, config.read_timeout))
        events.register("before-send", http.answer)
