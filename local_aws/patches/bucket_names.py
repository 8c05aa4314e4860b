"""A bucket has a name that S3 takes.

moto looks at its length only.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from moto.s3.models import FakeBucket, S3Backend

from local_aws.errors import AwsError
from local_aws.replacing import extends

SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_valid(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return bool(SHAPE.fullmatch(name) and not name.startswith(RESERVED_STARTS) and not name.endswith(RESERVED_ENDS))
    return False


@extends(S3Backend)
def create_bucket(original: Any, self: S3Backend, bucket_name: str, *args: Any, **words: Any) -> FakeBucket:
    if not is_valid(bucket_name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=bucket_name)
    return original(self, bucket_name, *args, **words)
