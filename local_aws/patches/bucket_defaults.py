"""A new bucket has what AWS gives it: AES256, all public access blocked, its owner owns every object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend

create = S3Backend.create_bucket


def encryption() -> dict[str, Any]:
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


def create_bucket(self: S3Backend, *args: Any, **words: Any) -> FakeBucket:
    bucket = create(self, *args, **words)
    bucket.encryption = encryption()
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    bucket.ownership_rule = "BucketOwnerEnforced"
    return bucket


def delete_bucket_encryption(self: S3Backend, bucket_name: str) -> None:
    """Back to the default: there is no bucket without encryption."""
    self.get_bucket(bucket_name).encryption = encryption()


def apply() -> None:
    S3Backend.create_bucket = create_bucket
    S3Backend.delete_bucket_encryption = delete_bucket_encryption
