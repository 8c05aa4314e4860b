"""Where a running embedded AWS leaves its word: one directory per checkout, or $LOCAL_AWS_STATE."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # seconds; a start takes two, on a machine that is busy more


def directory() -> Path:
    return Path(os.environ.get("LOCAL_AWS_STATE") or ROOT / "build" / "local_aws").absolute()


def write_private(path: Path, text: str | bytes) -> None:
    """Written whole or not at all, and only its owner may read it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(0o600)
    draft.write_bytes(text.encode() if isinstance(text, str) else text)
    draft.replace(path)


class ServerLock:
    """Held by the server for as long as it lives: it holds ⇔ it runs, so the pid inside is never somebody else's.

    The kernel lets go of the lock however the server ends; a pid file alone would name whoever got that pid next.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / "server.lock"
        self._file: Any = None

    def take(self) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.path.open("a+")
        for patience in (0.05, 0.1, 0.2, 0):  # somebody may just be asking whether it is held
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(patience)
        else:
            file.close()
            return False
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return True

    def holder(self) -> int | None:
        """The pid of the server that runs, or None."""
        try:
            file = self.path.open("r+")
        except OSError:
            return None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                text = file.read().strip()
                return int(text) if text.isdigit() else None
        return None

    def lost(self) -> bool:
        """Whether the directory was removed under the server: nobody could ever find it again."""
        try:
            return os.stat(self.path).st_ino != os.fstat(self._file.fileno()).st_ino
        except OSError:
            return True


def endpoint(state: Path) -> dict[str, Any] | None:
    """{port, url, ca, pid, token} of the server of that state directory; None where none is ready."""
    try:
        found = json.loads((state / "endpoint.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if found["pid"] == ServerLock(state).holder() else None


def launch(state: Path, words: Sequence[str], **how: Any) -> subprocess.Popen:
    """The process of a server of that state directory; what it says goes to server.log."""
    environment = {**os.environ, "LOCAL_AWS_STATE": str(state)}
    with (state / "server.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **how
        )


def ready(state: Path, server: subprocess.Popen | None) -> dict[str, Any] | None:
    """The endpoint once there is one; None where the server ends before, or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := endpoint(state):
            return found
        if server is not None and server.poll() is not None:
            break
        time.sleep(0.02)
    return None
