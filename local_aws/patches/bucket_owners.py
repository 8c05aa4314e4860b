"""A request about a bucket works on its owner's account, whoever asks.

moto keeps what it writes (tags of an object, say) in the caller's account, where the owner does not find it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response

from local_aws.replacing import replaces


@replaces(S3Response)
def backend(self: S3Response) -> S3Backend:
    owner = s3_backends.bucket_accounts.get(getattr(self, "bucket_name", "") or "")
    return s3_backends[owner[1] if owner else self.current_account]["aws"]
