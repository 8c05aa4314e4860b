"""Starts what a command consists of: set-up, Ansible, other programs."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, TextIO

from commands import plan_file
from commands.words import INVENTORIES, ROOT, Refusal, Words, check_hosts, inventories

BIN = ROOT / ".venv" / "bin"
# Without them the embedded AWS has no router in front of it; the other packages are for tests.
_ROUTER = ("nginx", "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so")


def say(text: str, to: TextIO | None = sys.stderr) -> None:
    """What is being done goes to stderr, what was asked for to stdout; that nobody reads it is no error."""
    with contextlib.suppress(OSError):
        print(text, file=to, flush=True)


def call(*command: str | Path, out: TextIO | None = None, env: dict[str, str] | None = None) -> int:
    """The program's status. What is meant to end this command ends the program first, in its own time."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"
    child = subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **(env or {}), "PATH": path},
        stdout=out,
        stderr=out,
    )
    signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))  # noqa: ARG005 a handler's signature
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the terminal tells the program, too
            continue


def args(words: Words) -> list[str]:
    """More options of the program that is called."""
    return shlex.split(words.get("ARGS", ""))


def need(*command: str | Path, why: str = "") -> None:
    if call(*command) != 0:
        raise Refusal(why or f"{Path(command[0]).name} failed")


def set_up() -> None:
    need(ROOT / "bin/setup", why="there is no .venv to work with")
    call(ROOT / "bin/install_packages", *_ROUTER)


def embedded_aws(verb: str) -> None:
    done = subprocess.run(
        [BIN / "python", "-m", "local_aws", verb], cwd=ROOT, capture_output=True, text=True, check=False
    )
    say((done.stdout + done.stderr).strip())
    if done.returncode != 0:
        raise Refusal(f"the embedded AWS does not {verb}")


def inventory_words(stage: str) -> list[str]:
    """-i for each inventory of a stage. "every" is all of the real ones, and local lies over them."""
    every = inventories()
    names = {"every": every, "local": [*every, "local"], "access": ["accounts"]}.get(stage, [stage])
    check_hosts(names)
    return [word for name in names for word in ("-i", f"{INVENTORIES.name}/{name}")]


def _ansible(playbook: str, words: Words, stage: str, *more: str) -> list[str]:
    """ansible-playbook as a person would type it."""
    command = ["ansible-playbook", *inventory_words(stage or words["STAGE"]), f"playbooks/{playbook}.yml", *more]
    for word, option in (("LIMIT", "--limit"), ("TAGS", "--tags")):
        command += [option, words[word]] if words.get(word) else []
    return [*command, *args(words)]


def show(playbook: str, words: Words, stage: str = "") -> int:
    """For a playbook that only shows something, and stores nothing."""
    return int(call(*_ansible(playbook, words, stage)) != 0)


def play(
    playbook: str,
    words: Words,
    store: str,
    *more: str,
    stage: str = "",
    out: TextIO | None = None,
    env: dict[str, str] | None = None,
) -> int:
    """0, 2 where check mode found something to do, 1 where the playbook failed; BUILD/store.json has the rest."""
    stored = Path(words["BUILD"]) / f"{store}.json"
    for old in (stored, stored.with_suffix(".html")):  # a run that fails early stores nothing
        old.unlink(missing_ok=True)
    # Not every inventory has the hosts of every play, and a typo in LIMIT was refused before.
    told = {"DM_PLAN_FILE": str(stored), "ANSIBLE_HOST_PATTERN_MISMATCH": "ignore", **(env or {})}
    if call(*_ansible(playbook, words, stage, *more), out=out, env=told) != 0:
        return 1
    plan: dict[str, Any] = plan_file.read(str(stored))
    if not plan["looked_at"]:
        raise Refusal("nothing was looked at: no host that LIMIT leaves has a part that TAGS names")
    if plan.get("together", {}).get("broken"):  # no plan that anybody may apply
        return 1
    # What no call can repair is a finding of whoever only looks, and nothing that a converge could do.
    found = store.startswith(("audit", "access")) and any(_needs_somebody(one) for one in plan["findings"])
    return 2 if found or (plan["check"] and plan["pending"] and not store.startswith("audit")) else 0


def _needs_somebody(finding: dict[str, Any]) -> bool:
    """Not what is accepted, merely unmanaged, or of who may go where: an audit stays green with it."""
    return finding["state"] == "open" and finding["kind"] in _TO_MEND


_TO_MEND = ("change", "missing", "surplus", "drift", "failed", "proof failed", "proof waiting")
