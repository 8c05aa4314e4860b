"""Policies are compared by what AWS makes of them, and shown and written so that nothing else shows."""

from __future__ import annotations

import json
import random

import pytest
from ansible.module_utils.estate.policy import partition, principals, same_policy, show_policy, tidy, written

TLS = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::shop-documents/*"}
READ = {
    "Sid": "Read",
    "Effect": "Allow",
    "Principal": {"AWS": ["arn:aws:iam::111111111111:role/b", "arn:aws:iam::111111111111:role/a"]},
    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
    "Resource": ["arn:aws:s3:::shop-documents/*"],
}


def document(*statements, **more):
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def when(operator, value, key="s3:TlsVersion"):
    return document({**TLS, "Condition": {operator: {key: value}}})


def test_policies_that_aws_judges_alike_are_the_same():
    respelled = document(
        {**READ, "Resource": READ["Resource"][0], "Action": READ["Action"][::-1]}, {**TLS, "Principal": {"AWS": "*"}}
    )
    assert same_policy(respelled, document(TLS, READ))
    assert show_policy(respelled)["Read"] == show_policy(document(READ))["Read"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (when("NumericLessThan", 1.2), when("NumericLessThan", "1.2")),
        (when("NumericLessThan", [1.2]), when("NumericLessThan", "1.20")),
        (when("NumericGreaterThan", 604800000), when("NumericGreaterThan", "604800000")),
        (when("Bool", False, "aws:SecureTransport"), when("Bool", "false", "aws:securetransport")),
        (when("Bool", "False", "aws:SecureTransport"), when("Bool", ["false"], "aws:SecureTransport")),
        (when("IpAddress", "192.0.2.1", "aws:SourceIp"), when("IpAddress", ["192.0.2.1/32"], "aws:SourceIp")),
        (document({**READ, "Action": "S3:getobject"}), document({**READ, "Action": ["s3:GetObject", "s3:GetObject"]})),
        (document(TLS, TLS), document(TLS)),
        (document(TLS), {"Version": "2008-10-17", "Id": "console", "Statement": TLS}),
        (
            document({**READ, "Principal": {"AWS": "111111111111"}}),
            document({**READ, "Principal": {"AWS": ["arn:aws:iam::111111111111:root"]}}),
        ),
        ({}, document()),
        (None, {}),
    ],
)
def test_spellings_of_one_thing_are_the_same(one, other):
    assert same_policy(one, other)
    assert same_policy(other, one)


@pytest.mark.parametrize("live", [1.3, 9.9, "1.3", None, [], [1.2, 1.3], True])
def test_a_decimal_is_seen(live):
    assert not same_policy(when("NumericLessThan", live), when("NumericLessThan", 1.2))


@pytest.mark.parametrize(
    "changed",
    [
        {**READ, "Action": "s3:GetObject"},
        {**READ, "Effect": "Deny"},
        {**READ, "Condition": {"Bool": {"a": "true"}}},
        {**READ, "Sid": "Other"},
        {**READ, "Principal": {"Service": READ["Principal"]["AWS"]}},
        {**READ, "Principal": {"AWS": "AROAEXAMPLEOFADELETEDROLE"}},
    ],
)
def test_policies_that_differ_are_not(changed):
    assert not same_policy(document(TLS, changed), document(TLS, READ))
    assert show_policy(document(TLS, changed)) != show_policy(document(TLS, READ))


def test_a_version_counts_where_variables_are_used():
    own = {**READ, "Resource": "arn:aws:s3:::shop-documents/${aws:username}/*"}
    assert not same_policy({"Version": "2008-10-17", "Statement": [own]}, document(own))
    assert show_policy({"Version": "2008-10-17", "Statement": [own]})["Version"] == "2008-10-17"


def test_no_policy_is_the_same_as_one_without_statements():
    assert same_policy({}, {"Version": "2012-10-17", "Statement": []})
    assert not same_policy({}, document(TLS))
    assert not same_policy(document(TLS), {})


def test_statements_are_shown_by_sid_even_when_they_share_one():
    assert list(show_policy(document(TLS, TLS, {**TLS, "Sid": ""}))) == ["Tls", "Tls again", "statement 3"]


def test_what_is_written_does_not_depend_on_how_it_was_shuffled():
    shuffled = json.loads(json.dumps(document(READ)))
    random.Random(1).shuffle(shuffled["Statement"][0]["Principal"]["AWS"])
    shuffled["Statement"][0]["Resource"] = shuffled["Statement"][0]["Resource"][0]

    assert written(shuffled) == written(document(READ))
    assert tidy(when("NumericLessThan", 1.2))["Statement"][0]["Condition"] == {
        "NumericLessThan": {"s3:TlsVersion": "1.2"}
    }
    assert same_policy(json.loads(written(document(READ, TLS))), document(READ, TLS))


def test_every_principal_of_aws_is_named():
    assert list(principals(document(TLS, READ, {**READ, "Principal": {"Service": "x"}}))) == [
        "*",
        *READ["Principal"]["AWS"],
    ]


@pytest.mark.parametrize(
    ("region", "name"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_have_the_regions_partition(region, name):
    assert partition(region) == name
