"""A PostgreSQL of one's own for as long as a dump is looked at: in a private directory, on a socket, without a port.

Started and removed by the run whatever happens to it; where the run is killed the kernel ends the server
(https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2.html), and the next run removes what is left on disk.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.errors import Refusal

PREFIX, DATABASE, ROLE = "estate-restore-", "restored", "loader"
ROOTS_STAND_IN = "nobody"  # initdb refuses root; of a dump nobody knows what it would do
DEBIAN = "/usr/lib/postgresql"


def program(name: str) -> str:
    """On the PATH, or where Debian keeps them: the newest version."""
    found = sorted(Path(DEBIAN).glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if where := shutil.which(name) or (str(found[-1]) if found else ""):
        return where
    raise Refusal(f"there is no {name} on this machine; install postgresql (debian-packages.txt)")


class Scratch:
    """A running server. Nothing in it is a superuser's that a dump's SQL could use."""

    def __init__(self, folder: Path, user: dict[str, Any]) -> None:
        self.folder, self._user = folder, user

    def command(self, name: str, *words: str) -> list[str]:
        return [program(name), "-h", str(self.folder), "-U", ROLE, *words]

    def start(self, command: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        return subprocess.Popen(command, env=environment, cwd=self.folder, **self._user, **more)

    def ask(self, sql: str) -> list[list[str]]:
        """Rows of text."""
        words = ("-X", "-A", "-t", "-q", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-c", sql)
        asked = self.start(self.command("psql", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said, wrong = asked.communicate()
        if asked.returncode:
            raise Refusal(f"PostgreSQL said: {last_line(wrong)}")
        return [line.split("\x1f") for line in said.decode().splitlines() if line]


def last_line(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    wrong = [line for line in lines if "ERROR" in line or "FATAL" in line]
    return (wrong or lines or ["nothing"])[-1].strip()


@contextlib.contextmanager
def scratch(within: str) -> Iterator[Scratch]:
    """The server; within is the directory that holds it, with room for the database."""
    _sweep(Path(within))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(ROOTS_STAND_IN)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    before = signal.signal(signal.SIGTERM, _stop)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=within))  # 0700
    server: subprocess.Popen[bytes] | None = None
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        made = Scratch(folder, user)
        _once(made, [program("initdb"), "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
        settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "timezone": "UTC"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # setpriv, since the signal is forgotten where a process changes its user
        guard = ["setpriv", "--pdeathsig", "QUIT"]
        with (folder / "log").open("wb") as log:
            server = made.start([*guard, program("postgres"), "-D", "data", *words], stdout=log, stderr=log)
        _wait(made, server)
        admin = [program("psql"), "-h", str(folder), "-U", "postgres", "-d", "postgres", "-X", "-q"]
        sql = f"CREATE ROLE {ROLE} LOGIN", f"CREATE DATABASE {DATABASE} OWNER {ROLE}"
        _once(made, [*admin, "-v", "ON_ERROR_STOP=1", *(word for one in sql for word in ("-c", one))])
        yield made
    finally:
        if server:
            server.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown: nothing of it is kept
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _stop(*_: Any) -> None:
    raise SystemExit(143)


def _once(made: Scratch, command: list[str]) -> None:
    done = made.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = done.communicate()
    if done.returncode:
        raise Refusal(f"the scratch PostgreSQL could not be set up: {last_line(said)}")


def _wait(made: Scratch, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    ready = [program("pg_isready"), "-q", "-h", str(made.folder), "-U", "postgres"]
    deadline = time.monotonic() + seconds
    while made.start(ready).wait():
        if server.poll() is not None or time.monotonic() > deadline:
            said = (made.folder / "log").read_bytes()
            raise Refusal(f"the scratch PostgreSQL did not start: {last_line(said)}")
        time.sleep(0.05)


def _sweep(within: Path) -> None:
    """What runs left that were killed."""
    for left in within.glob(f"{PREFIX}*-*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)
