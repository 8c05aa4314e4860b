"""Default encryption of new objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.schema import TEXT, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World
from ansible.module_utils.estate.policy import partition

_KEY = re.compile(r"arn:aws[-a-z]*:kms:([a-z0-9-]+):\d{12}:(key|alias)/\S+")


def _shape(algorithm: str, key: str | None, bucket_key: bool | None) -> dict[str, Any]:
    """Only with aws:kms do the key and the bucket key mean anything; AWS's own key may be named or not."""
    if algorithm == "AES256":
        return {"algorithm": algorithm}
    key = "" if (key or "").endswith("alias/aws/s3") else key or ""
    return {"algorithm": algorithm, "key": key} | ({"bucket_key": bool(bucket_key)} if algorithm == "aws:kms" else {})


def _rule(answer: Answer) -> dict[str, Any]:
    return ((answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or [{}])[0]


def _live(answer: Answer) -> dict[str, Any]:
    rule = _rule(answer)
    default = rule.get("ApplyServerSideEncryptionByDefault")
    if not default:
        return {}
    return _shape(default["SSEAlgorithm"], default.get("KMSMasterKeyID"), rule.get("BucketKeyEnabled"))


def _wanted(bucket: Bucket, _answer: Answer) -> dict[str, Any]:
    wanted = bucket["encryption"]
    bucket_key = wanted.get("bucket_key")
    return _shape(wanted["algorithm"], wanted.get("key"), True if bucket_key is None else bucket_key)


def _write(bucket: Bucket, answer: Answer) -> Calls:
    wanted = _wanted(bucket, {})
    default = {"SSEAlgorithm": wanted["algorithm"]}
    if wanted.get("key"):
        default["KMSMasterKeyID"] = wanted["key"]
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
    if "bucket_key" in wanted:
        rule["BucketKeyEnabled"] = wanted["bucket_key"]
    if blocked := _rule(answer).get("BlockedEncryptionTypes"):  # not declared here, so it stays as it is
        rule["BlockedEncryptionTypes"] = blocked
    return [("put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [rule]}})]


def _adopt(answer: Answer) -> dict[str, Any] | None:
    return {key: value for key, value in _live(answer).items() if value != ""} or None


def key_region(key: str) -> str:
    """The region that a key's ARN names; "" where it is no such ARN."""
    found = _KEY.fullmatch(key)
    return found[1] if found else ""


def _check(bucket: Bucket, _world: World) -> Iterator[str]:
    given = bucket["encryption"]
    key = given.get("key")
    if given["algorithm"] == "AES256" and (key or given.get("bucket_key")):
        yield ".algorithm is AES256, which takes no key; say aws:kms, or leave key and bucket_key out"
    if given["algorithm"] == "aws:kms:dsse" and given.get("bucket_key"):
        yield ".bucket_key does not go with aws:kms:dsse; leave it out"
    if key and not key_region(key):
        yield f".key is {key!r}; it must be the ARN of a KMS key or alias, such as arn:aws:kms:eu-west-1:…:key/…"
    elif key and key_region(key) != bucket["region"]:
        yield f".key is of {key_region(key)}, but {bucket['name']} is in {bucket['region']}, where S3 cannot use it"
    elif key and key.split(":")[1] != partition(bucket["region"]):
        yield f".key is {key!r}; it must begin with arn:{partition(bucket['region'])}:kms:"


SETTING = Setting(
    name="encryption",
    order=30,
    read="get_bucket_encryption",
    absent="ServerSideEncryptionConfigurationNotFoundError",
    live=_live,
    wanted=_wanted,
    write=_write,
    check=_check,
    schema=mapping(
        {"algorithm": {"enum": ["AES256", "aws:kms", "aws:kms:dsse"]}, "key": TEXT, "bucket_key": {"type": "boolean"}},
        "algorithm",
    ),
    adopt=_adopt,
)
