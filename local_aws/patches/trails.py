"""CloudTrail: a trail needs a bucket, a key and a role that let CloudTrail in, and keeps its name; it has public keys.

moto 5.2.5 looks whether the bucket is there, and no further. It writes no digests, and neither does this:
whoever writes some in a test signs them with the key in the state directory, whose public half ListPublicKeys answers.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from local_aws.identities import role_of
from local_aws.policies import Principal, decide, parsed
from local_aws.replacing import extends, replaces
from local_aws.state import directory, write_private

SERVICE = Principal(service="cloudtrail.amazonaws.com")


def _check(trail: Trail) -> None:
    account, region = trail.account_id, trail.region_name
    bucket = s3_backends[account]["aws"].get_bucket(trail.bucket_name)
    prefix = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    given = {"aws:sourcearn": [trail.arn], "aws:sourceaccount": [account], "aws:securetransport": ["true"]}
    writes = given | {"s3:x-amz-acl": ["bucket-owner-full-control"]}
    arn = f"arn:aws:s3:::{trail.bucket_name}"
    asked = ((f"{arn}/{prefix}AWSLogs/{account}/x", "s3:PutObject", writes), (arn, "s3:GetBucketAcl", given))
    policy = parsed(bucket.policy) if bucket.policy else {}
    if any(decide(policy, SERVICE, action, resource, told) != "Allow" for resource, action, told in asked):
        message = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}"
        raise JsonRESTError("InsufficientS3BucketPolicyException", message)
    if trail.kms_key_id:
        key = kms_backends[account][region].keys.get(trail.kms_key_id.rpartition("/")[2])
        if key is None or decide(parsed(key.policy), SERVICE, "kms:GenerateDataKey", key.arn, given) != "Allow":
            raise JsonRESTError(
                "InsufficientEncryptionPolicyException", "Insufficient permissions to access the KMS key"
            )
    if trail.cw_log_group_arn:
        group = trail.cw_log_group_arn.split(":log-group:")[1].removesuffix(":*")
        if group not in logs_backends[account][region].groups:
            raise JsonRESTError("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot find the log group")
        role = role_of(trail.cw_role_arn or "")
        trust = parsed(role.assume_role_policy_document) if role and role.account_id == account else {}
        if decide(trust, SERVICE, "sts:AssumeRole", trail.cw_role_arn or "", {}) != "Allow":
            raise JsonRESTError(
                "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust policy of the role."
            )


@extends(CloudTrailBackend)
def create_trail(original: Any, self: CloudTrailBackend, name: str, *args: Any, **words: Any) -> Trail:
    if name in self.trails:
        raise JsonRESTError("TrailAlreadyExistsException", f"Trail {name} already exists")
    trail = original(self, name, *args, **words)
    try:
        _check(trail)
    except JsonRESTError:
        del self.trails[name]
        raise
    return trail


@replaces(CloudTrailResponse)
def list_public_keys(self: CloudTrailResponse) -> str:  # noqa: ARG001 every account's are the same here
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html"""
    path = directory() / "trail_key.pem"
    if not path.is_file():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        words = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_private(path, made.private_bytes(*words))
    key: Any = serialization.load_pem_private_key(path.read_bytes(), None)
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    said = {"Value": base64.b64encode(der).decode(), "Fingerprint": hashlib.md5(der, usedforsecurity=False).hexdigest()}
    return json.dumps({"PublicKeyList": [said | {"ValidityStartTime": 0, "ValidityEndTime": 4102444800}]})


@extends(CloudTrailBackend)
def update_trail(original: Any, self: CloudTrailBackend, **words: Any) -> Trail:
    trail = original(self, **words)
    _check(trail)
    return trail


@extends(CloudTrailBackend)
def get_event_selectors(original: Any, self: CloudTrailBackend, trail_name: str) -> Any:
    """A trail logs all management events unless somebody says otherwise.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    arn, basic, advanced = original(self, trail_name)
    said = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    return arn, basic or ([] if advanced else [said | {"ExcludeManagementEventSources": []}]), advanced
