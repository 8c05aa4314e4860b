"""Fetching a trail's digests and log files side by side, and judging them in order. The caller passes the clients."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.errors import or_none

try:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import HTTPClientError
except ImportError:
    pass  # the module that needs it says so
from ansible.module_utils.estate.monitoring.digests import Digest, File, Found, date_of, digest, log, walked

WORKERS = 64  # files under way; S3 takes 5,500 a second of one prefix
META = "x-amz-meta-"
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)


class Trail:
    """Its chains from start to stop, one for each region that it has digests of."""

    def __init__(
        self,
        clients: Any,
        account_id: str,
        trail: Mapping[str, Any],
        pool: ThreadPoolExecutor,
        start: datetime.datetime,
        stop: datetime.datetime,
    ) -> None:
        self.s3, self.cloudtrail, self.pool = clients["s3"], clients["cloudtrail"], pool
        self.http = self.s3._endpoint.http_session  # with its proxy and certificates
        # What a key of KMS encrypts is given to signatures of version 4 only.
        self.s3.meta.events.register("choose-signer.s3.GetObject", lambda **_: "s3v4")
        self.start, self.stop = start, stop
        self.account_id, self.name, self.home = account_id, trail["Name"], trail["HomeRegion"]
        self.bucket = trail["S3BucketName"]
        prefix = trail.get("S3KeyPrefix")
        self.root = f"{prefix + '/' if prefix else ''}AWSLogs/{account_id}/CloudTrail-Digest/"
        self.public = pool.submit(self._public_keys)

    def regions(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.root, Delimiter="/")
        found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
        return [prefix.removeprefix(self.root).rstrip("/") for prefix in found]

    def _public_keys(self) -> dict[str, bytes]:
        words = {"StartTime": self.start, "EndTime": self.stop + 2 * HOUR}
        pages = self.cloudtrail.get_paginator("list_public_keys").paginate(**words)
        return {one["Fingerprint"]: one["Value"] for page in pages for one in page["PublicKeyList"]}

    def _keys(self, region: str) -> list[str]:
        """The digests that end in time, and an hour later: what was logged at the end is in the next."""
        name = f"{self.account_id}_CloudTrail-Digest_{region}_{self.name}_{self.home}_"
        first = self.start - MINUTE
        after = f"{self.root}{region}/{first:%Y/%m/%d}/{name}{first:%Y%m%dT%H%M%SZ}.json.gz"
        words = {"Bucket": self.bucket, "Prefix": f"{self.root}{region}/", "StartAfter": after}
        pages = self.s3.get_paginator("list_objects_v2").paginate(**words)
        found = [one["Key"] for page in pages for one in page.get("Contents", [])]
        earliest, latest = f"{self.start:%Y%m%dT%H%M%SZ}", f"{self.stop + HOUR:%Y%m%dT%H%M%SZ}"
        return [key for key in found if name in key and earliest <= date_of(key) <= latest]

    def _get(self, bucket: str, key: str) -> File | None:
        if found := self._quickly(bucket, key):
            return found
        answer = or_none(lambda: self.s3.get_object(Bucket=bucket, Key=key), "NoSuchKey", "404")
        return File(answer["Body"].read(), answer["Metadata"]) if answer else None

    def _quickly(self, bucket: str, key: str) -> File | None:
        """By a signed URL over the client's own connections, half of boto3's work; None: ask boto3, which retries."""
        url = self.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        try:
            answer = self.http.send(AWSRequest("GET", url).prepare())
        except HTTPClientError:
            return None
        names = {name.lower(): value for name, value in answer.headers.items()}
        metadata = {name.removeprefix(META): value for name, value in names.items() if name.startswith(META)}
        return File(answer.content, metadata) if answer.status_code == 200 else None

    def validated(self, region: str) -> list[Found]:
        """Every file's verdict. All that is listed is fetched at once; the chain decides what of it counts."""
        keys = self._keys(region)
        asked = {key: self.pool.submit(self._get, self.bucket, key) for key in keys}

        def get(bucket: str, key: str) -> Digest:
            here = asked.get(key) if bucket == self.bucket else None
            return digest(bucket, key, here.result() if here else self._get(bucket, key), self.public.result())

        verdicts, logs = [], []
        for found, data in walked(self.bucket, keys, get, self.start):
            verdicts.append(found)
            for entry in data.get("logFiles") or ():
                logs.append(self.pool.submit(lambda one: log(one, self._get(one["s3Bucket"], one["s3Object"])), entry))
        return verdicts + [one.result() for one in logs]


def told(subject: str, found: list[Found], expected: bool) -> dict[str, Any]:
    """The proof: what is valid, what is not and why."""
    proof: dict[str, Any] = {"subject": subject}
    for kind in ("digest", "log"):
        good = [one for one in found if one.kind == kind and not one.problem]
        proof |= {f"{kind}s_valid": len(good), f"{kind}s_invalid": sum(one.kind == kind for one in found) - len(good)}
    wrong = [f"{one.kind} {one.where}: {one.problem}" for one in found if one.problem]
    if not found:
        why = "there is no digest of these days"
        return proof | {"verdict": "failed" if expected else "waiting", "why": why}
    more = f", and {len(wrong) - 10} more" if len(wrong) > 10 else ""
    return proof | {"verdict": "failed" if wrong else "proved", "why": "; ".join(wrong[:10]) + more}
