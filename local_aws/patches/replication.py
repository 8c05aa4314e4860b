"""New objects are replicated: what a rule means, to where it says, if the role may; COMPLETED, REPLICA or FAILED.

moto replicates nothing. One thread does it, in the order of the writes; a put never waits for it nor fails of it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-failure-codes.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-replication
"""

from __future__ import annotations

import queue
import sys
import threading
import traceback
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, get_canned_acl, s3_backends
from moto.s3.responses import S3Response

from local_aws import requests
from local_aws.patches import kms_objects
from local_aws.patches.bucket_access import judge, tags_of
from local_aws.patches.replication_rules import config_of, destination
from local_aws.replacing import extends
from local_aws.service_roles import INSIDE, assumed

CREATES = {"PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject"}
TAGS = {"PutObjectTagging", "DeleteObjectTagging"}
# What it takes, and the reason why a replication without it fails.
REASONS = {
    "s3:GetReplicationConfiguration": "SrcGetObjectNotPermitted",
    "s3:GetObjectVersionForReplication": "SrcGetObjectNotPermitted",
    "s3:GetObjectRetention": "SrcGetObjectNotPermitted",
    "s3:GetObjectLegalHold": "SrcGetObjectNotPermitted",
    "s3:GetObjectVersionTagging": "SrcGetTaggingNotPermitted",
    "s3:ReplicateObject": "DstPutObjectNotPermitted",
    "s3:ReplicateTags": "DstPutTaggingNotPermitted",
    "s3:ReplicateDelete": "DstDelObjNotPermitted",
    "s3:ObjectOwnerOverrideToBucketOwner": "DstPutAclNotPermitted",
}
jobs: queue.Queue[tuple[FakeBucket, Any]] = queue.Queue()


def rules_for(bucket: FakeBucket, name: str, tags: dict[str, str], marker: bool) -> list[dict[str, Any]]:
    """The rule of the highest priority for each destination."""
    chosen: dict[str, dict[str, Any]] = {}
    for rule in sorted(config_of(bucket).get("Rules", []), key=lambda rule: rule.get("Priority", 0)):
        if rule["Status"] == "Enabled" and _means(rule, name, tags, marker):
            chosen[rule["Destination"]["Bucket"]] = rule
    return list(chosen.values())


def _means(rule: dict[str, Any], name: str, tags: dict[str, str], marker: bool) -> bool:
    given = rule.get("Filter")
    if given is None:  # version 1: delete markers go along
        return name.startswith(rule.get("Prefix") or "")
    both = given.get("And") or {}
    wanted = both.get("Tags") or ([given["Tag"]] if given.get("Tag") else [])
    if marker and (rule.get("DeleteMarkerReplication") or {}).get("Status") != "Enabled":
        return False
    return name.startswith(given.get("Prefix") or both.get("Prefix") or "") and all(
        tags.get(tag["Key"]) == tag["Value"] for tag in wanted
    )


def replicate(bucket: FakeBucket, item: FakeKey | FakeDeleteMarker) -> list[str]:
    """For each destination the reason why it failed, "" where it did not."""
    marker = isinstance(item, FakeDeleteMarker)
    tags = {} if marker else tags_of(item)
    results = []
    for rule in rules_for(bucket, item.name, tags, marker):
        criteria = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}
        if not marker and (item.encryption or "").startswith("aws:kms") and criteria.get("Status") != "Enabled":
            continue
        results.append(_copy(bucket, item, tags, rule))
    if results and status(item) != "REPLICA":
        item.replication_status = "FAILED" if any(results) else "COMPLETED"
    return results


def status(item: FakeKey | FakeDeleteMarker) -> str:
    return getattr(item, "replication_status", "") or "NONE"


def _copy(bucket: FakeBucket, item: Any, tags: dict[str, str], rule: dict[str, Any]) -> str:
    to = rule["Destination"]
    target = destination(to["Bucket"])
    if target is None:
        return "DstBucketNotFound"
    if not target.is_versioned:
        return "DstBucketUnversioned"
    if bucket.object_lock_enabled and not target.object_lock_enabled:
        return "DstBucketObjectLockConfigMissing"
    reason = _refusal(bucket, target, item, tags, rule)
    if reason:
        return reason
    existing = next((v for v in target.keys.getlist(item.name, []) if v.version_id == item.version_id), None)
    if isinstance(item, FakeDeleteMarker):
        if existing is None and item.name in target.keys:
            copy = FakeDeleteMarker(key=target.keys[item.name])
            copy._version_id, copy.last_modified = item.version_id, item.last_modified
            target.keys[item.name] = copy
            _in_order(target, item.name)
        return ""
    arrived = vars(item).setdefault("arrived", set())
    if existing is None and id(target) in arrived:
        return "DstObjectHardDeleted"
    replica = existing or _replica(target, item, to)
    arrived.add(id(target))
    tagger = s3_backends[replica.account_id]["aws"].tagger
    tagger.delete_all_tags_for_resource(replica.arn)
    tagger.tag_resource(replica.arn, tagger.convert_dict_to_tags_input(tags))
    return ""


def _in_order(target: FakeBucket, name: str) -> None:
    """The newest version is the current one, also when an older one arrives after it."""
    target.keys.setlist(name, sorted(target.keys.getlist(name), key=lambda version: version.last_modified))


def _replica(target: FakeBucket, key: FakeKey, to: dict[str, Any]) -> FakeKey:
    """The same object in the other bucket: its version, time, metadata, checksum; encrypted as the target says."""
    backend = s3_backends[target.account_id]["aws"]
    kms = (to.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    replica = backend.put_object(
        target.name,
        key.name,
        key.value,
        storage=to.get("StorageClass") or key.storage_class,
        etag=key.etag.strip('"'),
        multipart=None,
        encryption="aws:kms" if kms else None,
        kms_key_id=kms,
        lock_mode=key.lock_mode,
        lock_legal_status=key.lock_legal_status,
        lock_until=key.lock_until,
        checksum_value=key.checksum_value,
        disable_notification=True,
    )
    replica._version_id, replica.last_modified = key._version_id, key.last_modified
    replica.set_metadata(dict(key.metadata), replace=True)
    replica.website_redirect_location = key.website_redirect_location
    replica.checksum_algorithm, replica.checksum_type = key.checksum_algorithm, key.checksum_type
    replica.set_acl(get_canned_acl("private") if to.get("AccessControlTranslation") else key.acl)
    replica.replication_status = "REPLICA"
    _in_order(target, key.name)
    return replica


def _refusal(source: FakeBucket, target: FakeBucket, item: Any, tags: dict[str, str], rule: dict[str, Any]) -> str:
    """Why not, unless the role exists, S3 may assume it, and it may do all that this copy takes."""
    own = f"arn:aws:s3:::{source.name}"
    caller = assumed(config_of(source)["Role"], "s3.amazonaws.com", "s3-replication", source.account_id, own)
    if caller is None:
        return "AssumeRoleNotPermitted"
    there, here = f"arn:aws:s3:::{target.name}/{item.name}", f"arn:aws:s3:::{source.name}/{item.name}"
    takes = [(source, "s3:GetReplicationConfiguration", f"arn:aws:s3:::{source.name}")]
    if isinstance(item, FakeDeleteMarker):
        takes += [(target, "s3:ReplicateDelete", there)]
    else:
        takes += [(source, "s3:GetObjectVersionForReplication", here), (target, "s3:ReplicateObject", there)]
        if source.object_lock_enabled:
            takes += [(source, "s3:GetObjectRetention", here), (source, "s3:GetObjectLegalHold", here)]
        if tags:
            takes += [(source, "s3:GetObjectVersionTagging", here), (target, "s3:ReplicateTags", there)]
        if rule["Destination"].get("AccessControlTranslation"):
            takes += [(target, "s3:ObjectOwnerOverrideToBucketOwner", there)]
        replica_key = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
        reason = kms_objects.may_replicate(caller, source, target, item, replica_key, INSIDE)
        if reason:
            return reason
    refused = (REASONS[action] for bucket, action, name in takes if not judge(bucket, caller, action, name, INSIDE))
    return next(refused, "")


def work() -> None:
    while True:
        bucket, item = jobs.get()
        try:
            replicate(bucket, item)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            item.replication_status = "FAILED"
        finally:
            jobs.task_done()


def settle() -> None:
    """Return when everything written so far has been replicated, or has failed to be."""
    jobs.join()


@extends(S3Response)
def _key_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    answer = original(self, request, full_url)
    operation = request.environ.get(requests.OPERATION) or requests.operation(request.environ, "s3")
    if operation in CREATES | TAGS and answer[0] in {200, 204}:
        _written(self.backend.get_bucket(self.bucket_name), self.parse_key_name(), request, operation)
    return answer


def _written(bucket: FakeBucket, name: str, request: Any, operation: str) -> None:
    if not config_of(bucket):
        return
    version = request.args.get("versionId")
    versions = bucket.keys.getlist(name, [])
    key = next((v for v in versions if v.version_id == version), None) if version else bucket.keys.get(name)
    if not isinstance(key, FakeKey):
        return
    if operation in CREATES:
        if not rules_for(bucket, name, tags_of(key), marker=False):
            return
        key.replication_status = "PENDING"
    elif getattr(key, "replication_status", "") != "COMPLETED":
        return  # tags follow an object that has been replicated
    jobs.put((bucket, key))


@extends(S3Backend)
def _set_delete_marker(original: Any, self: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
    marker = original(self, bucket_name, key_name)
    bucket = self.get_bucket(bucket_name)
    if rules_for(bucket, key_name, {}, marker=True):
        jobs.put((bucket, marker))
    return marker


@extends(FakeKey)
def response_dict(original: Any, self: FakeKey) -> dict[str, Any]:
    found, known = original(self), status(self)
    return found if known == "NONE" else {**found, "x-amz-replication-status": known}


def apply() -> None:
    threading.Thread(target=work, daemon=True, name="replication").start()
