from __future__ import annotations

import fnmatch
import re

import pytest
from ansible.module_utils.estate.policy_check import _USUAL, actions, public_mistakes, statement_mistakes

GOOD = {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:GetObject", "Resource": "*"}


def when(operator, key, value):
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Action": ["s3:GetObject*", "s3:*", "*", "S3:putobject"]},
        {"NotAction": "s3:PutBucketPolicy", "Action": []},
        {"Action": "kms:Decrypt"},
        when("ForAnyValue:StringLikeIfExists", "aws:X", ["a", "b"]),
        when("NumericLessThan", "s3:TlsVersion", 1.2),
        when("Bool", "aws:SecureTransport", False),
        when("IpAddress", "aws:SourceIp", ["192.0.2.0/24", "2001:db8::1"]),
    ],
)
def test_what_aws_takes_is_no_mistake(change):
    assert list(statement_mistakes({**GOOD, **change})) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Effect": "Denny"}, ": Effect must be Allow or Deny, and is 'Denny'"),
        ({"Acton": "s3:*"}, " has the unknown element 'Acton'; .*; did you mean Action"),
        ({"Action": []}, " has no Action"),
        ({"Action": "s3:GetObjct"}, ": Action s3:GetObjct is none of AWS's; did you mean GetObject"),
        ({"Action": "s3:Frob*"}, ": Action s3:Frob. is none of AWS's"),
        ({"Action": "sss:GetObject"}, " names no service"),
        ({"Action": "GetObject"}, "allowed are . and service:Name"),
        ({"Action": 5}, ": Action is 5"),
        ({"Condition": []}, ": Condition is .*; it must be a mapping"),
        (when("StringEqual", "a", "b"), "unknown operator 'StringEqual'; did you mean StringEquals"),
        (when("Bool", "a", None), "it must be text, a number, true or false"),
        ({"Condition": {"Bool": {}}}, "must be a mapping of keys to values"),
        (when("NotIpAddress", "aws:SourceIp", "london"), "has 'london', which is no address range"),
    ],
)
def test_a_mistake_says_what_is_allowed(change, said):
    [found] = statement_mistakes({**GOOD, **change})
    assert re.search(said, found)


EVERYBODY = {**GOOD, "Principal": "*"}


@pytest.mark.parametrize(
    "bound",
    [
        when("IpAddress", "aws:SourceIp", "192.0.2.0/24"),
        when("StringEquals", "aws:SourceVpce", "vpce-1"),
        when("StringEquals", "aws:PrincipalOrgID", "o-1"),
        {"Effect": "Deny", **when("Bool", "aws:SecureTransport", "false")},
        {"Principal": {"Service": "x"}},
    ],
)
def test_what_is_held_to_fixed_values_is_not_public(bound):
    assert list(public_mistakes({**EVERYBODY, **bound})) == []


@pytest.mark.parametrize(
    "open_",
    [
        {},
        {"Principal": {"AWS": ["*"]}},
        when("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
        when("IpAddress", "aws:SourceIp", "32.0.0.0/7"),
        when("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
        when("StringLike", "aws:Referer", "https://x.example/*"),
        when("StringLike", "aws:SourceVpc", "*"),
    ],
)
def test_what_is_open_to_everybody_is_refused(open_):
    assert "which the public access block refuses" in next(public_mistakes({**EVERYBODY, **open_}))


def test_nobody_shuts_everybody_out():
    [found] = public_mistakes({**EVERYBODY, "Effect": "Deny", "Action": "s3:*"})
    assert "denies everything to everybody, ourselves included" in found


def test_what_is_taken_without_the_table_stands_in_it():
    known = [f"s3:{name}".lower() for name in actions()["s3"]]

    assert [usual for usual in sorted(_USUAL) if not fnmatch.filter(known, usual)] == []


def test_a_condition_without_a_value_is_for_iam_to_take_and_for_s3_to_refuse() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html: a suggestion
    empty = {**GOOD, "Condition": {"StringLike": {"aws:PrincipalArn": []}}}
    assert list(statement_mistakes(empty, valued=False)) == []
    assert list(statement_mistakes(empty)) == [": Condition StringLike aws:PrincipalArn has no value"]
