"""AWS's Service Authorization Reference: which resources and condition keys an action has; from the package parliament.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

VARIABLE = re.compile(r"\$\{(\w+)\}")


class Resource(NamedTuple):
    kind: str  # "role"
    arn: str  # "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"
    required: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        return _pattern(self.arn)


class Action(NamedTuple):
    name: str
    resources: tuple[Resource, ...] = ()
    keys: frozenset[str] = frozenset()  # condition keys of its own, in lower case: "iam:permissionsboundary"
    passes_role: bool = False


@functools.cache
def _services() -> dict[str, Any]:
    """prefix → its part; read when somebody is judged first, for it takes a tenth of a second."""
    found = importlib.util.find_spec("parliament")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the package parliament is missing")
    path = Path(found.submodule_search_locations[0]) / "iam_definition.json"
    return {service["prefix"]: service for service in json.loads(path.read_text(encoding="utf-8"))}


@functools.cache
def prefixes() -> frozenset[str]:
    return frozenset(_services())


@functools.cache
def condition_keys(prefix: str) -> dict[str, frozenset[str]]:
    """Of each action of a service."""
    return {one["privilege"]: action(prefix, one["privilege"]).keys for one in _services()[prefix]["privileges"]}


@functools.cache
def action(prefix: str, name: str) -> Action:
    """What is known of an action; of one that nobody knows, that it is about everything."""
    service = _services().get(prefix, {"privileges": [], "resources": []})
    known = next((one for one in service["privileges"] if one["privilege"].lower() == name.lower()), None)
    if known is None:
        return Action(name)
    arns = {one["resource"]: one["arn"] for one in service["resources"]}
    kinds = [one["resource_type"] for one in known["resource_types"]]
    resources = [
        Resource(kind.rstrip("*"), arns[kind.rstrip("*")], kind.endswith("*"))
        for kind in kinds
        if kind.rstrip("*") in arns
    ]
    keys = {key.lower() for one in known["resource_types"] for key in one["condition_keys"]}
    passes = any("iam:PassRole" in one["dependent_actions"] for one in known["resource_types"])
    return Action(known["privilege"], tuple(resources), frozenset(keys), passes)


@functools.cache
def _pattern(arn: str) -> re.Pattern[str]:
    parts = re.split(r"(\$\{\w+\})", arn)
    fixed = {"${Partition}": "aws", "${Region}": "[a-z0-9-]*", "${Account}": r"(?:\d{12}|aws)?"}
    return re.compile("".join(fixed.get(part, "(.+)") if part.startswith("$") else re.escape(part) for part in parts))
