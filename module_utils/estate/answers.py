"""What AWS answered within this run, so that its modules, each a process of its own, ask the same only once.

The parts of an audit look at the same policies and settings, of each bucket up to seven. Only in check mode, in which
nothing changes what was read, and only of reads that no module waits upon; kept in a file that has no name, by the
account and all that was said in the call.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import tempfile
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

ASKED_AGAIN = {
    "cloudtrail": {"DescribeTrails"},
    "iam": {"GetAccountAuthorizationDetails"},
    "s3": {
        "GetBucketEncryption", "GetBucketLifecycleConfiguration", "GetBucketPolicy", "GetBucketReplication",
        "GetBucketVersioning", "GetPublicAccessBlock", "ListBuckets",
    },
}  # fmt: skip
_GOOD = (200, 404)  # of a setting that is absent S3 says 404; what was refused or failed is asked again
_HEAD = 24  # bytes before each answer: whose it is, how long it is

_file: Any = None  # open in all processes that were forked since
_known: dict[bytes, bytes] = {}
_read = 0
_looking = threading.Lock()


def begin() -> None:
    """Called before any process is forked."""
    global _file
    if _file is None:
        _file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 open as long as the run is
        fcntl.fcntl(_file, fcntl.F_SETFL, os.O_APPEND)  # whoever writes, no answer lies over another


def share(events: Any, whose: tuple[str, ...]) -> None:
    """Have all clients made with these events answer from what is known, and tell what they hear."""
    if _file is None:
        return

    def before(model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        if model.name not in ASKED_AGAIN[service]:
            return None
        said = [params[name] for name in ("url", "query_string", "body")]
        headers = sorted((name, value) for name, value in params["headers"].items() if name.startswith("x-amz-"))
        asked = repr((*whose, service, model.name, said, headers))
        context["dm_asked"] = key = hashlib.blake2b(asked.encode(), digest_size=16).digest()
        if key not in _known:
            with _looking:
                _look()
        if key not in _known:
            return None
        status, parsed = pickle.loads(_known[key])  # noqa: S301 this run wrote it, and no one else can
        context.pop("dm_asked")
        return SimpleNamespace(status_code=status), parsed

    def after(http_response: Any, parsed: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        if "dm_asked" in context and http_response.status_code in _GOOD:
            answer = pickle.dumps((http_response.status_code, parsed))
            os.write(_file.fileno(), context["dm_asked"] + len(answer).to_bytes(8, "big") + answer)

    for service in ASKED_AGAIN:
        events.register(f"before-call.{service}", before)
        events.register_first(f"after-call.{service}", after)  # before botocore reads policies out of it


def _look() -> None:
    """Reads what others wrote since. An answer that is not whole yet, or never will be, ends it."""
    global _read
    size = os.fstat(_file.fileno()).st_size
    while _read + _HEAD <= size:
        head = os.pread(_file.fileno(), _HEAD, _read)
        length = int.from_bytes(head[16:], "big")
        if _read + _HEAD + length > size:
            return
        _known[head[:16]] = os.pread(_file.fileno(), length, _read + _HEAD)
        _read += _HEAD + length
