"""What must not be done, whoever declares it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.monitoring.plan import wanted
from ansible.module_utils.estate.monitoring.read import Live

FOREVER = float("inf")


def refusals(declared: Mapping[str, Any], live: Live) -> Iterator[str]:
    """A shorter retention deletes events at once and for good; a trail that logs less leaves a gap nobody can fill."""
    things = wanted(declared, live)
    allowed = set(declared["shorter"])
    for name, group in things["log_groups"].items():
        found = live.things.get("log_groups", {}).get(name)
        # A run that ended between making a group and saying how long it is kept left nothing that is older.
        if found and not found["days"] and found.get("age", FOREVER) < group["days"]:
            continue
        if found and (group["days"] or FOREVER) < (found["days"] or FOREVER) and name not in allowed:
            was = f"{found['days']} days" if found["days"] else "for ever"
            yield (
                f"log group {name} is kept {was}, and {group['days']} days delete what is older at once: "
                f"say monitoring_shorter: [{name}] for one run that is meant to"
            )
    for name, trail in things["trails"].items():
        found = live.things.get("trails", {}).get(name)
        for word in ("multi_region", "global_events", "validated"):
            if found and found[word] and not trail[word] and name not in allowed:
                yield f"trail {name} would lose {word}: say monitoring_shorter: [{name}] for one run that is meant to"
    if not any(things.values()):
        there = [*live.things.get("alarms", {}), *live.things.get("trails", {})]
        if unknown := [name for name in there if name.startswith(f"{declared['account']}-")]:
            yield f"nothing is declared, but {', '.join(sorted(unknown)[:5])} are there: is the vars file what it was"
