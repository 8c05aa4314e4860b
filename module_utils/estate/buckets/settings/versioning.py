"""Whether versions are kept. Under MFA delete only the root user can change it; the same answer says so.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
"""

from __future__ import annotations

from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting


def _write(bucket: Bucket, _answer: Answer) -> Calls:
    status = "Enabled" if bucket["versioning"] else "Suspended"
    return [("put_bucket_versioning", {"VersioningConfiguration": {"Status": status}})]


SETTING = Setting(
    name="versioning",
    order=20,
    read="get_bucket_versioning",
    live=lambda answer: answer.get("Status") == "Enabled",
    wanted=lambda bucket, _: bucket["versioning"],
    write=_write,
    schema={"type": "boolean"},
    adopt=lambda answer: answer.get("Status") == "Enabled",
)
