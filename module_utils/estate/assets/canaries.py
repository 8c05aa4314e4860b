"""Which documents prove that the router serves what is public and nothing else: one of each, of every kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.assets.resolve import path_of, resolve_asset

DIRECTORY = "assets-router-canary"
LINES = 2000  # of a public one: more than a router holds in memory, so that it is proved whole
_OF_DOCUMENT = ("key", "content", "repeat", "tags", "cache_control")


def asset_canaries(routes: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """{"served": […], "refused": […], "documents": […], "checks": […]}. Raises KeyError for another shape.

    What is refused exists as well, since what is not there does not come back from anywhere; also beside what is public
    in the same bucket. Where an exact key is public it is not touched, so nothing is proved of it.
    """
    asked = [*_served(routes, stage), *_refused(routes, stage)]
    return {
        "served": [one for one in asked if one["served"]],
        "refused": [one for one in asked if not one["served"]],
        "documents": [
            {"bucket": routes["buckets"][one["kind"]], **{word: one[word] for word in _OF_DOCUMENT}} for one in asked
        ],
        "checks": [check for one in asked for check in _checks(stage, one)],
    }


def _checks(stage: str, canary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whole and as a range, by every byte: a router that cuts documents short must not pass."""
    if not canary["served"]:
        return [{"path": canary["path"], "status": 404, "without": f"The assets router of {stage}"}]
    whole = {"path": canary["path"], "status": 200, "content": canary["content"], "repeat": canary["repeat"]}
    return [whole, whole | {"status": 206, "range": "bytes=0-"}]


def _canary(stage: str, kind: str, key: str, served: bool, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    does = "serves" if served else "must not serve"
    return {
        "kind": kind, "key": key, "path": path_of(key), "served": served, "tags": dict(tags or {}),
        "content": f"The assets router of {stage} {does} {kind}.\n", "repeat": LINES if served else 1,
        "cache_control": "no-store" if served and key.rpartition("/")[2].startswith("now-") else "",
    }  # fmt: skip


def _leads_to(routes: Mapping[str, Any], kind: str, key: str) -> bool:
    found = resolve_asset(path_of(key), routes)
    return bool(found["served"] and found.get("kind") == kind and found["key"] == key)


def _of_pattern(pattern: str, kind: str) -> Iterator[str]:
    """Keys that the pattern matches; none where it is an exact key, which is somebody's document."""
    if "*" not in pattern:
        return
    name = "canary.txt" if pattern.count("*") > 1 else f"{DIRECTORY}.txt"  # each key says what it is (access.yml)
    body = pattern[:-1] + name if pattern.endswith("*") else pattern
    for first in (DIRECTORY, f"{DIRECTORY}/{kind}"):
        yield body.replace("*", first, 1).replace("*", DIRECTORY)


def _public_keys(routes: Mapping[str, Any], kind: str) -> list[str]:
    upstream = routes["kinds"][kind]
    found = []
    for pattern in upstream["keys"]:
        keys = [f"{DIRECTORY}/{kind}/canary.txt"] if pattern == "*" else _of_pattern(pattern, kind)
        found += [key for key in keys if _leads_to(routes, kind, key)][:1]
    return found


def _served(routes: Mapping[str, Any], stage: str) -> Iterator[dict[str, Any]]:
    for kind, upstream in routes["kinds"].items():
        for key in _public_keys(routes, kind):
            yield from _kept_and_not(stage, kind, key, upstream["tag"])
    tags = {upstream["kind"]: upstream["tag"] for upstream in routes["upstreams"]}
    for entry in routes["legacy"]:
        key = f"{entry['prefix'][1:]}{DIRECTORY}.txt"
        if _leads_to(routes, entry["kind"], key):
            yield from _kept_and_not(stage, entry["kind"], key, tags[entry["kind"]])


def _kept_and_not(stage: str, kind: str, key: str, tags: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """As the public gets it, perhaps from the router's cache; and one that is never stored, so that S3 is asked now."""
    folder, _, name = key.rpartition("/")
    yield _canary(stage, kind, key, True, tags)
    yield _canary(stage, kind, f"{folder}/now-{name}", True, tags)


def _refused(routes: Mapping[str, Any], stage: str) -> Iterator[dict[str, Any]]:
    for kind in routes["refused"]:
        yield _canary(stage, kind, f"{DIRECTORY}/{kind}/canary.txt", False)
    for kind, upstream in routes["kinds"].items():
        public = _public_keys(routes, kind)
        beside = [f"{DIRECTORY}/private-{kind}/canary.txt", f"{DIRECTORY}/{kind}/private/canary.txt"]
        for key in public:
            folder, _, name = key.rpartition("/")
            if upstream["keys"] != ["*"]:
                beside.append(f"{folder}-private/{name}")
            if upstream["tag"]:
                yield _canary(stage, kind, f"{folder}/untagged-{name}", False)
        for key in dict.fromkeys(beside):
            if not _leads_to(routes, kind, key) and not resolve_asset(path_of(key), routes)["served"]:
                yield _canary(stage, kind, key, False)
