"""The completion report of a job of S3 Batch Operations: a CSV file for each outcome, and manifest.json beside them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from moto.s3.models import s3_backends

from local_aws.batch_manifests import PREFIX, Task, bucket_of, demand
from local_aws.callers import Caller

SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"


def write(job: Any, role: Caller, done: list[Task]) -> None:
    """Nothing where no task was carried out; raises Failure where the report cannot be written."""
    report = job.given["Report"]
    if not report.get("Enabled") or not done:
        return
    outcomes = {"succeeded": [task for task in done if not task.code], "failed": [task for task in done if task.code]}
    if report["ReportScope"] == "FailedTasksOnly":
        del outcomes["succeeded"]
    bucket = bucket_of(job, report["Bucket"], report.get("ExpectedBucketOwner"))
    folder = f"{report['Prefix'].rstrip('/')}/" if report.get("Prefix") else ""
    folder, results = f"{folder}job-{job.id}", []
    for outcome, tasks in outcomes.items():
        if tasks:
            text = _rows(outcome, tasks)
            key = f"{folder}/results/{hashlib.sha1(text, usedforsecurity=False).hexdigest()}.csv"
            _put(role, bucket, key, text)
            checksum = hashlib.md5(text, usedforsecurity=False).hexdigest()
            results.append({"TaskExecutionStatus": outcome, "Bucket": bucket.name, "MD5Checksum": checksum, "Key": key})
    made = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    summary = {"Format": report["Format"], "ReportCreationDate": made, "Results": results, "ReportSchema": SCHEMA}
    _put(role, bucket, f"{folder}/manifest.json", json.dumps(summary).encode())


def _rows(outcome: str, tasks: list[Task]) -> bytes:
    """In the order of AWS's examples: the status stands before the code, whatever the schema says."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for task in tasks:
        key = quote_plus(task.key, safe="/")
        writer.writerow([task.bucket, key, task.version, outcome, task.status, task.code, task.message])
    return out.getvalue().encode()


def _put(role: Caller, bucket: Any, key: str, data: bytes) -> None:
    demand(role, bucket, "s3:PutObject", f"{PREFIX}{bucket.name}/{key}")
    s3_backends[bucket.account_id]["aws"].put_object(bucket.name, key, data, encryption="AES256")
