"""Whether what would make objects public counts. It works beside any ACL and any policy, so it comes first.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting

_BLOCKS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


def live(answer: Answer) -> bool | dict[str, bool]:
    """True for all four, False for none, else which."""
    given = answer.get("PublicAccessBlockConfiguration") or {}
    blocks = {word: bool(given.get(key)) for word, key in _BLOCKS.items()}
    return blocks if len(set(blocks.values())) > 1 else blocks["block_public_acls"]


def _write(bucket: Bucket, _answer: Answer) -> Calls:
    if not bucket["public_access_block"]:
        return [("delete_public_access_block", {})]
    return [("put_public_access_block", {"PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKS.values(), True)})]


SETTING = Setting(
    name="public_access_block",
    order=0,
    read="get_public_access_block",
    absent="NoSuchPublicAccessBlockConfiguration",
    live=live,
    wanted=lambda bucket, _: bucket["public_access_block"],
    write=_write,
)
