"""What a bucket has and its replica has not, down to the last version, and why."""

from __future__ import annotations

import datetime
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import IO, Any, NamedTuple

from ansible.module_utils.estate.errors import error_code, sentence
from ansible.module_utils.estate.progress import Progress
from ansible.module_utils.estate.replication.compare import Difference, Fetch, difference
from ansible.module_utils.estate.replication.pages import Lister
from ansible.module_utils.estate.replication.plan import Pair
from ansible.module_utils.estate.replication.read import at_replica
from ansible.module_utils.estate.replication.spread import Spread, one_heap

FIRST = ("", "")  # after which key and version a bucket's first page begins
EXAMPLES = 10
HEADS = 10_000  # versions of each replica that are asked about one by one; the others are only counted
PENDING = datetime.timedelta(days=1)  # what is on its way for longer is a finding
RECENT = datetime.timedelta(hours=1)  # what was written no longer ago may have come between the two listings
# What a difference turns out to be. The first are losses; the others are as they should be.
LOSSES = {
    "failed": "S3 says FAILED",
    "never": "older than the rule: playbooks/replicate_existing.yml copies them",
    "lost": "were copied once and are no longer there",
    "unread": "missing, and this role may not ask S3 why",
    "unasked": "missing, and more than were asked about",
    "differing": "differ",
    "altered": "have another current version in the replica",
    "unproved": "whose ETags say nothing and that have no checksum in common: compare checksums",
}
# Of what is missing, what S3 can still copy.
COPYABLE = ("failed", "never", "unread", "unasked", "pending")


class Judged(NamedTuple):
    found: Difference
    what: str  # a key of LOSSES, or "pending", "expired", "released", "gone", "arrived", "left out", "extra", "same"


class Differences:
    """All differences of two buckets in the order of their keys, on disk, however many there are."""

    def __init__(self) -> None:
        self._files: dict[str, IO[str]] = {}
        self._lock = threading.Lock()

    def add(self, after: str, found: Difference) -> None:
        """after is where its range of keys begins."""
        with self._lock:
            if after not in self._files:
                self._files[after] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 read later
            self._files[after].write(json.dumps(found) + "\n")

    def __iter__(self) -> Iterator[Difference]:
        for after in sorted(self._files):
            self._files[after].seek(0)
            for line in self._files[after]:
                yield Difference(*json.loads(line))


class Comparison(NamedTuple):
    differences: Differences
    compared: int
    calls: int
    seconds: float


def listers(clients: Any, pair: Pair) -> tuple[Fetch, Fetch]:
    """Of the source and of the replica. Their clients are of no other use afterwards."""
    source = clients.new("s3", pair.region)
    replica = at_replica(clients, pair).new("s3", pair.replica_region)
    return Lister(source, pair.source, pair.prefix), Lister(replica, pair.replica, pair.prefix)


def ahead(pool: ThreadPoolExecutor, fetch: Fetch) -> Fetch:
    """The same, with its first page asked for at once: most buckets of an estate have no other."""
    first = [pool.submit(fetch, FIRST)]
    return lambda after: first.pop().result() if after == FIRST and first else fetch(after)


def compare_all(listers: tuple[Fetch, Fetch], pair: Pair, workers: int) -> Comparison:
    """Both sides listed at the same time, with so many calls in flight."""
    found, started = Differences(), time.monotonic()
    progress = Progress(f"versions of {pair.source}")
    spread = Spread(listers, lambda part, one: found.add(part.after, difference(one)), workers, progress.step)
    number = spread.run()
    return Comparison(found, number, spread.calls, time.monotonic() - started)


def expiring(
    found: Difference, lifecycle: Sequence[Mapping[str, Any]], now: datetime.datetime
) -> list[Mapping[str, Any]]:
    """The replica's own lifecycle rules that may account for it not being there; those with tags where it has them.

    A current version is hidden after expire_days, and what is hidden or replaced goes after noncurrent_days.
    """
    age = (now - datetime.datetime.fromisoformat(found.modified)).total_seconds() / 86400
    fit = []
    for rule in lifecycle:
        after = rule.get("noncurrent_days")
        if not after or not found.key.startswith(rule.get("prefix") or "") or (rule.get("tags") and found.marker):
            continue
        until = after + (rule.get("expire_days") or 0) * (found.latest and not found.marker)
        if age >= until and (rule.get("expire_days") or not found.latest):
            fit.append(rule)
    return fit


class Judge:
    """Asks S3 about single versions of a pair. By HeadObject, and only of those that a listing cannot tell."""

    def __init__(self, source: Any, replica: Any, pair: Pair, heads: int = HEADS) -> None:
        self._source, self._replica, self._pair, self._left = source, replica, pair, heads
        self._now = datetime.datetime.now(datetime.UTC)

    def judged(self, differences: Iterable[Difference], workers: int) -> Iterator[Judged]:
        """In order, a few at a time, so that millions take no room."""
        todo = iter(differences)
        with ThreadPoolExecutor(workers) as pool:
            while some := list(islice(todo, 1000)):
                yield from pool.map(self._judge, some)

    def _judge(self, found: Difference) -> Judged:
        if found.kind == "extra":
            return Judged(found, "extra")
        if found.kind == "altered":
            return Judged(found, self._altered(found))
        if found.kind == "missing" and found.marker and not self._pair.delete_markers:
            return Judged(found, "left out")
        rules = expiring(found, self._pair.lifecycle, self._now) if found.kind == "missing" else []
        if any(not rule.get("tags") for rule in rules):
            return Judged(found, "expired")
        if found.sizes_differ:
            return Judged(found, "differing")
        self._left -= 1
        if self._left < 0:
            return Judged(found, "unasked" if found.kind == "missing" else "unproved")
        if rules and (by_tag := self._released(found, rules)):
            return Judged(found, by_tag)
        return Judged(found, self._missing(found) if found.kind == "missing" else self._differing(found))

    def _released(self, found: Difference, rules: Iterable[Mapping[str, Any]]) -> str:
        """Whether a rule that goes by tags removed it: S3 copies tags that are given later, too."""
        tags = self._tags(found)
        if tags is None:
            return "released"
        return "expired" if any(set(rule["tags"].items()) <= tags for rule in rules) else ""

    def _head(self, client: Any, bucket: str, found: Difference, **more: Any) -> Mapping[str, Any] | str:
        """What S3 says of the version, or the status of its refusal; "405" is a delete marker that is there."""
        try:
            return client.head_object(Bucket=bucket, Key=found.key, VersionId=found.version, **more)
        except Exception as exc:
            if (code := error_code(exc)) in ("403", "404", "405"):  # all that the answer to a HEAD has room for
                return code
            raise

    def _altered(self, found: Difference) -> str:
        """A version on top of what the source has: written there since the source was listed, or not by replication."""
        if found.marker and any(rule.get("expire_days") for rule in self._pair.lifecycle):
            return "expired"
        young = self._now - datetime.datetime.fromisoformat(found.modified) < RECENT
        here = self._head(self._source, self._pair.source, found) if young else "404"
        return "altered" if here == "404" else "arrived"

    def _missing(self, found: Difference) -> str:
        there = self._head(self._replica, self._pair.replica, found)
        if there == "405" or not isinstance(there, str):
            return "arrived"  # since the listings
        here = self._head(self._source, self._pair.source, found)
        if isinstance(here, str):
            return {"404": "gone", "405": "never"}.get(here, "unread")
        status = here.get("ReplicationStatus")
        if status is None and self._pair.tags:  # the rule goes by tags
            tags = self._tags(found)
            if tags is None or not set(self._pair.tags) <= tags:
                return "unread" if tags is None else "left out"
        # What is itself a replica is not copied on: replication does not go round in circles.
        return {"PENDING": "pending", "FAILED": "failed", "REPLICA": "left out", None: "never"}.get(status, "lost")

    def _tags(self, found: Difference) -> set[tuple[str, str]] | None:
        """None where this role may not ask."""
        try:
            where = {"Bucket": self._pair.source, "Key": found.key, "VersionId": found.version}
            said = self._source.get_object_tagging(**where)
        except Exception as exc:
            if error_code(exc) in ("AccessDenied", "403"):
                return None
            if error_code(exc) in ("NoSuchKey", "NoSuchVersion", "404"):
                return set()
            raise
        return {(tag["Key"], tag["Value"]) for tag in said["TagSet"]}

    def _differing(self, found: Difference) -> str:
        """The ETags differ. Of what KMS encrypted, or another number of parts made up, they may, so checksums decide.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag)
        """
        heads: list[Any] = [
            self._head(client, bucket, found, ChecksumMode="ENABLED")
            for client, bucket in ((self._source, self._pair.source), (self._replica, self._pair.replica))
        ]
        if "404" in heads:
            return "gone"
        if any(isinstance(head, str) for head in heads):
            return "unproved"
        if all(_is_md5(head) for head in heads):
            return "differing"
        ours, theirs = ({name: head[name] for name in head if name.startswith("Checksum")} for head in heads)
        shared = [name for name in ours if name in theirs and name != "ChecksumType"]
        if shared and ours.get("ChecksumType") == theirs.get("ChecksumType"):
            return "same" if all(ours[name] == theirs[name] for name in shared) else "differing"
        return "unproved"


def judge_of(clients: Any, pair: Pair) -> Judge:
    return Judge(clients["s3", pair.region], at_replica(clients, pair)["s3", pair.replica_region], pair)


def _is_md5(head: Any) -> bool:
    """Whether the ETag is the MD5 of what is in the object."""
    return "-" not in head["ETag"] and head.get("ServerSideEncryption", "AES256") == "AES256" \
        and "SSECustomerAlgorithm" not in head  # fmt: skip


def told(
    pair: Pair, made: Comparison, judged: Iterable[Judged], max_pending: datetime.timedelta = PENDING
) -> dict[str, Any]:
    """What is kept: how many of each, how much there is to copy, and the first few by name."""
    now = datetime.datetime.now(datetime.UTC)
    counts: Counter[str] = Counter()
    examples: list[dict[str, str]] = []
    size, oldest = 0, 0.0
    for one in judged:
        counts[one.what] += 1
        if one.what in LOSSES and len(examples) < EXAMPLES:
            examples.append({"key": one.found.key, "version": one.found.version, "what": one.what})
        if one.what in COPYABLE:
            size += one.found.size
        if one.what == "pending":
            age = now - datetime.datetime.fromisoformat(one.found.modified)
            oldest = max(oldest, age.total_seconds())
    why = [f"{counts[what]:,} {said}" for what, said in LOSSES.items() if counts[what]]
    if counts["pending"]:
        why.append(f"{counts['pending']:,} are on their way, the oldest for {oldest / 3600:.1f} hours")
    lost = any(counts[what] for what in LOSSES) or oldest > max_pending.total_seconds()
    return {
        "subject": f"every version of {pair.source} in {pair.replica}",
        "source": pair.source,
        "replica": pair.replica,
        "verdict": "failed" if lost else "waiting" if counts["pending"] else "proved",
        "why": "; ".join(why),
        "at": now.isoformat(timespec="seconds"),
        "compared": made.compared,
        "seconds": round(made.seconds, 1),
        "calls": made.calls,
        "counts": dict(counts),
        "bytes_to_copy": size,
        "pending_seconds": round(oldest),
        "examples": examples,
    }


def audit(clients: Any, pairs: Sequence[Pair], calls: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """(a proof of each pair, what could not be looked at and why). One pair after the other, each as fast as it can."""
    found, failed = [], {}
    one_heap()
    with ThreadPoolExecutor(calls) as pool:
        asked = [(pair, [ahead(pool, one) for one in listers(clients, pair)]) for pair in pairs if not pair.elsewhere]
    for pair, (source, replica) in asked:
        try:
            made = compare_all((source, replica), pair, calls)
            found.append(told(pair, made, judge_of(clients, pair).judged(made.differences, calls)))
        except Exception as exc:
            failed[f"every version of {pair.source} in {pair.replica}"] = sentence(exc, "cannot compare").rstrip(".")
    return found, failed
