"""Whether MFA delete is on, bucket by bucket, and the proof that it is: root itself is refused without a code.

What was proved is in the records of earlier runs. A run that was killed after a switch left none, so that the proof is
still owed, whoever runs it next.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.buckets.live import LiveBucket, bucket_resource
from ansible.module_utils.estate.buckets.read import answered
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.errors import error_code, or_none, sentence
from ansible.module_utils.estate.mfa_delete.plan import CANARY


def read(
    clients: Any, buckets: Sequence[Mapping[str, Any]], workers: int = 16
) -> tuple[dict[str, LiveBucket], dict[str, str]]:
    """({name: what is live}, {resource: why it could not be read})"""

    def look(bucket: Mapping[str, Any]) -> LiveBucket | str:
        client, name = clients["s3", bucket["region"]], bucket["name"]
        try:
            answers = {word: answered(client, name, BY_NAME[word]) for word in ("versioning", "lifecycle")}
            return LiveBucket(bucket["region"], answers)
        except Exception as exc:
            return sentence(exc, "cannot read whether its MFA delete is on").rstrip(".")

    with ThreadPoolExecutor(max_workers=workers) as pool:
        found = dict(zip((bucket["name"] for bucket in buckets), pool.map(look, buckets), strict=True))
    live = {name: one for name, one in found.items() if isinstance(one, LiveBucket)}
    return live, {bucket_resource(name): one for name, one in found.items() if isinstance(one, str)}


def proved(records: Path) -> dict[str, bool]:
    """By proof's subject, whether MFA delete was proved to be on (or off) when that was last tried."""
    proofs: list[Mapping[str, Any]] = []
    for path in records.glob("mfa-delete-*.json"):
        try:
            found = json.loads(path.read_text())["proofs"]
            proofs += [one for one in found if {"at", "seen", "subject", "verdict"} <= {*one}]
        except (KeyError, TypeError, ValueError):
            continue  # what cannot be read proves nothing
    proofs.sort(key=lambda proof: str(proof["at"]))
    last = {proof["subject"]: proof for proof in proofs}
    return {name: proof["seen"] == "refused" for name, proof in last.items() if proof["verdict"] == "proved"}


def owed(
    buckets: Iterable[Mapping[str, Any]], live: Mapping[str, LiveBucket], before: Mapping[str, bool], enable: bool
) -> Iterator[Mapping[str, Any]]:
    """Buckets that are as declared, of which nobody proved it. What no record tells of was off."""
    for bucket in buckets:
        found, was_on = live.get(bucket["name"]), before.get(subject(bucket["name"]), False)
        if found and found.frozen == bool(bucket.get("mfa_delete")) == enable and was_on != enable:
            yield bucket


def subject(name: str) -> str:
    return f"MFA delete of {name}"


def prove(clients: Any, buckets: Iterable[Mapping[str, Any]], enable: bool) -> Iterator[dict[str, Any]]:
    """Root tries to delete a version of an object made for it, without a code: refused where MFA delete is on.

    Where it is off again the same call takes the object away.
    """
    for bucket in buckets:
        name, client = bucket["name"], clients["s3", bucket["region"]]
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        proof = {"subject": subject(name), "expected": "refused" if enable else "deleted", "at": at}
        try:
            version = (
                _version(client, name) or client.put_object(Bucket=name, Key=CANARY, Body=b"canary\n")["VersionId"]
            )
            client.delete_object(Bucket=name, Key=CANARY, VersionId=version)
            seen, why = "deleted", "root deleted a version without a code"
        except Exception as exc:
            seen = "refused" if error_code(exc) == "AccessDenied" and "mfa" in str(exc).lower() else "unknown"
            why = sentence(exc, "root could not delete a version without a code")
        well = seen == proof["expected"]
        yield {**proof, "seen": seen, "verdict": "proved" if well else "failed", "why": "" if well else why}


def _version(client: Any, name: str) -> str:
    """Of the canary, which alone root may look at in every bucket; "" where there is none, or it is hidden."""
    hidden = ("404", "403", "NoSuchKey", "AccessDenied")
    return or_none(lambda: client.head_object(Bucket=name, Key=CANARY).get("VersionId"), *hidden) or ""
