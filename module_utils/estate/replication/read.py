"""Looking for canaries, and waiting for them. The caller passes the clients."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.errors import error_code, sentence
from ansible.module_utils.estate.replication.plan import MISSING, Canary, Look, Pair, canary, verdict

NEWEST = datetime.timedelta(days=36500)  # whatever is there counts, once it was looked at


def _head(client: Any, bucket: str, key: str) -> Canary:
    try:
        return canary(client.head_object(Bucket=bucket, Key=key))
    except Exception as exc:
        if error_code(exc) in ("404", "NoSuchKey"):
            return MISSING
        raise


def look(clients: Any, pair: Pair) -> Look:
    source = _head(clients["s3", pair.region], pair.source, pair.key)
    replica = MISSING if pair.elsewhere else _head(clients["s3", pair.replica_region], pair.replica, pair.key)
    return Look(pair, source, replica)


def looks(clients: Any, pairs: Sequence[Pair], workers: int) -> tuple[list[Look], dict[str, str]]:
    """(what there is, subject -> why it cannot be looked at)."""
    found, failed = [], {}
    with ThreadPoolExecutor(workers) as pool:
        asked = {pair: pool.submit(look, clients, pair) for pair in pairs}
        for pair, future in asked.items():
            try:
                found.append(future.result())
            except Exception as exc:
                failed[pair.subject] = sentence(exc, "cannot look at its canary").rstrip(".")
    return found, failed


def proofs(
    clients: Any,
    pairs: Sequence[Pair],
    timeout: float,
    max_age: datetime.timedelta,
    workers: int,
    sleep: Callable[[float], Any] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """A verdict for each pair, waited for as long as timeout says; 0 takes what is there."""
    started = time.monotonic()

    def prove(pair: Pair) -> dict[str, Any]:
        proof = {"subject": pair.subject, "source": pair.source, "replica": pair.replica, "key": pair.key, "why": ""}
        try:
            while True:
                seen = look(clients, pair)
                found = verdict(seen, datetime.datetime.now(datetime.UTC), max_age if not timeout else NEWEST)
                waited = time.monotonic() - started
                if found != "waiting" or waited >= timeout:
                    break
                sleep(min(0.2 * 2 ** min(waited, 5), 5))
        except Exception as exc:
            return {**proof, "verdict": "failed", "why": sentence(exc, "AWS refused").rstrip(".")}
        if found == "failed":
            proof["why"] = f"S3 says that it could not copy {pair.key}: see the role's policy, the keys and every rule"
        if found == "waiting" and timeout:
            found, proof["why"] = "failed", f"{pair.key} did not arrive within {timeout:g} s"
        return {**proof, "verdict": found, "seconds": round(waited, 1)}

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(prove, pairs)
