"""Names of buckets: how they are made, and what AWS has against one. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re

_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def name_mistake(name: object) -> str:
    """What AWS has against a bucket's name, to stand behind the name; "" where it is a good one."""
    if not isinstance(name, str):
        return f"is no text but {type(name).__name__}; a bucket name is text"
    if not 3 <= len(name) <= 63:
        return f"has {len(name)} characters; allowed are 3 to 63"
    if bad := re.search(r"[^a-z0-9.-]", name):
        return f"has {bad.group()!r} at position {bad.start() + 1}; allowed are a-z, 0-9, dots and hyphens"
    if not (name[0].isalnum() and name[-1].isalnum()):
        return "must begin and end with a letter or a digit"
    if ".." in name:
        return "has two dots side by side"
    if re.fullmatch(r"\d+(\.\d+){3}", name):
        return "looks like an IP address"
    if start := next((start for start in _STARTS if name.startswith(start)), None):
        return f"begins with {start}, which AWS reserves"
    end = next((end for end in _ENDS if name.endswith(end)), None)
    return f"ends with {end}, which AWS reserves" if end else ""


def bucket_name(kind: str, stage: str, environment: str | None = None, prefix: str = "digitalmarketplace") -> str:
    """('communications', 'staging') is 'digitalmarketplace-communications-staging-staging'. Raises ValueError."""
    parts = {"prefix": prefix, "kind": kind, "stage": stage, "environment": environment or stage}
    for part, value in parts.items():
        if not isinstance(value, str) or not value:
            raise TypeError(f"{part} must be a string that is not empty, got {value!r}")
    name = "-".join(parts.values())
    if mistake := name_mistake(name):
        raise ValueError(f"{name!r} {mistake}")
    return name
