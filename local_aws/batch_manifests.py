"""What a job of S3 Batch Operations is about: the objects of its manifest, or those that its generator finds.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_JobManifestGeneratorFilter.html
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey

from local_aws.callers import Caller
from local_aws.patches import replication
from local_aws.patches.bucket_access import judge, live
from local_aws.service_roles import INSIDE

PREFIX = "arn:aws:s3:::"
EMPTY = "The manifest has no objects"


class Failure(Exception):
    """Why a whole job fails."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Task(NamedTuple):
    bucket: str
    key: str
    version: str = ""
    code: str = ""  # of the error; empty where it succeeded
    status: int = 200
    message: str = ""


def bucket_of(job: Any, arn: str, owner: str | None) -> FakeBucket:
    """The bucket that the job may use: it is there, in the job's region, and of the expected account."""
    name = arn.removeprefix(PREFIX).partition("/")[0]
    found = live(name)
    if found is None:
        raise Failure("NoSuchBucket", f"The bucket {name} does not exist")
    if found.region_name != job.region:
        raise Failure("PermanentRedirect", f"The bucket {name} is in {found.region_name}, the job in {job.region}")
    if owner and owner != found.account_id:
        raise Failure("AccessDenied", f"The bucket {name} is not of the account {owner}")
    return found


def demand(role: Caller, bucket: FakeBucket, action: str, resource: str) -> None:
    verdict = judge(bucket, role, action, resource, INSIDE)
    if not verdict:
        raise Failure("AccessDenied", f"{role.arn} is not authorized to perform: {action} on resource: {resource}")


def tasks(job: Any, role: Caller) -> list[Task]:
    if job.given.get("Manifest"):
        found = _listed(job, role, job.given["Manifest"])
    else:
        found = _generated(job, role, job.given["ManifestGenerator"]["S3JobManifestGenerator"])
    if not found:
        raise Failure("InvalidManifestContent", EMPTY)
    return found


def _listed(job: Any, role: Caller, manifest: dict[str, Any]) -> list[Task]:
    """The rows of a CSV object, whose keys are URL-encoded."""
    location, fields = manifest["Location"], manifest["Spec"]["Fields"]
    arn, version = location["ObjectArn"], location.get("ObjectVersionId")
    bucket = bucket_of(job, arn, None)
    demand(role, bucket, "s3:GetObjectVersion" if version else "s3:GetObject", arn)
    key = find(bucket, arn.partition("/")[2], version)
    if not isinstance(key, FakeKey):
        raise Failure("NoSuchKey", "The manifest object does not exist")
    if key.etag.strip('"') != location["ETag"].strip('"'):
        raise Failure("PreconditionFailed", "The ETag of the manifest object does not match")
    found = []
    for row in csv.reader(io.StringIO(key.value.decode("utf-8", "replace"))):
        if len(row) != len(fields):
            raise Failure("InvalidManifestContent", f"A row has {len(row)} columns, the schema has {len(fields)}")
        words = dict(zip(fields, row, strict=True))
        found.append(Task(words["Bucket"], unquote_plus(words["Key"]), words.get("VersionId", "")))
    if len({task.bucket for task in found}) > 1:
        raise Failure("InvalidManifestContent", "All objects of a manifest must be in one bucket")
    return found


def find(bucket: FakeBucket, key: str, version: str | None) -> FakeKey | FakeDeleteMarker | None:
    if not version:
        return bucket.keys.get(key)
    return next((one for one in bucket.keys.getlist(key, []) if one.version_id == version), None)


def _generated(job: Any, role: Caller, generator: dict[str, Any]) -> list[Task]:
    """Every version that the filter means, the oldest first, so that each arrives after what it replaced."""
    bucket = bucket_of(job, generator["SourceBucket"], generator.get("ExpectedBucketOwner"))
    wanted = generator.get("Filter") or {}
    demand(role, bucket, "s3:PutInventoryConfiguration", PREFIX + bucket.name)
    if wanted.get("EligibleForReplication"):
        demand(role, bucket, "s3:GetReplicationConfiguration", PREFIX + bucket.name)
    versions = [one for _, items in sorted(bucket.keys.lists()) for one in items]
    return [Task(bucket.name, one.name, str(one.version_id or "")) for one in versions if _means(wanted, bucket, one)]


def _means(wanted: dict[str, Any], bucket: FakeBucket, item: FakeKey | FakeDeleteMarker) -> bool:
    marker = isinstance(item, FakeDeleteMarker)
    tags = {} if marker else replication.tags_of(item)
    if wanted.get("EligibleForReplication"):
        if not replication.rules_for(bucket, item.name, tags, marker):
            return False
    elif marker:
        return False
    statuses = wanted.get("ObjectReplicationStatuses")
    size, made = 0 if marker else item.size, _naive(item.last_modified)
    return (
        (not statuses or replication.status(item) in statuses)
        and ("CreatedAfter" not in wanted or made > _naive(wanted["CreatedAfter"]))
        and ("CreatedBefore" not in wanted or made < _naive(wanted["CreatedBefore"]))
        and ("ObjectSizeGreaterThanBytes" not in wanted or size > int(wanted["ObjectSizeGreaterThanBytes"]))
        and ("ObjectSizeLessThanBytes" not in wanted or size < int(wanted["ObjectSizeLessThanBytes"]))
        and (marker or item.storage_class in wanted.get("MatchAnyStorageClass", [item.storage_class]))
        and _named(wanted.get("KeyNameConstraint") or {}, item.name)
    )


def _named(wanted: dict[str, list[str]], name: str) -> bool:
    prefixes, suffixes = wanted.get("MatchAnyPrefix"), wanted.get("MatchAnySuffix")
    pieces = wanted.get("MatchAnySubstring")
    return (
        (not prefixes or name.startswith(tuple(prefixes)))
        and (not suffixes or name.endswith(tuple(suffixes)))
        and (not pieces or any(piece in name for piece in pieces))
    )


def _naive(moment: datetime | str) -> datetime:
    """moto's times are UTC and say so nowhere."""
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
