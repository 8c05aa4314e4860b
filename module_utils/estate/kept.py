"""What the processes of a run tell each other: a role's session is assumed once, a key's owner asked once.

A module has a process of its own, forked from Ansible's. What is kept here is in the memory of both: on no disk, and
gone with the last of them. botocore takes a session for expired a quarter of an hour before it is.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import pickle
import threading
import zlib
from collections.abc import Iterator
from typing import Any

HEAD = 24  # bytes before each value: whose it is, how long it is
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, and S3's and EC2's words for the same
OVER = {
    "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "RequestExpired",
    "UnrecognizedClientException",
}  # fmt: skip
FROM = (
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ACCESS_KEY_ID",
)  # fmt: skip


class Memory:
    """What forked processes tell each other by name; the last word counts."""

    def __init__(self) -> None:
        # Closed by whatever another program is run as; elsewhere than on Linux each process is on its own.
        self.file = os.memfd_create("estate") if hasattr(os, "memfd_create") else -1
        if self.file >= 0:
            fcntl.fcntl(self.file, fcntl.F_SETFL, os.O_APPEND)  # whoever writes, nothing lies over another's
        self._known: dict[bytes, tuple[int, int] | bytes] = {}
        self._read = 0
        self._looking = threading.Lock()

    def get(self, name: str) -> Any:
        with self._looking:
            self._look()
            place = self._known.get(_digest(name))
        text = os.pread(self.file, *place) if isinstance(place, tuple) else place
        return None if text is None else pickle.loads(text)  # noqa: S301 this run wrote it, and no one else can

    def put(self, name: str, value: Any) -> None:
        text = pickle.dumps(value)
        if self.file >= 0:
            os.write(self.file, _digest(name) + len(text).to_bytes(8, "big") + text)
        else:
            self._known[_digest(name)] = text

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """While one process finds out what the name stands for, the others wait, and then know it."""
        if self.file < 0:
            yield
            return
        byte = zlib.crc32(name.encode())
        fcntl.lockf(self.file, fcntl.LOCK_EX, 1, byte)
        try:
            yield
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN, 1, byte)

    def _look(self) -> None:
        """Finds what others wrote since. What is not whole yet, or never will be, ends it."""
        size = os.fstat(self.file).st_size if self.file >= 0 else 0
        while self._read + HEAD <= size:
            head = os.pread(self.file, HEAD, self._read)
            length = int.from_bytes(head[16:], "big")
            if self._read + HEAD + length > size:
                return
            self._known[head[:16]] = length, self._read + HEAD
            self._read += HEAD + length


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=16).digest()


@functools.cache
def memory() -> Memory:
    """Of this process, and of those that it forks from now on."""
    return Memory()


class Sessions:
    """What botocore keeps a profile's sessions in; told is the last one's ARN."""

    def __init__(self, profile: str) -> None:
        self.name = json.dumps([profile, *(os.environ.get(name, "") for name in FROM)])
        self.told = ""
        self._used: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return memory().get(self.name + key) is not None

    def __getitem__(self, key: str) -> Any:
        self._used.add(key)
        return self._heard(memory().get(self.name + key))

    def __setitem__(self, key: str, answer: dict[str, Any]) -> None:
        self._used.add(key)
        memory().put(self.name + key, self._heard(answer))

    def forget(self, parsed: dict[str, Any], **_: Any) -> None:
        """After a call: what AWS no longer takes is no use to the next module."""
        if parsed.get("Error", {}).get("Code") in OVER:
            for key in self._used:
                memory().put(self.name + key, None)

    def _heard(self, answer: Any) -> Any:
        self.told = answer.get("AssumedRoleUser", {}).get("Arn", "")
        return answer
