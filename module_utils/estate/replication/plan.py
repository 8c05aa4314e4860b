"""What has to be written to prove replication, and what a canary in a bucket and in its replica says of it. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ansible.module_utils.estate.plan import Action, Plan

NAME = "estate-canary.txt"


class Pair(NamedTuple):
    """A rule: from where to where, and the object that it must copy."""

    source: str
    region: str
    replica: str
    replica_region: str
    key: str
    tags: tuple[tuple[str, str], ...] = ()
    elsewhere: bool = False  # the replica is another account's, and not for us to look into

    @property
    def subject(self) -> str:
        return f"replication of {self.source} into {self.replica}"


class Canary(NamedTuple):
    """One object as HeadObject answers it; None fields where it is not there."""

    version: str | None = None
    written: datetime.datetime | None = None
    status: str | None = None  # COMPLETED, PENDING, FAILED at the source; REPLICA at the replica


MISSING = Canary()


class Look(NamedTuple):
    pair: Pair
    source: Canary
    replica: Canary


def pairs(buckets: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """Of every rule of the buckets as dm_buckets takes them: its canary is an object that the rule is for."""
    return [
        Pair(
            bucket["name"],
            bucket["region"],
            rule["bucket"],
            rule["region"],
            # Two rules for the same keys but other tags need an object each.
            f"{rule.get('prefix') or ''}{NAME if not rule.get('tags') else f'estate-canary-{rule["id"]}.txt'}",
            tuple(sorted((rule.get("tags") or {}).items())),
            bool(rule.get("account")),
        )
        for bucket in buckets
        for rule in (bucket.get("replication") or {}).get("rules", [])
        if rule.get("enabled") is not False
    ]


def canary(head: Mapping[str, Any] | None) -> Canary:
    if head is None:
        return MISSING
    return Canary(head.get("VersionId"), head["LastModified"], head.get("ReplicationStatus"))


def verdict(look: Look, now: datetime.datetime, max_age: datetime.timedelta) -> str:
    """'proven', 'stale' (write a new one), 'failed' or 'waiting'.

    The source's own word counts beside what is in the replica: it is FAILED where one of several rules has failed.
    """
    source, replica = look.source, look.replica
    if source.written is None or now - source.written > max_age:
        return "stale"
    if source.status == "FAILED":
        return "failed"
    arrived = look.pair.elsewhere or (source.version == replica.version and replica.status == "REPLICA")
    return "proven" if arrived and source.status in ("COMPLETED", "COMPLETE") else "waiting"


def plan(
    account: str, looks: Sequence[Look], now: datetime.datetime, max_age: datetime.timedelta, writes: bool
) -> Plan:
    """A new canary wherever the last one proves nothing any more: one that failed, too, for it may be mended since.

    Where nothing may be written, what is not proved is drift.
    """
    actions: dict[tuple[str, str], Action] = {}
    drift = []
    for look in looks:
        pair, found = look.pair, verdict(look, now, max_age)
        if writes and found in ("stale", "failed"):
            params: dict[str, Any] = {"Bucket": pair.source, "Key": pair.key, "ContentType": "text/plain"}
            params["Body"] = "Written to prove that this bucket is replicated.\n"
            params |= {"Tagging": urlencode(pair.tags)} if pair.tags else {}
            action = Action("add", f"canary of {pair.source}", "s3.put_object", params, pair.region)
            actions.setdefault((pair.source, pair.key), action)
        elif found == "stale":
            last = f"was proved last on {look.source.written:%Y-%m-%d}" if look.source.written else "was never proved"
            drift.append(f"{pair.subject} {last}: estate prove writes a canary, and waits for it")
    return Plan("replication proof", account, list(actions.values()), drift=drift)
