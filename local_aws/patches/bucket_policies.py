"""Bucket policies are checked when they are put: shape, principals, resources, and whether they may be public.

moto stores whatever it is given.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.s3 import responses
from moto.s3.models import S3Backend

from local_aws import principals, service_reference
from local_aws.errors import AwsError, denied
from local_aws.policies import NEGATIVES, OPERATORS, like, listed, network, text
from local_aws.public_policies import is_public
from local_aws.replacing import extends, replaces

KEYS = {"Version", "Id", "Statement"}
STATEMENT = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"
}  # fmt: skip
LONGEST = 20 * 1024
ABOUT_OBJECTS = re.compile(
    r"Object|MultipartUpload(s|Parts)?$|^s3:Replicate|^s3:BypassGovernanceRetention$", re.IGNORECASE
)
ABOUT_BUCKET = re.compile(r"BucketMultipart|BucketObjectLock", re.IGNORECASE)


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message)


def check(name: str, raw: bytes) -> dict[str, Any]:
    """The document, or MalformedPolicy with AWS's sentence."""
    if len(raw) > LONGEST:
        raise AwsError("PolicyTooLarge", "Your policy exceeds the maximum allowed document size.")
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise malformed("Policies must be valid JSON and the first byte must be '{'")
    if document.get("Version", "2008-10-17") not in {"2008-10-17", "2012-10-17"}:
        raise malformed("The policy must contain a valid version string")
    if set(document) - KEYS:
        raise malformed(f"Unknown field {sorted(set(document) - KEYS)[0]}")
    statements = listed(document.get("Statement"))
    if not statements:
        raise malformed("Could not parse the policy: Statement is empty!")
    sids = [statement["Sid"] for statement in statements if isinstance(statement, dict) and statement.get("Sid")]
    if len(sids) != len(set(sids)):
        raise malformed("Statement IDs (SID) in a single policy must be unique.")
    for statement in statements:
        _check_statement(name, statement)
    return document


def _check_statement(name: str, statement: Any) -> None:
    if not isinstance(statement, dict) or set(statement) - STATEMENT:
        raise malformed("Syntax errors in policy.")
    if statement.get("Effect") not in {"Allow", "Deny"}:
        raise malformed(f"Invalid effect: {statement.get('Effect')}")
    for one, other, message in (
        ("Principal", "NotPrincipal", "Missing required field Principal"),
        ("Action", "NotAction", "Missing required field Action"),
        ("Resource", "NotResource", "Missing required field Resource"),
    ):
        if (one in statement) == (other in statement):
            raise malformed(message)
    if wrong := principals.wrong(statement.get("Principal", statement.get("NotPrincipal"))):
        raise AwsError("MalformedPolicy", "Invalid principal in policy", Detail=wrong[1])
    actions = listed(statement.get("Action", statement.get("NotAction")))
    if not actions or not all(
        isinstance(action, str) and re.fullmatch(r"\*|[sS]3:[\w*?]+", action) for action in actions
    ):
        raise malformed("Policy has invalid action")
    resources = listed(statement.get("Resource", statement.get("NotResource")))
    arn = f"arn:aws:s3:::{name}"
    if not resources or not all(_resource(arn, resource) for resource in resources):
        raise malformed("Policy has invalid resource")
    on_bucket = any("/" not in resource and not resource.endswith("*") for resource in resources)
    on_objects = any("/" in resource or resource.endswith("*") for resource in resources)
    if "Action" in statement and not _fits(actions, on_bucket, on_objects):
        raise malformed("Action does not apply to any resource(s) in statement")
    _check_conditions(statement.get("Condition", {}), listed(statement.get("Action")))


def _fits(actions: list[str], on_bucket: bool, on_objects: bool) -> bool:
    """Whether each action is about any of the resources: objects' actions about objects, the bucket's about it."""
    for action in actions:
        if "*" in action or "?" in action:
            continue
        about_objects = ABOUT_OBJECTS.search(action) and not ABOUT_BUCKET.search(action)
        if not (on_objects if about_objects else on_bucket):
            return False
    return True


def _resource(arn: str, resource: Any) -> bool:
    return isinstance(resource, str) and (resource == arn or resource.startswith((f"{arn}/", f"{arn}*")))


def _keys_of(action: str) -> frozenset[str]:
    """The condition keys that an action, or any that its pattern means, has; of one that is not known, all of S3's."""
    known = service_reference.condition_keys("s3")
    found = [keys for name, keys in known.items() if like(action, f"s3:{name}", ignore_case=True)]
    return frozenset().union(*(found or known.values()))


def _check_key(key: str, actions: list[str]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html"""
    name = re.sub(r"(?<=objecttag/).+", "<key>", key.lower())
    if not name.startswith("s3:"):
        return
    if name not in _keys_of("*"):
        raise malformed("Policy has an invalid condition key")
    if actions and not any(name in _keys_of(action) for action in actions):
        raise malformed("Conditions do not apply to combination of actions and resources in statement")


def _check_conditions(conditions: Any, actions: list[str]) -> None:
    if not isinstance(conditions, dict):
        raise malformed("Syntax errors in policy.")
    for operator, keys in conditions.items():
        of, _, name = operator.rpartition(":")
        plain = name.removesuffix("IfExists")
        known = plain in OPERATORS or plain in NEGATIVES or name == "Null"
        if not known or of not in {"", "ForAllValues", "ForAnyValue"}:
            raise malformed(f"Invalid Condition type : {operator}")
        if not isinstance(keys, dict):
            raise malformed("Syntax errors in policy.")
        for key, values in keys.items():
            if not re.match(r"(aws|s3):\w", key, re.IGNORECASE):
                raise malformed("Policy has an invalid condition key")
            _check_key(key, actions)
            for value in listed(values):
                _check_value(plain, text(value))


def _check_value(operator: str, value: str) -> None:
    if operator in {"IpAddress", "NotIpAddress"} and network(value) is None:
        raise malformed("Policy has an invalid aws:SourceIp value")
    if operator in {"Bool", "Null"} and value.lower() not in {"true", "false"}:
        raise malformed("Invalid boolean value in conditions")


@extends(S3Backend)
def put_bucket_policy(original: Any, self: S3Backend, bucket_name: str, policy: bytes) -> None:
    bucket = self.get_bucket(bucket_name)
    document = check(bucket_name, policy)
    block = bucket.public_access_block
    if block and block.block_public_policy and is_public(document):
        raise denied(
            "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented "
            "by the BlockPublicPolicy setting in S3 Block Public Access."
        )
    original(self, bucket_name, principals.shown(policy.decode()).encode())


@replaces(responses)
def bucket_policy_is_public(policy: bytes | str) -> bool:
    return is_public(json.loads(policy))
