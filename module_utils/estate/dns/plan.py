"""What turns the live zones into the declared ones: of each name all changes at once, in as few batches as fit. Pure.

A batch is carried out whole or not at all: between a CNAME that goes and the address that comes no query is unanswered.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml
from ansible.module_utils.estate.diff import KNOWN_AFTER_APPLY, diff_of
from ansible.module_utils.estate.dns.desired import DELEGATION_TTL, VALIDATION_TTL
from ansible.module_utils.estate.dns.read import Live, Zone
from ansible.module_utils.estate.dns.records import (
    Key,
    Rrset,
    key_of,
    label_of,
    matches,
    meaning,
    name_of,
    shown,
    under,
    values,
)
from ansible.module_utils.estate.dns.targets import gone, validations
from ansible.module_utils.estate.plan import Action, Plan, Ref, Unmanaged

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html: an UPSERT counts twice
MOST_RECORDS = 1000
MOST_CHARACTERS = 32_000


class Change(NamedTuple):
    verb: str  # "CREATE", "UPSERT", "DELETE"
    key: Key
    before: Rrset | None
    after: Rrset | None

    @property
    def told(self) -> dict[str, Any]:
        return {"Action": self.verb, "ResourceRecordSet": self.after or self.before}

    @property
    def size(self) -> tuple[int, int]:
        rrset = self.after or self.before or {}
        times, texts = (2 if self.verb == "UPSERT" else 1), values(rrset)
        return times * (len(texts) or 1), times * sum(map(len, texts))


class Delta(NamedTuple):
    """Of one zone."""

    zone: str
    wanted: Mapping[Key, Rrset]
    changes: Sequence[Change]
    undeclared: Sequence[Rrset]
    live: int  # how many record sets there are
    delegations: Sequence[str] = ()  # zones whose delegation comes with their name servers
    certificates: Sequence[str] = ()  # declared ones whose validation comes with what AWS says of them
    conflicts: Sequence[str] = ()


# --- what is wanted, once it is known what is live --------------------------------------------------------------------


def resolved(zone: str, said: Mapping[str, Any], live: Live) -> tuple[list[Rrset], list[str]]:
    """(the declared record sets with AWS's ids in them, load balancers that are not there)."""
    found: list[Rrset] = []
    missing = []
    balancers = {one["LoadBalancerName"]: one for one in live.targets.load_balancers}
    for rrset in said["records"]:
        alias = rrset.get("AliasTarget")
        if alias and "LoadBalancer" in alias:
            balancer = balancers.get(alias["LoadBalancer"])
            if not balancer:
                missing.append(alias["LoadBalancer"])
                continue
            place = {"HostedZoneId": balancer["CanonicalHostedZoneId"], "DNSName": name_of(balancer["DNSName"])}
            health = alias["EvaluateTargetHealth"]
            rrset = {**rrset, "AliasTarget": {**place, "EvaluateTargetHealth": health}}
        elif alias and alias["HostedZoneId"] == zone:
            zone_id = live.zones[zone].id if zone in live.zones else Ref(f"zone {zone.rstrip('.')}", "id")
            rrset = {**rrset, "AliasTarget": {**alias, "HostedZoneId": zone_id}}
        found.append(rrset)
    return found, missing


def delegation(child: str, records: Any) -> dict[str, Any]:
    return {"Name": child, "Type": "NS", "TTL": DELEGATION_TTL, "ResourceRecords": records}


def as_records(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"Value": name} for name in names]


def validations_in(zone: str, said: Mapping[str, Any], live: Live, domain: str = "") -> dict[str, set[str]]:
    """The CNAMEs that the account's certificates (or the one of domain) need in this very zone, each name once."""
    wanted: dict[str, set[str]] = {}
    for certificate in live.targets.certificates:
        for name, value in validations(certificate).items() if domain in ("", certificate["DomainName"]) else ():
            if under(name, zone) and not any(under(name, below) for below in said["children"]):
                wanted.setdefault(name, set()).add(value)
    return wanted


def validation(name: str, values: Iterable[str], ttl: int = VALIDATION_TTL) -> dict[str, Any]:
    return {"Name": name, "Type": "CNAME", "TTL": ttl, "ResourceRecords": as_records(values)}


# --- what changes -----------------------------------------------------------------------------------------------------


def delta(zone: str, said: Mapping[str, Any], live: Live) -> Delta:
    there = live.zones.get(zone, Zone("", ()))
    before = {key_of(rrset): rrset for rrset in there.rrsets}
    made_with_it = {(zone, "NS", ""), (zone, "SOA", "")}  # by Route 53
    ours = {key: one for key, one in before.items() if key not in made_with_it and not matches(key[0], said["others"])}
    records, _ = resolved(zone, said, live)
    after = {key_of(rrset): rrset for rrset in records}
    conflicts, delegations, certificates = [], [], []
    later: set[str] = set()
    for domain in said["certificates"]:
        names = set(validations_in(zone, said, live, domain)) - {key[0] for key in (*ours, *after)}
        is_known = any(one["DomainName"] == domain for one in live.targets.certificates)
        if names or not is_known:  # by a Ref, so that the plan is the same before AWS has said which names
            certificates.append(domain)
            later |= names
    for name, targets in sorted(validations_in(zone, said, live).items()):
        key = (name, "CNAME", "")
        if key in after:
            targets |= {name_of(value) for value in values(after[key])}
        if len(targets) > 1 or any(other[0] == name and other != key for other in after):
            conflicts.append(f"{name.rstrip('.')} must be a CNAME of {' and of '.join(sorted(targets))} alone")
        elif key not in after and name not in later and not matches(name, said["others"]):
            after[key] = validation(name, targets, before.get(key, {}).get("TTL", VALIDATION_TTL))
    for child in sorted(said["children"]):
        key = (child, "NS", "")
        if not any(one[0] == child for one in ours):  # by a Ref, too
            delegations.append(child)
        elif child in live.name_servers:
            after[key] = delegation(child, as_records(live.name_servers[child]))
    changes = list(_changes(ours, after, [tuple(one) for one in said["absent"]], {name for name, _, _ in after}))
    touched = {*after, *(change.key for change in changes), *((child, "NS", "") for child in said["children"])}
    undeclared = [one for key, one in ours.items() if key not in touched]
    return Delta(zone, after, changes, undeclared, len(before), delegations, certificates, conflicts)


def _changes(
    before: Mapping[Key, Rrset], after: Mapping[Key, Rrset], absent: Sequence[tuple[str, ...]], names: set[str]
) -> Iterator[Change]:
    """By name; of each what goes comes before what takes its place."""
    for name in sorted({*names, *(key[0] for key in before)}):
        old = {key: one for key, one in before.items() if key[0] == name}
        new = {key: one for key, one in after.items() if key[0] == name}
        for key, rrset in old.items():
            if key not in new and ((name, key[1]) in absent or any(_excludes(key, other) for other in new)):
                yield Change("DELETE", key, rrset, None)
        for key, rrset in new.items():
            if key not in old:
                yield Change("CREATE", key, None, rrset)
            elif meaning(old[key]) != meaning(rrset):
                yield Change("UPSERT", key, old[key], rrset)


def _excludes(old: Key, new: Key) -> bool:
    """Whether the two cannot stand beside each other."""
    return (old[1] == "CNAME") != (new[1] == "CNAME") or (old[1] == new[1] and bool(old[2]) != bool(new[2]))


def batches(changes: Sequence[Change]) -> list[list[Change]]:
    """As few as fit, none of which splits a name; where it takes several, what only goes comes last."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.key[0], []).append(change)
    made: list[list[Change]] = [[]]
    records = characters = 0
    for group in sorted(groups.values(), key=lambda group: all(one.verb == "DELETE" for one in group)):
        more, longer = (sum(size) for size in zip(*(one.size for one in group), strict=True))
        if made[-1] and (records + more > MOST_RECORDS or characters + longer > MOST_CHARACTERS):
            made.append([])
            records = characters = 0
        made[-1] += group
        records, characters = records + more, characters + longer
    return made if made[0] else []


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan(
    account: str,
    wanted: Mapping[str, Any],
    live: Live,
    deltas: Iterable[Delta],
    elsewhere: Iterable[str] = (),
    file: str = "",
) -> Plan:
    actions: list[Action] = []
    diff: list[dict[str, Any]] = []
    unmanaged: list[Unmanaged] = []
    notes, drift = [], []
    for found in deltas:
        zone, said, bare = found.zone, wanted[found.zone], found.zone.rstrip(".")
        zone_id: Any = live.zones[zone].id if zone in live.zones else Ref(f"zone {bare}", "id")
        if zone not in live.zones:
            actions.append(_zone(bare))
            diff += diff_of(f"zone {bare}", None, {"name_servers": KNOWN_AFTER_APPLY})
            if said["delegated_by"]:
                who = said["delegated_by"]
                notes.append(f"zone {bare}: new, and nothing finds it before {who} delegates it to its name servers")
        for batch in batches(found.changes):
            verbs = {change.verb for change in batch}
            verb = {"CREATE": "add", "DELETE": "remove"}.get("".join(verbs), "change")
            actions.append(_batch(verb, f"records of {bare}", zone_id, [change.told for change in batch]))
        before = {label_of(one.key): shown(one.before) for one in found.changes if one.before}
        after = {label_of(one.key): shown(one.after) for one in found.changes if one.after}
        diff += diff_of(f"records of {bare}", before or None, after or None)
        for child in found.delegations:
            label, names = f"record {label_of((child, 'NS', ''))}", Ref(f"zone {child.rstrip('.')}", "servers")
            told = [{"Action": "CREATE", "ResourceRecordSet": delegation(child, names)}]
            actions.append(_batch("add", label, zone_id, told))
            seen = live.name_servers.get(child) or KNOWN_AFTER_APPLY
            diff += diff_of(label, None, {"ttl": DELEGATION_TTL, "values": seen})
        for domain in found.certificates:
            label = f"validation of certificate {domain}"
            actions.append(_batch("add", label, zone_id, Ref(f"certificate {domain}", "changes")))
            cnames = {name: sorted(those) for name, those in validations_in(zone, said, live, domain).items()}
            diff += diff_of(label, None, cnames or {"CNAME": KNOWN_AFTER_APPLY})
        _, missing = resolved(zone, said, live)
        notes += [f"zone {bare}: the alias of the load balancer {one} waits until that is there" for one in missing]
        for rrset in found.undeclared:
            unmanaged.append(adopt(zone, rrset, file))
            foreign = "delegates to a zone that nobody declares" if rrset["Type"] == "NS" else ""
            if why := gone(rrset, live.targets, elsewhere) or foreign:
                label = label_of(key_of(rrset))
                drift.append(f"record {label}: not declared, and {why}; who gets hold of that gets the name")
    return Plan("dns", account, actions, diff, notes, unmanaged, drift=drift)


def _zone(bare: str) -> Action:
    # The same reference again is the same zone: an answer that was lost makes no second one.
    reference = hashlib.sha256(bare.encode()).hexdigest()[:32]
    params = {"Name": bare, "CallerReference": f"marketplace-estate-{reference}"}
    outputs = (("id", "HostedZone.Id"), ("servers", "DelegationSet.NameServers[].{Value: @}"))
    return Action("add", f"zone {bare}", "route53.create_hosted_zone", params, outputs=outputs)


def _batch(verb: str, resource: str, zone_id: Any, changes: Any) -> Action:
    params = {"HostedZoneId": zone_id, "ChangeBatch": {"Changes": changes}}
    return Action(verb, resource, "route53.change_resource_record_sets", params)


def known(wanted: Mapping[str, Any], live: Live) -> dict[Ref, Any]:
    """What a plan's Refs stand for that is known beforehand."""
    found = {Ref(f"zone {zone.rstrip('.')}", "servers"): as_records(names) for zone, names in live.name_servers.items()}
    for zone, said in wanted.items():
        for domain in said["certificates"]:
            if cnames := validations_in(zone, said, live, domain):
                changes: Any = [
                    {"Action": "UPSERT", "ResourceRecordSet": validation(*one)} for one in sorted(cnames.items())
                ]
                found[Ref(f"certificate {domain}", "changes")] = changes
    return found


def adopt(zone: str, rrset: Rrset, file: str) -> Unmanaged:
    """The entry under the zone's records that leaves it as it is."""
    key = key_of(rrset)
    name = "@" if key[0] == zone else key[0].removesuffix(f".{zone}")
    entry = {f"{name} {key[1]}": [shown(rrset)] if key[2] else shown(rrset)}
    text = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, width=110)
    where = f"# under dns_zones, {zone.rstrip('.')}, records\n"
    return Unmanaged(f"record {label_of(key)}", where + "".join(f"      {line}\n" for line in text.splitlines()), file)
