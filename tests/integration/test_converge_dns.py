"""The zones of all accounts, by the real playbooks on the embedded AWS; read with plain boto3 and asked over DNS."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dm_dns
import pytest
import yaml
from ansible.module_utils.estate.dns.desired import dns_desired
from ansible.module_utils.testing import patch_module_args

from tests.support import typed
from tests.support.name_server import Asking, NameServer

ROOT = Path(__file__).parents[2]
DECLARED = yaml.safe_load((ROOT / "inventories/common/group_vars/all/dns.yml").read_text())["dns_zones"]
HOSTS = {"main": "main-account", "development": "development-account", "production": "production-account"}


def zone_id(aws: Any, account: str, zone: str) -> str:
    route53 = aws.client("route53", account)
    return next(one["Id"] for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == f"{zone}.")


def records(aws: Any, account: str, zone: str) -> list[dict[str, Any]]:
    pages = aws.client("route53", account).get_paginator("list_resource_record_sets")
    return list(pages.paginate(HostedZoneId=zone_id(aws, account, zone)).search("ResourceRecordSets[]"))


def live(aws: Any, account: str, zone: str) -> dict[tuple[str, str], Any]:
    return {
        (one["Name"].removesuffix(f"{zone}.").rstrip(".") or "@", one["Type"]): [
            record["Value"] for record in one.get("ResourceRecords", [])
        ]
        or one["AliasTarget"]["DNSName"]
        for one in records(aws, account, zone)
    }


@pytest.fixture
def served(estate_aws: Any) -> Iterator[Any]:
    """served("development", "preview.marketplace.example") → the zone's name server."""
    with ExitStack() as stack:

        def serve(account: str, zone: str) -> NameServer:
            return stack.enter_context(NameServer(zone, lambda: records(estate_aws, account, zone)))

        yield serve


# --- the estate -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_zone_is_as_declared_and_answers_so(estate_aws: Any, run_playbook: Any, served: Any) -> None:
    planned = run_playbook("converge_dns.yml", check=True)
    assert planned.rc == 0, planned.output[-3000:]
    assert estate_aws.writes() == [], "check mode writes nothing"
    done = run_playbook("converge_dns.yml")
    assert done.rc == 0, done.output[-3000:]

    digests = [{host: plans["dns"]["digest"] for host, plans in run.report["plans"].items()} for run in (planned, done)]
    assert digests[0] == digests[1], "four empty accounts are planned as they are then made"
    production = live(estate_aws, "production", "digitalmarketplace.example")
    assert len(production["@", "MX"]) == 5
    assert production["@", "A"] == "d333333abcdef8.cloudfront.net."
    strings = production["google._domainkey", "TXT"][0][1:-1].split('" "')
    assert [len(one) for one in strings][:-1] == [255]
    key = DECLARED["digitalmarketplace.example"]["records"]["google._domainkey TXT"]["values"]
    assert ["".join(strings)] == key
    for zone, said in DECLARED.items():
        for key in said["records"]:
            if zone != "marketplace.example":  # whose one record waits for its load balancer
                assert tuple(key.split()) in live(estate_aws, said["account"], zone), key
    main = live(estate_aws, "main", "marketplace.example")
    for stage, account in (("preview", "development"), ("staging", "production")):
        assert sorted(main[stage, "NS"]) == sorted(live(estate_aws, account, f"{stage}.marketplace.example")["@", "NS"])
    (certificate,) = estate_aws.client("acm", "main").list_certificates()["CertificateSummaryList"]
    described = estate_aws.client("acm", "main").describe_certificate(CertificateArn=certificate["CertificateArn"])
    assert described["Certificate"]["Status"] == "ISSUED", "its validation is in the zone"

    estate_aws.forget_calls()
    again = run_playbook("converge_dns.yml")
    assert again.rc == 0, again.output[-3000:]
    assert estate_aws.writes() == []
    assert all(not plans["dns"]["actions"] for plans in again.report["plans"].values())
    assert len([one for one in estate_aws.calls() if one["operation"] == "ListResourceRecordSets"]) == len(DECLARED)

    subnets = [one["SubnetId"] for one in estate_aws.client("ec2", "main").describe_subnets()["Subnets"][:2]]
    elb = estate_aws.client("elbv2", "main")
    (balancer,) = elb.create_load_balancer(Name="jenkins", Subnets=subnets)["LoadBalancers"]
    named = run_playbook("converge_dns.yml", "-l", "main-account")
    assert named.rc == 0, named.output[-3000:]
    assert live(estate_aws, "main", "marketplace.example")["ci", "A"] == f"{balancer['DNSName']}."

    servers = {zone: served(said["account"], zone) for zone, said in DECLARED.items()}
    asked = {zone: [one.address] for zone, one in servers.items()}
    production_ns = live(estate_aws, "production", "digitalmarketplace.example")["@", "NS"]
    top = {"Name": "digitalmarketplace.example.", "Type": "NS", "TTL": 60,
           "ResourceRecords": [{"Value": name} for name in production_ns]}  # fmt: skip
    other = {"Name": "marketplace.example.", "Type": "NS", "TTL": 60,
             "ResourceRecords": [{"Value": name} for name in main["@", "NS"]]}  # fmt: skip
    with NameServer("example", lambda: [top, other]) as above:
        words = {"dns_answering": True, "dns_servers": {**asked, "example": [above.address]}}
        proved = run_playbook("verify_dns.yml", extra_vars=words)
        assert proved.rc == 0, proved.output[-3000:]
        (move,) = typed.playbooks("docs/dns.md", "verify_dns.yml")  # with the servers that answer now as the old ones
        old = servers["digitalmarketplace.example"].address
        options = [one.replace("192.0.2.53", old) for one in move.options]
        moved = run_playbook(move.playbook, *options, extra_vars=words)
        assert moved.rc == 0, moved.output[-3000:]
        assert options != move.options
        top["ResourceRecords"] = top["ResourceRecords"][:3]
        servers["preview.marketplace.example"].lame = True
        failed = run_playbook("verify_dns.yml", extra_vars=words)
    assert failed.rc != 0
    assert "delegation of digitalmarketplace.example" in failed.output
    assert "have the government's DNS team delegate it to" in failed.output
    assert "www.preview.marketplace.example CNAME" in failed.output
    assert "answers REFUSED" in failed.output


# --- the module -------------------------------------------------------------------------------------------------------


@pytest.fixture
def converge(estate_aws: Any, monkeypatch: Any, capsys: Any) -> Any:
    """Runs the module in this process on the development account's zone shop.example, and returns what it answers."""
    for name, value in estate_aws.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_PROFILE", "digitalmarketplace-development")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    def run(declared: dict[str, Any], check: bool = False, zone: Any = None, **words: Any) -> dict[str, Any]:
        said = {"account": "development", "delegated_by": "x", "records": declared} | (zone or {})
        zones = dns_desired({"shop.example": said}, "development", 600)
        given = {"account": "development", "zones": zones, "elsewhere": ["*.example", "d9.cloudfront.net"], **words}
        with patch_module_args({**given, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            dm_dns.main()
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return run


CHANGES = {
    "type change": ({"www CNAME": "x.example."}, {"www A": "192.0.2.7"}, [("www", "A")], {}),
    "back again": ({"www A": "192.0.2.7", "www TXT": "x"}, {"www CNAME": "x.example."}, [("www", "A")], {}),
    "to an alias": ({"www CNAME": "x.example."}, {"www A": {"alias": "d9.cloudfront.net."}}, [("www", "A")], {}),
    "other values": ({"www A": "192.0.2.7"}, {"www A": {"ttl": 5, "values": ["192.0.2.8"]}}, [("www", "A")], {}),
    "swap": (
        {"blue CNAME": "x.example.", "green A": "192.0.2.7"},
        {"green CNAME": "x.example.", "blue A": "192.0.2.7"},
        [("blue", "A"), ("green", "A")],
        {},
    ),
    # a wildcard answers for both names at any moment
    "rename": (
        {"* A": "192.0.2.9", "old A": "192.0.2.7"},
        {"* A": "192.0.2.9", "new A": "192.0.2.7"},
        [("old", "A"), ("new", "A")],
        {"absent": ["old A"]},
    ),
    "weighted": (
        {"www A": "192.0.2.7"},
        {"www A": [{"set": {"SetIdentifier": "a", "Weight": 1}, "values": "192.0.2.7"}]},
        [("www", "A")],
        {},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_query_is_unanswered_while_it_changes(estate_aws: Any, converge: Any, served: Any, change: str) -> None:
    before, after, names, zone = CHANGES[change]
    assert not converge(before).get("failed")
    server = served("development", "shop.example")
    with Asking(server.address, [(f"{name}.shop.example.", kind) for name, kind in names]) as asking:
        done = converge(after, zone=zone)
    assert not done.get("failed"), done
    assert done["changed"]
    assert len([one for one in estate_aws.writes() if one["operation"] == "ChangeResourceRecordSets"]) == 2
    for question, answers in asking.answers.items():
        assert set(answers) == {"answered"}, (question, answers)
        assert answers["answered"] > 2, "it was asked all along"
    assert converge(after, zone=zone)["changed"] is False


def test_a_change_in_two_batches_would_be_seen(estate_aws: Any, converge: Any, served: Any) -> None:
    """The measure itself: what the plan does in one batch, done in two."""
    converge({"www CNAME": "x.example."})
    route53, home = estate_aws.client("route53", "development"), zone_id(estate_aws, "development", "shop.example")
    name = {"Name": "www.shop.example"}
    old = {**name, "Type": "CNAME", "TTL": 600, "ResourceRecords": [{"Value": "x.example."}]}
    new = {**name, "Type": "A", "TTL": 600, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    with Asking(served("development", "shop.example").address, [("www.shop.example.", "A")]) as asking:
        for action, record in (("DELETE", old), ("CREATE", new)):
            batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
            route53.change_resource_record_sets(HostedZoneId=home, ChangeBatch=batch)
            records(estate_aws, "development", "shop.example")
            asking._over.wait(0.2)
    assert "NXDOMAIN and no record" in asking.answers["www.shop.example.", "A"]


def test_a_plan_of_everything_is_what_apply_then_does(converge: Any) -> None:
    converge({"a A": "192.0.2.1", "b CNAME": "x.example.", "c TXT": "one"})
    then = {"a A": "192.0.2.2", "b A": "192.0.2.3", "c TXT": "two", "d MX": "1 x.example."}
    planned, applied = converge(then, check=True), converge(then)
    assert planned["plan"] == applied["plan"]
    assert planned["diff"] == applied["diff"]
    assert [one["status"] for one in applied["outcomes"]] == ["done"]


def test_a_batch_that_route_53_refuses_changes_nothing_and_is_told_in_its_words(estate_aws: Any, converge: Any) -> None:
    converge({"a A": "192.0.2.1"})
    before = records(estate_aws, "development", "shop.example")
    estate_aws.fail("ChangeResourceRecordSets", code="PriorRequestNotComplete", status=400, times=99)
    done = converge({"a A": "192.0.2.2", "b A": "192.0.2.2"})
    assert done["failed"]
    assert "PriorRequestNotComplete" in done["msg"]
    assert records(estate_aws, "development", "shop.example") == before
    estate_aws.heal()
    assert converge({"a A": "192.0.2.2", "b A": "192.0.2.2"})["changed"]


def test_a_zone_whose_answer_was_lost_is_not_made_twice(estate_aws: Any, converge: Any) -> None:
    estate_aws.fail("CreateHostedZone", kind="drop_after")
    done = converge({"a A": "192.0.2.1"})
    assert not done.get("failed"), done["msg"]
    route53 = estate_aws.client("route53", "development")
    assert [one["Name"] for one in route53.list_hosted_zones()["HostedZones"]] == ["shop.example."]
    assert live(estate_aws, "development", "shop.example")["a", "A"] == ["192.0.2.1"]


def test_a_second_zone_of_the_name_is_refused_and_a_private_one_is_not_ours(estate_aws: Any, converge: Any) -> None:
    route53 = estate_aws.client("route53", "development")
    vpc = {
        "VPCRegion": "eu-west-1",
        "VPCId": estate_aws.client("ec2", "development").describe_vpcs()["Vpcs"][0]["VpcId"],
    }
    private = {"HostedZoneConfig": {"Comment": "", "PrivateZone": True}, "VPC": vpc}
    route53.create_hosted_zone(Name="shop.example", CallerReference="private", **private)
    assert converge({"a A": "192.0.2.1"})["plan"]["counts"]["add"] == 2, "the zone and its records"
    route53.create_hosted_zone(Name="shop.example", CallerReference="second")
    refused = converge({"a A": "192.0.2.1"})
    assert "there are two zones shop.example." in refused["msg"]
    assert "delete the one that nobody delegates to" in refused["msg"]


def test_a_zone_of_a_thousand_records_is_read_by_300(estate_aws: Any, converge: Any) -> None:
    many = {f"n{number:04} A": "192.0.2.1" for number in range(1000)}
    many |= {"w A": [{"set": {"SetIdentifier": f"s{n}", "Weight": n}, "values": "192.0.2.1"} for n in range(50)]}
    assert converge(many)["changed"]
    estate_aws.forget_calls()
    assert converge(many)["changed"] is False
    made = [one["operation"] for one in estate_aws.calls()]
    assert made.count("ListResourceRecordSets") == 4


def test_what_is_adopted_is_as_it_was(estate_aws: Any, converge: Any) -> None:
    converge({})
    route53, home = estate_aws.client("route53", "development"), zone_id(estate_aws, "development", "shop.example")
    by_hand = [
        {"Name": "*.shop.example", "Type": "CNAME", "TTL": 5, "ResourceRecords": [{"Value": "x.example"}]},
        {"Name": "k._domainkey.shop.example", "Type": "TXT", "TTL": 9,
         "ResourceRecords": [{"Value": f'"{"a" * 200}" "{"b" * 200}"'}]},
        {"Name": "x.team.shop.example", "Type": "A", "TTL": 5, "ResourceRecords": [{"Value": "192.0.2.5"}]},
    ]  # fmt: skip
    changes = [{"Action": "CREATE", "ResourceRecordSet": one} for one in by_hand]
    route53.change_resource_record_sets(HostedZoneId=home, ChangeBatch={"Changes": changes})
    theirs = {"others": ["*.team"]}
    found = converge({}, zone=theirs, file="dns.yml")["plan"]["unmanaged"]
    assert [one["resource"] for one in found] == [
        "record *.shop.example CNAME", "record k._domainkey.shop.example TXT",
    ]  # fmt: skip
    pasted: dict[str, Any] = {}
    for one in found:
        pasted |= yaml.safe_load(one["adopt"])
    estate_aws.forget_calls()
    again = converge(pasted, zone=theirs)
    assert (again["plan"]["actions"], again["plan"]["unmanaged"], estate_aws.writes()) == ([], [], [])


def test_a_move_is_compared_before_it_is_made(estate_aws: Any, converge: Any, served: Any) -> None:
    declared = {"www A": "192.0.2.1", "@ MX": "1 mail.example.", "@ TXT": "v=spf1 -all " + "x" * 600}
    converge(declared)
    new = served("development", "shop.example")
    before = copy.deepcopy(records(estate_aws, "development", "shop.example"))
    words = {"ask": True, "servers": {"shop.example": [new.address]}}
    with NameServer("shop.example", lambda: before) as old:
        same = converge(declared, **words, old_servers={"shop.example": [old.address]})
        assert not same.get("failed"), same
        assert {one["verdict"] for one in same["proofs"]} == {"proved"}
        next(one for one in before if one["Type"] == "MX")["ResourceRecords"] = [{"Value": "1 other.example."}]
        before.remove(next(one for one in before if one["Type"] == "A"))
        other = converge(declared, **words, old_servers={"shop.example": [old.address]})
    assert other["failed"]
    assert f"shop.example MX: {old.address} answers 1 other.example." in other["msg"]
    assert f"www.shop.example A: {old.address} answers NXDOMAIN" in other["msg"]


def test_a_distribution_that_goes_is_a_finding_before_somebody_takes_the_name(estate_aws: Any, converge: Any) -> None:
    cloudfront = estate_aws.client("cloudfront", "development")
    origin = {"Id": "o", "DomainName": "o.example", "CustomOriginConfig": {
        "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}  # fmt: skip
    config = {
        "CallerReference": "x", "Comment": "", "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": ["www.shop.example"]},
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", "MinTTL": 0,
                                 "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}},
    }  # fmt: skip
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    declared = {"www CNAME": f"{made['DomainName']}."}
    assert converge(declared)["changed"]
    config["Enabled"] = False
    cloudfront.update_distribution(Id=made["Id"], IfMatch=cloudfront.get_distribution(Id=made["Id"])["ETag"],
                                   DistributionConfig=config)  # fmt: skip
    assert "is switched off" in converge(declared)["msg"]
    (drift,) = converge({})["plan"]["drift"]
    assert drift.startswith("record www.shop.example CNAME: not declared, and the distribution")
