"""Failures on demand: the Nth call gets an error, its connection is cut, or what is read after it is stale."""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Protocol
from xml.sax.saxutils import escape

from local_aws import requests

MESSAGES = {
    "SlowDown": (503, "Please reduce your request rate."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "ServiceUnavailable": (503, "Reduce your request rate."),
    "Throttling": (400, "Rate exceeded"),
    "AccessDenied": (403, "Access Denied"),
    "ExpiredToken": (400, "The provided token has expired."),
}


KINDS = ("answer", "drop", "drop_after", "half", "die", "stale")
Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass
class Fault:
    """Which calls fail, and how.

    kind "answer": an error instead of the call; "drop": cut before the call takes effect; "drop_after": cut after it
    did; "half": cut in the middle of its answer; "die": from that call on every call is cut, as if the caller had died
    there, until faults are cleared; "stale": the call, which puts or deletes a configuration of a bucket, takes effect,
    but its GET still answers what was there before: reads times, or for seconds, or at every other read (in_turn) of
    either.
    matching: a piece of the URL or form ("a-bucket", "RoleName=x") that the call must contain.
    """

    operation: str = ""
    service: str = ""
    account: str = ""
    matching: str = ""
    nth: int = 1
    times: int = 1
    writes_only: bool = False
    kind: str = "answer"
    reads: int = 1
    seconds: float = 0.0
    in_turn: bool = False
    code: str = "SlowDown"
    status: int = 0
    message: str = ""
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; allowed are {', '.join(KINDS)}")
        status, message = MESSAGES.get(self.code, (400, self.code))
        self.status, self.message = self.status or status, self.message or message

    def hits(self, call: dict[str, Any], text: str) -> bool:
        named = all(getattr(self, name) in ("", call[name]) for name in ("operation", "service", "account"))
        if not named or (self.writes_only and not call["write"]) or self.matching not in text:
            return False
        self.seen += 1
        return self.seen >= self.nth if self.kind == "die" else self.nth <= self.seen < self.nth + self.times


@dataclass
class Stale:
    """An answer that a GET still gives though it is true no more."""

    answer: Answer
    fault: Fault
    until: float
    asked: int = 0

    def over(self) -> bool:
        return time.monotonic() >= self.until if self.fault.seconds else self.asked >= self.fault.reads

    def turn(self) -> bool:
        """Whether this read gets it."""
        self.asked += 1
        return not self.fault.in_turn or self.asked % 2 == 1


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._stale: dict[str, Stale] = {}

    def add(self, **words: Any) -> None:
        fault = Fault(**words)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults, self._stale = [], {}

    def keep(self, url: str, answer: Answer, fault: Fault) -> None:
        """Answer a GET of that URL as before for a while."""
        with self._lock:
            self._stale[url] = Stale(answer, fault, time.monotonic() + fault.seconds)

    def stale(self, url: str) -> Answer | None:
        with self._lock:
            found = self._stale.get(url)
            if found and found.over():
                found = self._stale.pop(url) and None
            return found.answer if found and found.turn() else None

    def __bool__(self) -> bool:
        return bool(self._faults)

    def of(self, call: dict[str, Any], text: str) -> Fault | None:
        with self._lock:  # each counts every call that it means, also one that another fault already fails
            hit = [fault for fault in self._faults if fault.hits(call, text)]
        return hit[0] if hit else None


def request_ids() -> dict[str, str]:
    """What S3 calls an answer by: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html"""
    return {"x-amz-request-id": secrets.token_hex(8).upper(), "x-amz-id-2": secrets.token_urlsafe(56)}


class Wrong(Protocol):
    """What an error answer says; a Fault does, and so does refusals.Refused."""

    status: int
    code: str
    message: str


def error(environ: dict[str, Any], wrong: Wrong) -> tuple[str, list[tuple[str, str]], bytes]:
    """The error as the service's protocol has it, so that every SDK understands it."""
    status = f"{wrong.status} {wrong.code}"
    protocol = requests.protocol(environ)
    ids = request_ids() if protocol == "s3" else {}
    if environ["REQUEST_METHOD"] == "HEAD":
        return status, list(ids.items()), b""
    if "json" in protocol:
        data = json.dumps({"__type": wrong.code, "message": wrong.message})
        kind = environ.get("CONTENT_TYPE") or "application/json"
        return status, [("Content-Type", kind), ("x-amzn-ErrorType", wrong.code)], data.encode()
    text = f"<Code>{wrong.code}</Code><Message>{escape(wrong.message)}</Message>"
    if protocol == "s3":
        more = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in getattr(wrong, "elements", {}).items())
        named = f"<RequestId>{ids['x-amz-request-id']}</RequestId><HostId>{ids['x-amz-id-2']}</HostId>"
        data = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}{more}{named}</Error>'
    elif protocol == "ec2":
        data = f"<Response><Errors><Error>{text}</Error></Errors><RequestID>local</RequestID></Response>"
    else:
        sender = "Sender" if wrong.status < 500 else "Receiver"
        data = f"<ErrorResponse><Error><Type>{sender}</Type>{text}</Error><RequestId>local</RequestId></ErrorResponse>"
    return status, [("Content-Type", "application/xml"), *ids.items()], data.encode()
