"""Which URL leads to which bucket, as data: what nginx is configured from, what is shown and what is proved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.assets.served import Served, expression, served

_RESERVED = ("frontend", "refused", "not_public")  # routes of the router's own
_PREFIX = re.compile(r"/[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/")
# nginx is shown the decoded path, and before it %2B where the path as it was written has one: a plus sign in what is
# decoded may then be one, and is no space.
_ANY = "^(?:%2B)?"
_KIND = re.compile(r"[a-z0-9][a-z0-9-]*")


def url_variable(kind: str) -> str:
    """'g7-draft-documents' is 'g7_draft_documents_s3_url': variables cannot have hyphens."""
    return f"{kind.replace('-', '_')}_s3_url"


def declared(kinds: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every kind with what its stage changes of it. Whether a kind may be served at all is no stage's to say."""
    if not isinstance(kinds, Mapping) or not kinds:
        raise TypeError("buckets_kinds must be a mapping of kinds that is not empty")
    for kind, changes in overrides.items():
        if "servable" in changes:
            raise ValueError(
                f"buckets_overrides.{kind}.servable: whether a kind may ever be public is said in buckets_kinds alone"
            )
    for kind, settings in kinds.items():
        if not isinstance(settings.get("servable", False), bool):
            raise ValueError(f"buckets_kinds.{kind}.servable is {settings['servable']!r}; allowed are true and false")
    return {str(kind): {**settings, **overrides.get(kind, {})} for kind, settings in kinds.items()}


def _host(variable: str, url: object, bucket: str, region: str, where: str) -> str:
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
    buckets: Mapping[str, str],
    where: str,
    region: str = "eu-west-1",
    legacy: Sequence[Mapping[str, str]] = (),
    catch_all: str = "",
) -> dict[str, Any]:
    """The routing table. kinds as declared() returns them, buckets by kind. Raises TypeError or ValueError before
    anything is rendered from a half-right table.
    """
    if not isinstance(urls, Mapping):
        raise TypeError(f"expected a mapping of variables, got {type(urls).__name__}")
    upstreams: dict[str, dict[str, Any]] = {}
    public: dict[str, Served] = {}
    for kind, settings in kinds.items():
        if not _KIND.fullmatch(kind) or kind in _RESERVED:
            raise ValueError(f"{kind!r} cannot be part of a URL; allowed are lower case letters, digits and hyphens")
        variable, said = url_variable(kind), served(kind, settings.get("served", False))
        if said and settings.get("servable", False) is not True:
            raise ValueError(
                f"{variable} belongs to {kind}, which is private but marked as served; allowed is served: false"
            )
        if variable not in urls:
            if said:
                raise ValueError(f"{variable} is not set in {where} of the credentials repo, but {kind} is served")
            continue
        host = _host(variable, urls[variable], buckets[kind], settings.get("region") or region, where)
        if said:
            public[kind] = said
            upstreams[kind] = {
                "kind": kind, "served": "legacy" if said.legacy else True, "keys": list(said.keys),
                "tag": dict([said.tag]) if said.tag else {}, "variable": variable, "bucket": buckets[kind],
                "host": host, "url": f"https://{host}", "name": "assets_" + kind.replace("-", "_"),
            }  # fmt: skip
    known = {url_variable(kind) for kind in kinds}
    if unknown := next((key for key in urls if key.endswith("_s3_url") and key not in known), None):
        raise ValueError(f"{unknown} belongs to no declared kind; declared are {', '.join(kinds)}")
    prefixes = [_legacy(index, entry, kinds, public) for index, entry in enumerate(legacy)]
    by_kind = {kind: upstream for kind, upstream in upstreams.items() if not public[kind].legacy}
    if catch_all and catch_all not in by_kind:
        raise ValueError(
            f"assets_router_catch_all is {catch_all!r}; allowed are '' and the served kinds {', '.join(by_kind)}"
        )
    refused = [kind for kind in kinds if kind not in by_kind]
    return {
        "upstreams": list(upstreams.values()),
        "kinds": by_kind,
        "legacy": prefixes,
        "buckets": dict(buckets),
        "refused": refused,
        "catch_all": str(catch_all or ""),
        "rules": [
            *({"about": f"/*/{kind}/…", "match": f"{_ANY}/[^/]+/{kind}(?:/|$)", "to": "refused"} for kind in refused),
            *(rule for entry in prefixes for rule in _rules(entry["prefix"], entry["kind"], public[entry["kind"]])),
            *(rule for kind in by_kind for rule in _rules(f"/*/{kind}/", kind, public[kind])),
            *(_rules("/", catch_all, public[catch_all]) if catch_all else []),
        ],
    }


def _legacy(
    index: int, entry: Mapping[str, str], kinds: Mapping[str, Any], public: Mapping[str, Served]
) -> dict[str, str]:
    if set(entry) != {"prefix", "kind"}:
        given = ", ".join(map(str, entry)) if isinstance(entry, Mapping) else repr(entry)
        raise ValueError(f"assets_router_legacy item {index} has {given}; allowed are prefix and kind")
    prefix, kind = entry["prefix"], entry["kind"]
    if not _PREFIX.fullmatch(prefix) or re.search(r"/\.{1,2}/", prefix):
        raise ValueError(f"legacy item {index}: {prefix!r} must be whole path elements such as /g-cloud-7/")
    if kind not in kinds:
        raise ValueError(f"legacy item {index}: {kind!r} is no kind; declared are {', '.join(kinds)}")
    if kind not in public:
        raise ValueError(f"legacy item {index}: {kind} is not served, so nothing can be behind {prefix}")
    return {"prefix": str(prefix), "kind": str(kind)}


def _rules(prefix: str, kind: str, public: Served) -> list[dict[str, str]]:
    """What is public below the prefix, and where that is not all of it, that the rest is not."""
    below = "".join("[^/]+" if part == "*" else expression(part) for part in re.split(r"(\*)", prefix))
    if public.keys == ("*",):
        return [{"about": f"{prefix}…", "match": f"{_ANY}{below}.", "to": kind}]
    return [
        *(
            {"about": f"{prefix}…, {key}", "match": f"(?:^(?={below}.)/{plain}|^%2B(?={below}.)/{marked})$", "to": kind}
            for key in public.keys
            for plain, marked in [(expression(key), expression(key, r"\x20"))]
        ),
        {"about": f"{prefix}…, others", "match": f"{_ANY}{below}.", "to": "not_public"},
    ]
