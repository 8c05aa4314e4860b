"""What has to be written to prove replication, and what a canary in a bucket and in its replica says of it. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ansible.module_utils.estate.buckets.settings.replication import live_rule
from ansible.module_utils.estate.plan import Action, Plan

NAME = "estate-canary.txt"
# What S3 may take to say what it did, and to do it; and what reads may be behind.
GRACE = datetime.timedelta(minutes=15)


class Pair(NamedTuple):
    """A rule: from where to where, what of it, and the object that it must copy."""

    source: str
    region: str
    replica: str
    replica_region: str
    key: str
    rule: str = ""  # its id, and what it says in short: a canary of another rule proves nothing of this one
    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    delete_markers: bool = True
    account: str = ""  # whose the replica is, where it is another's
    profile: str = ""  # that reads it there
    kms_key: str = ""
    kept: str = ""  # why old versions of the canary cannot be removed
    lifecycle: Sequence[Mapping[str, Any]] = ()  # the replica's own

    @property
    def elsewhere(self) -> bool:
        """Whether the replica is not for us to look into."""
        return bool(self.account and not self.profile)

    @property
    def subject(self) -> str:
        return f"replication of {self.source} into {self.replica}"


class Canary(NamedTuple):
    """One object as HeadObject answers it; None fields where it is not there."""

    version: str | None = None
    written: datetime.datetime | None = None
    status: str | None = None  # COMPLETED, PENDING, FAILED at the source; REPLICA at the replica
    rule: str = ""
    kms_key: str = ""


MISSING = Canary()


class Look(NamedTuple):
    pair: Pair
    source: Canary
    replica: Canary
    in_force: bool  # whether the source has a rule that copies the canary there


class Verdict(NamedTuple):
    word: str  # "proved", "failed", "waiting", or "stale": it says nothing any more, so a new one is written
    why: str = ""


def pairs(buckets: Sequence[Mapping[str, Any]], profiles: Mapping[str, str] | None = None) -> list[Pair]:
    """Of every rule of the buckets as dm_buckets takes them: its canary is an object that the rule is for.

    profiles by the ids of accounts.
    """
    by_name = {bucket["name"]: bucket for bucket in buckets}
    found = []
    for bucket in buckets:
        replication = bucket.get("replication") or {}
        rules = [rule for rule in replication.get("rules", []) if rule.get("enabled") is not False]
        untagged = Counter(rule.get("prefix") or "" for rule in rules if not rule.get("tags"))
        for rule in rules:
            # Two rules for the same keys, with other tags or into another replica, need an object each.
            alone = not rule.get("tags") and untagged[rule.get("prefix") or ""] == 1
            name = NAME if alone else f"estate-canary-{rule['id']}.txt"
            pair = Pair(
                bucket["name"],
                bucket["region"],
                rule["bucket"],
                rule["region"],
                f"{rule.get('prefix') or ''}{name}",
                _in_short(replication.get("role", ""), rule),
                rule.get("prefix") or "",
                tuple(sorted((rule.get("tags") or {}).items())),
                rule.get("delete_markers", False),
                account := str(rule.get("account") or ""),
                (profiles or {}).get(account, ""),
                rule.get("kms_key") or "",
                next((why for setting, why in _KEEPS.items() if bucket.get(setting)), ""),
                (by_name.get(rule["bucket"]) or {}).get("lifecycle") or (),
            )
            found.append(pair)
    return found


_KEEPS = {"mfa_delete": "only root may delete versions of this bucket", "object_lock": "the bucket is locked"}


def unseen(pairs: Sequence[Pair]) -> list[str]:
    """A note of each that nobody can look into."""
    return [f"{pair.replica} is in account {pair.account}, and buckets_replica_profiles has no profile that reads it "
            f"there, so that it was not compared with {pair.source}" for pair in pairs if pair.elsewhere]  # fmt: skip


def _in_short(role: str, rule: Mapping[str, Any]) -> str:
    said = json.dumps([role, rule], sort_keys=True, default=str).encode()
    return f"{rule['id']} {hashlib.sha256(said).hexdigest()[:12]}"


def canary(head: Mapping[str, Any] | None) -> Canary:
    if head is None:
        return MISSING
    rule, key = (head.get("Metadata") or {}).get("rule", ""), head.get("SSEKMSKeyId") or ""
    return Canary(head.get("VersionId"), head["LastModified"], head.get("ReplicationStatus"), rule, key)


def copies(rule: Mapping[str, Any], pair: Pair) -> bool:
    """Whether AWS's rule, by whatever id, is in force for the pair's canary."""
    shape = live_rule(rule)
    return (
        shape.get("enabled") is not False
        and shape["bucket"] == pair.replica
        and pair.key.startswith(shape["prefix"])
        and set((shape.get("tags") or {}).items()) <= set(pair.tags)
    )


def verdict(look: Look, now: datetime.datetime, max_age: datetime.timedelta) -> Verdict:
    """The source's own word counts beside the replica's: it is FAILED where one of several rules has failed."""
    pair, source, replica, in_force = look
    if not in_force:
        return Verdict("stale", f"no rule in force copies {pair.key} into {pair.replica}")
    if source.written is None:
        return Verdict("stale", "it was never proved, or its canary has expired")
    age = now - source.written
    if age > max_age:
        return Verdict("stale", f"it was proved last on {source.written:%Y-%m-%d}")
    if source.rule != pair.rule:
        return Verdict("stale", "the rule has changed since it was proved")
    if source.status == "FAILED":
        said = f"S3 says that it could not copy {pair.key}: see the role's policy, the keys and every rule"
        return Verdict("failed", said)
    if source.status is None and age > GRACE:
        return Verdict("stale", f"no rule was in force when {pair.key} was written")
    if source.status in ("COMPLETED", "COMPLETE"):
        if pair.elsewhere:
            return Verdict("proved", "by the source's own status, since the replica is another account's")
        if source.version == replica.version and replica.status == "REPLICA":
            if pair.kms_key and replica.kms_key != pair.kms_key:
                return Verdict("failed", f"{pair.key} was copied, but the copy is encrypted with another key")
            return Verdict("proved")
        if age > GRACE:
            return Verdict("stale", f"the copy of {pair.key} is there no more")
    return Verdict("waiting", f"{pair.key} is not there yet")


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
        # Of one that S3 says nothing of nobody knows whether a rule was in force when it was written.
        if found.word not in ("stale", "failed") and not (writes and look.source.status is None):
            continue
        if not writes:
            drift.append(f"{pair.subject}: {found.why}; estate prove writes a canary, and waits for it")
            continue
        params: dict[str, Any] = {"Bucket": pair.source, "Key": pair.key, "ContentType": "text/plain"}
        params["Body"] = "Written to prove that this bucket is replicated.\n"
        params["Metadata"] = {"rule": pair.rule}
        params |= {"Tagging": urlencode(pair.tags)} if pair.tags else {}
        action = Action("add", f"canary of {pair.source}: {pair.key}", "s3.put_object", params, pair.region)
        actions.setdefault((pair.source, pair.key), action)
    return Plan("replication proof", account, list(actions.values()), drift=drift)
