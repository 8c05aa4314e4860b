"""Stands in for Jenkins: how it starts and stops, as much configuration as code as the role writes, the API it uses.

Never kinder than Jenkins: each part names the upstream function that it follows; what it does not know it refuses.
Builds are lines of the file "building" in its home: a URL, and "survives" where Jenkins would let a restart go on.
"""

import argparse
import base64
import hashlib
import http.server
import json
import os
import re
import secrets
import signal
import socket
import sys
import threading
import time
import xml.etree.ElementTree
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus

import yaml

VERSION = "@VERSION@"
HOME = Path(os.environ["JENKINS_HOME"])
# root → the keys below it that this stand-in knows, as JCasC refuses those that no configurator knows.
ROOTS: dict[str, set[str]] = {
    "jenkins": {
        "systemMessage", "numExecutors", "mode", "labelString", "slaveAgentPort", "crumbIssuer", "securityRealm",
        "authorizationStrategy", "nodes", "globalNodeProperties", "disableRememberMe", "quietPeriod", "proxy",
    },
    "credentials": {"system"},
    "unclassified": {"location", "audit-trail", "mailer"},
    "security": {"gitHostKeyVerificationConfiguration"},
}  # fmt: skip


class ConfiguratorException(Exception):
    """io.jenkins.plugins.casc.ConfiguratorException"""


# What a builder is tempted by, and the permission that Jenkins asks for it; everything else takes Overall/Administer.
# ParameterizedJobMixIn.doBuild, ReplayAction.isEnabled, AbstractItem.doConfigDotXml, ItemGroupMixIn.createTopLevelItem
NEEDS = {
    r"job/[^/]+/build(WithParameters)?": "Job/Build",
    r"job/[^/]+/\d+/replay/run": "Run/Replay",
    r"job/[^/]+/config\.xml": "Job/Configure",
    r"createItem": "Job/Create",
}


class State:
    plugins: list[dict]
    permissions: dict[str, list[str]] = {}  # user → what the matrix gives; nobody is in a group
    hatch: tuple[str, str] | None = None  # who has a password where somebody else says who is who
    quieting = False
    jobs: dict[str, str] = {}  # name → config.xml
    sessions: dict[str, dict[str, str]] = {}  # id → crumb, and who signed in by it
    log: Path | None = None


def log(text: str) -> None:
    if State.log:
        with State.log.open("a") as file:
            file.write(f"{time.strftime('%F %T')} {text}\n")


# --- configuration as code


def merge(into: dict, more: dict, where: str = "") -> None:
    """As ErrorOnConflictMergeStrategy.merge: maps merge, lists join, a scalar that stands twice is an error."""
    for key, value in more.items():
        if isinstance(into.get(key), dict) and isinstance(value, dict):
            merge(into[key], value, f"{where}{key}.")
        elif isinstance(into.get(key), list) and isinstance(value, list):
            into[key] = into[key] + value
        elif key in into:
            raise ConfiguratorException(f"Found conflict key {where}{key}")
        else:
            into[key] = value


def reveal(name: str) -> str | None:
    """As DockerSecretSource.reveal, which trims, and EnvSecretSource."""
    path = Path(os.environ.get("SECRETS", "/run/secrets"), name)
    return path.read_text().strip() if path.is_file() else os.environ.get(name)


def lookup(expression: str) -> str | None:
    """As SecretSourceResolver's lookups; the first ":-" begins a default (StringSubstitutor)."""
    name, _, default = expression.partition(":-")
    kind, colon, argument = name.partition(":")
    if colon and kind in {"base64", "readFileBase64", "readFile"}:
        if kind == "base64":
            return base64.b64encode(argument.encode()).decode()
        path = Path(argument)
        if not path.is_file():
            return default or None
        return base64.b64encode(path.read_bytes()).decode() if kind == "readFileBase64" else path.read_text()
    found = reveal(name)
    return found if found is not None else default or None


def resolve_text(text: str) -> str:
    """As SecretSourceResolver.resolve: what a secret holds is substituted again, the unknown by nothing."""
    for _ in range(20):
        match = re.search(r"(?<!\^)\$\{((?:[^${}]|\$(?!\{))*)\}", text)
        if not match:
            return text.replace("^${", "${")
        text = text[: match.start()] + (lookup(match[1]) or "") + text[match.end() :]
    raise ConfiguratorException("Infinite loop in property interpolation")


def resolve(value):
    if isinstance(value, dict):
        return {key: resolve(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner) for inner in value]
    return resolve_text(value) if isinstance(value, str) else value


def checked(raw: dict) -> dict:
    """As ConfigurationAsCode.checkWith: every attribute must be one that a configurator knows."""
    for root, body in raw.items():
        if root not in ROOTS:
            raise ConfiguratorException(f"No configurator for root element <{root}>")
        if not isinstance(body, dict):
            raise ConfiguratorException(f"{root}: Item isn't a Mapping")
        if unknown := set(body) - ROOTS[root]:
            names = ", ".join(sorted(unknown))
            raise ConfiguratorException(f"Invalid configuration elements for type {root} : {names}.")
    return resolve(raw)


def accounts() -> Path:
    (HOME / "users").mkdir(exist_ok=True)
    return HOME / "users"


def configure() -> None:
    if not any(plugin["shortName"] == "configuration-as-code" for plugin in State.plugins):
        State.permissions = {}
        return  # and Jenkins is open to everyone
    raw: dict = {}
    for path in sorted(Path(os.environ["CASC_JENKINS_CONFIG"]).glob("*.yaml")):
        try:
            merge(raw, yaml.safe_load(path.read_text()) or {})
        except yaml.YAMLError as exc:
            raise ConfiguratorException(str(exc)) from exc
    declared = checked(raw)
    # LocalSecurityRealm's configurator makes and changes accounts; none is ever deleted (JCasC #1606, #438).
    realm = declared["jenkins"]["securityRealm"]
    oic = realm.get("oic", {})
    State.hatch = (oic["escapeHatchUsername"], oic["escapeHatchSecret"]) if oic.get("escapeHatchEnabled") else None
    if unknown := set(realm) - {"local", "oic"}:
        raise ConfiguratorException(f"No hudson.security.SecurityRealm implementation found for {sorted(unknown)}")
    for user in realm["local"]["users"] if "local" in realm else ():
        path = accounts() / f"{user['id']}.json"
        account = json.loads(path.read_text()) if path.exists() else {"token": ""}
        path.write_text(json.dumps({**account, "password": user["password"]}))
    State.permissions = {
        entry["user"]["name"]: entry["user"]["permissions"]
        for entry in declared["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"]
        if "user" in entry
    }
    State.permissions.setdefault("", [])


# --- how it runs, and stops


def describe(name: str) -> dict[str, str]:
    return {"name": name, "description": xml.etree.ElementTree.fromstring(State.jobs[name]).findtext("description", "")}


def builds() -> list[list[str]]:
    path = HOME / "building"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def notify(state: str) -> None:
    """As SystemdLifecycle.notify."""
    if "NOTIFY_SOCKET" in os.environ:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))


def is_all_ready() -> bool:
    """As RestartListener.isAllReady: no executor is busy with what blocks a restart."""
    return all("survives" in build[1:] for build in builds())


def safe_exit() -> None:
    """As Jenkins.doSafeExit: Lifecycle.onStop tells systemd before anything is waited for."""
    time.sleep(0.5)  # its answer goes out first
    notify("STOPPING=1")
    while builds():
        time.sleep(0.2)
        if not State.quieting:
            return
    leave()


def leave(*_) -> None:
    cut = [build[0] for build in builds() if "survives" not in build[1:]]
    log(f"leaving, cutting off {' '.join(cut)}" if cut else "leaving with nothing cut off")
    os._exit(143)


# Jenkins' own script console runs any Groovy; this one runs what it knows and refuses the rest as Groovy would.
def script(text: str) -> str:
    if "hudson.model.RestartListener.isAllReady()" in text:
        return f"ready={str(is_all_ready()).lower()}\n"
    if "securityRealm.allUsers" in text:
        return "".join(f"user={path.stem}\n" for path in sorted(accounts().glob("*.json")))
    return "groovy.lang.MissingPropertyException: the stand-in does not know this script\n"


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

    def session(self) -> dict[str, str]:
        cookie = re.search(r"JSESSIONID=(\w+)", self.headers.get("Cookie", ""))
        return State.sessions.get(cookie[1] if cookie else "", {})

    def user(self) -> str:
        """Who asks: "" is anonymous, "!" somebody with a wrong password. By password, API token or session."""
        if not State.permissions:
            return "everyone"
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return self.session().get("user", "")
        name, _, password = base64.b64decode(value).decode().partition(":")
        if State.hatch:  # as OicSecurityRealm.createSecurityComponents: nobody else has a password
            return name if (name, password) == State.hatch else "!"
        path = accounts() / f"{name}.json"
        account = json.loads(path.read_text()) if path.exists() else {}
        return name if password and password in (account.get("password"), account.get("token")) else "!"

    def allowed(self, permission: str = "Overall/Administer") -> bool:
        user = self.user()
        granted = State.permissions.get(user, [])
        if user == "!":
            self.answer(401)
        elif user != "everyone" and permission not in granted and "Overall/Administer" not in granted:
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
        elif path == "crumbIssuer/api/json":
            if self.user() == "!":
                self.answer(401)
                return
            key = secrets.token_hex(8)
            State.sessions[key] = {"crumb": secrets.token_hex(16)}
            crumb = {"crumbRequestField": "Jenkins-Crumb", "crumb": State.sessions[key]["crumb"]}
            self.answer(200, crumb, Set_Cookie=f"JSESSIONID={key}; Path=/; HttpOnly")
        elif path == "api/json":
            if self.allowed("Overall/Read"):
                self.answer(200, {"quietingDown": State.quieting, "jobs": [describe(name) for name in State.jobs]})
        elif not self.allowed("Job/Read" if job and job[2] == "api/json" else "Overall/Administer"):
            pass
        elif job and job[1] in State.jobs:
            self.answer(200, State.jobs[job[1]].encode() if job[2] == "config.xml" else describe(job[1]))
        elif path == "pluginManager/api/json":
            self.answer(200, {"plugins": State.plugins})
        elif path == "computer/api/json":
            running = [{"currentExecutable": {"url": build[0]}} for build in builds()]
            self.answer(200, {"computer": [{"executors": running, "oneOffExecutors": []}]})
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
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if path == "j_spring_security_check":
            self.sign_in(form)
            return
        if not self.allowed(next((may for way, may in NEEDS.items() if re.fullmatch(way, path)), "Overall/Administer")):
            return
        # As CrumbFilter.doFilter: a crumb belongs to the session that asked for it; an API token needs none.
        if self.session().get("crumb", "-") != self.headers.get("Jenkins-Crumb"):
            self.answer(403, {"message": "No valid crumb was included in the request"})
            return
        log(f"{self.user()}: {path}")
        if path in {"quietDown", "cancelQuietDown"}:
            State.quieting = path == "quietDown"
        elif path == "safeExit":
            State.quieting = True
            threading.Thread(target=safe_exit, daemon=True).start()
            self.answer(200, b"Shutting down as soon as all jobs are complete")
            return
        elif path == "configuration-as-code/reload":
            try:
                configure()
            except ConfiguratorException as exc:
                # As ConfigurationAsCode.handleExceptionOnReloading: a page (error.jelly), whose status nobody sets.
                log(f"refused configuration: {exc}")
                self.answer(200, f"<html><h1>Configuration as Code</h1><p>{exc}</p></html>".encode())
                return
        elif path == "configuration-as-code/check":
            try:
                checked(yaml.safe_load(body.decode()) or {})
            except (ConfiguratorException, yaml.YAMLError) as exc:
                self.answer(400, str(exc).encode())
                return
            self.answer(200, [])
            return
        elif path == "scriptText":
            self.answer(200, script(form.get("script", "")).encode())
            return
        elif found := re.fullmatch("user/(.+)/doDelete", path):
            (accounts() / f"{unquote_plus(found[1])}.json").unlink()
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

    def sign_in(self, form: dict[str, str]) -> None:
        path = accounts() / f"{form.get('j_username')}.json"
        account = json.loads(path.read_text()) if path.exists() else {}
        if not account or account["password"] != form.get("j_password"):
            self.answer(302, Location="/loginError")
            return
        key = secrets.token_hex(8)
        State.sessions[key] = {"crumb": secrets.token_hex(16), "user": form["j_username"]}
        self.answer(302, Location="/", Set_Cookie=f"JSESSIONID={key}; Path=/; HttpOnly")

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


def plugin(path: Path) -> dict:
    """As PluginWrapper reads a plugin's manifest; one whose version says broken does not become active."""
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("META-INF/MANIFEST.MF").decode().splitlines()
    said = dict(line.split(": ", 1) for line in lines if ": " in line)
    version = said["Plugin-Version"]
    return {"shortName": said["Short-Name"], "version": version, "active": "broken" not in version}


def unpack(web_root: Path) -> None:
    """As winstone's HostConfiguration.getWebRoot: makes the directory and fills it, or the launcher ends with 1."""
    (web_root / "WEB-INF").mkdir(parents=True, exist_ok=True)
    (web_root / "WEB-INF/web.xml").write_text(f"<web-app>{VERSION}</web-app>")


def main() -> None:
    os.umask(0o027)
    parser = argparse.ArgumentParser()
    parser.add_argument("--webroot", type=Path, default=Path(os.environ["JENKINS_HOME"]) / "war")
    parser.add_argument("--logfile", type=Path)
    parser.add_argument("--httpPort", type=int, required=True)
    parser.add_argument("--httpListenAddress", default="0.0.0.0")  # noqa: S104 as Jenkins
    options = parser.parse_args()
    State.log = options.logfile
    unpack(options.webroot)
    signal.signal(signal.SIGTERM, leave)
    State.plugins = [plugin(path) for path in sorted((HOME / "plugins").glob("*.jpi"))]
    if not State.plugins:
        (HOME / "secrets").mkdir(exist_ok=True)
        (HOME / "secrets" / "initialAdminPassword").write_text("the wizard's")
    try:
        configure()
    except ConfiguratorException as exc:
        # As ConfigurationAsCode.init: the boot fails, and ExitLifecycle.onBootFailure ends the process.
        log(f"ConfigurationAsCodeBootFailure: {exc}")
        sys.exit(5)
    hooks = [path.read_text() for path in sorted((HOME / "init.groovy.d").glob("*.groovy"))]
    State.quieting = any("doQuietDown()" in hook for hook in hooks)
    server = http.server.ThreadingHTTPServer((options.httpListenAddress, options.httpPort), Handler)
    log(f"Jenkins {VERSION} is up, {'holding jobs' if State.quieting else 'running jobs'}")
    notify("READY=1")
    server.serve_forever()


main()
