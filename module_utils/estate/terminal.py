"""The terminal of the person who started all this. No Ansible, no boto3.

Ansible cuts its workers and their modules off from the terminal, and hands on whatever they print to callbacks, logs
and stored reports. A secret for the person's eyes is written to the terminal itself instead: found among the processes
that the module descends from, and opened by its name. So it is never in a file, a pipe or an argument of anything.
"""

from __future__ import annotations

import os
import subprocess
import termios
from pathlib import Path


def _parent_and_terminal(pid: int) -> tuple[int, str]:
    """(parent's pid, the terminal's name or "")."""
    try:
        # The command's name, in parentheses, may hold anything; what follows the last one is numbers.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return _by_ps(pid)
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: state, ppid, pgrp, session, tty_nr
    parent, number = int(fields[1]), int(fields[4])
    major, minor = number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00)
    if 136 <= major <= 143:
        return parent, f"/dev/pts/{minor + (major - 136) * 256}"
    if major == 4:
        return parent, f"/dev/tty{minor}" if minor < 64 else f"/dev/ttyS{minor - 64}"
    return parent, ""


def _by_ps(pid: int) -> tuple[int, str]:
    """Where there is no /proc, as on a Mac."""
    done = subprocess.run(["ps", "-o", "ppid=,tty=", "-p", str(pid)], capture_output=True, text=True, check=False)
    parent, _, name = done.stdout.strip().partition(" ")
    name = name.strip().strip("?-")
    return (int(parent) if parent else 0), f"/dev/{name}" if name else ""


def terminal() -> str:
    """The name of the nearest ancestor's terminal that can be written to, or ""."""
    pid = os.getpid()
    while pid > 1:
        pid, name = _parent_and_terminal(pid)
        if name and os.access(name, os.W_OK):
            return name
    return ""


def say(name: str, text: str) -> None:
    """Write to the terminal. Raises OSError where it is gone, or is none."""
    descriptor = os.open(name, os.O_WRONLY | os.O_NOCTTY)
    try:
        if not os.isatty(descriptor):
            raise OSError(f"{name} is no terminal")
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def ask(name: str, question: str) -> str:
    """A line that is typed at the terminal and not shown there. Raises OSError where it is none."""
    descriptor = os.open(name, os.O_RDWR | os.O_NOCTTY)
    try:
        shown = termios.tcgetattr(descriptor)
        hidden = [*shown[:3], shown[3] & ~termios.ECHO, *shown[4:]]
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, hidden)
        try:
            os.write(descriptor, question.encode())
            typed = b""
            while not typed.endswith(b"\n") and (more := os.read(descriptor, 1024)):
                typed += more
            os.write(descriptor, b"\n")
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, shown)
    except termios.error as exc:
        raise OSError(f"{name} is no terminal") from exc
    finally:
        os.close(descriptor)
    return typed.decode(errors="replace").strip()
