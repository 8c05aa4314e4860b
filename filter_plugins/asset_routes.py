from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

# Ansible loads every filter alone; this one is made of its neighbour.
sys.path.append(str(Path(__file__).parent))
from bucket_name import bucket_name

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
    description: Every kind with C(served) (true, false or C(legacy)) and C(servable), as in C(buckets_kinds).
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
  environment:
    description: The sub-instance of the stage; where left out it echoes the stage.
    type: str
  prefix:
    description: What every bucket's name starts with.
    type: str
    default: digitalmarketplace
  region:
    description: Where the buckets are.
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
    - C(upstreams), a list of C(kind), C(variable), C(bucket), C(host), C(url), C(name); C(kinds), the same by kind for
      those found by a path's second element; C(legacy), a list of C(prefix) and C(kind); C(refused), the kinds that are
      never found that way; C(buckets), the bucket of every kind; C(catch_all).
  type: dict
"""

_RESERVED = ("frontend", "refused")  # routes of the router's own
_PREFIX = re.compile(r"/[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/")


def url_variable(kind: str) -> str:
    """'g7-draft-documents' is 'g7_draft_documents_s3_url': variables cannot have hyphens."""
    return f"{kind.replace('-', '_')}_s3_url"


def _check_url(variable: str, url: object, bucket: str, region: str, where: str) -> str:
    """The URL's host, or ValueError naming the variable, its file and what is allowed; the value stays unsaid."""
    hosts = [f"{bucket}.s3.{region}.amazonaws.com", f"{bucket}.s3.amazonaws.com"]
    hosts.append(f"{bucket}.s3.dualstack.{region}.amazonaws.com")
    allowed = f"allowed is https://{hosts[0]} (in {where} of the credentials repo)"
    if not isinstance(url, str):
        raise ValueError(f"{variable} must be a string, got {type(url).__name__}; {allowed}")
    if not url.startswith("https://"):
        raise ValueError(f"{variable} is not https; {allowed}")
    host = url.removeprefix("https://")
    if host not in hosts:
        raise ValueError(f"{variable} is not the address of this stage's bucket {bucket}; {allowed}")
    return host


def asset_routes(
    kinds: Mapping[str, Any],
    urls: Mapping[str, Any],
    stage: str,
    environment: str | None = None,
    prefix: str = "digitalmarketplace",
    region: str = "eu-west-1",
    legacy: Sequence[Mapping[str, str]] = (),
    catch_all: str = "",
) -> dict[str, Any]:
    """The routing table as data. Raises TypeError or ValueError before anything is rendered from a half-right table."""
    if not isinstance(kinds, Mapping) or not kinds:
        raise TypeError("buckets_kinds must be a mapping of kinds that is not empty")
    if not isinstance(urls, Mapping):
        raise TypeError(f"expected a mapping of variables, got {type(urls).__name__}")
    where = f"vars/{stage}.yml"
    upstreams = []
    for kind, settings in kinds.items():
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", kind) or kind in _RESERVED:
            raise ValueError(f"{kind!r} cannot be part of a URL; allowed are lower case letters, digits and hyphens")
        variable, served = url_variable(kind), settings.get("served", False)
        if served not in (True, False, "legacy"):
            raise ValueError(f"buckets_kinds.{kind}.served is {served!r}; allowed are true, false and legacy")
        if served and not settings.get("servable", False):
            raise ValueError(
                f"{variable} belongs to {kind}, which is private but marked as served; allowed is served: false"
            )
        if not served and variable not in urls:
            continue
        if variable not in urls:
            raise ValueError(f"{variable} is not set in {where} of the credentials repo, but {kind} is served")
        bucket = bucket_name(kind, stage, environment, prefix)
        host = _check_url(variable, urls[variable], bucket, region, where)
        if served:
            name = "assets_" + kind.replace("-", "_")
            upstream = {"kind": str(kind), "served": served, "variable": variable, "bucket": bucket, "host": host}
            upstreams.append({**upstream, "url": f"https://{host}", "name": name})
    known = {url_variable(kind) for kind in kinds}
    if unknown := next((key for key in urls if key.endswith("_s3_url") and key not in known), None):
        raise ValueError(f"{unknown} belongs to no declared kind; declared are {', '.join(kinds)}")
    reachable = {upstream["kind"] for upstream in upstreams}
    prefixes = []
    for index, entry in enumerate(legacy):
        if not _PREFIX.fullmatch(entry["prefix"]) or re.search(r"/\.{1,2}/", entry["prefix"]):
            raise ValueError(
                f"legacy item {index}: {entry['prefix']!r} must be whole path elements such as /g-cloud-7/"
            )
        if entry["kind"] not in kinds:
            raise ValueError(f"legacy item {index}: {entry['kind']!r} is no kind; declared are {', '.join(kinds)}")
        if entry["kind"] in reachable:
            prefixes.append({"prefix": str(entry["prefix"]), "kind": str(entry["kind"])})
    by_kind = {upstream["kind"]: upstream for upstream in upstreams if upstream["served"] is True}
    if catch_all and catch_all not in by_kind:
        raise ValueError(
            f"assets_router_catch_all is {catch_all!r}; allowed are '' and the served kinds {', '.join(by_kind)}"
        )
    return {
        "upstreams": upstreams,
        "kinds": by_kind,
        "legacy": prefixes,
        "buckets": {str(kind): bucket_name(kind, stage, environment, prefix) for kind in kinds},
        "refused": [str(kind) for kind in kinds if kind not in by_kind],
        "catch_all": str(catch_all or ""),
    }


def _asset_routes_filter(kinds: Mapping[str, Any], urls: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
    try:
        return asset_routes(kinds, urls, **kwargs)
    except (TypeError, ValueError, KeyError) as exc:
        raise AnsibleFilterError(f"asset_routes: {exc}.", obj=kinds) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"asset_routes": _asset_routes_filter}
