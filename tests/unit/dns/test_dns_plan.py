"""What changes, in which batches, and what must not go by mistake."""

from __future__ import annotations

import pytest
import yaml
from ansible.module_utils.estate.dns.check import mistakes
from ansible.module_utils.estate.dns.desired import dns_desired
from ansible.module_utils.estate.dns.guard import refusals
from ansible.module_utils.estate.dns.plan import batches, delta, known, plan
from ansible.module_utils.estate.dns.read import Live, Zone
from ansible.module_utils.estate.dns.targets import Targets
from ansible.module_utils.estate.plan import Ref

ZONE = "shop.example."
NS = {"Name": ZONE, "Type": "NS", "TTL": 172800, "ResourceRecords": [{"Value": "ns-1.awsdns-1.com."}]}
SOA = {"Name": ZONE, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": "ns-1.awsdns-1.com. h. 1 1 1 1 1"}]}
ELSEWHERE = ["d9.cloudfront.net"]


def rrset(name, kind, *values, ttl=600, **more):
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": one} for one in values], **more}


def declared(records=None, **more):
    zone = {"account": "main", "delegated_by": "the registrar", "records": records or {}} | more
    zones = {"shop.example": zone}
    assert mistakes(zones, ("main",)) == []
    return dns_desired(zones, "main", 600)


def lives(*rrsets, **more):
    return Live({ZONE: Zone("Z1", [NS, SOA, *rrsets])}, **more)


def changes(records, *rrsets, **more):
    found = delta(ZONE, declared(records, **more)[ZONE], lives(*rrsets))
    return [(one.verb, one.key[0].removesuffix(f".{ZONE}"), one.key[1]) for one in found.changes]


def made(records, *rrsets, live=None, **more):
    wanted, live = declared(records, **more), live or lives(*rrsets)
    return plan("main", wanted, live, [delta(ZONE, wanted[ZONE], live)], ELSEWHERE, "dns.yml")


def refused(records, *rrsets, confirmed=(), share=0.1, number=5, allowed=None, live=None, **more):
    wanted, live = declared(records, **more), live or lives(*rrsets)
    deltas = [delta(ZONE, wanted[ZONE], live)]
    return list(refusals(wanted, live, deltas, ELSEWHERE, confirmed, share, number, allowed))


# --- changes ----------------------------------------------------------------------------------------------------------


def test_what_is_as_declared_stays():
    assert changes({"www CNAME": "d9.cloudfront.net."}, rrset("www.shop.example.", "CNAME", "D9.cloudfront.net")) == []


def test_what_is_missing_is_made_what_differs_replaced_and_what_is_undeclared_left():
    found = changes(
        {"a A": "192.0.2.1", "b A": "192.0.2.2"},
        rrset("b.shop.example.", "A", "192.0.2.9"), rrset("c.shop.example.", "A", "192.0.2.3"),
    )  # fmt: skip
    assert found == [("CREATE", "a", "A"), ("UPSERT", "b", "A")]


def test_a_cname_goes_in_the_batch_in_which_the_address_comes():
    assert changes({"www A": "192.0.2.1"}, rrset("www.shop.example.", "CNAME", "x.example.")) == [
        ("DELETE", "www", "CNAME"),
        ("CREATE", "www", "A"),
    ]
    assert changes({"www CNAME": "x.example."}, rrset("www.shop.example.", "A", "192.0.2.1")) == [
        ("DELETE", "www", "A"),
        ("CREATE", "www", "CNAME"),
    ]
    weighted = rrset("www.shop.example.", "A", "192.0.2.1", SetIdentifier="one", Weight=1)
    assert changes({"www A": "192.0.2.1"}, weighted) == [("DELETE", "www", "A"), ("CREATE", "www", "A")]


def test_a_rename_is_one_batch():
    (action,) = made({"new A": "192.0.2.1"}, rrset("old.shop.example.", "A", "192.0.2.1"), absent=["old A"]).actions
    told = [(one["Action"], one["ResourceRecordSet"]["Name"]) for one in action.params["ChangeBatch"]["Changes"]]
    assert told == [("CREATE", "new.shop.example."), ("DELETE", "old.shop.example.")]


def test_names_of_others_are_neither_touched_nor_told_of():
    theirs = rrset("x.team.shop.example.", "A", "192.0.2.1")
    told = made({}, theirs, others=["*.team"])
    assert (list(told.actions), list(told.unmanaged)) == ([], [])


def test_batches_keep_names_together_and_count_an_upsert_twice():
    live = [rrset(f"n{n:04}.shop.example.", "A", "192.0.2.1") for n in range(600)]
    found = delta(ZONE, declared({f"n{n:04} A": "192.0.2.2" for n in range(600)})[ZONE], lives(*live))
    assert [len(batch) for batch in batches(found.changes)] == [500, 100]
    long = {f"t{n:02} TXT": "x" * 3900 for n in range(20)}
    sizes = [sum(one.size[1] for one in batch) for batch in batches(delta(ZONE, declared(long)[ZONE], lives()).changes)]
    assert len(sizes) == 3
    assert max(sizes) <= 32_000
    swap = [rrset("a.shop.example.", "CNAME", "x.example."), rrset("b.shop.example.", "A", "192.0.2.1")]
    found = delta(ZONE, declared({"a A": "192.0.2.1", "b CNAME": "x.example."})[ZONE], lives(*swap))
    assert [[one.verb for one in batch] for batch in batches(found.changes)] == [["DELETE", "CREATE"] * 2]
    assert batches([]) == []
    many = {f"n{n:04} A": "192.0.2.1" for n in range(999)} | {"z CNAME": "x.example."}
    found = delta(ZONE, declared(many)[ZONE], lives(rrset("z.shop.example.", "A", "192.0.2.1")))
    assert [one.verb for one in batches(found.changes)[1]] == ["DELETE", "CREATE"]


# --- zones, delegations, certificates ---------------------------------------------------------------------------------


def test_a_new_zone_is_made_in_the_plan_that_fills_it():
    told = made({"www CNAME": "d9.cloudfront.net."}, live=Live({}))
    assert [action.method for action in told.actions] == [
        "route53.create_hosted_zone",
        "route53.change_resource_record_sets",
    ]
    assert told.actions[1].params["HostedZoneId"] == Ref("zone shop.example", "id")
    assert any("the registrar delegates it" in note for note in told.notes)


def family(**live):
    zones = {"shop.example": {"account": "main", "delegated_by": "x"}, "new.shop.example": {"account": "production"}}
    wanted = dns_desired(zones, "main", 600)
    return wanted, lives(**live) if "rrsets" not in live else lives(*live["rrsets"], name_servers=live["name_servers"])


def test_a_delegation_is_made_of_the_zones_own_name_servers():
    wanted, live = family(name_servers={"new.shop.example.": ["ns-7.awsdns-1.com."]})
    told = plan("main", wanted, live, [delta(ZONE, wanted[ZONE], live)])
    (action,) = told.actions
    change = action.params["ChangeBatch"]["Changes"][0]["ResourceRecordSet"]
    assert change["ResourceRecords"] == Ref("zone new.shop.example", "servers")
    assert known(wanted, live)[change["ResourceRecords"]] == [{"Value": "ns-7.awsdns-1.com."}]
    wanted, unborn = family()
    before = plan("main", wanted, unborn, [delta(ZONE, wanted[ZONE], unborn)])
    assert before.digest == told.digest, "what is reviewed before the zone is there is what is carried out after"


def test_a_delegation_to_servers_of_before_is_put_right():
    old = rrset("new.shop.example.", "NS", "ns-gone.example.", ttl=3600)
    wanted, live = family(rrsets=[old], name_servers={"new.shop.example.": ["ns-7.awsdns-1.com."]})
    (change,) = delta(ZONE, wanted[ZONE], live).changes
    assert (change.verb, change.after["ResourceRecords"]) == ("UPSERT", [{"Value": "ns-7.awsdns-1.com."}])
    wanted, live = family(rrsets=[old], name_servers={})
    assert delta(ZONE, wanted[ZONE], live).changes == [], "unknown is not none"


def certificate(domain, *options, used=True):
    return {
        "DomainName": domain,
        "InUseBy": ["arn:x"] if used else [],
        "DomainValidationOptions": [
            {"ResourceRecord": {"Name": name, "Type": "CNAME", "Value": value}} for name, value in options
        ],
    }


PROOF = ("_x.shop.example.", "_y.acm-validations.aws.")


def test_a_certificates_validation_is_written_once_for_the_name_and_its_wildcard():
    both = certificate("shop.example", PROOF, PROOF)
    live = lives(targets=Targets(certificates=[both, certificate("*.shop.example", PROOF)]))
    (change,) = delta(ZONE, declared()[ZONE], live).changes
    assert (change.verb, change.key) == ("CREATE", ("_x.shop.example.", "CNAME", ""))
    there = Live({ZONE: Zone("Z1", [NS, rrset(*PROOF[:1], "CNAME", PROOF[1], ttl=300)])}, live.targets)
    assert delta(ZONE, declared()[ZONE], there).changes == [], "its ttl stays as whoever wrote it wanted"


def test_two_certificates_that_need_one_name_for_two_values_are_refused():
    live = lives(targets=Targets(certificates=[
        certificate("shop.example", PROOF), certificate("www.shop.example", (PROOF[0], "_z.acm-validations.aws."))
    ]))  # fmt: skip
    (sentence,) = refused({}, live=live)
    assert sentence == (
        "_x.shop.example must be a CNAME of _y.acm-validations.aws. and of _z.acm-validations.aws. alone"
    )


def test_a_declared_certificate_has_its_validation_in_the_plan_before_aws_knows_it():
    first = made({}, certificates=["*.shop.example"])
    live = lives(targets=Targets(certificates=[certificate("*.shop.example", PROOF)]))
    then = made({}, live=live, certificates=["*.shop.example"])
    assert first.digest == then.digest
    wanted = declared({}, certificates=["*.shop.example"])
    (change,) = known(wanted, live)[Ref("certificate *.shop.example", "changes")]
    assert change["ResourceRecordSet"]["Name"] == "_x.shop.example."
    done = Live({ZONE: Zone("Z1", [NS, SOA, rrset("_x.shop.example.", "CNAME", PROOF[1])])}, live.targets)
    assert list(made({}, live=done, certificates=["*.shop.example"]).actions) == []


# --- unmanaged --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        rrset("x.shop.example.", "A", "192.0.2.1", "192.0.2.2", ttl=5),
        rrset("\\052.shop.example.", "CNAME", "x.example"),
        rrset("@x.shop.example.", "TXT", '"v=spf1 " "include:x.example" ".. -all"', '"caf\\303\\251 \\"x\\""'),
        rrset("shop.example.", "MX", "10 mail.example.", "20 mail2.example"),
        rrset("shop.example.", "CAA", '0 issue "amazon.com"'),
        rrset("b.shop.example.", "A", "192.0.2.1", SetIdentifier="one", Weight=1),
        {"Name": "w.shop.example.", "Type": "A", "AliasTarget": {
            "DNSName": "d9.cloudfront.net.", "HostedZoneId": "Z2FDTNDATAQYW2", "EvaluateTargetHealth": True}},
    ],
    ids=lambda one: f"{one['Name']} {one['Type']}",
)  # fmt: skip
def test_pasting_what_adopts_a_record_changes_nothing(found):
    (adopt,) = made({}, found).unmanaged
    again = made(yaml.safe_load(adopt.adopt), found)
    assert (list(again.actions), list(again.unmanaged)) == ([], [])


def test_a_record_that_nobody_declares_and_whose_target_is_gone_is_a_finding():
    (drift,) = made({}, rrset("old.shop.example.", "CNAME", "d1234.cloudfront.net.")).drift
    assert drift.startswith("record old.shop.example CNAME: not declared, and d1234.cloudfront.net is no distribution")
    (drift,) = made({}, rrset("team.shop.example.", "NS", "ns.example.")).drift
    assert "delegates to a zone that nobody declares" in drift


# --- guards -----------------------------------------------------------------------------------------------------------

IMPORTANT = [
    ("shop.example A", rrset(ZONE, "A", "192.0.2.1"), "@ A"),
    ("shop.example MX", rrset(ZONE, "MX", "1 mail.example."), "@ MX"),
    ("shop.example CAA", rrset(ZONE, "CAA", '0 issue "amazon.com"'), "@ CAA"),
    ("shop.example TXT", rrset(ZONE, "TXT", '"v=spf1 -all"', '"other"'), "@ TXT"),
    ("_dmarc.shop.example TXT", rrset("_dmarc.shop.example.", "TXT", '"v=DMARC1;p=none"'), "_dmarc TXT"),
    ("team.shop.example NS", rrset("team.shop.example.", "NS", "ns.example."), "team NS"),
    ("_x.shop.example CNAME", rrset("_x.shop.example.", "CNAME", "_y.acm-validations.aws."), "_x CNAME"),
]


@pytest.mark.parametrize(("label", "found", "key"), IMPORTANT, ids=[label for label, *_ in IMPORTANT])
def test_what_others_rely_on_goes_only_by_name(label, found, key):
    (sentence,) = refused({}, found, absent=[key])
    assert sentence.startswith(f"{label} would go, ")
    assert refused({}, found, absent=[key], confirmed=[label]) == []


def test_it_goes_as_well_where_nothing_of_it_stays():
    mail = rrset(ZONE, "MX", "1 mail.example.", "2 mail2.example.")
    assert refused({"@ MX": ["1 mail.example.", "5 new.example."]}, mail) == []
    assert len(refused({"@ MX": "5 new.example."}, mail)) == 1
    text = rrset(ZONE, "TXT", '"v=spf1 -all"', '"other"')
    assert refused({"@ TXT": ["v=spf1 include:x.example -all"]}, text) == []
    assert len(refused({"@ TXT": ["other"]}, text)) == 1


def test_the_validation_of_a_certificate_that_nobody_uses_may_go():
    found = rrset("_x.shop.example.", "CNAME", "_y.acm-validations.aws.")
    for used, count in ((True, 1), (False, 0)):
        targets = Targets(certificates=[certificate("elsewhere.example", PROOF, used=used)])
        live = Live({ZONE: Zone("Z1", [NS, SOA, found])}, targets)
        wanted = declared({"_x A": "192.0.2.1"})
        found_changes = delta(ZONE, wanted[ZONE], live)
        assert len(found_changes.conflicts) == 1
        assert (
            len([one for one in refusals(wanted, live, [found_changes], (), (), 1, 9, None) if "would go" in one])
            == count
        )


def test_few_records_go_at_once():
    there = [rrset(f"n{n}.shop.example.", "A", "192.0.2.1") for n in range(10)]
    absent = [f"n{n} A" for n in range(6)]
    (sentence,) = refused({}, *there, absent=absent)
    assert sentence.startswith("6 of the 12 records of shop.example would go, allowed are 5")
    assert refused({}, *there, absent=absent, allowed=6) == []
    assert refused({}, *there, absent=absent, share=0.5) == []
    types = {f"n{n} CNAME": "x.example." for n in range(10)}
    assert refused(types, *there) == [], "a name whose type changes stays"


# --- targets ----------------------------------------------------------------------------------------------------------


def test_a_target_that_the_account_does_not_have_is_refused_as_a_way_to_take_the_name_over():
    for records, word in (
        ({"www CNAME": "d1.cloudfront.net."}, "d1.cloudfront.net is no distribution of this account"),
        ({"@ A": {"alias": "d1.cloudfront.net."}}, "d1.cloudfront.net is no distribution"),
        ({"www CNAME": "web-1.eu-west-1.elb.amazonaws.com."}, "is no load balancer of this account"),
        ({"www CNAME": "www.shop.example.s3-website-eu-west-1.amazonaws.com."}, "www.shop.example is no bucket"),
        ({"www A": {"alias": {"name": "s3-website-eu-west-1.amazonaws.com.", "zone_id": "Z1"}}}, "is no bucket"),
        ({"_x CNAME": "_y.acm-validations.aws."}, "validates no certificate of this account"),
    ):
        (sentence,) = refused(records)
        assert word in sentence, sentence
        assert "dns_elsewhere" in sentence


def test_a_target_that_it_has_is_right_as_long_as_it_answers_for_the_name():
    def with_distribution(**more):
        one = {"Enabled": True, "Aliases": {"Items": ["*.shop.example"]}} | more
        balancer = {"LoadBalancerName": "Web", "DNSName": "Web-1.eu-west-1.elb.amazonaws.com"}
        return lives(targets=Targets({"d1.cloudfront.net.": one}, [balancer], frozenset({"www.shop.example"})))

    www = {"www CNAME": "d1.cloudfront.net."}
    assert refused(www, live=with_distribution()) == []
    assert "is switched off" in refused(www, live=with_distribution(Enabled=False))[0]
    assert "does not serve www.shop.example" in refused(www, live=with_distribution(Aliases={"Quantity": 0}))[0]
    others = {"a CNAME": "web-1.eu-west-1.elb.amazonaws.com.",
              "www CNAME": "www.shop.example.s3-website-eu-west-1.amazonaws.com."}  # fmt: skip
    assert refused(others, live=with_distribution()) == []


def test_a_load_balancer_by_name_is_waited_for_and_missed_once_it_was_there():
    ci = {"ci A": {"alias": {"load_balancer": "jenkins"}}}
    assert refused(ci) == []
    told = made(ci)
    assert list(told.actions) == []
    assert "waits until that is there" in told.notes[0]
    balancer = {"LoadBalancerName": "jenkins", "DNSName": "jenkins-1.eu-west-1.elb.amazonaws.com",
                "CanonicalHostedZoneId": "Z32O12XQLNTSW2"}  # fmt: skip
    (action,) = made(ci, live=lives(targets=Targets(load_balancers=[balancer]))).actions
    (change,) = action.params["ChangeBatch"]["Changes"]
    assert change["ResourceRecordSet"]["AliasTarget"] == {
        "HostedZoneId": "Z32O12XQLNTSW2",
        "DNSName": "jenkins-1.eu-west-1.elb.amazonaws.com.",
        "EvaluateTargetHealth": False,
    }
    (sentence,) = refused(ci, {**change["ResourceRecordSet"]})
    assert "its load balancer is gone" in sentence


def test_what_changes_is_shown_by_record_under_what_the_plan_calls_it():
    told = made({"a A": "192.0.2.1", "b A": "192.0.2.2"}, rrset("b.shop.example.", "A", "192.0.2.9"))
    (diff,) = told.diff
    assert diff["before_header"] == told.actions[0].resource == "records of shop.example"
    assert diff["before"] == {"b.shop.example A": {"ttl": 600, "values": ["192.0.2.9"]}}
    assert set(diff["after"]) == {"a.shop.example A", "b.shop.example A"}
