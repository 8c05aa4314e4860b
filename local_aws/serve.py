"""The server process itself: python -m local_aws serve."""

from __future__ import annotations

import gc
import json
import os
import secrets
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from local_aws.state import ServerLock, write_private

WORDS = ("endpoint.json", "aws_config", "aws_credentials", "keys.json")
# Read by moto when it is imported.
SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(1 << 24),  # objects stay in memory, not in files that a kill leaves behind
    "AWS_EC2_METADATA_DISABLED": "true",
}


def forget(state: Path) -> None:
    for name in WORDS:
        (state / name).unlink(missing_ok=True)


def _end(*_: Any) -> None:
    sys.exit(0)


def _watch(lock: ServerLock, parent: int | None) -> None:
    """End when nobody can find us any more, or who started us for themselves is gone."""
    while not lock.lost() and parent in (None, os.getppid()):
        time.sleep(1 if parent else 5)
    os._exit(0)


def main(state: Path, die_with_parent: bool) -> None:
    parent = os.getppid() if die_with_parent else None
    lock = ServerLock(state)
    if not lock.take():
        sys.exit(f"local_aws: already running in {state}")
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN if not die_with_parent else _end)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # a profile of the caller's must not reach moto's own botocore session
    os.environ.update(SETTINGS)
    threading.Thread(target=_watch, args=(lock, parent), daemon=True).start()
    try:
        _run(state)
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        forget(state)
        os._exit(0)  # threads of open connections have nothing to finish


def _run(state: Path) -> None:
    from local_aws import accounts, certificates, patches
    from local_aws.application import Application
    from local_aws.http_server import Server

    patches.apply()
    keys = accounts.Keys()
    ca, certificate = certificates.make(state)
    token = secrets.token_urlsafe(32)
    server = Server(Application(keys, token), certificate)
    url = f"https://127.0.0.1:{server.server_port}"
    accounts.write_profiles(state, keys, url, ca)
    ready = {"port": server.server_port, "url": url, "ca": str(ca), "pid": os.getpid(), "token": token}
    write_private(state / "endpoint.json", json.dumps(ready))
    gc.collect()
    gc.freeze()  # what is loaded now stays; the collector need not look at it again
    gc.set_threshold(10_000)  # a call leaves hundreds of objects; looking every 2,000 took a tenth of it
    server.serve_forever(poll_interval=3600)
