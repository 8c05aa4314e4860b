"""Plans of single hosts, made side by side, as one plan: the same whoever made which, and in whatever order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.effects.together import TOGETHER, failures, judged
from ansible.module_utils.estate.findings import finding as findings

_SAME = ("inventory", "check", "tags", "commits")


def merged(plans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What dm_report would have stored of all hosts at once, without the time, which is another for each.

    ValueError where they are not parts of one plan.
    """
    parts = [plan["dm_plan"] for plan in plans]
    whole: dict[str, Any] = {}
    for key in _SAME:
        said = {repr(part.get(key)): part.get(key) for part in parts}
        if len(said) != 1:
            raise ValueError(
                f"these are not parts of one plan: {key} is {' and '.join(sorted(map(str, said.values())))}"
            )
        whole[key] = next(iter(said.values()))
    hosts = sorted(host for part in parts for host in part["looked_at"])
    if twice := sorted({host for host in hosts if hosts.count(host) > 1}):
        raise ValueError(f"{', '.join(twice)}: planned twice")

    def by_host(key: str) -> dict[str, Any]:
        found = {host: value for part in parts for host, value in part.get(key, {}).items()}
        return {host: found[host] for host in sorted(found)}

    def listed(key: str) -> list[Any]:
        return sorted((entry for part in parts for entry in part[key]), key=lambda entry: entry["host"])

    left_out = by_host("left_out") | {
        host: part["left_out"].get(host, []) for part in parts for host in part["looked_at"]
    }
    limits = {limit for part in parts for limit in part["limit"].split(",")}
    # One cause that several parts found is one finding again.
    found = findings.merged(findings.of_dict(one) for part in parts for one in part.get("findings", ()))
    whole |= {
        "started": "",
        "seconds": None,
        "pending": sum(part["pending"] for part in parts),
        "summary": by_host("summary"),
        "looked_at": hosts,
        "left_out": {host: left_out[host] for host in sorted(left_out)},
        "limit": ",".join(sorted(limits - {""})),
        "plans": by_host("plans"),
        "accounts": by_host("accounts"),
        "callers": by_host("callers"),
        "tasks": listed("tasks"),
        "failures": [one for one in listed("failures") if one["host"] != TOGETHER],
        "findings": [one.as_dict() for one in found],
    }
    meant = judged(whole["plans"])
    whole |= meant
    whole["failures"] += failures(meant["together"])
    reviewed: dict[str, dict[str, str]] = {}
    for plan in plans:
        for host, digests in plan["dm_reviewed"].items():
            reviewed.setdefault(host, {}).update(digests)  # of more than one where only its guard looked at it
    return {"dm_reviewed": {host: reviewed[host] for host in sorted(reviewed)}, "dm_plan": whole}
