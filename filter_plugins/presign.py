from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets.presign import presign
from ansible.module_utils.estate.assets.routes import declared

DOCUMENTATION = r"""
name: presign
short_description: Check that a private document may be handed out by a temporary signed URL, and say what to sign
description:
  - Public documents have a URL that does not expire and are refused; so are keys outside the kind, and more than 7
    days, which signature v4 does not allow. Follows
    U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
positional: kind, key, expires, region
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
  region:
    description: Where buckets are, unless their kind says otherwise.
    type: str
  overrides:
    description: What the stage changes of its kinds, as in C(buckets_overrides); never C(servable).
    type: dict
"""
EXAMPLES = r"""
- name: Show what would be signed
  ansible.builtin.debug:
    msg: "{{ buckets_kinds | presign('agreements', 'g-cloud-9/agreements/1/signed.pdf', '2d') }}"
"""
RETURN = r"""
_value:
  description: C(kind), C(key), C(seconds) and C(region).
  type: dict
"""


def _presign_filter(
    kinds: Mapping[str, Any], *args: Any, overrides: Mapping[str, Any] | None = None, **kwargs: Any
) -> dict[str, Any]:
    try:
        return presign(declared(kinds, overrides or {}), *args, **kwargs)
    except (TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"presign: {exc}.", obj=kinds) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"presign": _presign_filter}
