"""What a replica lacks, copied by S3 itself: what there is to copy, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible.module_utils.estate.replication.audit import (
    COPYABLE,
    Comparison,
    Judged,
    compare_all,
    judge_of,
    listers,
    told,
)
from ansible.module_utils.estate.replication.batch import OVER, Jobs, Wanted, manifest
from ansible.module_utils.estate.replication.plan import Pair

COPY: dict[str, Any] = {"S3ReplicateObject": {}}


class Backfill:
    def __init__(self, clients: Any, jobs: Jobs, pairs: Sequence[Pair], calls: int) -> None:
        self._clients, self._jobs, self._calls = clients, jobs, calls
        self.by_source: dict[str, list[Pair]] = {}
        for pair in pairs:
            self.by_source.setdefault(pair.source, []).append(pair)

    def name(self, source: str) -> str:
        return f"backfill of {source}"

    def wanted(self, source: str) -> Wanted | None:
        """The job that was begun; else one for what is missing now, or None where nothing is."""
        found = self._jobs.find(self.name(source), self.by_source[source][0].region, COPY)
        if found.job:
            return found
        made = manifest(source, self._missing(source))
        return found._replace(manifest=made) if made else None

    def _missing(self, source: str) -> Iterator[tuple[str, str, int]]:
        """A job copies to every replica of the bucket, so what two of them lack is in it once."""
        several, seen = len(self.by_source[source]) > 1, set()
        for pair in self.by_source[source]:
            for one in self._compared(pair)[1]:
                version = (one.found.key, one.found.version)
                if one.what in COPYABLE and one.what != "pending" and version not in seen:
                    if several:
                        seen.add(version)
                    yield (*version, one.found.size)

    def _compared(self, pair: Pair) -> tuple[Comparison, Iterator[Judged]]:
        made = compare_all(listers(self._clients, pair), pair, self._calls)
        return made, judge_of(self._clients, pair).judged(made.differences, self._calls)

    def proof(self, source: str, wanted: Wanted | None, confirmed: bool, seconds: float) -> Iterator[dict[str, Any]]:
        """What became of the job, and what a second comparison finds, which must be nothing."""
        subject = self.name(source)
        if wanted and not confirmed:
            why = f"{says(wanted, 1)} to be confirmed"
            yield {"subject": subject, "source": source, "verdict": "waiting", "why": why}
            return
        if wanted:
            done = self._jobs.followed(wanted, seconds)
            over, well = done["status"] in OVER, done["status"] == "Complete"
            why = done["why"] or (f"{done['failed']} of its objects could not be copied" if done["failed"] else "")
            word = "proved" if well and not done["failed"] else "failed" if over else "waiting"
            yield {"subject": subject, "source": source, **done, "verdict": word, "why": why}
            if not over:
                return
        for pair in self.by_source[source]:
            yield told(pair, *self._compared(pair))


def says(wanted: Wanted, copies: int) -> str:
    """How much, and what it costs, before anybody agrees."""
    made = wanted.manifest
    if made is None:
        return f"{wanted.name}: job {wanted.job} is {wanted.status}, and waits"
    return f"{wanted.name}: {made.number:,} versions, {made.size:,} bytes, about ${made.costs(copies):,.2f}; waits"
