from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.access.check import problems, size
from ansible.module_utils.estate.access.names import name_problem

OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
EMPTY: dict[str, Any] = {"users": [], "groups": [], "roles": [], "policies": [], "members": {}, "quotas": {}}


def group(name: str = "Devs", **more: Any) -> dict:
    return {"name": name, "path": "/", "policies": [], "inline": {}, "max_session": None, **more}


def long(characters: int) -> dict:
    document = {"Version": "2012-10-17", "Statement": [], "Id": ""}
    return document | {"Id": "x" * (characters - size(document))}


@pytest.mark.parametrize("name", ["ada.example", "a+b=c,d.e@f_g-h", "A" * 64, "7"])
def test_the_whole_alphabet_of_iam_is_allowed(name: str) -> None:
    assert name_problem("user", name) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ada lovelace", "user 'ada lovelace': ' ' at position 4 is not allowed; allowed are a-z A-Z 0-9 +=,.@_-"),
        ("zoë", "'ë' at position 3 is not allowed"),
        ("ada/x", "'/' at position 4"),
        ("ada\n", "position 4"),
        ("٣", "position 1"),  # a digit, but none of IAM's
        ("a" * 65, "65 characters; at most 64 are allowed"),
        ("", "must be text of 1 to 64 characters"),
        (7, "must be text of 1 to 64 characters"),
    ],
)
def test_a_name_is_refused_with_the_position_and_the_rule(name: Any, why: str) -> None:
    assert why in name_problem("user", name)


def test_groups_and_policies_may_be_twice_as_long() -> None:
    assert name_problem("group", "g" * 128) == name_problem("policy", "p" * 128) == ""
    assert "129 characters; at most 128" in name_problem("group", "g" * 129)


def test_white_space_does_not_count() -> None:
    assert size({"a": "b  c", "d": [1, 2]}) == len('{"a":"bc","d":[1,2]}')


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (
            {"users": [{"name": "ada", "path": "/"}, {"name": "Ada", "path": "/"}]},
            "'Ada' differs from 'ada' only by case",
        ),
        ({"groups": [group(), group()]}, "group 'Devs' is declared twice"),
        ({"users": [{"name": "ada", "path": "people/"}]}, "path 'people/' must be / or begin and end with /"),
        ({"users": [{"name": "ada", "path": "/a b/"}]}, "path '/a b/'"),
        ({"policies": [{"name": "p", "path": "/", "document": long(6145)}]}, "6145 characters; at most 6144"),
        (
            {"groups": [group(inline={"a": long(3000), "b": long(2121)})]},
            "5121 characters of inline policies; at most 5120",
        ),
        ({"roles": [group(inline={"a": long(10241)}, trust=OPEN)]}, "role 'Devs' has 10241 characters"),
        (
            {"roles": [group(trust={"Statement": [{"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}]})]},
            "the trust of role 'Devs': aws:SourceIp has '0.0.0.0/0', which is every address",
        ),
        ({"roles": [group(trust=OPEN, max_session=0)]}, "role 'Devs': max_session is 0; allowed are 3600 to"),
        ({"roles": [group(trust=long(2049))]}, "the trust of role 'Devs' has 2049 characters; at most 2048"),
        (
            {"groups": [group(policies=[f"arn:aws:iam::aws:policy/{n}" for n in range(11)])]},
            "11 managed policies; at most 10",
        ),
        ({"groups": [group(policies=["ReadOnlyAccess"])]}, "'ReadOnlyAccess' is no ARN of a managed policy"),
        ({"groups": [group(inline={"a b": OPEN})]}, "group 'Devs': inline policy 'a b': ' ' at position 2"),
        (
            {
                "users": [{"name": "ada", "path": "/"}],
                "groups": [group(str(n)) for n in range(11)],
                "members": {str(n): ["ada"] for n in range(11)},
            },
            "user 'ada' is in 11 groups; at most 10 are allowed",
        ),
    ],
)
def test_each_limit_is_told_before_any_call(wanted: dict, why: str) -> None:
    members = {"members": {group["name"]: [] for group in wanted.get("groups", [])}}

    assert [why in problem for problem in problems(EMPTY | members | wanted)] == [True]


def test_at_its_limits_a_declaration_passes() -> None:
    wanted = EMPTY | {
        "users": [{"name": "a" * 64, "path": "/people/of/here/"}],
        "groups": [
            group(str(n), inline={"a": long(5120)}, policies=[f"arn:aws:iam::aws:policy/{n}" for n in range(10)])
            for n in range(10)
        ],
        "roles": [group(trust=long(2048), inline={"a": long(10240)})],
        "policies": [{"name": "p", "path": "/", "document": long(6144)}],
        "members": {str(n): ["a" * 64] for n in range(10)},
    }

    assert problems(wanted) == []
