"""Which permissions an S3 operation takes, on what.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from typing import Any

# Operations whose permission has another name than the operation.
NAMES = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListBuckets": "ListAllMyBuckets",
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "PostObject": "PutObject",
    "DeleteObjects": "DeleteObject",
    "SelectObjectContent": "GetObject",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    **{
        f"{verb}Bucket{kind}{end}": f"{'Get' if verb in {'Get', 'List'} else 'Put'}{kind}Configuration"
        for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
        for verb, end in (
            ("Get", "Configuration"),
            ("List", "Configurations"),
            ("Put", "Configuration"),
            ("Delete", "Configuration"),
        )
    },
}
VERSIONED = {
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
}
POLICY = {"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"}
# What a header takes on top; an object's, then a bucket's that is being made.
OF_OBJECT = {
    "HTTP_X_AMZ_TAGGING": "PutObjectTagging",
    "HTTP_X_AMZ_ACL": "PutObjectAcl",
    "HTTP_X_AMZ_GRANT_": "PutObjectAcl",
    "HTTP_X_AMZ_OBJECT_LOCK_MODE": "PutObjectRetention",
    "HTTP_X_AMZ_OBJECT_LOCK_LEGAL_HOLD": "PutObjectLegalHold",
}
OF_BUCKET = {
    "HTTP_X_AMZ_ACL": "PutBucketAcl",
    "HTTP_X_AMZ_GRANT_": "PutBucketAcl",
    "HTTP_X_AMZ_OBJECT_OWNERSHIP": "PutBucketOwnershipControls",
    "HTTP_X_AMZ_BUCKET_OBJECT_LOCK_ENABLED": "PutBucketObjectLockConfiguration",
}


def needed(operation: str, bucket: str, key: str, environ: dict[str, Any]) -> list[tuple[str, str]]:
    """[(permission, resource ARN), …]; all must be allowed."""
    if operation == "DeleteObjects":
        return []  # which is judged key by key
    versioned = "versionId=" in environ.get("QUERY_STRING", "")
    names = [NAMES.get(operation, operation)]
    if operation == "GetObjectAttributes":
        names.append("GetObjectAttributes")
    headers = OF_BUCKET if operation == "CreateBucket" else OF_OBJECT if names == ["PutObject"] else {}
    names += {name for header, name in headers.items() if any(_is(given, header) for given in environ)}
    if versioned:
        names = [VERSIONED.get(name, name) for name in names]
    if environ.get("HTTP_X_AMZ_BYPASS_GOVERNANCE_RETENTION", "").lower() == "true":
        names.append("BypassGovernanceRetention")
    if operation == "ListBuckets":
        return [("s3:ListAllMyBuckets", "*")]
    return [(f"s3:{name}", f"arn:aws:s3:::{bucket}{'/' if key else ''}{key}") for name in names]


def _is(given: str, header: str) -> bool:
    return given.startswith(header) if header.endswith("_") else given == header


def passed(operation: str, body: bytes) -> list[str]:
    """The roles that a configuration hands to S3, which takes iam:PassRole.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
    """
    if operation != "PutBucketReplication":
        return []
    return [role.decode() for role in re.findall(rb"<Role>\s*(arn:aws:iam::[^<\s]+)\s*</Role>", body)]
