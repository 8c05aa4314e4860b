"""A playbook run by a person at a terminal who keeps what it says in a file, as with `> log`."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commands.run import inventory_words

from local_aws.control import Control

ROOT = Path(__file__).parents[2]


def at_a_terminal(
    aws: Control, folder: Path, playbook: str, *args: str,
    extra_vars: dict[str, Any], env: dict[str, str] | None = None,
    answer: Callable[[str], str] = lambda _asked: "", killed: Callable[[], bool] | None = None,
) -> tuple[int, str, str]:  # fmt: skip
    """(exit code, what the terminal saw, what the run said), as talkative as can be. Its files are in the folder.

    answer is given the last line that the terminal saw where that asks for something. It is killed once killed() is so.
    """
    said = folder / "said.log"
    command = [str(Path(sys.executable).parent / "ansible-playbook"), *inventory_words("local"), "-vvv",
               f"playbooks/{playbook}", "-e", json.dumps(extra_vars), *args]  # fmt: skip
    environment = {
        **aws.env,
        **(env or {}),
        "PATH": f"{Path(sys.executable).parent}:{aws.env['PATH']}",
        "DM_PLAN_FILE": str(folder / "plan.json"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
    }
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        log = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execvpe(command[0], command, environment)  # noqa: S606
    seen = b""
    if killed:
        threading.Thread(target=_kill, args=(pid, killed)).start()
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk
            if seen.endswith(b"): "):
                os.write(terminal, answer(seen.decode().rsplit("\n", 1)[-1]).encode() + b"\n")
    except OSError:
        pass  # how Linux says that the other end is gone
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen.decode(), said.read_text()


def _kill(pid: int, due: Callable[[], bool]) -> None:
    """Not caught by anybody: what the run would still have done is not done."""
    for _ in range(600):
        if due():
            for one in (pid, *_started_by(pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            return
        time.sleep(0.1)


def _started_by(pid: int) -> list[int]:
    """Ansible's workers have sessions of their own, so that no group is all of them."""
    children = [int(one) for task in Path(f"/proc/{pid}/task").glob("*/children") for one in task.read_text().split()]
    return [one for child in children for one in (child, *_started_by(child))]
