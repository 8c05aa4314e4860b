"""ListBuckets honours its page size, and tells each bucket's region when it is asked with any parameter.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
"""

from __future__ import annotations

import base64
from typing import Any

from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from local_aws import callers
from local_aws.errors import invalid_argument
from local_aws.patches.bucket_access import judge_own
from local_aws.patches.bucket_configurations import answered
from local_aws.replacing import replaces

LARGEST = 10000


@replaces(S3Response)
def all_buckets(self: S3Response) -> Any:
    environ = self.request.environ
    judge_own(environ, callers.of(environ), "s3:ListAllMyBuckets", "*")
    query = self.request.args
    prefix, region, token = (query.get(name) for name in ("prefix", "bucket-region", "continuation-token"))
    size = query.get("max-buckets")
    if size is not None and not (size.isdigit() and 1 <= int(size) <= LARGEST):
        raise invalid_argument(f"Argument max-buckets must be an integer between 1 and {LARGEST}")
    try:
        after = base64.b64decode(token, validate=True).decode() if token else ""
    except ValueError:
        raise invalid_argument("The continuation token provided is incorrect") from None
    buckets = sorted(s3_backends[self.current_account]["aws"].buckets.items())
    found = [
        bucket
        for name, bucket in buckets
        if name > after and name.startswith(prefix or "") and region in (None, bucket.region_name)
    ]
    page = found[: int(size or LARGEST)]
    asked = any(value is not None for value in (prefix, region, token, size))
    items = [{"Name": b.name, "CreationDate": b.creation_date_ISO8601} for b in page]
    if asked:
        items = [{**item, "BucketRegion": bucket.region_name} for item, bucket in zip(items, page, strict=True)]
    owner = {"ID": self.current_account.rjust(64, "0")}
    result: dict[str, Any] = {"Owner": owner, "Buckets": items}
    if prefix:
        result["Prefix"] = prefix
    if len(found) > len(page):
        result["ContinuationToken"] = base64.b64encode(page[-1].name.encode()).decode()
    return answered(self, "ListBuckets", result)
