"""Digests and log files as CloudTrail writes them, signed with a key of one's own: for tests and benchmarks."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

HOUR = datetime.timedelta(hours=1)


class Bucket:
    """objects: key -> (body, metadata), of so many hours up to stop, newest last."""

    def __init__(
        self, account: str, trail: str, region: str, stop: datetime.datetime, key: Any = None, home: str = ""
    ) -> None:
        self.account, self.trail, self.region, self.stop = account, trail, region, stop
        self.home = home or region  # the trail's, which the names of its digests end with
        self.name = f"digitalmarketplace-{trail}-cloudtrail"
        self.key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        self.fingerprint = hashlib.md5(self.public, usedforsecurity=False).hexdigest()
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.digests: list[str] = []
        self.logs: list[str] = []

    def fill(self, hours: int, logs: int) -> Bucket:
        before, signature = "", ""
        for back in range(hours, 0, -1):
            before, signature = self._digest(self.stop - back * HOUR, logs, before, signature)
        return self

    def _log(self, start: datetime.datetime, number: int) -> dict[str, Any]:
        at = start + number * datetime.timedelta(minutes=5)
        key = (
            f"AWSLogs/{self.account}/CloudTrail/{self.region}/{at:%Y/%m/%d}/{self.account}_CloudTrail_{self.region}_"
            f"{at:%Y%m%dT%H%MZ}_{number:016d}.json.gz"
        )
        raw = json.dumps({"Records": [{"eventTime": at.isoformat(), "eventName": "AssumeRole"}] * 40}).encode()
        self.objects[key] = (gzip.compress(raw, mtime=0), {})
        self.logs.append(key)
        return {"s3Bucket": self.name, "s3Object": key, "hashValue": hashlib.sha256(raw).hexdigest(),
                "hashAlgorithm": "SHA-256", "newestEventTime": "", "oldestEventTime": ""}  # fmt: skip

    def _digest(self, start: datetime.datetime, logs: int, before: str, signature: str) -> tuple[str, str]:
        end = start + HOUR
        key = (
            f"AWSLogs/{self.account}/CloudTrail-Digest/{self.region}/{end:%Y/%m/%d}/{self.account}_CloudTrail-Digest_"
            f"{self.region}_{self.trail}_{self.home}_{end:%Y%m%dT%H%M%SZ}.json.gz"
        )
        raw = json.dumps(
            {
                "awsAccountId": self.account, "digestStartTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}", "digestS3Bucket": self.name, "digestS3Object": key,
                "digestPublicKeyFingerprint": self.fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
                "previousDigestS3Bucket": self.name if before else None, "previousDigestS3Object": before or None,
                "previousDigestHashValue": None, "previousDigestHashAlgorithm": "SHA-256",
                "previousDigestSignature": signature or None,
                "logFiles": [self._log(start, number) for number in range(logs)],
            }
        ).encode()  # fmt: skip
        said = f"{end:%Y-%m-%dT%H:%M:%SZ}\n{self.name}/{key}\n{hashlib.sha256(raw).hexdigest()}\n{signature or 'null'}"
        signed = self.key.sign(said.encode(), PKCS1v15(), SHA256()).hex()
        self.objects[key] = (gzip.compress(raw, mtime=0), {"signature": signed, "signature-algorithm": "SHA256withRSA"})
        self.digests.append(key)
        return key, signed
