"""The routing table as rows for a person to read, in the order in which its rules apply. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def asset_rows(routes: Mapping[str, Any], frontend: str = "") -> list[tuple[str, str, str]]:
    """(path, the bucket it leads to, which variable says so). Raises KeyError for another shape."""
    upstreams = {upstream["kind"]: upstream for upstream in routes["upstreams"]}
    rows = [("/static/…", frontend, "")] if frontend else []
    for rule in routes["rules"]:
        upstream = upstreams.get(rule["to"])
        tag = "".join(f", where tagged {name}={value}" for name, value in upstream["tag"].items()) if upstream else ""
        bucket, variable = (upstream["bucket"], upstream["variable"]) if upstream else ("refused", "")
        rows.append((rule["about"] + tag, bucket, variable))
    if not routes["catch_all"]:
        rows.append(("/…", "refused", ""))
    return rows


def told(routes: Mapping[str, Any]) -> list[dict[str, str]]:
    """A mapping for each rule, as the report's page takes it."""
    return [dict(zip(("path", "leads to", "by"), row, strict=True)) for row in asset_rows(routes)]
