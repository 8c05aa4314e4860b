"""One run at a time changes a host's resources, whether it was started on a laptop or by Jenkins.

The lock is an object of the account's bucket for locks, written with S3's conditional writes, so that two who want it
at once cannot both have it. It is taken when there is something to change, renewed while that goes on, and given back;
a run that died holds it for a minute. Whoever planned before another's change stops. Times are S3's own, so that
nobody's clock matters; but of two runs of one machine its own clock tells which came first, where S3's whole seconds
do not.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import contextlib
import email.utils
import getpass
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.errors import Refusal, error_code

HELD = 60.0  # seconds that a lock holds without being renewed
RENEWED = 15.0
COARSE = 1.0  # S3 tells times in whole seconds


class Lock:
    def __init__(self, s3: Any, where: str, began: float, clock: Callable[[], float] = time.monotonic) -> None:
        """where is "bucket/key"; began is the clock's time before the world was read for the plan."""
        self._s3, self._clock, self._began = s3, clock, began
        self._bucket, _, self._key = where.partition("/")
        self._etag = ""
        self.lost = False
        self._over = threading.Event()

    def take(self) -> bool:
        """False where there is no bucket for locks yet; Refusal where somebody has it, or had it since the plan."""
        me = _me()
        try:
            if self._write("", owner=me):
                return True
            etag, said, age = self._look()
        except Exception as exc:
            if error_code(exc) == "NoSuchBucket":
                return False
            raise
        if said["owner"] not in ("", me) and age <= HELD:
            raise Refusal(f"{said['owner']} is changing this (or died within the last minute): run it again later")
        if said["last"] != me and self._came_later(said, age):
            raise Refusal(f"{said['last']} has changed this since it was planned: run it again")
        if not self._write(etag, owner=me):
            raise Refusal("somebody else began to change this at the same time: run it again")
        return True

    def _came_later(self, said: dict[str, Any], age: float) -> bool:
        """Whether it was last written after this run began to read the world."""
        if said["owner"] == "" and said.get("machine") == _machine() != "":
            return float(said["clock"]) >= self._began
        return age <= self._clock() - self._began + COARSE

    def _look(self) -> tuple[str, dict[str, Any], float]:
        """(its ETag, what it says, seconds since it was written)."""
        answer = self._s3.get_object(Bucket=self._bucket, Key=self._key)
        now = email.utils.parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return answer["ETag"], json.loads(answer["Body"].read()), (now - answer["LastModified"]).total_seconds()

    def _write(self, etag: str, owner: str) -> bool:
        """Whether the object was still the one that was seen. Each write differs, so that no two have one ETag."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        now = {"at": time.time_ns(), "machine": _machine(), "clock": self._clock()}
        body = json.dumps({"owner": owner, "last": _me(), **now}).encode()
        try:
            self._etag = self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=body, **condition)["ETag"]
        except Exception as exc:
            if error_code(exc) in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    def keep(self) -> None:
        """Renews it until it is given back; what could not be renewed for long may be somebody else's by now."""
        renewed = self._clock()
        while not self._over.wait(RENEWED):
            try:
                self.lost = not self._write(self._etag, owner=_me())
            except Exception:  # AWS may answer the next time
                self.lost = self._clock() - renewed > HELD - RENEWED
            if self.lost:
                return
            renewed = self._clock()

    def give_back(self) -> None:
        self._over.set()
        with contextlib.suppress(Exception):  # it ends by itself within a minute
            if not self.lost:
                self._write(self._etag, owner="")


def _me() -> str:
    """The same for all that one command runs: DM_RUN is bin/estate's process, else Ansible's counts."""
    return f"{getpass.getuser()} on {socket.gethostname()} (process {os.environ.get('DM_RUN') or os.getppid()})"


def _machine() -> str:
    """As long as it is not booted anew, which is as long as its monotonic clock goes on; "" where nothing tells."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@contextlib.contextmanager
def held(clients: Any, call: Callable[[Any], Any]) -> Iterator[Callable[[Any], Any]]:
    """What is called within is called by one run at a time: gives the call, which stops where the lock was lost.

    DM_LOCK, of dm_aws_environment, says which: "bucket/key". Without it, as in a test of one module, nothing is locked.
    """
    lock = None
    if clients is not None and (where := os.environ.get("DM_LOCK", "")):
        lock = Lock(clients["s3", os.environ.get("AWS_REGION", "")], where, clients.began)
    if lock is None or not lock.take():
        yield call
        return

    def guarded(action: Any) -> Any:
        if lock.lost:
            raise Refusal("the lock was lost, so somebody else may be changing this: run it again")
        return call(action)

    keeper = threading.Thread(target=lock.keep, daemon=True)
    keeper.start()
    try:
        yield guarded
    finally:
        lock.give_back()
        keeper.join()
