"""IAM's condition operators on the values that AWS documents, and on odd ones."""

from __future__ import annotations

import pytest
from ansible.module_utils.estate.evaluator.conditions import holds, moment
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.evaluator.evaluate import judge
from ansible.module_utils.estate.evaluator.request import Principal, Source, known_of
from ansible.module_utils.estate.evaluator.words import Open, phrase, unless

from tests.support.requests_of_iam import Whole, in_a_word


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027", 1798761600),
        ("2027-01", 1798761600),
        ("2027-01-01", 1798761600),
        ("2027-01-01T00:00Z", 1798761600),
        ("2027-01-01T00:00:00Z", 1798761600),
        ("2027-01-01T01:30:00.500+01:30", 1798761600.5),
        ("2026-12-31T19:00:00-05:00", 1798761600),
        ("1798761600", 1798761600),
        ("2027-13", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_time_is_one_of_w3c_s_forms_or_seconds(text: str, seconds: float | None) -> None:
    assert moment(text) == seconds


@pytest.mark.parametrize(
    ("operator", "wanted", "values", "answer"),
    [
        ("IpAddress", ["192.0.2.0/24"], ["192.0.2.7"], True),
        ("IpAddress", ["192.0.2.7"], ["192.0.2.7"], True),
        ("NotIpAddress", ["192.0.2.0/24"], ["2001:db8::1"], True),
        ("IpAddress", ["office"], ["192.0.2.7"], None),
        ("NumericLessThan", ["3600"], ["100.5"], True),
        ("NumericLessThan", ["an hour"], ["10"], None),
        ("NumericLessThan", ["3600"], ["soon"], False),
        ("BinaryEquals", ["QmluYXJ5"], ["QmluYXJ5"], True),
        ("Bool", ["true"], ["TRUE"], True),
        ("Bool", ["yes"], ["true"], None),
        ("Null", ["true"], None, True),
        ("Null", ["true"], ["x"], False),
        ("StringEqualsIfExists", ["x"], None, True),
        ("StringNotEquals", ["x"], None, True),
        ("StringEquals", ["x"], None, False),
        ("StringEquals", ["x"], ["x", "y"], False),
        ("ForAllValues:StringEquals", ["x", "y"], ["x", "y"], True),
        ("ForAllValues:StringEquals", ["x"], None, True),
        ("ForAnyValue:StringNotEquals", ["x"], ["x", "y"], True),
        ("ForAnyValue:StringEquals", ["x"], None, False),
        ("ForAnyValue:StringEqualsIfExists", ["x"], None, None),
        ("ArnLike", ["arn:aws:iam::*:user/ada*"], ["arn:aws:iam::111111111111:user/ada.example"], True),
        ("ArnLike", ["arn:*"], ["arn:aws:iam::111111111111:user/ada.example"], None),
        ("StringMatches", ["x"], ["x"], None),
    ],
)
def test_an_operator_is_decided_or_said_not_to_be(operator: str, wanted: list, values: list, answer: bool) -> None:
    assert holds(operator, wanted, values) is answer


ME = "arn:aws:iam::111111111111:user/ada.example"


def said(document: object, resource: str = "arn:aws:s3:::b/k", action: str = "s3:GetObject", **keys: str) -> str:
    principal = Principal(ME, "111111111111", (Source("user", "p", read(document)),), None, {})
    known = Whole(known_of(principal, "2026-11-26T00:00:00Z", "111111111111"))
    known |= {key.lower(): (value,) for key, value in keys.items()}
    return in_a_word(judge(principal, action, resource, None, "111111111111", known))


@pytest.mark.parametrize(
    "odd",
    [
        "no document",
        None,
        {"Version": "2012-10-17", "Statement": "all"},
        {"Statement": [None]},
        {"Statement": {"Effect": "Perhaps", "Action": "*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ["MFA"]}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": "yes"}}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Exotic": {"a": "b"}}}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
                       "Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}}},
    ],
)  # fmt: skip
def test_what_others_made_never_raises_and_is_never_taken_for_a_no(odd: object) -> None:
    assert said(odd) == "unknown"


def allow(**more: object) -> dict:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **more}}


def test_variables_have_defaults_and_characters_of_their_own() -> None:
    tag = "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*"
    assert said(allow(Resource=tag), "arn:aws:s3:::b/none/x") == "allowed"
    assert said(allow(Resource=tag), "arn:aws:s3:::b/red/x", **{"aws:PrincipalTag/team": "red"}) == "allowed"
    assert said(allow(Resource="arn:aws:s3:::b/${*}"), "arn:aws:s3:::b/*") == "allowed"
    assert said(allow(Resource="arn:aws:s3:::b/${*}"), "arn:aws:s3:::b/x") == "not allowed"
    assert said(allow(Resource="arn:aws:s3:::b/${aws:username}"), "arn:aws:s3:::b/ada.example") == "allowed"


def test_each_part_of_an_arn_is_matched_alone_and_a_short_one_is_completed() -> None:
    assert said(allow(Resource="arn:aws:s3"), "arn:aws:s3:::b/k") == "allowed"
    assert said(allow(Resource="arn:*:k"), "arn:aws:s3:::b/k") == "not allowed"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Open("StringEquals", "sts:ExternalId", ("x",)), "sts:ExternalId is x"),
        (Open("StringEqualsIfExists", "aws:PrincipalType", ("User",)), "aws:PrincipalType is User, or is absent"),
        (Open("StringNotLike", "aws:Referer", ("a*", "b")), "aws:Referer is not like a* or b"),
        (Open("ForAnyValue:StringEquals", "aws:TagKeys", ("a",)), "a value of aws:TagKeys is a"),
        (Open("NumericLessThan", "aws:MultiFactorAuthAge", ("3600",)), "MFA at most 3600 s ago"),
        (Open("BoolIfExists", "aws:MultiFactorAuthPresent", ("true",)), "MFA, or an access key"),
        (Open("NumericGreaterThan", "s3:signatureAge", ("5",)), "s3:signatureAge > 5"),
        (Open("Null", "aws:SourceVpc", ("false",)), "with aws:SourceVpc"),
    ],
)  # fmt: skip
def test_a_condition_names_its_key_and_values(condition: Open, words: str) -> None:
    assert phrase(condition) == words


@pytest.mark.parametrize(
    ("denied", "words"),
    [
        ([Open("NotIpAddress", "aws:SourceIp", ("192.0.2.0/24",))], "address in 192.0.2.0/24"),
        ([Open("BoolIfExists", "aws:MultiFactorAuthPresent", ("false",))], "MFA"),
        ([Open("Bool", "aws:MultiFactorAuthPresent", ("false",))], "MFA, or an access key"),
        ([Open("StringNotEquals", "aws:PrincipalOrgID", ("o-1",))], "aws:PrincipalOrgID is o-1"),
        ([Open("StringEquals", "aws:PrincipalOrgID", ("o-1",))], "aws:PrincipalOrgID is not o-1"),
        ([Open("DateGreaterThan", "aws:CurrentTime", ("2027-01-01",))], "until 2027-01-01"),
    ],
)
def test_a_denial_is_said_as_what_it_asks_for(denied: list, words: str) -> None:
    assert unless(denied) == words
