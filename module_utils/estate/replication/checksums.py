"""Checksums of both sides, worked out by S3 where the objects are, and joined here: no byte of them moves.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-compute-checksums.html
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ansible.module_utils.estate.progress import Progress
from ansible.module_utils.estate.replication.batch import Jobs, Wanted, manifest
from ansible.module_utils.estate.replication.pages import Lister, plain
from ansible.module_utils.estate.replication.plan import Pair

OPERATION = {"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}}
EXAMPLES = 10


class Both(NamedTuple):
    """The jobs of a pair, one where the source is and one where the replica is."""

    pair: Pair
    source: Wanted
    replica: Wanted


def versions(lister: Lister, progress: Progress) -> Iterator[tuple[str, str, int]]:
    """(key, version, size) of all that has content."""
    after: tuple[str, str] | None = ("", "")
    while after is not None:
        page = lister(after)
        yield from ((plain(one[0]), one[1], int(one[5])) for one in page.entries if one[4])
        progress.step(len(page))
        after = page.more


def wanted(clients: Any, jobs: Jobs, pair: Pair) -> Both:
    """Each side's own versions: what only one of them has is the comparison's to tell."""
    sides = []
    for bucket, region in ((pair.source, pair.region), (pair.replica, pair.replica_region)):
        found = jobs.find(f"checksums of {bucket}", region, OPERATION)
        if not found.job:
            lister = Lister(clients.new("s3", region), bucket, pair.prefix)
            found = found._replace(manifest=manifest(bucket, versions(lister, Progress(f"versions of {bucket}"))))
        sides.append(found)
    return Both(pair, *sides)


def joined(source: Iterable[dict[str, str]], replica: Iterable[dict[str, str]]) -> dict[str, Any]:
    """What two reports say of the same versions; in a file, however many there are."""
    with tempfile.NamedTemporaryFile(prefix="estate-checksums-") as file:
        known = sqlite3.connect(file.name)
        known.execute("PRAGMA journal_mode = OFF")
        for name, rows in (("source", source), ("replica", replica)):
            known.execute(f"CREATE TABLE {name} (key, version, checksum, PRIMARY KEY (key, version)) WITHOUT ROWID")
            known.executemany(f"INSERT OR REPLACE INTO {name} VALUES (?, ?, ?)", map(_row, rows))  # noqa: S608
        both = "source AS s JOIN replica AS r USING (key, version)"
        [(same,)] = known.execute(f"SELECT count(*) FROM {both} WHERE s.checksum = r.checksum")  # noqa: S608
        differ = f"FROM {both} WHERE s.checksum != r.checksum ORDER BY key, version"
        [(others,)] = known.execute(f"SELECT count(*) {differ}")
        examples = [{"key": key, "version": version, "what": "checksum"}
                    for key, version in known.execute(f"SELECT key, version {differ} LIMIT {EXAMPLES}")]  # fmt: skip
        [(unread,)] = known.execute(f"SELECT count(*) FROM {both} WHERE s.checksum IS NULL OR r.checksum IS NULL")  # noqa: S608
        known.close()
    return {"same": same, "differing": others, "unread": unread, "examples": examples}


def _row(row: dict[str, str]) -> tuple[str, str, str | None]:
    said = json.loads(row["message"]) if not row["code"] else {}
    return row["key"], row["version"], said.get("checksum_base64")


def proof(jobs: Jobs, both: Both, seconds: float) -> dict[str, Any]:
    pair = both.pair
    found: dict[str, Any] = {"subject": f"checksums of {pair.source} and {pair.replica}", "source": pair.source}
    found["replica"] = pair.replica
    for one in (both.source, both.replica):
        done = jobs.followed(one, seconds)
        if done["status"] != "Complete":
            over = done["status"] in ("Failed", "Cancelled")
            return {**found, "verdict": "failed" if over else "waiting", "why": done["why"]}
    found |= joined(jobs.report(both.source), jobs.report(both.replica))
    words = {"differing": "have other content in the replica", "unread": "S3 could not read"}
    why = [f"{found[what]:,} {said}" for what, said in words.items() if found[what]]
    return {**found, "verdict": "failed" if why else "proved", "why": "; ".join(why)}
