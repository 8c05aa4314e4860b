"""Every way in which a trail's files can be tampered with, with the counts that `aws cloudtrail validate-logs` has."""

from __future__ import annotations

import datetime
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from ansible.module_utils.estate.monitoring.trail_files import Trail, told

from tests.support.trail_files import HOUR, Bucket

STOP = datetime.datetime(2026, 11, 26, 9, tzinfo=datetime.UTC)


class NoSuchKey(Exception):
    response = {"Error": {"Code": "NoSuchKey"}}


def clients(bucket: Bucket, quick: int = 200) -> Any:
    """quick is the status that signed URLs are answered with; boto3 always answers."""

    def listed(Prefix: str, StartAfter: str = "", Delimiter: str = "", **_: Any) -> list[Any]:
        keys = sorted(key for key in bucket.objects if key.startswith(Prefix) and key > StartAfter)
        found = {key[len(Prefix) :].split("/")[0] for key in keys}
        return [{"Contents": [{"Key": key} for key in keys], "CommonPrefixes": [{"Prefix": f"{Prefix}{one}/"} for one in
                 found] if Delimiter else []}]  # fmt: skip

    def get(Key: str, **_: Any) -> Any:
        if Key not in bucket.objects:
            raise NoSuchKey
        body, metadata = bucket.objects[Key]
        return {"Body": SimpleNamespace(read=lambda: body), "Metadata": metadata}

    def send(request: Any) -> Any:
        body, metadata = bucket.objects.get(unquote(request.url.removeprefix("https://s3/")), (b"", None))
        headers = {f"X-Amz-Meta-{name}": value for name, value in (metadata or {}).items()}
        return SimpleNamespace(
            status_code=404 if metadata is None else quick, content=body if quick == 200 else b"busy", headers=headers
        )

    keys = {"PublicKeyList": [{"Fingerprint": bucket.fingerprint, "Value": bucket.public}]}
    pages = SimpleNamespace(paginate=lambda **words: listed(**words))
    return {
        "s3": SimpleNamespace(
            get_paginator=lambda _: pages,
            get_object=get,
            generate_presigned_url=lambda _, Params: f"https://s3/{Params['Key']}",
            _endpoint=SimpleNamespace(http_session=SimpleNamespace(send=send)),
            meta=SimpleNamespace(events=SimpleNamespace(register=lambda *_: None)),
        ),
        "cloudtrail": SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [keys])),
    }


def judged(bucket: Bucket, hours: int = 6, quick: int = 200) -> dict[str, Any]:
    live = {"Name": bucket.trail, "HomeRegion": bucket.region, "S3BucketName": bucket.name}
    with ThreadPoolExecutor(4) as pool:
        trail = Trail(clients(bucket, quick), bucket.account, live, pool, STOP - hours * HOUR, STOP)
        assert trail.regions() == [bucket.region]
        found = trail.validated(bucket.region)
    return told("trail", found, True)


def counts(proof: dict[str, Any]) -> tuple[str, int, int, int, int]:
    return (
        proof["verdict"],
        *(proof[key] for key in ("digests_valid", "digests_invalid", "logs_valid", "logs_invalid")),
    )


def gone(*which: int) -> Callable[[Bucket], None]:
    return lambda bucket: [bucket.objects.pop(bucket.digests[index]) for index in which] and None


def spoilt_digest(bucket: Bucket) -> None:
    body, metadata = bucket.objects[bucket.digests[3]]
    bucket.objects[bucket.digests[3]] = (
        gzip.compress(gzip.decompress(body).replace(b"AWSLogs", b"AWSLogz", 1)),
        metadata,
    )


def other_signature(bucket: Bucket) -> None:
    (body, _), (_, metadata) = bucket.objects[bucket.digests[3]], bucket.objects[bucket.digests[2]]
    bucket.objects[bucket.digests[3]] = (body, metadata)


def moved_digest(bucket: Bucket) -> None:
    bucket.objects[bucket.digests[3]] = bucket.objects[bucket.digests[2]]


def spoilt_log(bucket: Bucket) -> None:
    body, metadata = bucket.objects[bucket.logs[2]]
    bucket.objects[bucket.logs[2]] = (gzip.compress(gzip.decompress(body) + b" "), metadata)


@pytest.mark.parametrize(
    ("change", "expected", "why"),
    [
        (lambda _: None, ("proved", 6, 0, 12, 0), ""),
        (gone(3), ("failed", 5, 1, 10, 0), "not found"),
        # the second one is not even asked for: the chain goes on from the next digest that is there
        (gone(2, 3), ("failed", 4, 1, 8, 0), "not found"),
        (gone(5), ("proved", 5, 0, 10, 0), ""),  # the newest may not be written yet
        (spoilt_digest, ("failed", 5, 1, 10, 0), "has been moved"),
        (other_signature, ("failed", 5, 1, 10, 0), "signature verification failed"),
        (moved_digest, ("failed", 5, 1, 10, 0), "has been moved"),
        (spoilt_log, ("failed", 6, 0, 11, 1), "hash value doesn't match"),
        (lambda bucket: bucket.objects.pop(bucket.logs[2]), ("failed", 6, 0, 11, 1), "not found"),
        (lambda bucket: bucket.objects.update({bucket.logs[2]: (b"x", {})}), ("failed", 6, 0, 11, 1), "invalid format"),
        (lambda bucket: bucket.objects.update({bucket.digests[3]: (b"", {})}), ("failed", 5, 1, 10, 0), "invalid"),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_found(change: Any, expected: Any, why: str) -> None:
    bucket = Bucket("111111111111", "main", "eu-west-1", STOP).fill(6, 2)
    change(bucket)
    proof = judged(bucket)
    assert counts(proof) == expected
    assert why in proof["why"]


def test_a_digest_signed_by_somebody_else_is_none() -> None:
    bucket = Bucket("111111111111", "main", "eu-west-1", STOP).fill(6, 2)
    bucket.fingerprint = "another"
    assert "public key not found" in judged(bucket)["why"]


def test_a_trail_that_was_off_for_a_time_has_a_gap_and_no_fault() -> None:
    """The first digest after a pause names none before it: what is older is another chain, and judged, too."""
    old = Bucket("111111111111", "main", "eu-west-1", STOP - 3 * HOUR).fill(3, 1)
    new = Bucket("111111111111", "main", "eu-west-1", STOP, old.key).fill(2, 1)
    new.objects |= old.objects
    assert counts(judged(new, hours=7)) == ("proved", 5, 0, 5, 0)


def test_no_digest_at_all_is_a_fault_of_a_trail_that_has_logged_for_hours() -> None:
    assert told("trail", [], True)["verdict"] == "failed"
    assert told("trail", [], False)["verdict"] == "waiting"


def test_what_a_signed_url_is_not_given_boto3_is_asked_for() -> None:
    bucket = Bucket("111111111111", "main", "eu-west-1", STOP).fill(6, 2)
    assert counts(judged(bucket, quick=503)) == ("proved", 6, 0, 12, 0)
    bucket.objects.pop(bucket.logs[2])
    assert counts(judged(bucket, quick=503)) == ("failed", 6, 0, 11, 1)
