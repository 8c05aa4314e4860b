"""Every S3 request is judged by the bucket's policy, with its conditions, and by the caller's own policies.

moto looks at statements for everybody only and ignores their conditions: a bucket that denies whoever comes without
TLS is then closed to all. Here, in AWS's order: a deny wins; then local_aws.judgement, or an ACL that lets anybody in.
A missing key is a 403 to who may not list.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import xmltodict
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.s3.responses import S3Response

from local_aws import callers, context, identities, requests, s3_actions
from local_aws.authorization import sentence
from local_aws.backends import current
from local_aws.callers import Caller
from local_aws.errors import AwsError, denied
from local_aws.judgement import Verdict
from local_aws.judgement import judge as judge_all
from local_aws.policies import listed, parsed
from local_aws.public_policies import is_public
from local_aws.replacing import extends, replaces

READS = {"GetObject", "HeadObject", "GetObjectAttributes"}
DELETES = "local_aws.deletes"  # the verdict on each key of DeleteObjects, in the order in which moto asks


def live(name: str) -> FakeBucket | None:
    """The bucket, whichever account owns it."""
    owner = s3_backends.bucket_accounts.get(name)
    return s3_backends[owner[1]][owner[0]].buckets.get(name) if owner else None


def judge(bucket: FakeBucket, caller: Caller, action: str, resource: str, environ: dict[str, Any]) -> Verdict:
    """Whether the caller may."""
    given = context.of_s3(environ, caller, bucket.account_id)
    found = bucket.keys.get(resource.partition("/")[2]) if "/" in resource else None
    if isinstance(found, FakeKey):
        given |= {f"s3:existingobjecttag/{name.lower()}": [value] for name, value in tags_of(found).items()}
    policy = parsed(bucket.policy) if bucket.policy else None
    own = caller.account == bucket.account_id
    if caller.kind == "root" and own and action.removeprefix("s3:") in s3_actions.POLICY:
        return Verdict(True)  # the way out of a policy that locks everybody out
    held = identities.held(caller) if caller.account else identities.NOBODYS
    block = bucket.public_access_block
    trusted = own or policy is None or not (block and block.restrict_public_buckets and is_public(policy))
    verdict = judge_all(
        caller.principal, held, action, resource, given, policy=policy, same_account=own, trusted=trusted
    )
    if verdict or verdict.denied or not _by_acl(bucket, action, resource):
        return verdict
    # What an ACL lets anybody do takes no more than that the caller's own policies allow it, too.
    return judge_all(caller.principal, held, action, resource, given) if caller.account else Verdict(True)


def judge_own(environ: dict[str, Any], caller: Caller, action: str, resource: str) -> None:
    """Raise AccessDenied unless the caller's own policies allow what is not about a bucket that is there."""
    if not caller.account:
        raise denied()
    given = context.of_s3(environ, caller, caller.account)
    verdict = judge_all(caller.principal, identities.held(caller), action, resource, given)
    if not verdict:
        raise denied(sentence(caller, action, f'"{resource}"', verdict))


def tags_of(key: FakeKey) -> dict[str, str]:
    return s3_backends[key.account_id]["aws"].tagger.get_tag_dict_for_resource(key.arn)


def _by_acl(bucket: FakeBucket, action: str, resource: str) -> bool:
    """Whether an ACL lets anybody read: not where ACLs are off, or their public grants are ignored."""
    block = bucket.public_access_block
    if bucket.ownership_rule == "BucketOwnerEnforced" or (block and block.ignore_public_acls):
        return False
    if action == "s3:GetObject":
        found = bucket.keys.get(resource.partition("/")[2])
        return bool(isinstance(found, FakeKey) and found.acl and found.acl.public_read)
    return bool(action == "s3:ListBucket" and bucket.acl and bucket.acl.public_read)


def demand(environ: dict[str, Any], name: str, key: str = "") -> None:
    """Raise AccessDenied unless the caller may do what the request asks; a bucket that is not there denies nothing."""
    caller = callers.of(environ)
    operation = environ.get(requests.OPERATION) or requests.operation(environ, "s3")
    bucket = live(name)
    if operation == "CreateBucket":
        for action, resource in s3_actions.needed(operation, name, key, environ):
            judge_own(environ, caller, action, resource)
        return
    if bucket is None:
        return
    _check_owner(environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"), bucket)
    for action, resource in s3_actions.needed(operation, name, key, environ):
        _demand(bucket, caller, action, resource, environ)
    versioned = "versionId=" in environ.get("QUERY_STRING", "")
    missing = operation in READS and not versioned and not isinstance(bucket.keys.get(key), FakeKey)
    if missing and not judge(bucket, caller, "s3:ListBucket", f"arn:aws:s3:::{name}", environ):
        raise denied()
    if operation in {"CopyObject", "UploadPartCopy"} and _demand_source(environ, caller, operation):
        _demand(bucket, caller, "s3:PutObjectTagging", f"arn:aws:s3:::{name}/{key}", environ)


def _check_owner(expected: str | None, bucket: FakeBucket) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html"""
    if expected and not re.fullmatch(r"\d{12}", expected):
        message = "The value of the expected bucket owner parameter must be an AWS account ID"
        raise AwsError("InvalidBucketOwnerAWSAccountID", message)
    if expected and expected != bucket.account_id:
        raise denied()


def _demand(bucket: FakeBucket, caller: Caller, action: str, resource: str, environ: dict[str, Any]) -> None:
    verdict = judge(bucket, caller, action, resource, environ)
    if not verdict:
        anonymous = caller.kind == "anonymous"
        raise denied("Access Denied" if anonymous else sentence(caller, action, f'"{resource}"', verdict))


def _demand_source(environ: dict[str, Any], caller: Caller, operation: str) -> bool:
    """The source of a copy is read, and its tags where they go along, which is what this tells."""
    path, _, version = environ.get("HTTP_X_AMZ_COPY_SOURCE", "").partition("?versionId=")
    name, _, key = unquote(path).lstrip("/").partition("/")
    source = live(name)
    if source is None:
        return False
    _check_owner(environ.get("HTTP_X_AMZ_SOURCE_EXPECTED_BUCKET_OWNER"), source)
    names = ["GetObjectVersion" if version else "GetObject"]
    if operation == "CopyObject" and environ.get("HTTP_X_AMZ_TAGGING_DIRECTIVE", "COPY") == "COPY":
        found = source.keys.get(key)
        if isinstance(found, FakeKey) and tags_of(found):
            names.append("GetObjectVersionTagging" if version else "GetObjectTagging")
    for action in names:
        _demand(source, caller, f"s3:{action}", f"arn:aws:s3:::{name}/{key}", environ)
    return len(names) > 1


def _deletes(body: bytes, bucket: FakeBucket, environ: dict[str, Any]) -> Iterator[Verdict]:
    """Each key is judged by itself: with its version it takes another permission."""
    caller = callers.of(environ)
    wanted = listed(xmltodict.parse(body, strip_whitespace=False)["Delete"].get("Object"))
    for one in wanted:
        action = "s3:DeleteObjectVersion" if one.get("VersionId") else "s3:DeleteObject"
        yield judge(bucket, caller, action, f"arn:aws:s3:::{bucket.name}/{one['Key']}", environ)


@extends(S3Response)
def _bucket_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    if self.bucket_name and request.method != "OPTIONS":
        demand(request.environ, self.bucket_name)
        for role in s3_actions.passed(request.environ[requests.OPERATION], self.body):
            judge_own(request.environ, callers.of(request.environ), "iam:PassRole", role)
    return original(self, request, full_url)


@extends(S3Response)
def _key_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    if request.method != "OPTIONS":
        demand(request.environ, self.bucket_name, self.parse_key_name())
    return original(self, request, full_url)


@extends(S3Response)
def _bucket_response_delete_keys(original: Any, self: S3Response, bucket_name: str, *args: Any, **words: Any) -> Any:
    environ = self.request.environ
    environ[DELETES] = _deletes(self.body, self.backend.get_bucket(bucket_name), environ)
    return original(self, bucket_name, *args, **words)


@replaces(FakeBucket)
def get_permission(self: FakeBucket, action: str, resource: str) -> Any:  # noqa: ARG001 (as moto calls it)
    """Asked by moto once more: for each key of DeleteObjects, where it decides; elsewhere all is decided before."""
    verdicts = current().environ.get(DELETES)
    return PermissionResult.PERMITTED if verdicts is None or next(verdicts) else PermissionResult.DENIED
