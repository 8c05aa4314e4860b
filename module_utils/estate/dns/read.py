"""What is live: zones, and what their records point to; as few calls as AWS allows, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ansible.module_utils.estate.dns.records import name_of, under
from ansible.module_utils.estate.dns.targets import Targets, kinds
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.host.certificate.read import describe, listed

EVERY = "us-east-1"  # where CloudFront's certificates are


class Zone(NamedTuple):
    id: str
    rrsets: Sequence[Mapping[str, Any]]


class Live(NamedTuple):
    zones: Mapping[str, Zone]
    targets: Targets = Targets()
    name_servers: Mapping[str, Sequence[str]] = {}  # of the zones that these delegate to, where those are there


def servers(zone: str, rrsets: Iterable[Mapping[str, Any]]) -> list[str]:
    """The zone's own word for its name servers."""
    apex = [one for one in rrsets if one["Type"] == "NS" and name_of(one["Name"]) == zone]
    return sorted(name_of(record["Value"]) for one in apex for record in one["ResourceRecords"])


def read(clients: Any, wanted: Mapping[str, Any], account: str, others: Mapping[str, Any]) -> Live:
    """others are the clients of the accounts that have zones to delegate to."""
    region = clients.region
    if not wanted:
        return Live({})
    with ThreadPoolExecutor(16) as pool:
        certificates = [pool.submit(_certificates, clients["acm", place], wanted) for place in sorted({region, EVERY})]
        asked = {
            child: pool.submit(_servers_of, others[owner]["route53"], child)
            for said in wanted.values()
            for child, owner in said["children"].items()
            if owner != account
        }
        route53 = clients["route53"]
        ids = _ids(route53, wanted)
        pages = {zone: pool.submit(_rrsets, route53, zone_id) for zone, zone_id in ids.items()}
        zones = {zone: Zone(ids[zone], found.result()) for zone, found in pages.items()}
        names = {child: found.result() for child, found in asked.items()}
        names |= {zone: servers(zone, live.rrsets) for zone, live in zones.items()}
        all_rrsets = [rrset for zone in zones.values() for rrset in zone.rrsets]
        desired = [rrset for said in wanted.values() for rrset in said["records"]]
        named = [one for one in desired if "LoadBalancer" in one.get("AliasTarget", {})]
        needed = kinds([*all_rrsets, *(one for one in desired if one not in named)])
        if named:
            needed.setdefault("load_balancers", set()).add(region)
        found = {
            kind: [pool.submit(READ[kind], clients, place) for place in sorted(needed.get(kind, ()))] for kind in READ
        }
        got = {kind: [one for future in futures for one in future.result()] for kind, futures in found.items()}
        targets = Targets(
            {name_of(one["DomainName"]): one for one in got["distributions"]},
            got["load_balancers"],
            frozenset(got["buckets"]),
            [one for future in certificates for one in future.result()],
        )
    return Live(zones, targets, {child: those for child, those in names.items() if those})


def _ids(route53: Any, wanted: Mapping[str, Any]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for zone in route53.get_paginator("list_hosted_zones").paginate().search("HostedZones[]"):
        name = name_of(zone["Name"])
        if name in wanted and not zone.get("Config", {}).get("PrivateZone"):
            zone_id = zone["Id"].rpartition("/")[2]
            if name in ids:
                both = f"{ids[name]} and {zone_id}"
                raise Refusal(f"there are two zones {zone['Name']}, {both}: delete the one that nobody delegates to")
            ids[name] = zone_id
    return ids


def _rrsets(route53: Any, zone_id: str) -> list[Mapping[str, Any]]:
    """300 of them a call."""
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return list(pages.search("ResourceRecordSets[]"))


def _servers_of(route53: Any, zone: str) -> list[str]:
    """Of another account's zone; [] where it is not there yet."""
    listed = route53.list_hosted_zones_by_name(DNSName=zone, MaxItems="1")["HostedZones"]
    ids = [one["Id"] for one in listed if name_of(one["Name"]) == zone and not one.get("Config", {}).get("PrivateZone")]
    if not ids:
        return []
    found = route53.get_hosted_zone(Id=ids[0].rpartition("/")[2])["DelegationSet"]["NameServers"]
    return sorted(name_of(server) for server in found)


def _certificates(acm: Any, zones: Iterable[str]) -> list[dict[str, Any]]:
    """Those that AWS issues for a name in one of the zones."""
    found = []
    for one in listed(acm):
        names = {one["DomainName"], *one.get("SubjectAlternativeNameSummaries", ())}
        ours = any(under(name_of(name.removeprefix("*.")), zone) for name in names for zone in zones)
        if ours or one.get("HasAdditionalSubjectAlternativeNames"):
            described = describe(acm, one["CertificateArn"])
            found += [described] if described["Type"] == "AMAZON_ISSUED" else []
    return found


def _distributions(clients: Any, _region: str) -> list[Any]:
    pages = clients["cloudfront"].get_paginator("list_distributions").paginate()
    return [one for one in pages.search("DistributionList.Items[]") if one]


def _load_balancers(clients: Any, region: str) -> list[Any]:
    pages = clients["elbv2", region].get_paginator("describe_load_balancers").paginate()
    return list(pages.search("LoadBalancers[]"))


def _buckets(clients: Any, _region: str) -> list[Any]:
    return [one["Name"] for one in clients["s3"].list_buckets()["Buckets"]]


READ = {"distributions": _distributions, "load_balancers": _load_balancers, "buckets": _buckets}
