"""An object that KMS encrypts takes a key of the bucket's region, the right to use it, and a signature to be read.

moto writes down whatever key it is told.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from typing import Any

from moto.backends import get_backend
from moto.s3.models import FakeBucket, FakeKey, S3Backend
from moto.s3.responses import S3Response

from local_aws import callers, context, identities
from local_aws.backends import asked, current
from local_aws.callers import Caller
from local_aws.errors import AwsError, denied, invalid_argument
from local_aws.policies import parsed
from local_aws.replacing import extends

MANAGED = "alias/aws/s3"  # made by AWS for each account and region; its policy lets in whoever may use S3
UNSIGNED = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."


def encrypts(algorithm: str | None) -> bool:
    return (algorithm or "").startswith("aws:kms")


def key_of(bucket: FakeBucket, name: str | None) -> Any:
    """The usable key of the bucket's region by id, alias or ARN; raises what S3 answers where there is none."""
    name = name or MANAGED
    region, account, kept = bucket.region_name, bucket.account_id, name
    if name.startswith("arn:"):
        region, account, name = (name.split(":", 5) + [""] * 6)[3:6]
        name = name.removeprefix("key/")
    if region != bucket.region_name:
        raise AwsError("KMS.NotFoundException", f"Invalid arn {region}")
    backend = get_backend("kms")[account][region]
    found = backend.keys.get(backend.get_key_id_from_alias(name) if name.startswith("alias/") else name)
    if found is None:
        raise AwsError("KMS.NotFoundException", f"Key '{kept}' does not exist")
    if found.key_state != "Enabled":
        code = "KMS.DisabledException" if found.key_state == "Disabled" else "KMS.KMSInvalidStateException"
        raise AwsError(code, f"{found.arn} is {found.key_state}.")
    return found


def may(caller: Caller, action: str, key: Any, environ: dict[str, Any]) -> bool:
    told = context.of(environ, caller) | {
        "kms:viaservice": [f"s3.{key.region}.amazonaws.com"],
        "kms:calleraccount": [caller.account],
    }
    return bool(identities.decided(caller, action, key.arn, told, parsed(key.policy), key.account_id))


def demand(action: str, key: Any) -> None:
    environ = current().environ
    caller = callers.of(environ)
    managed = MANAGED in key.aliases and caller.account == key.account_id
    if not managed and not may(caller, action, key, environ):
        message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {key.arn}"
        raise denied(f"{message} because no policy allows the {action} action")


@extends(S3Backend)
def put_object(original: Any, self: S3Backend, bucket_name: str, *args: Any, **words: Any) -> FakeKey:
    bucket = self.get_bucket(bucket_name)
    default = ((bucket.encryption or {}).get("Rule") or {}).get("ApplyServerSideEncryptionByDefault") or {}
    algorithm = words.get("encryption") or default.get("SSEAlgorithm")
    if algorithm not in {None, "AES256", "aws:kms", "aws:kms:dsse"}:
        raise invalid_argument("The encryption method specified is not supported")
    if encrypts(algorithm):
        own = words.get("kms_key_id") if words.get("encryption") else None
        key = key_of(bucket, own or default.get("KMSMasterKeyID"))
        if asked():
            demand("kms:GenerateDataKey", key)
        words |= {"encryption": algorithm, "kms_key_id": key.arn}
    return original(self, bucket_name, *args, **words)


@extends(S3Response, "get_object", "head_object")
def read(original: Any, self: S3Response, *args: Any, **words: Any) -> Any:
    version = self.querystring.get("versionId", [None])[0]
    found = self.backend.get_object(self.bucket_name, self.parse_key_name(), version_id=version)
    if isinstance(found, FakeKey) and encrypts(found.encryption):
        if callers.of(self.request.environ).kind == "anonymous":
            raise invalid_argument(UNSIGNED)
        if self.request.method == "GET":
            demand("kms:Decrypt", key_of(self.backend.get_bucket(self.bucket_name), found.kms_key_id))
    return original(self, *args, **words)


def may_replicate(
    caller: Caller, source: FakeBucket, target: FakeBucket, item: FakeKey, replica_key: str | None, environ: Any
) -> str:
    """Why not, unless both keys are there and the replication role may use them."""
    if not encrypts(item.encryption):
        return ""
    steps = (
        (source, item.kms_key_id, "kms:Decrypt", "SrcKmsKeyNotPermitted", "SrcKmsKeyInvalidState"),
        (target, replica_key, "kms:Encrypt", "DstPutObjectNotPermitted", "DstKmsKeyNotFound"),
    )
    for bucket, name, action, refused, missing in steps:
        try:
            key = key_of(bucket, name)
        except AwsError as exc:
            return missing if "NotFound" in exc.code or missing.startswith("Src") else "DstKmsKeyInvalidState"
        if not may(caller, action, key, environ):
            return refused
    return ""
