from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: presign
short_description: Check that a private document may be handed out by a temporary signed URL, and say what to sign
description:
  - Public kinds have a URL that does not expire and are refused; so are keys outside the kind, and more than 7 days,
    which signature v4 does not allow. Follows
    U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
positional: kind, key, expires
options:
  _input:
    description: Every kind, as C(buckets_kinds) declares them.
    type: dict
    required: true
  kind:
    description: The document's kind.
    type: str
    required: true
  key:
    description: The document's key, C(<framework>/<kind>/<rest>).
    type: str
    required: true
  expires:
    description: How long the URL works; seconds, or a number with C(s), C(m), C(h) or C(d).
    type: str
    required: true
"""
EXAMPLES = r"""
- name: Show what would be signed
  ansible.builtin.debug:
    msg: "{{ buckets_kinds | presign('agreements', 'g-cloud-9/agreements/1/signed.pdf', '2d') }}"
"""
RETURN = r"""
_value:
  description: C(kind), C(key) and C(seconds).
  type: dict
"""

_LONGEST = 7 * 24 * 3600
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def presign(kinds: Mapping[str, Any], kind: str, key: str, expires: str | int) -> dict[str, Any]:
    """What may be signed. Raises TypeError or ValueError."""
    private = [name for name, settings in kinds.items() if not settings.get("served", False)]
    if kind not in kinds:
        raise ValueError(f"kind {kind!r} is unknown; allowed are {', '.join(private)}")
    if kind not in private:
        raise ValueError(f"{kind} is public and needs no signed URL; allowed are {', '.join(private)}")
    if not isinstance(key, str):
        raise TypeError(f"key must be a string, got {type(key).__name__}")
    elements = key.split("/")
    if len(elements) < 3 or elements[1] != kind or {"", ".", ".."} & set(elements):
        raise ValueError(f"key {key!r} is not one of {kind}; allowed is <framework>/{kind}/<rest>")
    if not key.isprintable():
        raise ValueError("key has characters that cannot be printed")
    found = re.fullmatch(r"(\d{1,9})([smhd]?)", str(expires))
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= seconds <= _LONGEST:
        raise ValueError(f"expires is {expires!r}; allowed is a time such as 900s, 15m, 12h or 2d, at most 7d")
    return {"kind": str(kind), "key": key, "seconds": seconds}


def _presign_filter(kinds: Mapping[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    try:
        return presign(kinds, *args, **kwargs)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"presign: {exc}.", obj=kinds) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"presign": _presign_filter}
