"""A command's status is the same whoever starts it: ignored signals, closed streams, streams that do not block."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

ESTATE = Path(__file__).parents[2] / "bin" / "estate"
IGNORABLE = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


def ignore_every_signal():
    for number in IGNORABLE:
        signal.signal(number, signal.SIG_IGN)


def close_every_stream():
    for number in (0, 1, 2):
        os.close(number)


def block_nothing():
    for number in (0, 1, 2):
        os.set_blocking(number, False)


# Each starts a program, of which Ansible refuses streams that are closed or do not block.
@pytest.mark.parametrize(
    ("start", "command", "status"),
    [
        (ignore_every_signal, ("lint", "ARGS=--no-such-option"), 1),
        (close_every_stream, ("jobs",), 0),
        (block_nothing, ("jobs",), 0),
    ],
)
def test_the_status_does_not_depend_on_who_starts_it(start, command, status):
    done = subprocess.run(
        [ESTATE, *command], preexec_fn=start, stdin=subprocess.PIPE, capture_output=True, check=False, timeout=120
    )

    assert done.returncode == status, done.stderr


def test_sigterm_ends_the_program_first():
    """By a command of set-up's kind, since no other program is to be had that waits."""
    started = subprocess.Popen(
        [ESTATE, "lint"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True
    )
    for line in started.stdout:  # it says the name of a hook once pre-commit runs
        if line:
            break
    started.send_signal(signal.SIGTERM)

    assert started.wait(60) == 1
    left = subprocess.run(
        ["pgrep", "-s", str(started.pid), "-f", "pre-commit"], capture_output=True, text=True, check=False
    )
    assert left.stdout == ""
