"""Whether a bucket policy gives something to anybody, as S3's Block Public Access sees it. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_aws.policies import OPERATORS, listed, network, text

# Condition keys that, with fixed values, keep a statement for anybody from being public.
FIXING = {
    "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
    "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "aws:principalorgid", "aws:principalorgpaths",
    "aws:principalarn", "aws:principalaccount", "aws:vpcsourceip", "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip


def _fixed(key: str, value: str) -> bool:
    if "${" in value:
        return False
    if key == "aws:sourceip":
        found = network(value)
        return found is not None and found.prefixlen >= (8 if found.version == 4 else 32)
    if key == "s3:dataaccesspointarn":
        return re.fullmatch(r"arn:aws:s3:[^:]*:\d{12}:.*", value) is not None
    if key in {"aws:sourcearn", "aws:principalarn"}:
        return re.match(r"arn:aws:[^:]*:[^:]*:(\d{12}:|:[^*?]+$)", value) is not None or "*" not in value
    return "*" not in value and "?" not in value


def is_public(document: Mapping[str, Any]) -> bool:
    """Whether any statement gives something to principals that are not fixed."""
    return any(_public(statement) for statement in listed(document.get("Statement")))


def _public(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    if "NotPrincipal" not in statement:
        everybody = principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS")))
        if not everybody:
            return False
    for operator, keys in (statement.get("Condition") or {}).items():
        if operator.rpartition(":")[2].removesuffix("IfExists") not in OPERATORS or operator.endswith("IfExists"):
            continue
        for key, wanted in keys.items():
            name = key.lower()
            known = name in FIXING or name == "aws:sourceip"
            if known and all(_fixed(name, text(value)) for value in listed(wanted)):
                return False
    return True
