"""What can be wrong with a declaration of buckets, found before the first call. Pure.

    mistakes(declared, regions) -> [Mistake("shop-documents", "encryption", ".key is of eu-west-1, but …"), …]

Each is one sentence: the bucket, the setting, what is wrong with it, what is allowed. Limits are AWS's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.buckets.names import name_mistake
from ansible.module_utils.estate.buckets.setting import World
from ansible.module_utils.estate.buckets.settings import SETTINGS
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.policy import statements


class Mistake(NamedTuple):
    bucket: str  # "" where it is no bucket's
    setting: str
    said: str  # begins where the setting ends: ".key is …", " has 51 tags; …"


@functools.cache
def known_regions() -> frozenset[str]:
    """Every region that botocore knows, of a file that it brings."""
    from botocore.loaders import create_loader

    names = {name for one in create_loader().load_data("partitions")["partitions"] for name in one["regions"]}
    return frozenset(name for name in names if not name.endswith("-global"))


def _bucket(bucket: Mapping[str, Any], world: World) -> Iterator[Mistake]:
    name = bucket["name"]
    if mistake := name_mistake(name):
        yield Mistake(name, "name", f" ({name}) {mistake}")
    if bucket["region"] not in world.regions:
        hint = nearest(bucket["region"], world.regions)
        yield Mistake(name, "region", f" is {bucket['region']!r}, which is no region of AWS's{hint}")
    for setting in SETTINGS:
        if bucket.get(setting.name) is not None:
            yield from (Mistake(name, setting.name, said) for said in setting.check(bucket, world))


def _role(role: Mapping[str, Any]) -> Iterator[Mistake]:
    at = "replication_role"
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", role["name"]):
        yield Mistake("", at, f".name is {role['name']!r}; allowed are 1 to 64 letters, digits and + = , . @ - _")
    if not re.fullmatch(r"/|/[!-~]+/", role.get("path") or "/"):
        yield Mistake("", at, f".path is {role['path']!r}; it must begin and end with /")
    if not re.fullmatch(r"[\w+=,.@-]{1,128}", role["policy_name"]):
        yield Mistake("", at, f".policy_name is {role['policy_name']!r}; allowed are letters, digits and + = , . @ - _")
    if not statements(role["trust"]):
        yield Mistake("", at, ".trust has no Statement")


def mistakes(declared: Mapping[str, Any], regions: Collection[str] = ()) -> list[Mistake]:
    """Everything that is wrong with {"buckets": [...], "replication_role": {...} | None}."""
    buckets: Sequence[Mapping[str, Any]] = declared["buckets"]
    world = World({bucket["name"]: bucket for bucket in reversed(buckets)}, regions or known_regions())
    seen: set[str] = set()
    found: list[Mistake] = []
    for bucket in buckets:
        if bucket["name"] in seen:
            found.append(Mistake(bucket["name"], "name", " is there twice; every bucket must be declared once"))
        seen.add(bucket["name"])
        found += _bucket(bucket, world)
    return found + list(_role(declared["replication_role"]) if declared.get("replication_role") else ())


def told(found: Sequence[Mistake]) -> list[str]:
    """One sentence for what is wrong with several buckets: a region that is misspelt once is that of all of them."""
    groups: dict[str, list[str]] = {}
    for mistake in found:
        groups.setdefault(f"{mistake.setting}{mistake.said}", []).append(mistake.bucket)
    sentences = (f"{', '.join(names)}: {said}" if any(names) else said for said, names in groups.items())
    return [said if said.endswith("?") else f"{said}." for said in sentences]
