"""What a job of S3 Batch Operations does with one object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-compute-checksums.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-failure-codes.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from moto.s3.models import FakeKey

from local_aws.batch_manifests import PREFIX, Task, find
from local_aws.callers import Caller
from local_aws.patches import kms_objects, replication
from local_aws.patches.body_checksums import digest
from local_aws.patches.bucket_access import judge, live
from local_aws.patches.replication_rules import config_of
from local_aws.service_roles import INSIDE


def _failed(task: Task, code: str) -> Task:
    status = 403 if code.endswith(("NotPermitted", "Denied")) else 404 if code.endswith("Found") else 400
    return task._replace(code=code, status=status, message=code)


def replicate(job: Any, role: Caller, task: Task) -> Task:
    bucket = live(task.bucket)
    if bucket is None:
        return _failed(task, "SrcBucketNotFound")
    if bucket.region_name != job.region:
        return _failed(task, "SrcBucketInvalidRegion")
    if not judge(bucket, role, "s3:InitiateReplication", f"{PREFIX}{task.bucket}/{task.key}", INSIDE):
        return _failed(task, "InitiateReplicationNotPermitted")
    if not config_of(bucket):
        return _failed(task, "SrcBucketReplicationConfigMissing")
    item = find(bucket, task.key, task.version)
    if item is None:
        return _failed(task, "SrcVersionNotFound" if task.key in bucket.keys else "SrcObjectNotFound")
    reasons = replication.replicate(bucket, item)
    if not reasons:
        return _failed(task, "SrcObjectNotEligible")
    return _failed(task, next(filter(None, reasons))) if any(reasons) else task


def checksum(job: Any, role: Caller, task: Task) -> Task:
    bucket, wanted = live(task.bucket), job.given["Operation"]["S3ComputeObjectChecksum"] or {}
    if bucket is None:
        return task._replace(code="NoSuchBucket", status=404, message="The specified bucket does not exist")
    action = "s3:GetObjectVersion" if task.version else "s3:GetObject"
    if not judge(bucket, role, action, f"{PREFIX}{task.bucket}/{task.key}", INSIDE):
        return _failed(task, "AccessDenied")
    key = find(bucket, task.key, task.version)
    if not isinstance(key, FakeKey):
        return task._replace(code="NoSuchKey", status=404, message="The specified key does not exist.")
    if kms_objects.encrypts(key.encryption) and not kms_objects.may(
        role, "kms:Decrypt", kms_objects.key_of(bucket, key.kms_key_id), INSIDE
    ):
        return _failed(task, "AccessDenied")
    algorithm = wanted.get("ChecksumAlgorithm", "CRC64NVME")
    found = digest(algorithm, key.value)
    said = {
        "checksum_base64": base64.b64encode(found).decode(),
        "etag": key.etag.strip('"'),
        "checksumAlgorithm": algorithm,
        "checksumType": "FULL_OBJECT",
        "checksum_hex": found.hex().upper(),
    }
    return task._replace(message=json.dumps(said, separators=(",", ":")))


OPERATIONS: dict[str, Callable[[Any, Caller, Task], Task]] = {
    "S3ReplicateObject": replicate,
    "S3ComputeObjectChecksum": checksum,
}
