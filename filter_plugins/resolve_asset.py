from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: resolve_asset
short_description: Explain what the assets router does with one URL
description:
  - The routing rule in plain Python, written without looking at nginx's configuration. A property test holds the two
    against each other.
positional: routes
options:
  _input:
    description: A URL or, from the first slash on, its path, as it would stand in a request line.
    type: str
    required: true
  routes:
    description: The table, as the filter P(asset_routes#filter) returns it.
    type: dict
    required: true
  domains:
    description: Host names that the router answers to; a URL of any other is refused. Empty answers to any.
    type: list
    elements: str
  frontend:
    description: Whether C(/static/) leads to the frontend.
    type: bool
    default: false
  own:
    description: Paths that the router answers by itself.
    type: list
    elements: str
"""
EXAMPLES = r"""
- name: Explain a URL
  ansible.builtin.debug:
    msg: "{{ '/digital-outcomes-and-specialists-3/communications/data/opportunity-data.csv' | resolve_asset(routes) }}"
"""
RETURN = r"""
_value:
  description:
    - C(served) (bool), C(by) (router, frontend, legacy, kind, catch_all, refused, or elsewhere for a host that the
      router does not answer to), C(why) (a sentence); where a bucket serves it also C(kind), C(variable),
      C(bucket), C(key) (decoded) and C(url) (what S3 is asked for).
  type: dict
"""

# What a path element may hold as itself: RFC 3986's pchar without percent-encoding.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NEVER = frozenset("/\\%")
_HEX = frozenset("0123456789abcdefABCDEF")


def decode_element(element: str) -> str:
    """Decode one path element, or raise ValueError saying why the router refuses it."""
    if not element:
        raise ValueError("an element is empty")
    if element in (".", ".."):
        raise ValueError(f"an element is {element!r}")
    octets, at = bytearray(), 0
    while at < len(element):
        character = element[at]
        if character == "%":
            digits = element[at + 1 : at + 3]
            if len(digits) != 2 or not _HEX.issuperset(digits):
                raise ValueError("a % is not followed by two hexadecimal digits")
            octet = int(digits, 16)
            if octet < 0x20 or octet == 0x7F:
                raise ValueError("a control character is encoded")
            if chr(octet) in _NEVER:
                raise ValueError(f"{chr(octet)!r} is encoded")
            if octet < 0x80 and chr(octet) in _UNRESERVED:
                raise ValueError(f"{chr(octet)!r} is encoded needlessly")
            octets.append(octet)
            at += 3
        elif character in _PLAIN:
            octets.append(ord(character))
            at += 1
        else:
            raise ValueError(f"{character!r} must be encoded")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _refused(why: str) -> dict[str, Any]:
    return {"served": False, "by": "refused", "why": why}


def _served(by: str, why: str, kind: str, path: str, elements: list[str], routes: Mapping[str, Any]) -> dict[str, Any]:
    upstream = next(upstream for upstream in routes["upstreams"] if upstream["kind"] == kind)
    return {
        "served": True,
        "by": by,
        "why": why,
        "kind": kind,
        "variable": upstream["variable"],
        "bucket": upstream["bucket"],
        "key": "/".join(elements),
        "url": upstream["url"] + path,
    }


def resolve_asset(
    url: str,
    routes: Mapping[str, Any],
    domains: Sequence[str] = (),
    frontend: bool = False,
    own: Sequence[str] = ("/robots.txt", "/favicon.ico"),
) -> dict[str, Any]:
    """What becomes of a GET of this URL or path. Raises TypeError."""
    if not isinstance(url, str):
        raise TypeError(f"expected a URL or a path, got {type(url).__name__}")
    target = url
    if not url.startswith("/"):
        try:
            parts = urllib.parse.urlsplit(url)
        except ValueError as exc:
            return _refused(f"it is no URL: {exc}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return _refused("it is neither a path nor an http or https URL")
        if domains and parts.hostname.rstrip(".") not in domains:
            return {**_refused(f"the router does not answer to {parts.hostname}"), "by": "elsewhere"}
        target = url[url.index("//") + 2 + len(parts.netloc) :].split("#", 1)[0] or "/"
    path = target.split("?", 1)[0]
    raw = path[1:].split("/")
    try:
        elements = [decode_element(element) for element in raw]
    except ValueError as exc:
        return _refused(f"the path is not in its plain form: {exc}")
    if path in own:
        return {"served": True, "by": "router", "why": "the router answers it by itself"}
    if frontend and raw[0] == "static" and len(raw) > 1:
        return {"served": True, "by": "frontend", "why": "/static/ leads to the frontend"}
    if len(raw) > 1 and raw[1] in routes["refused"]:
        return _refused(f"{raw[1]} is not served by the second element of a path")
    for entry in routes["legacy"]:
        if path.startswith(entry["prefix"]):
            why = f"{entry['prefix']} is a legacy prefix"
            return _served("legacy", why, entry["kind"], path, elements, routes)
    if len(raw) > 2 and raw[1] in routes["kinds"]:
        return _served("kind", f"the second element is {raw[1]}", raw[1], path, elements, routes)
    if routes["catch_all"]:
        return _served("catch_all", "no other rule applies", routes["catch_all"], path, elements, routes)
    if len(raw) > 1 and raw[1] in routes["kinds"]:
        return _refused(f"nothing follows {raw[1]}, and listing is not served")
    return _refused("the second element is no kind that is served")


def _resolve_asset_filter(url: str, routes: Mapping[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    try:
        return resolve_asset(url, routes, *args, **kwargs)
    except (TypeError, KeyError, ValueError) as exc:
        raise AnsibleFilterError(f"resolve_asset: {exc}.", obj=url) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"resolve_asset": _resolve_asset_filter}
