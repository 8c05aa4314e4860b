"""Route 53: a batch of changes is judged whole and carried out whole, and is PENDING for a while.

moto 5.2.5 carries out changes one by one, lets a CNAME stand beside other records, deletes what is not there or says
something else, answers INSYNC at once, and of two batches at once may forget one. Follows
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html,
https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html and
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html, with AWS's sentences.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from dns import name as dns_name
from dns import rdata
from dns.exception import DNSException
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.route53.models import FakeZone, RecordSet, Route53Backend
from moto.route53.responses import Route53

from local_aws.errors import AwsError
from local_aws.replacing import extends, replaces

READ_AS_DNS = {"A", "AAAA", "CAA", "CNAME", "DS", "MX", "NAPTR", "NS", "PTR", "SRV", "SSHFP"}
PROBLEMS = {
    "A": "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)",
    "AAAA": "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)",
    "MX": "MXRRDATANotTwoFields (Value should have two fields)",
    "SRV": "SRVRRDATANotFourFields (Value should have four fields)",
    "CAA": "CAARRDATAInvalid (Value should contain 3 fields)",
}
ROUTED_BY = ("weight", "region", "failover", "geo_location", "multi_value_answer")
MOST_VALUES, LONGEST_LABEL = 400, 63
PENDING = 0.3  # seconds; AWS takes 10 to 120
MOST_RECORDS, MOST_CHARACTERS, LONGEST_STRING = 1000, 32_000, 255
_changes: dict[str, float] = {}  # id → when it was sent
_changing: dict[str, threading.Lock] = {}  # of each zone, by its id

Found = tuple[str, str, str]


def spelt(name: str) -> str:
    """As Route 53 lists it: in lower case, with its last dot, and what is no letter, digit, - or _ in octal."""
    unescaped = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name).rstrip(".").lower()
    return "".join(one if one.isalnum() or one in "-_." else f"\\{ord(one):03o}" for one in unescaped) + "."


def key(record: RecordSet) -> Found:
    return spelt(record.name), record.type, record.set_identifier or ""


def content(record: RecordSet) -> Any:
    alias = record.alias_target
    said = alias and (spelt(alias["DNSName"]), alias["HostedZoneId"], str(alias.get("EvaluateTargetHealth")).lower())
    return said or (str(record.ttl), sorted(record.records))


def made(change: dict[str, Any]) -> RecordSet:
    given = dict(change["ResourceRecordSet"])
    given["Name"] = spelt(given["Name"])
    if given.get("ResourceRecords"):
        given["ResourceRecords"] = [record["Value"] for record in given["ResourceRecords"]]
    return RecordSet(given)


def shape(zone: FakeZone, action: str, record: RecordSet) -> Iterator[str]:
    """What is wrong with a change whatever else there is."""
    name, kind = record.name, record.type
    label = f"[name='{name}', type='{kind}']"
    if not (name == spelt(zone.name) or name.endswith(f".{spelt(zone.name)}")):
        yield f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
    if bool(record.alias_target) == bool(record.records) or (record.records and record.ttl is None):
        yield (
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found none or more than one in Change with [Action={action}, Name={name}]"
        )
    if name == spelt(zone.name) and kind == "CNAME":
        yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone.name}"
    if name == spelt(zone.name) and kind in ("SOA", "NS") and action == "DELETE":
        yield f"A HostedZone must contain at least one {kind} record for the zone itself."
    if len(set(record.records)) != len(record.records):
        yield f"Duplicate Resource Record: '{next(one for one in record.records if record.records.count(one) > 1)}'"
    if kind == "CNAME" and len(record.records) > 1:
        yield f"Tried to create resource record set {label} but CNAME records can only have one value"
    if len(record.records) > MOST_VALUES:
        yield f"Number of resource records in {label} exceeds {MOST_VALUES}"
    if record.set_identifier is None and any(getattr(record, one) is not None for one in ROUTED_BY):
        place = f"Change with [Action={action}, Name={name}, Type={kind}]"
        yield f"Invalid request: Missing field 'SetIdentifier' in {place}"
    if record.set_identifier is not None and not any(getattr(record, one) is not None for one in ROUTED_BY):
        yield f"Invalid request: Missing field that says how [Name={name}, Type={kind}] is routed"
    if any(not 0 < len(re.sub(r"\\[0-7]{3}", "x", part)) <= LONGEST_LABEL for part in name.rstrip(".").split(".")):
        yield f"FATAL problem: DomainLabelTooLong or DomainLabelEmpty encountered with '{name}'"
    for value in record.records if kind in READ_AS_DNS else ():
        try:
            rdata.from_text("IN", kind, value, origin=dns_name.root)
        except (DNSException, ValueError):
            problem = PROBLEMS.get(kind, "InvalidValue")
            yield f"Invalid Resource Record: FATAL problem: {problem} encountered with '{value}'"
    if kind == "CAA" and not all(re.fullmatch(r'\d+ \w+ "[^"]*"', value) for value in record.records):
        yield f"Invalid Resource Record: FATAL problem: {PROBLEMS[kind]} encountered with '{record.records[0]}'"
    for value in record.records if kind in ("TXT", "SPF") else ():
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
        if re.sub(r'"(?:[^"\\]|\\.)*"', "", value).strip() or not strings:
            problem = "InvalidCharacterString (Value should be enclosed in quotation marks)"
            yield f"Invalid Resource Record: FATAL problem: {problem} encountered with '{value}'"
        if any(len(re.sub(r"\\(\d{3}|.)", "x", string)) > LONGEST_STRING for string in strings):
            problem = "CharacterStringTooLong (Value is too long)"
            yield f"Invalid Resource Record: FATAL problem: {problem} encountered with '{value}'"


def conflicts(zone: FakeZone, there: dict[Found, RecordSet], record: RecordSet) -> Iterator[str]:
    """What may not stand beside it."""
    others = [other for other in there.values() if spelt(other.name) == record.name and other is not record]
    if any((other.type == "CNAME") != (record.type == "CNAME") for other in others):
        yield (
            f"RRSet of type {record.type} with DNS name {record.name} is not permitted as it conflicts with other "
            f"records with the same DNS name in zone {zone.name}"
        )
    if any(other.type == record.type and bool(other.set_identifier) != bool(record.set_identifier) for other in others):
        yield (
            f"RRSet with DNS name {record.name}, type {record.type}, SetIdentifier {record.set_identifier or 'null'} "
            "cannot be created because a non multivalue answer rrset exists with the same name and type."
        )


@replaces(Route53Backend)
def change_resource_record_sets(self: Route53Backend, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    zone = self.get_hosted_zone(zoneid)
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
    alone = _changing.setdefault(zone.id, threading.Lock())
    if not alone.acquire(blocking=False):
        said = "The request was rejected because Route 53 was still processing a prior request."
        raise AwsError("PriorRequestNotComplete", said)
    try:
        _change(zone, change_list)
    finally:
        alone.release()


def _change(zone: FakeZone, change_list: list[dict[str, Any]]) -> None:
    changes = [(change["Action"], made(change)) for change in change_list]
    records = sum((2 if action == "UPSERT" else 1) * max(1, len(one.records)) for action, one in changes)
    characters = sum((2 if action == "UPSERT" else 1) * sum(map(len, one.records)) for action, one in changes)
    if records > MOST_RECORDS:
        raise AwsError("InvalidChangeBatch", f"Number of records limit of {MOST_RECORDS} exceeded.")
    if characters > MOST_CHARACTERS:
        raise AwsError("InvalidChangeBatch", f"Number of characters limit of {MOST_CHARACTERS} exceeded.")
    there = {key(one): one for one in zone.rrsets}
    wrong: list[str] = []
    for action, record in changes:
        wrong += shape(zone, action, record)
        known, label = there.get(key(record)), f"[name='{record.name}', type='{record.type}']"
        if action == "CREATE" and known:
            wrong.append(f"Tried to create resource record set {label} but it already exists")
        elif action == "DELETE" and not known:
            wrong.append(f"Tried to delete resource record set {label} but it was not found")
        elif action == "DELETE" and content(known) != content(record):
            wrong.append(
                f"Tried to delete resource record set {label} but the values provided do not match the current values"
            )
        elif action == "DELETE":
            del there[key(record)]
        else:
            there[key(record)] = record
            wrong += conflicts(zone, there, record)
    if wrong:
        raise AwsError("InvalidChangeBatch", f"[{', '.join(dict.fromkeys(wrong))}]")
    zone.rrsets = list(there.values())  # at once: whoever lists it meanwhile sees it before or after


def order(record: RecordSet) -> tuple[list[str], str, str]:
    return spelt(record.name).rstrip(".").split(".")[::-1], record.type, record.set_identifier or ""


@replaces(Route53, "list_resource_record_sets")
def answer_list(self: Route53) -> ActionResult:
    """By name from its end, type and identifier, at most 300 of them."""
    name, kind, identifier = (self._get_param(f"StartRecord{part}") for part in ("Name", "Type", "Identifier"))
    if kind and not name:
        raise AwsError("InvalidInput", "The input is not valid")
    most = min(self._get_int_param("MaxItems", 300), 300)
    records = sorted(self.backend.get_hosted_zone(self._get_param("HostedZoneId")).rrsets, key=order)
    if name:
        start = (spelt(name).rstrip(".").split(".")[::-1], kind or "", identifier or "")
        records = [record for record in records if order(record) >= start]
    more = records[most] if len(records) > most else None
    return ActionResult({
        "ResourceRecordSets": records[:most],
        "IsTruncated": more is not None,
        "NextRecordName": more and spelt(more.name),
        "NextRecordType": more and more.type,
        "NextRecordIdentifier": more and more.set_identifier,
        "MaxItems": most,
    })  # fmt: skip


@extends(Route53, "change_resource_record_sets")
def answer_change(original: Any, self: Route53) -> ActionResult:
    original(self)
    change = f"/change/C{mock_random.get_random_hex(20).upper()}"
    _changes[change.rpartition("/")[2]] = time.monotonic()
    return ActionResult({"ChangeInfo": {"Id": change, "Status": "PENDING", "SubmittedAt": utcnow()}})


@replaces(Route53, "get_change")
def answer_get_change(self: Route53) -> ActionResult:
    change = self._get_param("Id").rpartition("/")[2]
    if change not in _changes:
        raise AwsError("NoSuchChange", f"Could not find resource with ID: {change}")
    status = "INSYNC" if time.monotonic() - _changes[change] >= PENDING else "PENDING"
    return ActionResult({"ChangeInfo": {"Id": f"/change/{change}", "Status": status, "SubmittedAt": utcnow()}})


@extends(Route53Backend)
def create_hosted_zone(original: Any, self: Route53Backend, name: str, *args: Any, **words: Any) -> FakeZone:
    """Each zone has name servers of its own, and a reference makes one zone only."""
    reference = words.get("caller_reference")
    if any(zone.caller_reference == reference for zone in self.zones.values()):
        raise AwsError(
            "HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference."
        )
    if any(not 0 < len(part) <= LONGEST_LABEL for part in name.rstrip(".").split(".")):
        raise AwsError("InvalidDomainName", f"{name} is not a valid domain name.")
    zone = original(self, spelt(name), *args, **words)
    if zone.delegation_set and not words.get("delegation_set_id"):
        four = zip(mock_random.sample(range(2048), 4), ("com", "net", "org", "co.uk"), strict=True)
        servers = [f"ns-{number}.awsdns-{number % 64:02}.{tld}" for number, tld in four]
        zone.delegation_set.name_servers = servers
        for record in zone.rrsets:
            if record.type == "NS":
                record.records = [f"{server}." for server in servers]
            if record.type == "SOA":
                record.records = [f"{servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"]
    return zone
