"""Every S3 request is judged by the bucket's policy, with its conditions, and by who owns what.

moto looks at statements for everybody only and ignores their conditions: a bucket that denies whoever comes without
TLS is then closed to all. Here, in AWS's order: a deny wins; the owner's account is let in by its identity policies or
by the bucket policy (the bootstrap principals always); another account's caller takes both; anybody else takes a
policy or an ACL that lets anybody in. A missing key is a 403 to who may not list.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.s3.responses import S3Response

from local_aws import callers, context, identities, requests, s3_actions
from local_aws.callers import Caller
from local_aws.errors import denied
from local_aws.policies import decide, is_public, parsed

originals: dict[str, Any] = {}
# What moto's own half-evaluation is asked for, and what one request may ask more than once.
READS = {"GetObject", "HeadObject", "GetObjectAttributes"}


def live(name: str) -> FakeBucket | None:
    """The bucket, whichever account owns it."""
    owner = s3_backends.bucket_accounts.get(name)
    return s3_backends[owner[1]][owner[0]].buckets.get(name) if owner else None


def judge(bucket: FakeBucket, caller: Caller, action: str, resource: str, environ: dict[str, Any]) -> bool:
    """Whether the caller may."""
    given = context.of_s3(environ, caller, bucket.account_id)
    if resource.count("/"):
        _existing_tags(bucket, resource.partition("/")[2], given)
    policy = parsed(bucket.policy) if bucket.policy else None
    said = decide(policy, caller.principal, action, resource, given)
    own = caller.account == bucket.account_id
    if caller.kind == "root" and own and action.removeprefix("s3:") in s3_actions.POLICY:
        return True  # the way out of a policy that locks everybody out
    if said == "Deny":
        return False
    if not own and said == "Allow" and policy and _restricted(bucket) and is_public(policy):
        said = ""
    if caller.kind == "anonymous":
        return said == "Allow" or _by_acl(bucket, action, resource)
    identity = identities.judge(caller, action, resource, given)
    if identity == "Deny":
        return False
    if own:
        return bool(said or identity)
    return bool(said and identity)


def _restricted(bucket: FakeBucket) -> bool:
    block = bucket.public_access_block
    return bool(block and block.restrict_public_buckets)


def _existing_tags(bucket: FakeBucket, key: str, given: dict[str, list[str]]) -> None:
    found = bucket.keys.get(key)
    if isinstance(found, FakeKey) and b"ExistingObjectTag" in (bucket.policy or b""):
        tagger = s3_backends[found.account_id]["aws"].tagger
        for name, value in tagger.get_tag_dict_for_resource(found.arn).items():
            given[f"s3:existingobjecttag/{name.lower()}"] = [value]


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
    if bucket is None:
        if caller.kind == "anonymous" and operation == "CreateBucket":
            raise denied()
        return
    if operation == "CreateBucket":
        return  # whose name it is, moto knows
    expected = environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER")
    if expected and expected != bucket.account_id:
        raise denied()
    for action, resource in s3_actions.needed(operation, name, key, environ):
        if not judge(bucket, caller, action, resource, environ):
            raise denied(_reason(caller, action, resource))
    missing = operation in READS and not _there(bucket, key, environ)
    if missing and not judge(bucket, caller, "s3:ListBucket", f"arn:aws:s3:::{name}", environ):
        raise denied()
    if operation in {"CopyObject", "UploadPartCopy"}:
        _demand_source(environ, caller)


def _reason(caller: Caller, action: str, resource: str) -> str:
    if caller.kind == "anonymous":
        return "Access Denied"
    return f'User: {caller.arn} is not authorized to perform: {action} on resource: "{resource}"'


def _there(bucket: FakeBucket, key: str, environ: dict[str, Any]) -> bool:
    if "versionId=" in environ.get("QUERY_STRING", ""):
        return True
    return isinstance(bucket.keys.get(key), FakeKey)


def _demand_source(environ: dict[str, Any], caller: Caller) -> None:
    path, _, version = environ.get("HTTP_X_AMZ_COPY_SOURCE", "").partition("?versionId=")
    name, _, key = unquote(path).lstrip("/").partition("/")
    source = live(name)
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    if source and not judge(source, caller, action, f"arn:aws:s3:::{name}/{key}", environ):
        raise denied()


def _bucket_response(self: S3Response, request: Any, full_url: str) -> Any:
    if self.bucket_name and request.method != "OPTIONS":
        demand(request.environ, self.bucket_name)
    return originals["_bucket_response"](self, request, full_url)


def _key_response(self: S3Response, request: Any, full_url: str) -> Any:
    if request.method != "OPTIONS":
        demand(request.environ, self.bucket_name, self.parse_key_name())
    return originals["_key_response"](self, request, full_url)


def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
    """Asked by moto once more: for each key of DeleteObjects, where it decides; elsewhere all is decided before."""
    from flask import request

    if action != "s3:DeleteObject":
        return PermissionResult.PERMITTED
    allowed = judge(self, callers.of(request.environ), action, resource, request.environ)
    return PermissionResult.PERMITTED if allowed else PermissionResult.DENIED


def apply() -> None:
    for name, patched in (("_bucket_response", _bucket_response), ("_key_response", _key_response)):
        originals[name] = getattr(S3Response, name)
        setattr(S3Response, name, patched)
    FakeBucket.get_permission = get_permission
