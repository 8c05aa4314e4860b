"""A new bucket has AES256 (which takes no key), all public access blocked, and its owner owns every object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend

from local_aws.errors import invalid_argument, malformed_xml
from local_aws.replacing import extends, replaces


def encryption() -> dict[str, Any]:
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@extends(S3Backend)
def create_bucket(original: Any, self: S3Backend, *args: Any, **words: Any) -> FakeBucket:
    bucket = original(self, *args, **words)
    bucket.encryption = encryption()
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    bucket.ownership_rule = "BucketOwnerEnforced"
    return bucket


@extends(S3Backend)
def put_bucket_encryption(original: Any, self: S3Backend, bucket_name: str, encryption: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html"""
    default = encryption["Rule"]["ApplyServerSideEncryptionByDefault"]
    if default["SSEAlgorithm"] not in {"AES256", "aws:kms", "aws:kms:dsse"}:
        raise malformed_xml()
    if default["SSEAlgorithm"] == "AES256" and "KMSMasterKeyID" in default:
        message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        raise invalid_argument(message)
    original(self, bucket_name, encryption)


@replaces(S3Backend)
def delete_bucket_encryption(self: S3Backend, bucket_name: str) -> None:
    """Back to the default: there is no bucket without encryption."""
    self.get_bucket(bucket_name).encryption = encryption()
