"""Access logs are written only when asked for: Control.access_logs(). Each is an object, and they would never end.

moto puts one into the target bucket for every request about a bucket that is logged.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import S3Backend

from local_aws.replacing import extends

wanted = False


@extends(S3Backend)
def log_incoming_request(original: Any, self: S3Backend, request: Any, bucket_name: str) -> None:
    if wanted:
        original(self, request, bucket_name)
