"""What an assets router's host has and what its nginx runs, read in one go."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

# nginx takes addresses only, and no zone.
_NAME_SERVER = re.compile(r"(?m)^nameserver\s+([0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)\s*$")


class _ByFile(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(socket_path: str, domain: str, path: str, timeout: float = 30) -> tuple[int, bytes]:
    """What the router answers on its own socket. Raises OSError where it does not answer."""
    connection = _ByFile(socket_path, timeout)
    try:
        connection.request("GET", path, headers={"Host": domain})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as exc:
        raise OSError(f"no HTTP: {exc}") from exc
    finally:
        connection.close()


def release(socket_path: str, domain: str, health_path: str) -> str:
    """Which configuration the running router answers with; "" where none does."""
    try:
        status, said = ask(socket_path, domain, health_path, timeout=5)
        return str(json.loads(said)["release"]) if status == 200 else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def compiled(nginx: str) -> str:
    """What nginx says of its version and modules; "" where it is not there or does not start."""
    try:
        return subprocess.run([nginx, "-V"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return ""


def file_state(path: Path) -> dict[str, Any]:
    """sha256, mode ("0640") and mtime; nothing where it is not there."""
    try:
        state = path.stat()
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "mode": f"{state.st_mode & 0o7777:04o}",
        "written": state.st_mtime,
    }


def name_servers(resolv_conf: Path) -> list[str]:
    try:
        return _NAME_SERVER.findall(resolv_conf.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []
