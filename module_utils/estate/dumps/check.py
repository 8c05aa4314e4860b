"""What is wrong with a stage's newest dump, by what can be seen without opening it. Pure.

Each answer is a proof: a dump that is young, as large as last week's, in London too, and for the key that we hold.
"""

from __future__ import annotations

import datetime
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

NAME = re.compile(r"(?P<stage>[a-z0-9-]+)-(?P<at>[0-9]{12})\.sql\.gz\.gpg")
WEEK = datetime.timedelta(days=7)
# How long S3 may take to replicate most objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
REPLICATING = datetime.timedelta(minutes=15)


class Dump(NamedTuple):
    key: str
    at: datetime.datetime  # by its name
    size: int
    etag: str

    @property
    def resource(self) -> str:
        return f"dump {self.key}"


class Limits(NamedTuple):
    max_age_hours: int
    least_share: float  # of the median of last week's sizes
    keys: Sequence[str]  # fingerprints or long ids of keys that a dump may be encrypted for


def dumps(stage: str, listed: Sequence[Mapping[str, Any]]) -> list[Dump]:
    """A stage's dumps among S3's contents, the newest first; what is named otherwise is none."""
    found = []
    for one in listed:
        name = NAME.fullmatch(one["Key"])
        if name and name["stage"] == stage:
            try:
                at = datetime.datetime.strptime(name["at"], "%Y%m%d%H%M").replace(tzinfo=datetime.UTC)
            except ValueError:
                continue
            found.append(Dump(one["Key"], at, one["Size"], one["ETag"]))
    return sorted(found, key=lambda dump: dump.at, reverse=True)


def judge(
    stage: str,
    here: Sequence[Dump],
    there: Sequence[Dump],
    recipients: Sequence[str],
    limits: Limits,
    now: datetime.datetime,
) -> Iterator[dict[str, Any]]:
    """here are the dumps where they are written, there their replicas; recipients of the newest: long ids of keys."""
    if not here:
        yield _proof(stage, "age", "failed", "there is no dump at all", now)
        return
    newest = here[0]
    for what, verdict, why, more in (
        ("age", *_age(newest, limits, now)),
        ("size", *_size(newest, here, limits)),
        ("replica", *_replica(newest, there, now)),
        ("recipient", *_recipient(recipients, limits)),
    ):
        yield _proof(stage, what, verdict, why, now) | {"key": newest.key, **more}


def copies(
    stage: str, kept: Sequence[Dump], there: Sequence[Dump], least: int, now: datetime.datetime
) -> dict[str, Any]:
    """Whether the newest that were restored are in the replica, too; kept are those, the newest first."""
    keys = {dump.key for dump in there}
    gone = [dump.key for dump in kept[:least] if dump.key not in keys and now - dump.at >= REPLICATING]
    why = f"{', '.join(gone)} restored, and not in the replica" if gone else ""
    more = {"expected": f"the last {least} that were restored", "seen": len(kept[:least]) - len(gone)}
    return _proof(stage, "the last good copies", "failed" if gone else "proved", why, now) | more


def _proof(stage: str, what: str, verdict: str, why: str, now: datetime.datetime) -> dict[str, Any]:
    return {"subject": f"{what} of {stage}'s dump", "verdict": verdict, "why": why, "at": now.isoformat()}


Said = tuple[str, str, dict[str, Any]]


def _age(newest: Dump, limits: Limits, now: datetime.datetime) -> Said:
    age = now - newest.at
    more = {"age_seconds": int(age.total_seconds()), "expected": f"at most {limits.max_age_hours} hours"}
    if age > datetime.timedelta(hours=limits.max_age_hours):
        return "failed", f"the newest, {newest.key}, is {age.total_seconds() / 3600:.0f} hours old", more
    if age < -datetime.timedelta(hours=2):  # a host's clock, or summer time
        return "failed", f"the newest, {newest.key}, is named after a time that is still to come", more
    return "proved", "", more


def _size(newest: Dump, here: Sequence[Dump], limits: Limits) -> Said:
    week = [dump.size for dump in here[1:] if newest.at - dump.at <= WEEK]
    if not week:
        return ("proved" if newest.size else "failed"), "" if newest.size else f"{newest.key} is empty", {}
    usual = statistics.median(week)
    more = {"expected": f"at least {limits.least_share:.0%} of {usual:.0f} bytes", "seen": newest.size}
    if newest.size < usual * limits.least_share:
        return "failed", f"{newest.key} has {newest.size} bytes, and last week's had {usual:.0f}", more
    return "proved", "", more


def _replica(newest: Dump, there: Sequence[Dump], now: datetime.datetime) -> Said:
    found = next((dump for dump in there if dump.key == newest.key), None)
    if found is None:
        verdict = "waiting" if now - newest.at < REPLICATING else "failed"
        return verdict, f"{newest.key} is not in the replica", {}
    if (found.size, found.etag) != (newest.size, newest.etag):
        return "failed", f"{newest.key} is not the same in the replica ({found.size} bytes, not {newest.size})", {}
    return "proved", "", {}


def _recipient(recipients: Sequence[str], limits: Limits) -> Said:
    more = {"expected": list(limits.keys), "seen": list(recipients)}
    ours = [one for one in recipients if any(key.upper().endswith(one.upper()) for key in limits.keys)]
    if not ours:
        whom = f"for {', '.join(recipients)}" if recipients else "for nobody that can be seen"
        return "failed", f"it is encrypted {whom}, and we hold {', '.join(limits.keys) or 'no key'}", more
    if len(ours) < len(recipients):
        return "failed", f"it can be opened by {', '.join(set(recipients) - set(ours))}, too", more
    return "proved", "", more
