"""python -m local_aws start|stop|status: the embedded AWS of this checkout; patches writes their table in the docs."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from local_aws import patch_table, serve
from local_aws.state import ServerLock, directory, endpoint, launch, ready


def start(state: Path) -> int:
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (state / "start.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # of two starts at once, the second finds the first one's server
        return _start(state)


def _start(state: Path) -> int:
    if ServerLock(state).holder():
        found = wait_until_ready(state, None)
        print(f"local_aws: already running at {found['url']}")
        return 0
    server = launch(state, ["-m", "local_aws", "serve"], start_new_session=True)
    try:
        found = wait_until_ready(state, server)
    except BaseException:  # an interrupted start leaves nothing behind
        server.kill()
        server.wait()
        raise
    print(f"local_aws: running at {found['url']}, state in {state}")
    return 0


def wait_until_ready(state: Path, server: subprocess.Popen | None) -> dict:
    return ready(state, server) or sys.exit(f"local_aws: the server did not come up; see {state / 'server.log'}")


def stop(state: Path) -> int:
    lock = ServerLock(state)
    pid = lock.holder()
    if pid is None:
        print("local_aws: not running")
        return 0
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        if lock.holder() == pid:
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if lock.holder() != pid:
                serve.forget(state)
                print("local_aws: stopped")
                return 0
            time.sleep(0.02)
    print(f"local_aws: process {pid} does not end", file=sys.stderr)
    return 1


def status(state: Path) -> int:
    found = endpoint(state)
    print(f"local_aws: running at {found['url']}, process {found['pid']}" if found else "local_aws: not running")
    return 0 if found else 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "patches", "serve"])
    parser.add_argument(
        "--die-with-parent", action="store_true", help="serve: end when the process that started it does"
    )
    words = parser.parse_args()
    if words.command == "patches":
        patch_table.write()
        return 0
    state = directory()
    if words.command == "serve":
        serve.main(state, words.die_with_parent)
        return 0
    return {"start": start, "stop": stop, "status": status}[words.command](state)


if __name__ == "__main__":
    sys.exit(main())
