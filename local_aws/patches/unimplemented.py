"""What neither moto nor a patch has of S3 answers 501, and is never taken for another operation.

moto looks for the words that it knows in a query string, and takes the rest for CreateBucket, ListObjects, PutObject …:
an ACL that cannot be set would make a bucket.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

from typing import Any

from moto.s3.responses import S3Response

from local_aws import operations, requests
from local_aws.errors import AwsError
from local_aws.replacing import extends

OWN_KEYS = ("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_CUSTOMER", "HTTP_X_AMZ_COPY_SOURCE_SERVER_SIDE_ENCRYPTION_CUSTOMER")
# What there is to get, put and delete; to get and put.
KEPT = (
    "BucketAnalyticsConfiguration", "BucketCors", "BucketEncryption", "BucketIntelligentTieringConfiguration",
    "BucketInventoryConfiguration", "BucketLifecycle", "BucketMetricsConfiguration", "BucketOwnershipControls",
    "BucketPolicy", "BucketReplication", "BucketTagging", "BucketWebsite", "Object", "ObjectTagging",
    "PublicAccessBlock",
)  # fmt: skip
CHANGED = (
    "BucketAccelerateConfiguration", "BucketAcl", "BucketLifecycleConfiguration", "BucketLogging", "BucketNotification",
    "BucketNotificationConfiguration", "BucketRequestPayment", "BucketVersioning", "ObjectAcl", "ObjectLegalHold",
    "ObjectLockConfiguration",
)  # fmt: skip
SERVED = {
    *(f"{verb}{what}" for verb in ("Get", "Put") for what in KEPT + CHANGED), *(f"Delete{what}" for what in KEPT),
    "AbortMultipartUpload", "BucketCORSPreflightCheck", "CompleteMultipartUpload", "CopyObject", "CreateBucket",
    "CreateMultipartUpload", "DeleteBucket", "DeleteObjects", "GetBucketLocation", "GetBucketPolicyStatus",
    "GetObjectAttributes", "HeadBucket", "HeadObject", "ListBuckets", "ListMultipartUploads", "ListObjectVersions",
    "ListObjects", "ListObjectsV2", "ListParts", "ObjectCORSPreflightCheck", "PostObject", "PutObjectRetention",
    "RestoreObject", "SelectObjectContent", "UploadPart", "UploadPartCopy",
    *(f"ListBucket{kind}Configurations" for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")),
}  # fmt: skip


@extends(S3Response, "_bucket_response", "_key_response")
def served(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    operation = request.environ.get(requests.OPERATION, "")
    if operation in operations.known("s3") - SERVED:
        raise NotImplementedError("neither moto nor a patch of local_aws has it")
    if any(name.startswith(OWN_KEYS) for name in request.environ):
        raise NotImplementedError("objects encrypted with a customer's own key")
    if operation == "Unknown" and request.method not in {"GET", "HEAD", "PUT", "DELETE"}:
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.")
    if operation == "PostObject" and requests.FORM not in request.environ:
        raise AwsError("PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data")
    return original(self, request, full_url)
