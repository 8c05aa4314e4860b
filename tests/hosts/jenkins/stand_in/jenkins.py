"""Stands in for Jenkins: how it starts, as much configuration as code as the role writes, the API that the role uses.

Builds are lines (URLs) of the file "building" in its home. Only for tests; strict rather than complete.
"""

import base64
import hashlib
import http.server
import json
import os
import re
import secrets
import socket
import sys
import threading
import time
import xml.etree.ElementTree
from pathlib import Path

import yaml

VERSION = "@VERSION@"
HOME = Path(os.environ["JENKINS_HOME"])
ROOTS = {"jenkins", "credentials", "unclassified", "security", "tool", "jobs"}
SESSIONS: dict[str, str] = {}


class State:
    plugins: list[dict]
    users: dict[str, str]
    admins: set[str]
    quieting = False
    jobs: dict[str, str] = {}  # name → config.xml


def merge(into: dict, more: dict, where: str = "") -> None:
    for key, value in more.items():
        if isinstance(into.get(key), dict) and isinstance(value, dict):
            merge(into[key], value, f"{where}{key}.")
        elif key in into and into[key] != value:
            sys.exit(f"configuration as code: {where}{key} is configured twice")
        else:
            into[key] = value


def resolve(value, folder: Path):
    """${NAME} becomes the content of the file of that name."""
    if isinstance(value, dict):
        return {key: resolve(inner, folder) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, folder) for inner in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: (folder / match[1]).read_text().strip(), value)
    return value


def configure() -> None:
    State.users, State.admins = {}, set()
    if not any(plugin["shortName"] == "configuration-as-code" for plugin in State.plugins):
        return  # and Jenkins is open to everyone
    raw: dict = {}
    for path in sorted(Path(os.environ["CASC_JENKINS_CONFIG"]).glob("*.yaml")):
        merge(raw, yaml.safe_load(path.read_text()) or {})
    if unknown := set(raw) - ROOTS:
        sys.exit(f"configuration as code: unknown root {unknown}")
    declared = resolve(raw, Path(os.environ["SECRETS"]))
    State.users = {user["id"]: user["password"] for user in declared["jenkins"]["securityRealm"]["local"]["users"]}
    for entry in declared["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"]:
        if "Overall/Administer" in entry["user"]["permissions"]:
            State.admins.add(entry["user"]["name"])


def describe(name: str) -> dict[str, str]:
    return {"name": name, "description": xml.etree.ElementTree.fromstring(State.jobs[name]).findtext("description", "")}


def log(text: str) -> None:
    with open(os.environ["JENKINS_LOG"], "a") as file:
        file.write(f"{time.strftime('%F %T')} {text}\n")


def builds() -> list[str]:
    path = HOME / "building"
    return path.read_text().split() if path.exists() else []


def leave_when_idle() -> None:
    time.sleep(1)  # its answer goes out first
    while builds():
        time.sleep(0.2)
        if not State.quieting:
            return
    log("drained, leaving")
    os._exit(0)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code: int, body: object = "", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("X-Jenkins", VERSION)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def user(self) -> str:
        """Who asks: "" is anonymous, "!" somebody with a wrong password."""
        if not State.users:
            return "everyone"
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return ""
        name, _, password = base64.b64decode(value).decode().partition(":")
        return name if State.users.get(name) == password else "!"

    def allowed(self) -> bool:
        user = self.user()
        if user == "!":
            self.answer(401)
        elif user != "everyone" and user not in State.admins:
            self.answer(403)
        else:
            return True
        return False

    def do_GET(self):
        path = self.path.partition("?")[0].strip("/")
        job = re.fullmatch("job/([^/]+)/(config.xml|api/json)", path)
        if path == "login":
            self.answer(200, b"<title>Sign in [Jenkins]</title>")
        elif path == "wsecho":
            self.web_socket()
        elif path == "stand-in/headers":
            self.answer(200, dict(self.headers))
        elif not self.allowed():
            pass
        elif path == "crumbIssuer/api/json":
            session = secrets.token_hex(8)
            SESSIONS[session] = secrets.token_hex(16)
            crumb = {"crumbRequestField": "Jenkins-Crumb", "crumb": SESSIONS[session]}
            self.answer(200, crumb, Set_Cookie=f"JSESSIONID={session}; Path=/; HttpOnly")
        elif path == "api/json":
            self.answer(200, {"quietingDown": State.quieting, "jobs": [describe(name) for name in State.jobs]})
        elif job and job[1] in State.jobs:
            self.answer(200, State.jobs[job[1]].encode() if job[2] == "config.xml" else describe(job[1]))
        elif path == "pluginManager/api/json":
            self.answer(200, {"plugins": State.plugins})
        elif path == "computer/api/json":
            self.answer(200, {"computer": [{"executors": [{"currentExecutable": {"url": url}} for url in builds()]}]})
        else:
            self.answer(404)

    def do_POST(self):
        path = self.path.partition("?")[0].strip("/")
        body = b""
        left = int(self.headers.get("Content-Length", 0))
        digest = hashlib.sha256()
        while left:
            chunk = self.rfile.read(min(left, 1 << 16))
            digest.update(chunk)
            body += chunk if path != "stand-in/upload" else b""
            left -= len(chunk)
        if path == "stand-in/upload":
            self.answer(200, {"sha256": digest.hexdigest()})
            return
        if not self.allowed():
            return
        cookie = re.search(r"JSESSIONID=(\w+)", self.headers.get("Cookie", ""))
        if not cookie or SESSIONS.get(cookie[1]) != self.headers.get("Jenkins-Crumb"):
            self.answer(403, {"message": "No valid crumb was included in the request"})
            return
        log(f"{self.user()}: {path}")
        if path in {"quietDown", "cancelQuietDown"}:
            State.quieting = path == "quietDown"
        elif path == "safeExit":
            State.quieting = True
            threading.Thread(target=leave_when_idle, daemon=True).start()
        elif path == "configuration-as-code/reload":
            configure()
        elif path == "createItem" or path.endswith("/config.xml"):
            xml.etree.ElementTree.fromstring(body)  # the test's own
            name = path.split("/")[1] if "/" in path else self.path.partition("?name=")[2]
            State.jobs[name] = body.decode()
            self.answer(200)
            return
        elif path == "pipeline-model-converter/validate":
            self.answer(200, "Jenkinsfile successfully validated." if b"pipeline" in body else "no pipeline")
            return
        else:
            self.answer(404)
            return
        self.answer(302, Location="/")

    def web_socket(self) -> None:
        """Echoes one frame: enough to see that a proxy lets both directions through."""
        key = self.headers.get("Sec-WebSocket-Key", "")
        asked = self.headers.get("Upgrade", "").lower(), self.headers.get("Connection", "").lower()
        if asked != ("websocket", "upgrade") or not key:
            self.answer(400)
            return
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())  # noqa: S324
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.end_headers()
        _, length = self.rfile.read(2)
        mask = self.rfile.read(4)
        text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(length & 127)))
        self.wfile.write(bytes([0x81, len(text)]) + text)
        self.close_connection = True


def main() -> None:
    os.umask(0o027)
    State.plugins = [
        {**json.loads(path.read_text()), "active": "broken" not in path.read_text()}
        for path in sorted((HOME / "plugins").glob("*.jpi"))
    ]
    if not State.plugins:
        (HOME / "secrets").mkdir(exist_ok=True)
        (HOME / "secrets" / "initialAdminPassword").write_text("the wizard's")
    configure()
    hooks = [path.read_text() for path in sorted((HOME / "init.groovy.d").glob("*.groovy"))]
    State.quieting = any("doQuietDown()" in hook for hook in hooks)
    address = os.environ.get("JENKINS_LISTEN_ADDRESS", "0.0.0.0"), int(os.environ["JENKINS_PORT"])  # noqa: S104
    server = http.server.ThreadingHTTPServer(address, Handler)
    log(f"Jenkins {VERSION} is up, {'holding jobs' if State.quieting else 'running jobs'}")
    if "NOTIFY_SOCKET" in os.environ:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
    server.serve_forever()


main()
