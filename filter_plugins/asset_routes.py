from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

# Ansible puts what modules share there only for modules.
ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets import routes
from ansible.module_utils.estate.buckets.names import bucket_name
from ansible.module_utils.estate.buckets.vars import Mistake, check_shapes
from ansible.module_utils.estate.origin import file_and_line

DOCUMENTATION = r"""
name: asset_routes
short_description: Work out which URL of the assets router leads to which bucket
description:
  - Joins the declaration of kinds, which the buckets come from too, with the C(<kind>_s3_url) variables.
  - Refuses a URL that is not https, is not the bucket of that kind in that stage, or belongs to a private kind that is
    marked as served. Host names follow
    U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
positional: urls
options:
  _input:
    description:
      - Every kind with C(served) and C(servable), as C(buckets_kinds). C(served) is true (all keys), false, C(legacy)
        (all keys, by the legacy prefixes alone), or says with C(keys) and C(tag) which documents are public.
    type: dict
    required: true
  urls:
    description: Variables of the credentials repo; those called C(<kind>_s3_url) are read, underscores for hyphens.
    type: dict
    required: true
  stage:
    description: The stage whose buckets the URLs must name.
    type: str
    required: true
  overrides:
    description: What the stage changes of its kinds, as in C(buckets_overrides); never C(servable).
    type: dict
  environment:
    description: The sub-instance of the stage; where left out it echoes the stage.
    type: str
  prefix:
    description: What every bucket's name starts with.
    type: str
    default: digitalmarketplace
  region:
    description: Where the buckets are, unless a kind says otherwise.
    type: str
    default: eu-west-1
  legacy:
    description: URL prefixes that lead to one kind whatever their second element, each with C(prefix) and C(kind).
    type: list
    elements: dict
  catch_all:
    description: The kind that gets every other path; empty for none.
    type: str
"""
EXAMPLES = r"""
- name: Show where communications come from
  ansible.builtin.debug:
    msg: "{{ (buckets_kinds | asset_routes(credentials['preview'], stage='preview'))['kinds'] }}"
"""
RETURN = r"""
_value:
  description:
    - C(upstreams), a list of C(kind), C(served), C(keys), C(tag), C(variable), C(bucket), C(host), C(url), C(name);
      C(kinds), the same by kind for those found by a path's second element; C(legacy), a list of C(prefix) and C(kind);
      C(refused), the kinds that are never found that way; C(buckets), the bucket of every kind; C(catch_all); C(rules),
      in their order, a list of C(about), C(match) (of the decoded path) and C(to), a kind, C(refused) or C(not_public).
  type: dict
"""


def asset_routes(
    kinds: Mapping[str, Any],
    urls: Mapping[str, Any],
    stage: str,
    environment: str | None = None,
    prefix: str = "digitalmarketplace",
    region: str = "eu-west-1",
    legacy: Sequence[Mapping[str, str]] = (),
    catch_all: str = "",
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The routing table as data. Raises TypeError or ValueError."""
    declared = routes.declared(kinds, overrides or {})
    buckets = {kind: bucket_name(kind, stage, environment, prefix) for kind in declared}
    return routes.asset_routes(declared, urls, buckets, f"vars/{stage}.yml", region, legacy, catch_all)


def _asset_routes_filter(kinds: Mapping[str, Any], urls: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
    try:
        return asset_routes(kinds, urls, **kwargs)
    except ValueError as exc:
        raise AnsibleFilterError(f"asset_routes: {exc}.", obj=kinds) from None
    except (AttributeError, KeyError, TypeError) as exc:
        try:  # what is not of the right shape says so in Python's words, and where it stands is not known
            check_shapes({"kinds": kinds, "overrides": kwargs.get("overrides") or {}})
        except Mistake as why:
            raise AnsibleFilterError(f"{why}{file_and_line(why.culprit)}.", obj=why.culprit) from None
        raise AnsibleFilterError(f"asset_routes: {exc}.", obj=kinds) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_routes": _asset_routes_filter}
