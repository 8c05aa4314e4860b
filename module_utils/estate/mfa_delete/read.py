"""Whether MFA delete is on, bucket by bucket, and the proof that it is: root itself is refused without a code."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.errors import error_code, sentence
from ansible.module_utils.estate.mfa_delete.plan import CANARY, Live


def read(
    clients: Any, buckets: Sequence[Mapping[str, Any]], workers: int = 16
) -> tuple[dict[str, Live], dict[str, str]]:
    """({name: Live}, {resource: why it could not be read})"""

    def look(bucket: Mapping[str, Any]) -> Live | str:
        client = clients["s3", bucket["region"]]
        try:
            return Live(client.get_bucket_versioning(Bucket=bucket["name"]), _has_rules(client, bucket["name"]))
        except Exception as exc:
            return sentence(exc, "cannot read whether its MFA delete is on").rstrip(".")

    with ThreadPoolExecutor(max_workers=workers) as pool:
        found = dict(zip((bucket["name"] for bucket in buckets), pool.map(look, buckets), strict=True))
    live = {name: one for name, one in found.items() if isinstance(one, Live)}
    return live, {f"bucket {name}": one for name, one in found.items() if isinstance(one, str)}


def _has_rules(client: Any, name: str) -> bool:
    try:
        return bool(client.get_bucket_lifecycle_configuration(Bucket=name).get("Rules"))
    except Exception as exc:
        if error_code(exc) == "NoSuchLifecycleConfiguration":
            return False
        raise


def prove(clients: Any, buckets: Iterable[Mapping[str, Any]], enable: bool) -> Iterator[dict[str, Any]]:
    """Root tries to delete a version of an object made for it, without a code: refused where MFA delete is on.

    Where it is off again the same call takes the object away.
    """
    for bucket in buckets:
        name, client = bucket["name"], clients["s3", bucket["region"]]
        proof = {"subject": f"MFA delete of {name}", "expected": "refused" if enable else "deleted", "at": _now()}
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
    try:
        return client.head_object(Bucket=name, Key=CANARY).get("VersionId", "")
    except Exception as exc:
        if error_code(exc) in ("404", "403", "NoSuchKey", "AccessDenied"):
            return ""
        raise


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
