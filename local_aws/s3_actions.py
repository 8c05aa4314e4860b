"""Which permissions an S3 operation takes, on what.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from typing import Any

# Configurations whose permission has another name than their operations, and those that take Put… to be deleted.
_KINDS = {
    "BucketCors": "BucketCORS",
    "BucketEncryption": "EncryptionConfiguration",
    "BucketReplication": "ReplicationConfiguration",
    "BucketLifecycle": "LifecycleConfiguration",
    "BucketLifecycleConfiguration": "LifecycleConfiguration",
    "BucketNotificationConfiguration": "BucketNotification",
    "PublicAccessBlock": "BucketPublicAccessBlock",
    "BucketTagging": "BucketTagging",
    "BucketOwnershipControls": "BucketOwnershipControls",
    "BucketAccelerateConfiguration": "AccelerateConfiguration",
    "ObjectLockConfiguration": "BucketObjectLockConfiguration",
}
_LISTED = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
_KINDS |= {f"Bucket{kind}Configuration": f"{kind}Configuration" for kind in _LISTED}
# Operations whose permission has another name than the operation, by the permission.
_ALIKE = {
    "GetObject": ("HeadObject", "GetObjectAttributes", "SelectObjectContent"),
    "ListAllMyBuckets": ("ListBuckets",),
    "ListBucket": ("HeadBucket", "ListObjects", "ListObjectsV2"),
    "ListBucketMultipartUploads": ("ListMultipartUploads",),
    "ListBucketVersions": ("ListObjectVersions",),
    "ListMultipartUploadParts": ("ListParts",),
    "PutObject": ("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "CopyObject",
                  "PostObject"),
}  # fmt: skip
NAMES = {
    **{operation: name for name, operations in _ALIKE.items() for operation in operations},
    **{f"ListBucket{kind}Configurations": f"Get{kind}Configuration" for kind in _LISTED},
    **{f"Get{operation}": f"Get{name}" for operation, name in _KINDS.items()},
    **{f"{verb}{operation}": f"Put{name}" for operation, name in _KINDS.items() for verb in ("Put", "Delete")},
}
# Permissions that have another one for a version: "GetObjectVersion".
VERSIONED = {
    "GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectTagging", "PutObjectAcl", "PutObjectTagging",
    "DeleteObject", "DeleteObjectTagging",
}  # fmt: skip
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
        names = [name.replace("Object", "ObjectVersion") if name in VERSIONED else name for name in names]
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
