"""What a canary in a bucket and in its replica says about replication. Pure: no Ansible, no boto3, no I/O."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple


class Canary(NamedTuple):
    """One object as HeadObject answers it; None fields where it is not there."""

    version: str | None
    written: datetime.datetime | None
    status: str | None  # COMPLETED, PENDING, FAILED at the source; REPLICA at the replica


MISSING = Canary(None, None, None)


def canary(head: dict[str, Any] | None) -> Canary:
    """From HeadObject's answer, None where there is no such object.

    Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html.
    """
    if head is None:
        return MISSING
    return Canary(head.get("VersionId"), head["LastModified"], head.get("ReplicationStatus"))


def verdict(source: Canary, replica: Canary, now: datetime.datetime, max_age: datetime.timedelta) -> str:
    """'proven', 'stale' (write a new one), 'failed' or 'waiting'.

    A failed canary that is old is stale, so that a repaired replication is proved by a new one.
    """
    if source.written is None:
        return "stale"
    if source.version == replica.version and replica.status == "REPLICA":
        return "proven" if now - source.written <= max_age else "stale"
    if now - source.written > max_age:
        return "stale"
    return "failed" if source.status == "FAILED" else "waiting"
