"""What lies in the buckets of dumps, and for whom the newest are encrypted. The clients are given."""

from __future__ import annotations

import datetime
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.dumps.check import Dump, dumps
from ansible.module_utils.estate.dumps.plan import Tags, is_kept
from ansible.module_utils.estate.errors import Refusal

HEAD = 64 * 1024  # bytes that hold an OpenPGP message's packets of keys
_KEY = re.compile(r"^:pubkey enc packet:.* keyid ([0-9A-F]{16})$", re.MULTILINE)


class Place(NamedTuple):
    """A bucket, and where."""

    client: Any
    bucket: str


def listed(place: Place, stage: str) -> list[Dump]:
    pages = place.client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=f"{stage}-")
    return dumps(stage, [one for page in pages for one in page.get("Contents", [])])


def recipients(place: Place, dump: Dump) -> list[str]:
    """Long ids of the keys that it is encrypted for, as its first packets say; no key is needed for that."""
    if not dump.size:
        return []
    given = place.client.get_object(Bucket=place.bucket, Key=dump.key, Range=f"bytes=0-{HEAD - 1}")
    command = ["gpg", "--batch", "--no-tty", "--list-only", "--list-packets"]
    try:
        done = subprocess.run(command, input=given["Body"].read(), capture_output=True, check=False)
    except FileNotFoundError:
        raise Refusal("there is no gpg on this machine; install gnupg (debian-packages.txt)") from None
    return _KEY.findall(done.stdout.decode(errors="replace"))


def tags(place: Place, dump: Dump) -> dict[str, str]:
    found = place.client.get_object_tagging(Bucket=place.bucket, Key=dump.key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def tags_that_count(
    place: Place,
    found: Sequence[Dump],
    now: datetime.datetime,
    keep_days: int,
    least: int,
    word: str,
    asked: Mapping[str, Tags],
) -> dict[str, Tags]:
    """Tags from the newest on until enough stay by them, and of whatever is old enough to go; asked are known."""
    old = now - datetime.timedelta(days=keep_days)
    known = dict(asked)
    kept = 0
    for dump in found:
        if kept < least or dump.at < old:
            if dump.key not in known:
                known[dump.key] = tags(place, dump)
            kept += is_kept(known[dump.key], word)
    return known
