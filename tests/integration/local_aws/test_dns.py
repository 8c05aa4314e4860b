"""Route 53 as AWS has it, where moto is kinder. Each test fails without the patch dns_changes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

ZONE = "shop.example"


@pytest.fixture
def route53(estate_aws):
    return estate_aws.client("route53")


@pytest.fixture
def home(route53):
    return route53.create_hosted_zone(Name=ZONE, CallerReference="one")["HostedZone"]["Id"]


def record(name, kind, *values, **more):
    return {
        "Name": f"{name}.{ZONE}",
        "Type": kind,
        "TTL": 60,
        "ResourceRecords": [{"Value": v} for v in values],
        **more,
    }


@pytest.fixture
def change(route53, home):
    def send(*changes):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": one} for action, one in changes]}
        return route53.change_resource_record_sets(HostedZoneId=home, ChangeBatch=batch)["ChangeInfo"]

    return send


def names(route53, home):
    listed = route53.list_resource_record_sets(HostedZoneId=home)["ResourceRecordSets"]
    return [(one["Name"], one["Type"]) for one in listed if one["Type"] not in ("NS", "SOA")]


REFUSED = {
    "a CNAME beside another": ([("CREATE", record("a", "A", "192.0.2.1")), ("CREATE", record("a", "CNAME", "x."))],
                               "conflicts with other records"),
    "a CNAME at the apex": ([("CREATE", {**record("a", "CNAME", "x."), "Name": ZONE})], "not permitted at apex"),
    "a CNAME that is still there": ([("CREATE", record("old", "A", "192.0.2.1"))], "conflicts with other records"),
    "one that is there": ([("CREATE", record("old", "CNAME", "x."))], "but it already exists"),
    "one that is not there": ([("DELETE", record("b", "A", "192.0.2.1"))], "but it was not found"),
    "one that says something else": ([("DELETE", record("old", "CNAME", "y."))], "do not match the current values"),
    "outside": ([("CREATE", {**record("a", "A", "192.0.2.1"), "Name": "xshop.example"})], "not permitted in zone"),
    "a text that is too long": ([("CREATE", record("t", "TXT", f'"{"x" * 256}"'))], "CharacterStringTooLong"),
    "a text without quotes": ([("CREATE", record("t", "TXT", "x"))], "InvalidCharacterString"),
    "a value twice": ([("CREATE", record("t", "A", "192.0.2.1", "192.0.2.1"))], "Duplicate Resource Record"),
    "neither value nor alias": ([("CREATE", {"Name": f"t.{ZONE}", "Type": "A"})], "Expected exactly one of"),
    "the zone's own servers": ([("DELETE", {**record("x", "NS", "ns."), "Name": ZONE})], "at least one NS"),
    "weighted beside simple": ([("CREATE", record("c", "A", "192.0.2.1")),
                                ("CREATE", record("c", "A", "192.0.2.2", SetIdentifier="x", Weight=1))],
                               "non multivalue answer rrset exists"),
    "an address that is none": ([("CREATE", record("t", "A", "300.1.1.1"))], "ARRDATAIllegalIPv4Address"),
    "an address of another kind": ([("CREATE", record("t", "AAAA", "192.0.2.1"))], "AAAARRDATAIllegalIPv6Address"),
    "mail without its priority": ([("CREATE", record("t", "MX", "mail.example."))], "MXRRDATANotTwoFields"),
    "a service without its port": ([("CREATE", record("t", "SRV", "1 2 a.example."))], "SRVRRDATANotFourFields"),
    "an authority without quotes": ([("CREATE", record("t", "CAA", "0 issue ca.example"))], "CAARRDATAInvalid"),
    "a label of 64 letters": ([("CREATE", record("x" * 64, "A", "192.0.2.1"))], "DomainLabelTooLong"),
    "an empty label": ([("CREATE", record("a..b", "A", "192.0.2.1"))], "DomainLabelEmpty"),
    "401 values": ([("CREATE", record("t", "A", *[f"192.0.{n // 250}.{n % 250}" for n in range(401)]))], "exceeds 400"),
    "weighted without a name": ([("CREATE", record("t", "A", "192.0.2.1", Weight=1))], "Missing field 'SetIdentifier'"),
    "named for no reason": ([("CREATE", record("t", "A", "192.0.2.1", SetIdentifier="x"))], "how .* is routed"),
    "more than a thousand": ([("UPSERT", record(f"n{n}", "A", "192.0.2.1")) for n in range(501)], "limit of 1000"),
    "more than 32,000 characters": ([("CREATE", record(f"n{n}", "TXT", f'"{"x" * 250}"')) for n in range(130)],
                                    "limit of 32000"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_batch_with_one_thing_wrong_is_refused_whole(route53, home, change, what):
    changes, sentence = REFUSED[what]
    change(("CREATE", record("old", "CNAME", "x.")))
    with pytest.raises(ClientError, match=sentence) as refused:
        change(("CREATE", record("right", "A", "192.0.2.1")), *changes)
    assert refused.value.response["Error"]["Code"] == "InvalidChangeBatch"
    assert names(route53, home) == [("old.shop.example.", "CNAME")]


@pytest.mark.parametrize("name", ["a..example", f"{'x' * 64}.example"])
def test_a_zone_has_a_name_of_dns(route53, name):
    with pytest.raises(ClientError) as refused:
        route53.create_hosted_zone(Name=name, CallerReference="other")
    assert refused.value.response["Error"]["Code"] == "InvalidDomainName"


def test_a_type_changes_within_a_batch(route53, home, change):
    change(("CREATE", record("old", "CNAME", "x.")))
    change(("DELETE", record("OLD", "CNAME", "x.")), ("CREATE", record("old", "A", "192.0.2.1")))
    assert names(route53, home) == [("old.shop.example.", "A")]


def test_a_change_is_pending_before_it_is_everywhere(route53, change):
    told = change(("CREATE", record("a", "A", "192.0.2.1")))
    assert told["Status"] == "PENDING"
    assert route53.get_change(Id=told["Id"])["ChangeInfo"]["Status"] == "PENDING"
    time.sleep(0.35)
    assert route53.get_change(Id=told["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    with pytest.raises(ClientError, match="NoSuchChange"):
        route53.get_change(Id="C0")


def test_pages_end_and_begin_within_a_name_and_a_star_is_spelt_in_octal(route53, home, change):
    sets = [("CREATE", record("w", "A", "192.0.2.1", SetIdentifier=f"s{n}", Weight=n)) for n in range(5)]
    change(*sets, ("CREATE", record("*", "A", "192.0.2.1")))
    pages = route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=home, PaginationConfig={"PageSize": 3}
    )
    listed = [one for page in pages for one in page["ResourceRecordSets"]]
    assert len(listed) == 8
    assert [one["SetIdentifier"] for one in listed if "SetIdentifier" in one] == [f"s{n}" for n in range(5)]
    assert "\\052.shop.example." in {one["Name"] for one in listed}


def test_every_zone_has_servers_of_its_own_and_a_reference_is_one_zone(route53, home):
    other = route53.create_hosted_zone(Name="other.example", CallerReference="two")
    first = route53.get_hosted_zone(Id=home)["DelegationSet"]["NameServers"]
    assert len(set(first) & set(other["DelegationSet"]["NameServers"])) == 0
    with pytest.raises(ClientError, match="HostedZoneAlreadyExists"):
        route53.create_hosted_zone(Name=ZONE, CallerReference="one")


def test_of_changes_at_once_none_is_forgotten_and_some_are_refused(route53, home, change):
    change(*(("CREATE", record(f"there{one}", "A", "192.0.2.1")) for one in range(900)))  # each takes a while to judge

    def refused(number):
        try:
            change(("CREATE", record(f"new{number}", "A", "192.0.2.1")))
        except ClientError as exc:
            return exc.response["Error"]["Code"]

    with ThreadPoolExecutor(8) as pool:
        codes = list(filter(None, pool.map(refused, range(80))))
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=home)
    there = sum(one["Name"].startswith("new") for one in pages.search("ResourceRecordSets[]"))
    assert {*codes} == {"PriorRequestNotComplete"}
    assert there + len(codes) == 80
