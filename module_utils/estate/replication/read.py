"""Looking for canaries, waiting for them, and removing those before. The caller passes the clients."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.buckets.read import answered
from ansible.module_utils.estate.buckets.settings.replication import SETTING, rules
from ansible.module_utils.estate.errors import or_none, sentence
from ansible.module_utils.estate.progress import Progress
from ansible.module_utils.estate.replication.plan import MISSING, Canary, Look, Pair, canary, copies, verdict


def _head(client: Any, bucket: str, key: str) -> Canary:
    return or_none(lambda: canary(client.head_object(Bucket=bucket, Key=key)), "404", "NoSuchKey") or MISSING


def at_replica(clients: Any, pair: Pair) -> Any:
    """The clients that look into the replica."""
    return clients.of(pair.profile) if pair.profile else clients


def look(clients: Any, pair: Pair) -> Look:
    s3 = clients["s3", pair.region]
    source = _head(s3, pair.source, pair.key)
    in_force = any(copies(rule, pair) for rule in rules(answered(s3, pair.source, SETTING)))
    if pair.elsewhere:
        return Look(pair, source, MISSING, in_force)
    there = at_replica(clients, pair)["s3", pair.replica_region]
    return Look(pair, source, _head(there, pair.replica, pair.key), in_force)


def looks(clients: Any, pairs: Sequence[Pair], workers: int) -> tuple[list[Look], dict[str, str]]:
    """(what there is, subject -> why it cannot be looked at)."""
    found, failed = [], {}
    with ThreadPoolExecutor(workers) as pool:
        asked = [(pair, pool.submit(look, clients, pair)) for pair in pairs]
        for pair, future in asked:
            try:
                found.append(future.result())
            except Exception as exc:
                failed[pair.subject] = sentence(exc, "cannot look at its canary").rstrip(".")
    return found, failed


def told(seen: Look, now: datetime.datetime, max_age: datetime.timedelta) -> dict[str, Any]:
    """The proof as it is kept: what was seen, when it was written, and how old that is."""
    pair, word, why = seen.pair, *verdict(seen, now, max_age)
    proof: dict[str, Any] = {"subject": pair.subject, "source": pair.source, "replica": pair.replica}
    proof |= {"key": pair.key, "why": why, "verdict": "waiting" if word == "stale" else word}
    proof |= {"expected": f"version {seen.source.version}"}
    proof["seen"] = f"{seen.source.status} at the source" + (
        "" if pair.elsewhere else f", {seen.replica.status} of version {seen.replica.version} in the replica"
    )
    if seen.source.written:
        age = round((now - seen.source.written).total_seconds())
        proof |= {"at": seen.source.written.isoformat(), "age_seconds": age}
    return proof


def proofs(
    clients: Any,
    pairs: Sequence[Pair],
    written: Iterable[str],
    timeout: float,
    max_age: datetime.timedelta,
    workers: int,
    sleep: Callable[[float], Any] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """A verdict for each pair, waited for as long as timeout says; written are the sources that got a new canary."""
    started, renewed, progress = time.monotonic(), set(written), Progress("replication proof", len(pairs))

    def prove(pair: Pair) -> dict[str, Any]:
        try:
            while True:
                seen = look(clients, pair)
                proof = told(seen, datetime.datetime.now(datetime.UTC), max_age)
                waited = time.monotonic() - started
                if proof["verdict"] != "waiting" or waited >= timeout:
                    break
                progress.step(0)
                sleep(min(0.2 * 2 ** min(waited, 5), 5))
        except Exception as exc:
            why = sentence(exc, "AWS refused").rstrip(".")
            return {"subject": pair.subject, "source": pair.source, "verdict": "failed", "why": why}
        if proof["verdict"] == "waiting":
            late = f"{pair.key} did not arrive within {timeout:g} s"
            proof |= {"verdict": "failed", "why": late if seen.in_force else f"{late}: {proof['why']}"}
        if proof["verdict"] == "proved" and pair.source in renewed:
            proof |= _tidied(clients, pair)
        return {**proof, "seconds": round(waited, 1)}

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(progress.after(prove), pairs)


def _tidied(clients: Any, pair: Pair) -> dict[str, Any]:
    """Removes the canary's older versions, where one may; that they stay harms nobody, and so fails nothing."""
    if pair.kept:
        return {"kept": pair.kept}
    removed = 0
    sides = [(pair.region, pair.source), *([] if pair.account else [(pair.replica_region, pair.replica)])]
    try:
        for region, bucket in sides:
            client = clients["s3", region]
            listed = client.list_object_versions(Bucket=bucket, Prefix=pair.key)
            for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
                if one["Key"] == pair.key and not one["IsLatest"]:
                    client.delete_object(Bucket=bucket, Key=pair.key, VersionId=one["VersionId"])
                    removed += 1
    except Exception as exc:
        return {"removed": removed, "kept": sentence(exc, "AWS refused").rstrip(".")}
    return {"removed": removed}
