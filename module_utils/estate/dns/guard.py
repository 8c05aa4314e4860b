"""What must not happen by mistake: names that others rely on go only by name, and few go at once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.dns.plan import Change, Delta, resolved
from ansible.module_utils.estate.dns.read import Live
from ansible.module_utils.estate.dns.records import VALIDATION, Rrset, label_of, meaning, name_of, text_of, values
from ansible.module_utils.estate.dns.targets import Targets, gone, validations

VERSIONS = ("v=spf1", "v=DMARC1")


def refusals(
    wanted: Mapping[str, Any],
    live: Live,
    deltas: Sequence[Delta],
    elsewhere: Collection[str],
    confirmed: Collection[str],
    share: float,
    number: int,
    allowed: int | None,
) -> Iterator[str]:
    for found in deltas:
        yield from found.conflicts
        for change in found.changes:
            label, what = label_of(change.key), important(change, found.zone, live.targets)
            if what and label not in confirmed:
                yield f'{label} would go, {what}; if that is meant: -e \'{{"dns_confirmed": ["{label}"]}}\''
        removed = sum(change.verb == "DELETE" and not _replaced(change, found.changes) for change in found.changes)
        most = allowed if allowed is not None else max(number, int(share * found.live))
        if removed > most:
            yield (
                f"{removed} of the {found.live} records of {found.zone.rstrip('.')} would go, allowed are {most}; "
                f"if that is meant: -e dns_removals_allowed={removed}"
            )
        records, missing = resolved(found.zone, wanted[found.zone], live)
        for rrset in records:
            if why := gone(rrset, live.targets, elsewhere):
                label = label_of((name_of(rrset["Name"]), rrset["Type"], ""))
                yield f"{label} points to nothing of ours: {why}; correct it, or say in dns_elsewhere whose it is"
        balanced = (
            one for one in wanted[found.zone]["records"] if one.get("AliasTarget", {}).get("LoadBalancer") in missing
        )
        there = {(rrset["Name"], rrset["Type"]) for rrset in balanced}
        for rrset in live.zones[found.zone].rrsets if found.zone in live.zones else ():
            if (name_of(rrset["Name"]), rrset["Type"]) in there:
                label = label_of((name_of(rrset["Name"]), rrset["Type"], ""))
                yield f"{label} is live, and its load balancer is gone: declare it absent, or make that anew"


def _replaced(change: Change, changes: Sequence[Change]) -> bool:
    """A name whose type changes stays."""
    return any(other.key[0] == change.key[0] and other.after for other in changes)


def important(change: Change, zone: str, there: Targets) -> str:
    """What is lost with a record that goes, or of which nothing that it said stays; "" where it may go as any other."""
    name, kind, before = change.key[0], change.key[1], change.before
    if before is None:
        return ""
    if kind == "TXT":
        return next((f"and {one} with it" for one in VERSIONS if _says(before, one) > _says(change.after, one)), "")
    if change.after is not None and _kept(before, change.after):
        return ""
    if kind in ("NS", "DS"):
        return "which delegates a zone"
    if kind == "MX":
        return "which mail is delivered by"
    if kind == "CAA":
        return "which says who may issue certificates"
    if kind == "CNAME" and any(value.rstrip(".").endswith(VALIDATION.rstrip(".")) for value in values(before)):
        known = [one for one in there.certificates if name in validations(one)]
        unused = bool(known) and not any(one.get("InUseBy") for one in known)
        return "" if unused else "which a certificate in use is renewed by"
    return "which is the zone's own name" if name == zone else ""


def _says(rrset: Rrset | None, version: str) -> bool:
    return any(text_of("TXT", value).startswith(version) for value in values(rrset or {}))


def _kept(before: Rrset, after: Rrset) -> bool:
    """Whether anything of it stays: a value, or the whole alias."""
    old, new = meaning(before), meaning(after)
    both = "AliasTarget" not in before and "AliasTarget" not in after
    return bool(old[1] & new[1]) if both else old[:2] == new[:2]
