"""Record sets as Route 53 has them, and what they mean to DNS. Pure.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdtypes.ANY.TXT

Rrset = Mapping[str, Any]
Key = tuple[str, str, str]  # name, type, set identifier or ""

TYPES = ("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SPF", "SRV", "SSHFP", "SVCB", "TLSA",
         "TXT")  # fmt: skip
TEXT = ("TXT", "SPF")
VALIDATION = ".acm-validations.aws."
# What tells record sets of one name and type apart, and who gets which.
ROUTING = ("SetIdentifier", "Weight", "Region", "GeoLocation", "GeoProximityLocation", "Failover", "MultiValueAnswer",
           "CidrRoutingConfig", "HealthCheckId")  # fmt: skip
_ESCAPED = re.compile(r"\\(\d{3}|.)")


def _escapes(text: str, base: int, form: str) -> str:
    def said(match: re.Match[str]) -> str:
        return "\\" + form.format(int(match[1], base)) if len(match[1]) == 3 else match[0]

    return _ESCAPED.sub(said, text)


def from_aws(text: str) -> str:
    r"""Route 53 escapes in octal ("\052"), DNS in decimal."""
    return _escapes(text, 8, "{:03d}")


def to_aws(text: str) -> str:
    return _escapes(text, 10, "{:03o}")


@functools.cache
def name_of(text: str) -> str:
    """A name as it is compared: in lower case, with its last dot, "*" and not its escape. Raises DNSException."""
    return str(dns.name.from_text(from_aws(text)).canonicalize().to_text())


def under(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name.rstrip("."), pattern.rstrip(".").lower()) for pattern in patterns)


def key_of(rrset: Rrset) -> Key:
    return name_of(rrset["Name"]), rrset["Type"], rrset.get("SetIdentifier", "")


def label_of(key: Key) -> str:
    return f"{key[0].rstrip('.')} {key[1]}" + (f" ({key[2]})" if key[2] else "")


def quoted(text: str) -> str:
    """A text in strings of at most 255 bytes, as TXT has them; nothing is put between them."""
    raw = text.encode()
    strings = [raw[at : at + 255] for at in range(0, len(raw), 255)] or [b""]
    return to_aws(dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings).to_text())


@functools.cache
def spelt(kind: str, text: str) -> str:
    """A value as Route 53 takes it: names in ASCII, texts in quotes. Raises DNSException."""
    return to_aws(dns.rdata.from_text("IN", kind, text).to_text())


def rdata(kind: str, value: str) -> Any:
    """What the value means: of texts their bytes, wherever they are split. Raises DNSException."""
    found: Any = dns.rdata.from_text("IN", kind, from_aws(value), origin=dns.name.root, relativize=False)
    return b"".join(found.strings) if kind in TEXT else found


def text_of(kind: str, value: str) -> str:
    """The value as it is declared."""
    meant = _meant(kind, value)
    return meant.decode("utf-8", "backslashreplace") if isinstance(meant, bytes) else str(meant)


def values(rrset: Rrset) -> list[str]:
    return [record["Value"] for record in rrset.get("ResourceRecords") or ()]


def meaning(rrset: Rrset) -> Any:
    """Two record sets of the same are answered alike."""
    alias, routing = rrset.get("AliasTarget"), tuple((key, str(rrset[key])) for key in ROUTING if key in rrset)
    if alias:
        # The console writes dualstack. before a load balancer's name, which changes nothing for an alias.
        name = name_of(alias["DNSName"]).removeprefix("dualstack.")
        return name, alias["HostedZoneId"], bool(alias.get("EvaluateTargetHealth")), routing
    return int(rrset["TTL"]), frozenset(_meant(rrset["Type"], value) for value in values(rrset)), routing


def _meant(kind: str, value: str) -> Any:
    try:
        return rdata(kind, value)
    except dns.exception.DNSException:  # live, and older than what Route 53 checks today
        return value


def targets(rrset: Rrset) -> list[str]:
    """The names that whoever asks is sent to."""
    if rrset.get("AliasTarget"):
        return [name_of(rrset["AliasTarget"]["DNSName"])]
    where = {"CNAME": 0, "PTR": 0, "NS": 0, "MX": 1, "SRV": 3}.get(rrset["Type"])
    return [] if where is None else [name_of(value.split()[where]) for value in values(rrset) if isinstance(value, str)]


def shown(rrset: Rrset) -> dict[str, Any]:
    """In the words of the declaration."""
    said: dict[str, Any] = {}
    if alias := rrset.get("AliasTarget"):
        said["alias"] = {"name": alias["DNSName"], "zone_id": alias["HostedZoneId"]}
        said["alias"] |= {"health": True} if alias.get("EvaluateTargetHealth") else {}
    else:
        said |= {"ttl": rrset["TTL"], "values": [text_of(rrset["Type"], value) for value in values(rrset)]}
    routing = {key: rrset[key] for key in ROUTING if key in rrset}
    return said | ({"set": routing} if routing else {})
