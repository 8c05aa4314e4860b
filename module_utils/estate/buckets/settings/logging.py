"""Server access logs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.estate.buckets.names import name_mistake
from ansible.module_utils.estate.buckets.schema import TEXT, mapping
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Setting, World


def _live(answer: Answer) -> dict[str, str]:
    on = answer.get("LoggingEnabled")
    return {"bucket": on["TargetBucket"], "prefix": on.get("TargetPrefix", "")} if on else {}


def _aws(bucket: Bucket, answer: Answer) -> dict[str, Any]:
    wanted, live = bucket["logging"], answer.get("LoggingEnabled") or {}
    if not wanted.get("bucket"):
        return {}
    on = {"TargetBucket": wanted["bucket"], "TargetPrefix": wanted.get("prefix") or ""}
    kept = ("TargetObjectKeyFormat", "TargetGrants")  # not declared here, so they stay as they are
    return {"LoggingEnabled": on | {key: live[key] for key in kept if live.get(key)}}


def _target(bucket: Bucket, world: World) -> Bucket | None:
    return world.buckets.get((bucket.get("logging") or {}).get("bucket") or "")


def _check(bucket: Bucket, world: World) -> Iterator[str]:
    target, name = _target(bucket, world), (bucket["logging"] or {}).get("bucket")
    if name is not None and (mistake := name_mistake(name)):
        yield f".bucket {name!r} {mistake}"
    if not target:
        return
    if target["region"] != bucket["region"]:
        yield (
            f".bucket is in {target['region']}, but {bucket['name']} is in {bucket['region']}; "
            "S3 writes access logs only within a region"
        )
    if (target.get("encryption") or {}).get("algorithm", "AES256") != "AES256":
        yield ".bucket is encrypted with KMS, where S3 writes no access logs; it must have AES256"
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    if target.get("object_lock") is not None:
        yield ".bucket has an object lock, beside which S3 writes no access logs; it must have none"
    seen = [bucket["name"]]
    while target and target["name"] not in seen[1:]:
        if target["name"] == seen[0] and len(seen) > 1:
            yield f" goes in a circle: {' → '.join([*seen, seen[0]])}"
            return
        seen.append(target["name"])
        target = _target(target, world)


SETTING = Setting(
    name="logging",
    order=60,
    read="get_bucket_logging",
    live=_live,
    wanted=lambda bucket, answer: _live(_aws(bucket, answer)),
    write=lambda bucket, answer: [("put_bucket_logging", {"BucketLoggingStatus": _aws(bucket, answer)})],
    check=_check,
    schema={**mapping({"bucket": TEXT, "prefix": TEXT}, "bucket"), "type": ["object", "null"]},
    adopt=lambda answer: _live(answer) or None,
)
