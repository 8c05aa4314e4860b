#!/usr/bin/env python3
"""Runs the assets router of this checkout without systemd and without privileges.

local_router.py prepare DIR MORE ...     make these directories, and keep a loopback port for DIR while it can be had
local_router.py start DIR NGINX [check]  start nginx with DIR/nginx.conf unless it runs; or only say whether it would
local_router.py reload DIR NGINX         let the running nginx read its configuration again
local_router.py stop DIR ...             end the routers of these directories
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 10.0  # seconds


def running(directory: Path) -> int | None:
    """The pid of this directory's nginx. A pid file may name another process by now, so its command line decides."""
    try:
        pid = int((directory / "nginx.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    except (OSError, ValueError):
        return None
    return pid if "nginx: master" in command and str(directory / "nginx.conf") in command else None


def free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def port(directory: Path) -> int:
    kept = directory / "port"
    known = int(kept.read_text()) if kept.exists() else 0
    if known and (running(directory) or free(known)):
        return known
    with socket.create_server(("127.0.0.1", 0)) as listener:
        chosen = listener.getsockname()[1]
    kept.write_text(f"{chosen}\n")
    return chosen


def make(directory: Path) -> None:
    """A directory of ours alone: one in /tmp may be another's, who was there first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid != os.geteuid():
        sys.exit(f"{directory} belongs to another user; remove it, or run as that user")


def socket_of(directory: Path) -> Path:
    """Where its nginx listens for this machine, which may be in /tmp (vars/main.yml)."""
    return Path(re.findall(r"listen unix:([^ ;]+) default", (directory / "nginx.conf").read_text())[0])


def start(directory: Path, nginx: str, check: str = "") -> str:
    if running(directory):
        return "running"
    if check:
        return "started"
    socket_of(directory).unlink(missing_ok=True)  # of one that was killed
    subprocess.run([nginx, "-c", str(directory / "nginx.conf")], check=True, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while not running(directory):
        if time.monotonic() > deadline:
            sys.exit(f"nginx did not start; see {directory / 'log' / 'error.log'}")
        time.sleep(0.02)
    return "started"


def stop(directory: Path) -> str:
    pid = running(directory)
    if pid is None:
        return f"assets router {directory.name}: not running"
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if running(directory) is None:
                with contextlib.suppress(OSError):
                    socket_of(directory).parent.rmdir()  # where nothing else is in it
                return f"assets router {directory.name}: stopped"
            time.sleep(0.02)
    sys.exit(f"assets router {directory.name}: process {pid} does not end")


def main(command: str, *words: str) -> None:
    directory = Path(words[0]).absolute() if words else Path()
    if command == "prepare":
        for word in words:
            make(Path(word))
        print(port(directory))
    elif command == "start":
        print(start(directory, *words[1:]))
    elif command == "reload":
        subprocess.run([words[1], "-c", str(directory / "nginx.conf"), "-s", "reload"], check=True)
    elif command == "stop":
        for word in words:
            print(stop(Path(word).absolute()))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["help"]))
