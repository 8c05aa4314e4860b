"""What AWS answered within this run, so that its modules, each a process of its own, ask the same only once.

The parts of an audit look at the same policies and settings, of each bucket up to seven, and each takes on its role
anew. Only in check mode, in which nothing changes what was read, and only of reads that no module waits upon; kept in
memory that this run's processes share, by who asks and all that was said in the call.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

ASKED_AGAIN = {
    "acm": {"ListCertificates"},
    "cloudfront": {"ListDistributions"},
    "cloudtrail": {"DescribeTrails"},
    "iam": {"GetAccountAuthorizationDetails"},
    "route-53": {"GetHostedZone", "ListHostedZones", "ListHostedZonesByName", "ListResourceRecordSets"},
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
    if _file is None and hasattr(os, "memfd_create"):  # elsewhere than on Linux each module asks for itself
        # Roles' keys are among what is kept, and never on a disk.
        _file = os.fdopen(os.memfd_create("answers"), "r+b", buffering=0)
        fcntl.fcntl(_file, fcntl.F_SETFL, os.O_APPEND)  # whoever writes, no answer lies over another


def share(events: Any, whose: tuple[str, ...]) -> None:
    """Have all clients made with these events answer from what is known, and tell what they hear."""
    if _file is None:
        return

    def before(model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_id.hyphenize()
        if model.name not in ASKED_AGAIN[service]:
            return None
        said = [params[name] for name in ("url", "query_string", "body")]
        headers = sorted((name, value) for name, value in params["headers"].items() if name.startswith("x-amz-"))
        region = "" if service == "s3" else context["client_region"]  # names of buckets are worldwide
        key = _key(whose, service, region, model.name, said, headers)
        if (answer := _known_of(key)) is None:
            context["dm_asked"] = key
            return None
        return SimpleNamespace(status_code=answer[0]), answer[1]

    def after(http_response: Any, parsed: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        if "dm_asked" in context and http_response.status_code in _GOOD:
            _keep(context["dm_asked"], (http_response.status_code, parsed))

    for service in ASKED_AGAIN:
        events.register(f"before-call.{service}", before)
        events.register_first(f"after-call.{service}", after)  # before botocore reads policies out of it


class Roles:
    """What botocore keeps the answers of AssumeRole in, so that a role is taken on once in a run."""

    def __init__(self, whose: tuple[str, ...]) -> None:
        self._whose = whose
        self.arn = ""  # of the session that was taken over from another module

    def share(self, core: Any) -> None:
        if _file is not None:
            core.get_component("credential_provider").get_provider("assume-role").cache = self

    def __contains__(self, name: str) -> bool:
        return _known_of(_key(self._whose, name)) is not None

    def __getitem__(self, name: str) -> Any:
        answer = _known_of(_key(self._whose, name))
        self.arn = answer["AssumedRoleUser"]["Arn"]
        return answer

    def __setitem__(self, name: str, answer: Any) -> None:
        _keep(_key(self._whose, name), answer)


def _key(*asked: Any) -> bytes:
    return hashlib.blake2b(repr(asked).encode(), digest_size=16).digest()


def _known_of(key: bytes) -> Any:
    if key not in _known:
        with _looking:
            _look()
    return pickle.loads(_known[key]) if key in _known else None  # noqa: S301 this run wrote it, and no one else can


def _keep(key: bytes, answer: Any) -> None:
    text = pickle.dumps(answer)
    os.write(_file.fileno(), key + len(text).to_bytes(8, "big") + text)


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
