"""ListBuckets answers in pages, and says each bucket's region where the request has any parameter.

moto answers with all buckets at once, without regions, and ignores the continuation token.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
"""

from __future__ import annotations

import base64
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

LONGEST = 10_000
judged = S3Response.all_buckets  # as bucket_access has patched it, which is applied before


def all_buckets(self: S3Response) -> Any:
    judged(self)
    words = {key: self._get_param(key) for key in ("prefix", "bucket-region", "max-buckets", "continuation-token")}
    after = base64.b64decode(words["continuation-token"] or "").decode()
    size = int(words["max-buckets"] or LONGEST)
    found = self.backend.list_buckets(prefix=words["prefix"], bucket_region=words["bucket-region"], max_buckets=None)
    left = sorted((bucket for bucket in found if bucket.name > after), key=lambda bucket: bucket.name)
    buckets = [{"Name": bucket.name, "CreationDate": bucket.creation_date_ISO8601} for bucket in left[:size]]
    if any(words.values()):
        for shown, bucket in zip(buckets, left, strict=False):
            shown["BucketRegion"] = bucket.region_name
    answer: dict[str, Any] = {"Owner": {"ID": self.backend.account_id}, "Buckets": buckets}
    if words["prefix"]:
        answer["Prefix"] = words["prefix"]
    if len(left) > size:
        answer["ContinuationToken"] = base64.b64encode(buckets[-1]["Name"].encode()).decode()
    self.data["Action"] = "ListBuckets"
    return self.serialized(ActionResult(answer))


def apply() -> None:
    S3Response.all_buckets = all_buckets
