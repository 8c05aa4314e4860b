"""In an object's path "+" is a space, as S3 reads it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

from urllib.parse import unquote

from moto.s3.responses import S3Response

from local_aws.replacing import replaces


@replaces(S3Response)
def get_safe_path(self: S3Response) -> str:
    return unquote(self.raw_path.replace("+", " "))
