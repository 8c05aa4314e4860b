"""Stands in for S3 and for the frontend: TLS under their names, from the files of /srv/s3/objects/<host>/<path>.

Answers what the router asks: ranges, conditions, S3's headers, 403 in XML for what is not there. /404 of the frontend
wants the password. 127.0.1.9 shows a certificate that nobody vouches for.
"""

import base64
import contextlib
import email.utils
import hashlib
import http.server
import re
import ssl
import threading
from functools import cache
from pathlib import Path

ROOT = Path("/srv/s3")
PASSWORD = "Basic " + base64.b64encode((ROOT / "password").read_text().strip().encode()).decode()


@cache
def stored(path: Path) -> tuple[bytes, str]:
    body = path.read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()}"'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "AmazonS3", ""
    wbufsize = -1  # the answer in one piece

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = ROOT / "objects" / self.headers["Host"] / self.path[1:]
        if self.path == "/404" and self.headers.get("Authorization") != PASSWORD:
            self.answer(401, b"")
        elif not path.is_file():
            self.answer(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "application/xml"})
        else:
            self.document(*stored(path), "no-store" if path.name.startswith("now-") else "max-age=31536000")

    do_HEAD = do_GET

    def document(self, body: bytes, etag: str, keep: str) -> None:
        said = {"ETag": etag, "Last-Modified": email.utils.formatdate(1_700_000_000, usegmt=True)}
        said |= {
            "Content-Type": "text/csv",
            "Accept-Ranges": "bytes",
            "Cache-Control": keep,
            "x-amz-version-id": "v1",
            "x-amz-meta-uploader": "ada",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if self.headers.get("If-None-Match") == etag:
            self.answer(304, b"", said)
        elif wanted:
            first, last = int(wanted[1]), min(int(wanted[2] or len(body)), len(body) - 1)
            said["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            self.answer(206, body[first : last + 1], said)
        else:
            self.answer(200, body, said)

    def answer(self, status: int, body: bytes, said: dict[str, str] | None = None) -> None:
        self.send_response(status)
        said = {
            "x-amz-request-id": "ABCDEF",
            "x-amz-id-2": "of-amazon",
            "Content-Length": str(len(body)),
            **(said or {}),
        }
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256

    def __init__(self, address: str, certificate: str) -> None:
        super().__init__((address, 443), Handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(ROOT / certificate / "certificate.pem", ROOT / certificate / "key.pem")

    def finish_request(self, request, client_address) -> None:  # the handshake in the connection's own thread
        with contextlib.suppress(OSError):  # whoever asked is gone, or trusts it not
            super().finish_request(self.context.wrap_socket(request, server_side=True), client_address)


for address, certificate in (("127.0.1.1", "trusted"), ("127.0.1.2", "trusted"), ("127.0.1.9", "untrusted")):
    threading.Thread(target=Server(address, certificate).serve_forever).start()
