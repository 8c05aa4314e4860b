"""What an answer says of a declaration."""

from __future__ import annotations

import dns.resolver
import pytest
from ansible.module_utils.estate.dns.desired import dns_desired
from ansible.module_utils.estate.dns.plan import delta
from ansible.module_utils.estate.dns.prove import Answer, Question, dangling, delegated, proofs, questions, wrong
from ansible.module_utils.estate.dns.read import Live
from ansible.module_utils.estate.dns.records import rdata

ONE, TWO = rdata("A", "192.0.2.1"), rdata("A", "192.0.2.2")
WWW = Question("shop.example.", "www.shop.example.", "A", frozenset({ONE}), 60)


def answer(*found, ttl=60, rcode="NOERROR", authoritative=True):
    return Answer(rcode, authoritative, frozenset(found), ttl)


@pytest.mark.parametrize(
    ("question", "said", "why"),
    [
        (WWW, answer(ONE), ""),
        (WWW, answer(TWO), "answers 192.0.2.2"),
        (WWW, answer(ONE, TWO), "answers 192.0.2.1, 192.0.2.2"),
        (WWW, answer(ONE, ttl=61), "answers with the ttl 61, not 60"),
        (WWW, answer(), "has no such record"),
        (WWW, answer(rcode="NXDOMAIN"), "answers NXDOMAIN"),
        (WWW, answer(ONE, authoritative=False), "does not answer for the zone"),
        (WWW._replace(expected=None), answer(TWO, ttl=9), ""),
        (WWW._replace(expected=None), answer(), "has no such record"),
        (WWW._replace(expected=frozenset({ONE, TWO}), any_of=True), answer(TWO), ""),
        (WWW._replace(kind="NS"), answer(ONE, authoritative=False, ttl=9), ""),  # a referral
        (
            WWW._replace(kind="NS", name="shop.example."),
            answer(ONE, authoritative=False),
            "does not answer for the zone",
        ),
    ],
)
def test_an_answer_is_what_is_declared_or_it_is_said_why_not(question, said, why):
    assert wrong(question, said) == why


def found(records):
    zones = {"shop.example": {"account": "main", "delegated_by": "x", "records": records}}
    return delta("shop.example.", dns_desired(zones, "main", 60)["shop.example."], Live({}))


def test_every_server_is_asked_and_the_one_that_is_wrong_is_named():
    def ask(server, *_):
        if server == "down":
            raise OSError("no route to host")
        return answer(ONE if server == "right" else TWO)

    declared = [found({"www A": "192.0.2.1"})]
    for servers, why in (
        (["right"], ""),
        (["right", "old"], "old answers 192.0.2.2"),
        ([], "the zone has no name servers"),
        (["down"], "down does not answer (no route to host)"),
    ):
        (proof,) = proofs(declared, {"shop.example.": servers}, ask)
        assert (proof["subject"], proof["why"]) == ("www.shop.example A", why)
        assert proof["verdict"] == ("failed" if why else "proved")


def test_sets_of_one_name_are_one_question():
    sets = [{"set": {"SetIdentifier": one, "Weight": 1}, "values": one} for one in ("192.0.2.1", "192.0.2.2")]
    assert questions(found({"www A": sets})) == [WWW._replace(expected=frozenset({ONE, TWO}), any_of=True)]


def test_a_zone_that_is_referred_elsewhere_or_nowhere_is_not_delegated():
    ns = rdata("NS", "ns-1.example.")
    for said, why in ((answer(ns, authoritative=False), ""), (answer(), "has no such record"),
                      (answer(rdata("NS", "old.example.")), "answers old.example.")):  # fmt: skip
        proof = delegated(
            "shop.example.", ["ns-1.example."], ["192.0.2.53"], lambda *_, said=said: said, "the registrar"
        )
        assert proof["verdict"] == ("failed" if why else "proved")
        assert why in proof["why"]
        assert not why or "have the registrar delegate it to ns-1.example." in proof["why"]


def test_a_target_that_nobody_has_any_more_is_named_with_what_points_to_it():
    def resolve(name):
        if name.startswith("gone"):
            raise dns.resolver.NXDOMAIN
        return []

    declared = [
        found(
            {"a CNAME": "gone.example.", "b CNAME": "there.example.", "c CNAME": "d.shop.example.", "d A": "192.0.2.1"}
        )
    ]
    (proof,) = dangling(declared, ["shop.example."], resolve)
    assert proof["why"] == "there is no such name, and a.shop.example CNAME points to it"
