"""Zones as declared, turned into the record sets that Route 53 takes. Pure; what is declared was checked before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.dns.records import TEXT, name_of, quoted, spelt, under

DELEGATION_TTL = 3600
VALIDATION_TTL = 60
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
CLOUDFRONT = "Z2FDTNDATAQYW2"


def full(name: str, zone: str) -> str:
    """The name of a record in the zone: "www" or "@"."""
    return name_of(zone if name == "@" else f"{name}.{zone}")


def entries(declared: Any) -> list[Mapping[str, Any]]:
    """What stands at "www CNAME": a value, values, a mapping, or mappings that have a set each."""
    if isinstance(declared, Mapping):
        return [declared]
    if isinstance(declared, list) and declared and all(isinstance(one, Mapping) for one in declared):
        return declared
    return [{"values": declared}]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def parent_of(zone: str, zones: Mapping[str, Any]) -> str:
    """The nearest declared zone above it; "" where there is none."""
    above = [one for one in zones if one != zone and under(zone, one)]
    return max(above, key=len, default="")


def rrsets(zone: str, declared: Mapping[str, Any], ttl: int) -> Iterator[dict[str, Any]]:
    for key, said in (declared.get("records") or {}).items():
        name, kind = key.split()
        for entry in entries(said):
            made: dict[str, Any] = {"Name": full(name, zone), "Type": kind.upper(), **(entry.get("set") or {})}
            if "alias" in entry:
                made["AliasTarget"] = _alias(entry["alias"], zone)
            else:
                texts = [str(value) for value in listed(entry["values"])]
                made["TTL"] = entry.get("ttl", ttl)
                made["ResourceRecords"] = [
                    {"Value": quoted(text) if made["Type"] in TEXT else spelt(made["Type"], text)} for text in texts
                ]
            yield made


def _alias(said: Any, zone: str) -> dict[str, Any]:
    """Where a load balancer is meant by its name, what AWS calls it is only known live."""
    alias = {"name": said} if isinstance(said, str) else said
    health = bool(alias.get("health"))
    if "load_balancer" in alias:
        return {"LoadBalancer": alias["load_balancer"], "EvaluateTargetHealth": health}
    name = name_of(alias["name"])
    known = CLOUDFRONT if name.endswith(".cloudfront.net.") else ""
    zone_id = alias.get("zone_id") or known or zone  # a zone's own name stands for its id
    return {"HostedZoneId": zone_id, "DNSName": name, "EvaluateTargetHealth": health}


def dns_desired(declared: Mapping[str, Any], account: str, ttl: int) -> dict[str, Any]:
    """The account's zones: what dm_dns takes."""
    zones = {name_of(name): said for name, said in declared.items()}
    wanted: dict[str, Any] = {}
    for zone, said in zones.items():
        if said["account"] != account:
            continue
        children = {child: other["account"] for child, other in zones.items() if parent_of(child, zones) == zone}
        absent = [key.split() for key in said.get("absent") or ()]
        wanted[zone] = {
            "delegated_by": said.get("delegated_by", ""),
            "records": list(rrsets(zone, said, ttl)),
            "absent": [[full(name, zone), kind.upper()] for name, kind in absent],
            "certificates": list(said.get("certificates") or ()),
            "others": [f"{pattern}.{zone}" for pattern in said.get("others") or ()],
            "children": children,
        }
    return wanted
