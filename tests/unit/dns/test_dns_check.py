"""What is refused before the first call, in sentences that say where and what instead."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.module_utils.estate.dns.check import mistakes
from ansible.module_utils.estate.dns.desired import dns_desired, parent_of

ACCOUNTS = ("main", "development", "production")
ROOT = Path(__file__).parents[3]


def zones(records=None, **more):
    return {"shop.example": {"account": "main", "delegated_by": "the registrar", "records": records or {}} | more}


def said(declared) -> list[str]:
    return [one.said for one in mistakes(declared, ACCOUNTS)]


def test_the_inventory_is_right():
    declared = yaml.safe_load((ROOT / "inventories/common/group_vars/all/dns.yml").read_text())["dns_zones"]
    assert said(declared) == []


def test_every_stage_has_the_names_that_its_router_and_its_apps_are_reached_by():
    declared = yaml.safe_load((ROOT / "inventories/common/group_vars/all/dns.yml").read_text())["dns_zones"]
    names = {f"{name} CNAME" for name in ("www", "api", "search-api", "antivirus-api", "assets")}
    for zone in ("preview.marketplace.example", "staging.marketplace.example", "digitalmarketplace.example"):
        assert names <= set(declared[zone]["records"])


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ({"www": "x.example."}, "is not a name and a type"),
        ({"www CNAM": "x.example."}, "did you mean CNAME?"),
        ({"www.shop.example CNAME": "x.example."}, "names are relative to the zone: write 'www'"),
        ({"www. CNAME": "x.example."}, "names are relative"),
        ({"@ CNAME": "x.example."}, "stands at the zone's apex"),
        ({"@ NS": "ns.example."}, "made by Route 53"),
        ({"@ SOA": "x"}, "of no type that Route 53 takes"),
        ({"www CNAME": "x.example"}, "needs a dot at its end"),
        ({"www CNAME": ["x.example.", "y.example."]}, "a CNAME has one"),
        ({"www A": "192.0.2.300"}, "which is none of this type"),
        ({"@ MX": "mail.example."}, "which is none of this type"),
        ({"@ CAA": "issue amazon.com"}, "which is none of this type"),
        ({"_sip._tcp SRV": "10 5060 sip.example."}, "which is none of this type"),
        ({"www A": ["192.0.2.1", "192.0.2.1"]}, "has the value 192.0.2.1 twice"),
        ({"www A": []}, "needs a value"),
        ({"www A": {"ttl": -1, "values": "192.0.2.1"}}, "has the ttl -1"),
        ({"www A": {"ttl": 60}}, "needs either values or an alias"),
        ({"www A": {"value": "192.0.2.1"}}, "has 'value', which nothing reads; allowed are alias, set, ttl, values"),
        ({"@ TXT": '"v=spf1 -all"'}, "write the text alone"),
        ({"@ TXT": "x" * 4001}, "allowed are 4000"),
        ({"@ TXT": ["v=spf1 -all", "v=spf1 a -all"]}, "more than one text of v=spf1"),
        ({"@ A": {"alias": "d111111abcdef8.cloudfront.net"}}, "alias without a dot at its end"),
        ({"@ A": {"alias": "d1.cloudfront.net.", "ttl": 60}}, "leave ttl out"),
        ({"@ A": {"alias": {"name": "x.example.", "load_balancer": "y"}}}, "neither a name nor"),
        ({"www A": [{"values": "192.0.2.1"}, {"values": "192.0.2.2"}]}, "needs a set with its SetIdentifier"),
        ({"a.*.b A": "192.0.2.1"}, "allowed is * alone"),
        ({"*foo A": "192.0.2.1"}, "allowed is * alone"),
        ({"*.x NS": "ns.example."}, "would delegate any name"),
        ({"@ CAA": '0 isue "x.example"'}, "whose tag nobody heeds; allowed are issue"),
        ({"@ MX": ["0 .", "10 mail.example."]}, "says both that no mail is taken"),
        ({"@ MX": "10 192.0.2.1."}, "where a name is expected and no address"),
        ({"www CNAME": "192.0.2.1."}, "where a name is expected and no address"),
        ({"www A": [f"10.0.{n // 250}.{n % 250}" for n in range(401)]}, "has 401 values; allowed are 400"),
        ({"@ TXT": ["V=SPF1 -all", "v=spf1 -all"]}, "more than one text of v=spf1"),
        ({"@ A": {"alias": "www.other.example."}}, "not in this zone: say its zone_id"),
        ({"w CNAME": {"alias": "d1.cloudfront.net."}}, "allowed are A, AAAA and HTTPS, not CNAME"),
        ({"w MX": {"alias": {"load_balancer": "x"}}}, "allowed are A, AAAA and HTTPS, not MX"),
        ({"w A": {"alias": "w.shop.example."}}, "is an alias of itself"),
        ({"w AAAA": {"alias": "x.shop.example."}, "x A": "192.0.2.1"}, "which has no AAAA"),
        ({"w A": {"set": {"Weight": 1}, "values": "192.0.2.1"}}, "without a SetIdentifier"),
        ({"w A": {"set": {"SetIdentifier": "x"}, "values": "192.0.2.1"}}, "needs the same one of Weight"),
        ({"w A": {"set": {"SetIdentifier": "x", "Weight": 256}, "values": "192.0.2.1"}}, "allowed are 0 to 255"),
        ({"w A": {"set": {"SetIdentifier": "x", "Failover": "primary"}, "values": "192.0.2.1"}}, "allowed are PRIMARY"),
        (
            {"w A": [{"set": {"SetIdentifier": "x", "Weight": n}, "values": "192.0.2.1"} for n in (1, 2)]},
            "has the SetIdentifier x twice",
        ),
        (
            {"w A": [{"set": {"SetIdentifier": str(n), **one}, "values": "192.0.2.1"}
                     for n, one in enumerate(({"Weight": 1}, {"Region": "eu-west-1"}))]},
            "not chosen alike",
        ),
        # together
        ({"www A": "192.0.2.1", "WWW A": "192.0.2.2"}, "WWW A is declared twice, as 'www A' too"),
        ({"www CNAME": "x.example.", "www TXT": "y"}, "www CNAME stands beside TXT"),
        ({"www CNAME": "api.shop.example."}, "points to api.shop.example., which nothing declares"),
        ({"@ MX": "1 mx.shop.example.", "mx CNAME": "x.example."}, "which is a CNAME; MX needs a name with an address"),
        ({"a CNAME": "b.shop.example.", "b CNAME": "a.shop.example."}, "to itself"),
    ],
)  # fmt: skip
def test_what_dns_or_route_53_would_not_take_is_named_with_what_is_allowed(records, sentence):
    found = said(zones(records))
    assert any(sentence in one for one in found), found


def test_names_that_are_right_are_left_alone():
    assert said(zones({
        "*.apps CNAME": "x.example.", "@ A": {"alias": "www.shop.example."}, "www A": ["192.0.2.1", "192.0.2.2"],
        "x CNAME": "anything.apps.shop.example.", "_dmarc TXT": "v=DMARC1;p=none", "@ CAA": '0 issue "amazon.com"',
        "@ HTTPS": "1 . alpn=h2", "v6 AAAA": "2001:db8::1", "_s._tcp SRV": "1 10 5269 x.example.",
        "b A": [{"set": {"SetIdentifier": "one", "Weight": 1}, "values": "192.0.2.1"},
                {"set": {"SetIdentifier": "two", "Weight": 9}, "values": "192.0.2.2"}],
    })) == []  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "sent"),
    [
        ("www CNAME", "m\u00fcnchen.example.", "xn--mnchen-3ya.example."),
        ("@ CAA", "0 issue amazon.com", '0 issue "amazon.com"'),
        ("www A", " 192.0.2.1 ", "192.0.2.1"),
        ("@ CAA", '128 issue ";"', '128 issue ";"'),
    ],
)
def test_a_value_is_sent_as_route_53_takes_it(key, value, sent):
    assert said(zones({key: value})) == []
    (made,) = dns_desired(zones({key: value}), "main", 60)["shop.example."]["records"]
    assert made["ResourceRecords"] == [{"Value": sent}]


def test_a_zone_says_whose_it_is_and_who_delegates_it():
    assert "did you mean" not in said(zones(account="nobody"))[0]
    assert "allowed are development, main, production" in said(zones(account="nobody"))[0]
    assert "say in delegated_by who delegates it" in said({"shop.example": {"account": "main"}})[0]
    both = zones() | {"new.shop.example": {"account": "production", "delegated_by": "me"}}
    assert said(both) == [".new.shop.example: shop.example delegates it: leave delegated_by out"]
    assert "has 'record', which nothing reads" in said(zones(record={}))[0]
    assert "is no name of a zone" in said({"Shop.example.": {"account": "main"}})[0]
    assert said(None) == [" is empty; allowed are zones by name"]
    assert said({"shop.example": None})[0].startswith(".shop.example: is empty")


def test_what_lies_below_a_delegation_belongs_to_that_zone():
    both = zones({"www.new CNAME": "x.example."}) | {"new.shop.example": {"account": "production"}}
    assert "is in new.shop.example, which is delegated" in said(both)[0]
    own = zones({"new NS": "ns.example."}) | {"new.shop.example": {"account": "production"}}
    assert "leave it out" in said(own)[0]
    elsewhere = zones({"old NS": ["ns1.old.shop.example.", "ns.example."], "ns1.old A": "192.0.2.1"})
    assert said(elsewhere) == []  # with its glue
    assert "which nothing declares" in said(zones({"old NS": "ns1.old.shop.example."}))[0]


def test_names_of_others_are_not_declared_and_absent_ones_are_not_there():
    assert "is one of others" in said(zones({"x.team A": "192.0.2.1"}, others=["*.team"]))[0]
    assert "is declared and absent" in said(zones({"x A": "192.0.2.1"}, absent=["x A"]))[0]
    assert "absent: x is not a name and a type" in said(zones(absent=["x"]))[0]
    assert said(zones({"x CNAME": "y.team.shop.example."}, others=["*.team"])) == []


def test_an_account_gets_its_zones_with_what_they_delegate_to():
    declared = zones({"www CNAME": "x.example."}) | {
        "new.shop.example": {"account": "production"},
        "deep.new.shop.example": {"account": "main"},
    }
    wanted = dns_desired(declared, "main", 600)
    assert {zone: one["children"] for zone, one in wanted.items()} == {
        "shop.example.": {"new.shop.example.": "production"},
        "deep.new.shop.example.": {},
    }
    assert dns_desired(declared, "production", 600)["new.shop.example."]["children"] == {
        "deep.new.shop.example.": "main"
    }
    assert parent_of("deep.new.shop.example.", {"shop.example.": 0, "new.shop.example.": 0}) == "new.shop.example."
    assert wanted["shop.example."]["records"] == [
        {"Name": "www.shop.example.", "Type": "CNAME", "TTL": 600, "ResourceRecords": [{"Value": "x.example."}]}
    ]


@pytest.mark.parametrize("word", ["absent", "certificates", "others"])
def test_a_list_that_is_a_text_is_refused(word):
    assert said(zones(**{word: "old CNAME"})) == [f".shop.example: {word} is a str; allowed is a list"]


@pytest.mark.parametrize("value", [None, 5, True, [], {}, [None], "", [[]], {"values": None}, {"alias": None}])
def test_a_value_of_another_shape_is_a_sentence_and_no_traceback(value):
    assert said(zones({"www A": value})) != []


def test_a_set_names_what_it_takes():
    assert "did you mean Weight?" in said(zones({"www A": {"set": {"weight": 1}, "values": "192.0.2.1"}}))[0]
    assert "allowed are SetIdentifier" in said(zones({"www A": {"set": "x", "values": "192.0.2.1"}}))[0]
