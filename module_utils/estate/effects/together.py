"""What the plans of several accounts mean together: over all that they read, as all of them would leave it. Pure.

Each plan tells the account as it was and what it changes of it; what no plan of these read is taken to let in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.effects.planned import of_buckets, planned
from ansible.module_utils.estate.evaluator.composed import Estate, Lives, attached
from ansible.module_utils.estate.evaluator.document import ANYTHING, account_in

TOGETHER = "all accounts together"  # in place of a host
MOST = 2_000  # users of an account that a plan tells; of more it would be megabytes
_LISTS, _BY_NAME = ("users", "groups", "roles"), ("policies", "buckets")
# The variables that declare what a plan of this purpose has names of.
_SAID_IN = {"buckets": "buckets_kinds, buckets_overrides, buckets_standalone, and names of replicas"}


def state(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[str, str],
    invariants: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """What a plan tells of its account; {} of one with too many people. names are accounts' by id."""
    if max(len(before["users"]), len(after["users"])) > MOST:
        return {}
    was, will_be = _named(before), _named(after)
    changes: dict[str, dict[str, Any]] = {
        part: {name: one for name, one in will_be[part].items() if was[part].get(name) != one}
        | {name: None for name in was[part] if name not in will_be[part]}
        for part in was
    }
    told = {"account_id": before["account_id"], "before": was, "changes": {k: v for k, v in changes.items() if v}}
    return {**told, "names": dict(names), "invariants": list(invariants)}


def together(plans: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """{"effects": lines, "grants": whether anybody may get anything new, "broken": why none may be carried out}.

    plans are by host and purpose, as they are stored. {} where no two accounts were read, or none of them changes.
    """
    told = [one["estate"] for _, own in sorted(plans.items()) for _, one in sorted(own.items()) if one.get("estate")]
    if len({one["account_id"] for one in told}) < 2 or not any(one["changes"] for one in told):
        return {}
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    names = {key: name for one in told for key, name in one["names"].items()}
    for one in told:
        mine = parts.setdefault(one["account_id"], {part: {} for part in (*_LISTS, *_BY_NAME)})
        for part, found in one["before"].items():
            mine[part] = {**found, **mine[part]}
    before = _lives(parts, names)
    for one in told:
        for part, found in one["changes"].items():
            left = {**parts[one["account_id"]][part], **found}
            parts[one["account_id"]][part] = {name: item for name, item in left.items() if item is not None}
    known = any(own["buckets"] for own in parts.values())  # also the first of all: judged on access as it will be
    invariants = {one["name"]: one for account in told for one in account["invariants"]}
    after = _lives(parts, names)
    absent = _not_there_yet(after)
    # Nobody can be who is not there, so that nothing is broken by him; that nothing was proved of him is said.
    asked = [
        {**one, "but": [*one.get("but", []), *absent]} if absent else one
        for one in invariants.values()
        if known or not of_buckets(one)
    ]
    meant, broken = planned(before, after, names, asked)
    unproved = (
        f"what {names.get(account_in(arn), account_in(arn))}:{arn.rsplit('/', 1)[-1]} may do with bucket "
        f"{' and '.join(sorted(buckets))}: it is not there yet, nor in this plan; "
        "converge access first, or in the same run"
        for arn, buckets in sorted(absent.items())
    )
    meant = meant._replace(undecided=(*meant.undecided, *unproved))
    single = {line for own in plans.values() for one in own.values() for line in one.get("effects", ())}
    said = [line for line in meant.lines if line not in single]
    return {"effects": said, "grants": meant.grants, "broken": broken}


def _not_there_yet(lives: Lives) -> dict[str, set[str]]:
    """{ARN: the buckets whose policies name him}: AWS takes no policy that names nobody."""
    estate = Estate(lives)
    there = {item["arn"] for live in lives.values() for part in ("users", "roles") for item in live[part]}
    named: dict[str, set[str]] = {}
    for bucket in estate.buckets.values():
        for arn in (name for one in bucket.policy or () for kind, name in one.principals if kind == "AWS"):
            if re.search(":(user|role)/[^*?]+$", arn) and account_in(arn) in estate.by_id and arn not in there:
                named.setdefault(arn, set()).add(bucket.name)
    return named


def _declared_twice(plans: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Each would make it as its own vars say, whichever comes last; or AWS would refuse it to all but the first."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for host, own in sorted(plans.items()):
        for purpose, one in own.items():
            for name in one.get("declares", ()):
                hosts.setdefault((purpose, name), []).append(host)
    return [
        f"{' and '.join(those)} declare {name}; it belongs to one host ({_SAID_IN[purpose]})"
        for (purpose, name), those in hosts.items()
        if len(those) > 1
    ]


def judged(plans: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What a stored plan says of all its plans: what they mean together, whether anybody may get anything new."""
    found = together(plans)
    # Those that tell no account, as each says for itself.
    single = [one for own in plans.values() for one in own.values() if not (found and one.get("estate"))]
    grants = bool(found.get("grants")) or any(one.get("grants", True) for one in single)
    if twice := _declared_twice(plans):
        found = {"effects": [], "grants": False, **found, "broken": [*found.get("broken", ()), *twice]}
    return {"together": found, "grants": grants}


def failures(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """As a stored plan tells what failed."""
    return [
        {"host": TOGETHER, "task": "", "sentence": f"{why}; nothing of this plan may be carried out"}
        for why in found.get("broken", ())
    ]


def _named(live: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    lists = {part: {one["name"]: one for one in live.get(part, ())} for part in _LISTS}
    return lists | {part: dict(live.get(part) or {}) for part in _BY_NAME}


def _lives(parts: Mapping[str, Mapping[str, Mapping[str, Any]]], names: Mapping[str, str]) -> Lives:
    documents = {arn: one for own in parts.values() for arn, one in own["policies"].items()}
    # AWS's own policies are read of accounts that change: what no plan read may allow anything, before and after.
    held = {number: attached(one for part in _LISTS for one in own[part].values()) for number, own in parts.items()}
    return {
        names.get(number, number): {
            "account_id": number,
            **{part: list(own[part].values()) for part in _LISTS},
            "policies": {**{arn: documents.get(arn, ANYTHING) for arn in held[number]}, **own["policies"]},
            "buckets": own["buckets"],
        }
        for number, own in parts.items()
    }
