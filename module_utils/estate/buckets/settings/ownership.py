"""Who owns what others write, and whether ACLs count.

S3 switches ACLs off only where the bucket's own grants nothing to others: then it is reset first, behind the policy
that replaces it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting

ENFORCED = "BucketOwnerEnforced"
CHOICES = (ENFORCED, "BucketOwnerPreferred", "ObjectWriter")


def grants_to_others(acl: Answer) -> list[str]:
    """["READ for AllUsers", …] of GetBucketAcl's answer."""
    owner = (acl.get("Owner") or {}).get("ID")
    found = []
    for grant in acl.get("Grants") or []:
        who = grant.get("Grantee") or {}
        if who.get("ID") != owner or owner is None:
            name = who.get("URI", "").rpartition("/")[2] or who.get("DisplayName") or who.get("ID", "somebody")
            found.append(f"{grant.get('Permission')} for {name}")
    return sorted(found)


def rule(answer: Answer) -> str:
    rules = (answer.get("OwnershipControls") or {}).get("Rules") or [{}]
    return rules[0].get("ObjectOwnership", "")


def _live(answer: Answer) -> str:
    """The rule, and the ACL where it was looked at since it stands in the way."""
    granted = grants_to_others(answer.get("acl") or {})
    return f"{rule(answer)} with the ACL {', '.join(granted)}" if granted else rule(answer)


def _write(bucket: Bucket, answer: Answer) -> Calls:
    wanted = bucket["ownership"]
    put: Any = ("put_bucket_ownership_controls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": wanted}]}})
    reset = wanted == ENFORCED and grants_to_others(answer.get("acl") or {})
    return [("put_bucket_acl", {"ACL": "private"}), put] if reset else [put]


SETTING = Setting(
    name="ownership",
    order=10,
    read="get_bucket_ownership_controls",
    absent="OwnershipControlsNotFoundError",
    live=_live,
    wanted=lambda bucket, _: bucket["ownership"],
    write=_write,
)
