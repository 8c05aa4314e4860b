"""What the vars may say, in the words of jsonschema that several settings share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT = {"type": "string"}
TAGS = {"type": "object", "additionalProperties": TEXT}
# A key has at most so many bytes.
PREFIX = {"type": "string", "maxLength": 1024}


def mapping(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """Of these keys and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def listing(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
