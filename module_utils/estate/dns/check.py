"""What can be wrong with the declared zones, found before the first call. Pure.

docs/dns.md says which of octoDNS's validators each stands for.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import dns.exception
import dns.name
import dns.rdata
from ansible.module_utils.estate.dns.desired import entries, full, listed, parent_of, rrsets
from ansible.module_utils.estate.dns.records import ROUTING, TEXT, TYPES, label_of, matches, name_of, targets, under
from ansible.module_utils.estate.errors import nearest

WORDS_OF_ZONE = ("about", "absent", "account", "certificates", "delegated_by", "others", "records")
WORDS_OF_RECORD = ("alias", "set", "ttl", "values")
WORDS_OF_ALIAS = ("health", "load_balancer", "name", "zone_id")
LONGEST_TTL = 2**31 - 1
MOST_VALUES = 400
LONGEST_TEXT = 4000  # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat
CAA_TAGS = (b"issue", b"issuewild", b"issuemail", b"issuevmc", b"iodef", b"contactemail", b"contactphone")
# What says which of several sets is answered; and what Route 53 takes of it, where that is little.
POLICIES = [word for word in ROUTING if word not in ("SetIdentifier", "HealthCheckId")]
ONE_OF = {"Weight": range(256), "Failover": ("PRIMARY", "SECONDARY"), "MultiValueAnswer": (True, False)}


class Mistake(NamedTuple):
    said: str  # "preview.marketplace.example: www CNAME …"
    culprit: Any = None  # the value that Ansible knows the origin of


def mistakes(declared: Any, accounts: Collection[str]) -> list[Mistake]:
    """Everything that is wrong with dns_zones; what would need what is wrong is looked at once that is right."""
    if not isinstance(declared, Mapping):
        return [Mistake(f" is {_kind(declared)}; allowed are zones by name")]
    found = [one for zone, said in declared.items() for one in _zone(zone, said, accounts)]
    return found or list(_together(declared))


def _kind(value: Any) -> str:
    return "empty" if value is None else f"a {type(value).__name__}"


def _unknown(words: Mapping[str, Any], allowed: Collection[str]) -> Iterator[str]:
    for word in words:
        if word not in allowed:
            yield f"has {word!r}, which nothing reads; allowed are {', '.join(allowed)}{nearest(word, allowed)}"


# --- one zone ---------------------------------------------------------------------------------------------------------


def _zone(zone: Any, said: Any, accounts: Collection[str]) -> Iterator[Mistake]:
    if not re.fullmatch(r"([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]+", str(zone)):
        yield Mistake(f".{zone}: is no name of a zone; allowed are lower case, digits, - and no dot at the end", zone)
        return
    if not isinstance(said, Mapping):
        yield Mistake(f".{zone}: is {_kind(said)}; it needs account and records", zone)
        return
    for sentence in _unknown(said, WORDS_OF_ZONE):
        yield Mistake(f".{zone}: {sentence}", zone)
    if said.get("account") not in accounts:
        known = ", ".join(sorted(accounts))
        yield Mistake(f".{zone}: account is {said.get('account')!r}; allowed are {known}", said.get("account", zone))
    for word in ("absent", "certificates", "others"):
        if not isinstance(said.get(word) or [], list):
            yield Mistake(f".{zone}: {word} is {_kind(said[word])}; allowed is a list", said[word])
            return
    records = said.get("records") or {}
    if not isinstance(records, Mapping):
        yield Mistake(f".{zone}: records is {_kind(records)}; allowed are entries like 'www CNAME: target.'", zone)
        return
    for key, entry in records.items():
        for sentence in _key(zone, key) or _record(key.split()[1].upper(), entry):
            yield Mistake(f".{zone}: {key} {sentence}", key)
    for key in said.get("absent") or ():
        for sentence in _key(zone, key):
            yield Mistake(f".{zone}: absent: {key} {sentence}", key)
    for name in said.get("certificates") or ():
        if not under(str(name).removeprefix("*."), zone):
            yield Mistake(f".{zone}: certificates: {name} is no name in the zone", name)


def _key(zone: str, key: Any) -> list[str]:
    words = str(key).split()
    if len(words) != 2:
        return ["is not a name and a type, like 'www CNAME' or '@ MX'"]
    name, kind = words[0], words[1].upper()
    if kind not in TYPES:
        return [f"is of no type that Route 53 takes; allowed are {', '.join(TYPES)}{nearest(kind, TYPES)}"]
    if name.endswith(".") or under(f"{name}.".lower(), f"{zone}."):
        return [f"names are relative to the zone: write {name.lower().rstrip('.').removesuffix(f'.{zone}')!r}, or '@'"]
    try:
        apex = full(name, zone) == name_of(zone)
    except dns.exception.DNSException as exc:
        return [f"is no name: {exc}"]
    if "*" in name.removeprefix("*.") and name != "*":
        return ["has a * that stands for no name: allowed is * alone, before the first dot"]
    if name.startswith("*") and kind == "NS":
        return ["would delegate any name, which Route 53 does not take"]
    if apex and kind == "CNAME":
        return ["stands at the zone's apex, where DNS allows none: use 'A: {alias: …}'"]
    if apex and kind == "NS":
        return ["is made by Route 53 with the zone, and not declared"]
    return []


def _record(kind: str, said: Any) -> Iterator[str]:
    found = entries(said)
    if wrong := [one["set"] for one in found if not isinstance(one.get("set") or {}, Mapping)]:
        yield f"has a set that is {_kind(wrong[0])}; allowed are {', '.join(ROUTING)}"
        return
    if len(found) > 1 and not all((one.get("set") or {}).get("SetIdentifier") for one in found):
        yield "has several entries, each of which needs a set with its SetIdentifier"
    for entry in found:
        yield from _unknown(entry, WORDS_OF_RECORD)
        yield from _unknown(entry.get("set") or {}, ROUTING)
        if ("alias" in entry) == ("values" in entry):
            yield "needs either values or an alias"
        elif "alias" in entry:
            yield from _alias(kind, entry)
        else:
            yield from _values(kind, entry)
    if not any(set(one.get("set") or {}) - set(ROUTING) for one in found):
        yield from _sets([one["set"] for one in found if one.get("set")])


def _sets(sets: list[Mapping[str, Any]]) -> Iterator[str]:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html"""
    for name, times in Counter(one.get("SetIdentifier") for one in sets).items():
        if not name:
            yield "has a set without a SetIdentifier"
        elif times > 1:
            yield f"has the SetIdentifier {name} twice"
    policies = {tuple(word for word in POLICIES if word in one) for one in sets}
    if len(policies) > 1 or any(len(words) != 1 for words in policies):
        yield f"has sets that are not chosen alike; each needs the same one of {', '.join(POLICIES)}"
    for one in sets:
        for word, allowed in ONE_OF.items():
            if word in one and one[word] not in allowed:
                told = "0 to 255" if word == "Weight" else ", ".join(map(str, allowed))
                yield f"has the {word} {one[word]!r}; allowed are {told}"


def _alias(kind: str, entry: Mapping[str, Any]) -> Iterator[str]:
    said = {"name": entry["alias"]} if isinstance(entry["alias"], str) else entry["alias"]
    if not isinstance(said, Mapping) or ("name" in said) == ("load_balancer" in said):
        yield "has an alias that is neither a name nor {load_balancer: its name}"
        return
    yield from _unknown(said, WORDS_OF_ALIAS)
    if "ttl" in entry:
        yield "is an alias, whose ttl is its target's: leave ttl out"
    if kind in ("NS", "SOA", "DS"):
        yield f"is an alias, which {kind} cannot be"
    elsewhere = "load_balancer" in said or str(said.get("name")).rstrip(".").endswith(".cloudfront.net")
    if elsewhere and kind not in ("A", "AAAA", "HTTPS"):
        yield f"is an alias of what only has addresses; allowed are A, AAAA and HTTPS, not {kind}"
    if not str(said.get("name", ".")).endswith("."):
        yield f"has an alias without a dot at its end: {said['name']}."


def _values(kind: str, entry: Mapping[str, Any]) -> Iterator[str]:
    ttl, texts = entry.get("ttl", 0), listed(entry["values"])
    if isinstance(ttl, bool) or not isinstance(ttl, int) or not 0 <= ttl <= LONGEST_TTL:
        yield f"has the ttl {ttl!r}; allowed are 0 to {LONGEST_TTL} seconds"
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        yield "needs a value, or a list of values, in words"
        return
    if len(texts) > MOST_VALUES:
        yield f"has {len(texts)} values; allowed are {MOST_VALUES}"
    if kind == "CNAME" and len(texts) > 1:
        yield "has several values; a CNAME has one"
    if kind in TEXT:
        yield from _texts(texts)
        return
    meant: list[Any] = []
    for text in texts:
        try:
            rdata: Any = dns.rdata.from_text("IN", kind, text)
        except (dns.exception.DNSException, ValueError) as exc:
            yield f"has the value {text!r}, which is none of this type: {exc}"
            continue
        names = [getattr(rdata, slot) for slot in rdata.__slots__ if isinstance(getattr(rdata, slot), dns.name.Name)]
        if not all(name.is_absolute() for name in names):
            yield f"has the value {text!r}, whose name needs a dot at its end"
        elif any(len(name) > 1 and all(label.isdigit() for label in name.labels[:-1]) for name in names):
            yield f"has the value {text!r}, where a name is expected and no address"
        elif kind == "CAA" and rdata.tag.lower() not in CAA_TAGS:
            known = ", ".join(tag.decode() for tag in CAA_TAGS)
            yield f"has the value {text!r}, whose tag nobody heeds; allowed are {known}"
        else:
            meant.append(rdata)
    if kind == "MX" and len(texts) > 1 and any(rdata.exchange == dns.name.root for rdata in meant):
        yield "says both that no mail is taken ('0 .') and where to"
    yield from (f"has the value {rdata} twice" for rdata, times in Counter(meant).items() if times > 1)


def _texts(texts: list[str]) -> Iterator[str]:
    for text in texts:
        if len(text) > 1 and text[0] == text[-1] == '"':
            yield f"has the value {text[:40]!r} in quotes: write the text alone, which is quoted and split for you"
        if len(text.encode()) > LONGEST_TEXT:
            yield f"has a text of {len(text.encode())} bytes; allowed are {LONGEST_TEXT}"
    for version in ("v=spf1", "v=DMARC1"):
        if sum(text.lower().startswith(version.lower()) for text in texts) > 1:
            yield f"has more than one text of {version}, which receivers take for none"
    yield from (f"has the text {text[:40]!r} twice" for text, times in Counter(texts).items() if times > 1)


# --- all together -----------------------------------------------------------------------------------------------------


def _together(declared: Mapping[str, Any]) -> Iterator[Mistake]:
    zones = {name_of(name): said for name, said in declared.items()}
    kinds: dict[str, set[str]] = {}  # of every name in all zones
    for zone, said in zones.items():
        for name, kind in (key.split() for key in said.get("records") or ()):
            kinds.setdefault(full(name, zone), set()).add(kind.upper())
    made = {zone: list(rrsets(zone, said, 0)) for zone, said in zones.items()}
    for zone, said in zones.items():
        bare, above = zone.rstrip("."), parent_of(zone, zones)
        if not above and not said.get("delegated_by"):
            yield Mistake(f".{bare}: no zone here is above it: say in delegated_by who delegates it", said)
        if above and said.get("delegated_by"):
            yield Mistake(f".{bare}: {above.rstrip('.')} delegates it: leave delegated_by out", said["delegated_by"])
        yield from (Mistake(f".{bare}: {text}", key) for text, key in _of_names(zone, said, zones, kinds))
        yield from (Mistake(f".{bare}: {text}", said) for text in _of_targets(zone, zones, kinds, made))


def _of_names(
    zone: str, said: Mapping[str, Any], zones: Mapping[str, Any], kinds: Mapping[str, set[str]]
) -> Iterator[tuple[str, Any]]:
    keys = {key: (full(key.split()[0], zone), key.split()[1].upper()) for key in said.get("records") or ()}
    seen: dict[tuple[str, str], str] = {}
    cuts = [child for child in zones if parent_of(child, zones) == zone]
    cuts += [name for name, kind in keys.values() if kind == "NS" and name not in cuts]
    absent = {(full(name, zone), kind.upper()) for name, kind in (key.split() for key in said.get("absent") or ())}
    others = [f"{pattern}.{zone}" for pattern in said.get("others") or ()]
    for key, (name, kind) in keys.items():
        if (name, kind) in seen:
            yield f"{key} is declared twice, as {seen[name, kind]!r} too", key
        seen[name, kind] = key
        if kind == "CNAME" and len(kinds[name]) > 1:
            yield (
                f"{key} stands beside {', '.join(sorted(kinds[name] - {kind}))}; a name with a CNAME has nothing else",
                key,
            )
        if (name, kind) in absent:
            yield f"{key} is declared and absent", key
        if matches(name, others):
            yield f"{key} is one of others, which are left alone", key
        # Above the cut only the delegation itself is answered, and the addresses of its name servers.
        cut = next((cut for cut in cuts if under(name, cut) and (kind, name) not in (("NS", cut), ("DS", cut))), "")
        if cut and (name == cut or kind not in ("A", "AAAA")):
            yield f"{key} is in {cut.rstrip('.')}, which is delegated: declare it in that zone", key
        if name in zones and name != zone and kind == "NS":
            yield f"{key} is made from the name servers of the zone {name.rstrip('.')}: leave it out", key


def _of_targets(
    zone: str, zones: Mapping[str, Any], kinds: Mapping[str, set[str]], made: Mapping[str, list[dict[str, Any]]]
) -> Iterator[str]:
    cnames = {
        rrset["Name"]: targets(rrset)[0]
        for rrset in itertools.chain(*made.values())
        if rrset["Type"] == "CNAME" and "AliasTarget" not in rrset
    }
    left_alone = [f"{pattern}.{name}" for name, one in zones.items() for pattern in one.get("others") or ()]
    for rrset in made[zone]:
        if "LoadBalancer" in rrset.get("AliasTarget", {}):
            continue
        label = label_of((rrset["Name"], rrset["Type"], ""))
        if rrset.get("AliasTarget", {}).get("HostedZoneId") == zone:
            target = rrset["AliasTarget"]["DNSName"]
            if parent_of(f"x.{target}", zones) != zone:
                yield f"{label} is an alias of {target}, which is not in this zone: say its zone_id, too"
            elif target == rrset["Name"]:
                yield f"{label} is an alias of itself"
            elif target in kinds and rrset["Type"] not in kinds[target]:
                yield f"{label} is an alias of {target}, which has no {rrset['Type']}"
        for target in targets(rrset):
            home = parent_of(f"x.{target}", zones)
            known = target in kinds or target in zones or matches(target, left_alone)
            if home and not known and not any(one.startswith("*.") and target.endswith(one[1:]) for one in kinds):
                yield f"{label} points to {target}, which nothing declares"
            if rrset["Type"] in ("MX", "NS", "SRV") and target in cnames:
                yield f"{label} points to {target}, which is a CNAME; {rrset['Type']} needs a name with an address"
        step, seen = rrset["Name"], set()
        while step in cnames and step not in seen:
            seen.add(step)
            step = cnames[step]
        if step in seen:
            yield f"{label} points, by {', '.join(sorted(seen))}, to itself"
