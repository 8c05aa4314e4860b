"""What the router does with a URL, in plain Python, written without looking at nginx's configuration.

A property test holds the two against each other.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.evaluator.patterns import like

# An octet that is encoded; what a path element may hold as itself (RFC 3986's pchar without percent-encoding, and what
# browsers leave as it is); or anything else.
_PART = re.compile(r"%([0-9a-fA-F]{2})|([A-Za-z0-9\-._~!$&'()*+,;=:@\[\]|^])|(.)", re.DOTALL)


def path_of(key: str) -> str:
    """The URL's path that leads to the key."""
    return "/" + urllib.parse.quote(key, safe="/~!$&'()*,;=:@")


def read_element(element: str) -> tuple[str, str]:
    """One path element (decoded, as S3 reads it: a plus sign is a space), or ValueError saying why it is refused."""
    if not element:
        raise ValueError("an element is empty")
    octets, key = bytearray(), bytearray()
    for encoded, plain, other in _PART.findall(element):
        if other == "%":
            raise ValueError("a % is not followed by two hexadecimal digits")
        if other:
            raise ValueError(f"{other!r} must be encoded")
        octet = int(encoded, 16) if encoded else ord(plain)
        if octet < 0x20 or octet == 0x7F:
            raise ValueError("a control character is encoded")
        if chr(octet) in "/\\":
            raise ValueError(f"{chr(octet)!r} is encoded")
        octets.append(octet)
        key.append(ord(" ") if plain == "+" else octet)
    try:
        decoded = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if decoded in (".", ".."):
        raise ValueError(f"an element is {decoded!r}")
    return decoded, key.decode("utf-8")


def _refused(why: str) -> dict[str, Any]:
    return {"served": False, "by": "refused", "why": why}


def _from_bucket(by: str, why: str, kind: str, path: str, key: str, routes: Mapping[str, Any]) -> dict[str, Any]:
    upstream = next(upstream for upstream in routes["upstreams"] if upstream["kind"] == kind)
    # A path that has %2B in it must write its spaces as %20 to be found by a pattern that has one: nginx cannot tell.
    seen = urllib.parse.unquote(path[1:]) if "%2b" in path.lower() else key
    if not any(like(pattern, seen) for pattern in upstream["keys"]):
        allowed = ", ".join(upstream["keys"])
        return _refused(
            f"key {key!r} is not one of the public ones of {kind}: {allowed} (served.keys in buckets_kinds)"
        )
    tag = "".join(f", where S3 finds the tag {name}={value} on it" for name, value in upstream["tag"].items())
    return {
        "served": True,
        "by": by,
        "why": why + tag,
        "kind": kind,
        "variable": upstream["variable"],
        "bucket": upstream["bucket"],
        "key": key,
        "path": path_of(key),
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
            _ = parts.port  # read only to be judged
        except ValueError as exc:
            return _refused(f"it is no URL: {exc}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return _refused("it is neither a path nor an http or https URL")
        if domains and parts.hostname.rstrip(".") not in domains:
            return {**_refused(f"the router does not answer to {parts.hostname}"), "by": "elsewhere"}
        target = url[url.index("//") + 2 + len(parts.netloc) :].split("#", 1)[0] or "/"
    path = target.split("?", 1)[0]
    if path == "/":
        return _refused("it names no document")
    try:
        read = [read_element(element) for element in path[1:].split("/")]
    except ValueError as exc:
        return _refused(f"the path has no one reading: {exc}")
    elements, key = [decoded for decoded, _ in read], "/".join(said for _, said in read)
    decoded = "/" + "/".join(elements)
    if decoded in own:
        return {"served": True, "by": "router", "why": "the router answers it by itself"}
    if frontend and elements[0] == "static" and len(elements) > 1:
        return {"served": True, "by": "frontend", "why": "/static/ leads to the frontend"}
    if len(elements) > 1 and elements[1] in routes["refused"]:
        return _refused(f"{elements[1]} is not served by the second element of a path")
    for entry in routes["legacy"]:
        if decoded.startswith(entry["prefix"]):
            why = f"{entry['prefix']} is a legacy prefix"
            return _from_bucket("legacy", why, entry["kind"], path, key, routes)
    if len(elements) > 2 and elements[1] in routes["kinds"]:
        return _from_bucket("kind", f"the second element is {elements[1]}", elements[1], path, key, routes)
    if routes["catch_all"]:
        return _from_bucket("catch_all", "no other rule applies", routes["catch_all"], path, key, routes)
    if len(elements) > 1 and elements[1] in routes["kinds"]:
        return _refused(f"nothing follows {elements[1]}, and listing is not served")
    return _refused("the second element is no kind that is served")
