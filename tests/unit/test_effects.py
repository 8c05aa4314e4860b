"""What a change means for people, in sentences; that it is true is tests/policy/test_new_access.py."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible.module_utils.estate.effects.classes import Undecided, beginning, of_lists, overlap, representatives
from ansible.module_utils.estate.effects.contexts import Contexts
from ansible.module_utils.estate.effects.tell import NOTHING_NEW, Effects, effects
from ansible.module_utils.estate.evaluator.patterns import like, resource_like
from ansible.module_utils.estate.evaluator.words import Open
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.support.access_world import MFA, World, allow, arn, root, trust, world

OFFICE = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}, "Bool": {"aws:ViaAWSService": "false"}}


@pytest.fixture
def made() -> World:
    """Ada is in Developers and Everyone; Bob in Everyone alone; the bucket docs is production's."""
    found = world()
    found.group("Everyone", {"OfficeOnly": allow("*", "*", "Deny", Condition=OFFICE)})
    found.accounts["main"]["users"][0]["groups"].append("Everyone")
    found.user("bob.example", "Everyone")
    found.accounts["production"]["buckets"] = {"docs": {"policy": None, "restricted": False}}
    return found


def after(before: World) -> World:
    return copy.deepcopy(before)


def told(before: World, then: World) -> Effects:
    return effects(before.lives(), then.lives())


def test_nothing_that_changes_is_nothing_new(made: World) -> None:
    then = after(made)
    group = then.accounts["main"]["groups"][0]["inline"]
    group["renamed"] = group.pop("assume-roles")
    group["renamed"]["Statement"][0]["Resource"] = [arn("production", "developers")] * 2

    assert told(made, then).lines == [NOTHING_NEW]
    assert not told(made, then).grants


def test_whoever_joins_gains_and_whoever_leaves_loses(made: World) -> None:
    then = after(made)
    then.accounts["main"]["users"][1]["groups"].append("Developers")
    through = "production:developers through group Developers (assume-roles), if MFA; address in 192.0.2.0/24"

    assert told(made, then).lines == [f"bob.example gains {through}"]
    assert told(then, made).lines == [NOTHING_NEW, f"bob.example loses {through}"]


def test_whoever_leaves_a_group_that_denies_gains(made: World) -> None:
    then = after(made)
    then.accounts["main"]["users"][0]["groups"].remove("Everyone")

    assert told(made, then).lines == [
        "ada.example gains production:developers through group Developers (assume-roles), if MFA"
    ]


def test_an_assume_that_goes_is_told_for_everybody_who_had_it(made: World) -> None:
    for number in range(40):
        made.user(f"person{number:02}.example", "Developers", "Everyone")
    then = after(made)
    then.accounts["main"]["groups"][0]["inline"] = {}

    [nothing, line] = told(made, then).lines
    assert nothing == NOTHING_NEW
    assert line.startswith(
        "ada.example, person00.example, person01.example, person02.example and 37 more lose production:"
    )


def test_a_group_that_left_the_matrix_takes_what_it_gave(made: World) -> None:
    then = after(made)
    del then.accounts["main"]["groups"][0]
    for user in then.accounts["main"]["users"]:
        user["groups"] = [group for group in user["groups"] if group != "Developers"]

    assert [line.split(" through")[0] for line in told(made, then).losses] == [
        "ada.example loses production:developers"
    ]


def test_a_trust_without_its_condition_and_a_stranger_in_it_are_gains(made: World) -> None:
    free, stranger = after(made), after(made)
    free.accounts["production"]["roles"][0]["trust"] = trust(root("main"))
    stranger.accounts["production"]["roles"][0]["trust"] = trust(
        root("main"), "arn:aws:iam::999999999999:root", Condition=MFA
    )

    assert told(made, free).lines == [
        "ada.example gains production:developers through the role's trust, if address in 192.0.2.0/24"
    ]
    assert told(made, stranger).lines == [
        "account 999999999999 gains production:developers through the role's trust, if MFA"
    ]


def test_a_role_s_policy_and_its_boundary_are_told_by_action_and_resource(made: World) -> None:
    role = made.accounts["production"]["roles"][0]
    made.accounts["production"]["policies"]["b"] = allow("*", ["s3:Get*"])
    wider, unbound = after(made), after(made)
    wider.accounts["production"]["roles"][0]["inline"] = {"p": allow("arn:aws:s3:::x/*", ["s3:GetObject", "s3:Put*"])}
    role |= {"inline": {"p": allow("arn:aws:s3:::x/*", "s3:*")}, "boundary": "b"}
    unbound.accounts["production"]["roles"][0] = copy.deepcopy(role) | {"boundary": ""}
    wider.accounts["production"]["roles"][0]["boundary"] = "b"
    narrow = after(made)
    narrow.accounts["production"]["roles"][0]["inline"] = {}

    assert told(narrow, wider).lines == [
        "role production:developers gains s3:GetObject on arn:aws:s3:::x/* through role developers (p)"
    ]
    assert told(made, unbound).grants


def test_a_wider_office_is_a_gain_of_everybody_whom_it_keeps_in(made: World) -> None:
    then = after(made)
    office = then.accounts["main"]["groups"][1]["inline"]["OfficeOnly"]["Statement"][0]["Condition"]["NotIpAddress"]
    office["aws:SourceIp"] = ["192.0.2.0/24", "198.51.100.0/24"]

    assert "address in 192.0.2.0/24, 198.51.100.0/24" in told(made, then).gains[0]
    assert told(then, made).lines[0] == NOTHING_NEW


def bucket(**more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
                                                    "Resource": "arn:aws:s3:::docs/*", **more}]}  # fmt: skip


def test_a_bucket_s_policy_lets_in_roles_routers_and_the_world(made: World) -> None:
    theirs, router, world_, blocked = (after(made) for _ in range(4))
    docs = [one.accounts["production"]["buckets"]["docs"] for one in (theirs, router, world_, blocked)]
    docs[0]["policy"] = bucket(Principal={"AWS": arn("production", "developers")})
    docs[1]["policy"] = bucket(Principal="*", Condition={"IpAddress": {"aws:SourceIp": ["192.0.2.1/32"]}})
    docs[2]["policy"] = bucket(Principal="*")
    docs[3] |= {"policy": bucket(Principal="*"), "restricted": True}

    assert told(made, theirs).gains == (
        "role production:developers gains s3:GetObject on bucket docs (objects) through the policy of bucket docs",
    )
    assert any("unsigned gains" in line and "if address in 192.0.2.1/32" in line for line in told(made, router).gains)
    assert any("unsigned" in line for line in told(made, world_).gains)
    assert not any("unsigned" in line for line in told(made, blocked).gains), "the public access block keeps others off"
    assert told(blocked, world_).grants, "the block that goes lets them in"


def test_what_cannot_be_decided_is_said_not_to_be_proved(made: World) -> None:
    then = after(made)
    many = {"ForAnyValue:StringLike": {"aws:TagKeys": [f"{letter}*{letter}" for letter in "abcdefgh"]}}
    then.accounts["main"]["groups"][0]["inline"]["more"] = allow("*", "s3:*", Condition=many)

    found = told(made, then)
    assert found.grants
    assert any(line.startswith("not proved: what ada.example may do") for line in found.lines)
    assert NOTHING_NEW not in found.lines


def test_odd_documents_are_a_gain_perhaps_and_never_a_crash(made: World) -> None:
    then = after(made)
    then.accounts["main"]["groups"][0]["inline"]["odd"] = "nonsense"

    assert told(made, then).grants


ALPHABET = st.text("ab*?:", max_size=6)


@given(patterns=st.lists(ALPHABET, max_size=4), texts=st.lists(st.text("abc:", max_size=7), max_size=20))
def test_every_string_is_alike_to_one_that_stands_for_its_class(patterns: list[str], texts: list[str]) -> None:
    kinds = {tuple(like(p, one) for p in patterns) for one in representatives(patterns)}

    assert {tuple(like(p, text) for p in patterns) for text in texts} <= kinds


@given(
    ends=st.lists(st.text("ab/*?", max_size=5), max_size=4), texts=st.lists(st.text("abc/", max_size=5), max_size=20)
)
def test_every_arn_of_a_bucket_is_alike_to_one_that_stands_for_its_class(ends: list[str], texts: list[str]) -> None:
    head, patterns = "arn:aws:s3:::ab/", ["*", *(f"arn:aws:s3:::{end}" for end in ends)]
    found = beginning(head, patterns)
    kinds = {tuple(resource_like(p, one) for p in patterns) for one in found}

    assert all(one.startswith(head) for one in found)
    assert {tuple(resource_like(p, f"{head}{text}") for p in patterns) for text in texts} <= kinds


PATHS = st.builds("arn:aws:s:::{}".format, st.text("ab/*", min_size=1, max_size=5))


@given(
    many=st.lists(PATHS, min_size=9, max_size=12, unique=True),
    few=st.lists(st.one_of(PATHS, st.just("*")), max_size=3),
    texts=st.lists(st.text("abc/", max_size=6).map("arn:aws:s:::{}".format), max_size=20),
)
def test_every_string_is_alike_to_one_that_stands_for_its_class_in_lists(
    many: list[str], few: list[str], texts: list[str]
) -> None:
    lists = [tuple(many), tuple(few), (*many, *few)]

    def meant(text: str) -> tuple[bool, ...]:
        return tuple(any(resource_like(p, text) for p in listed) for listed in lists)

    assert {meant(text) for text in texts} <= {meant(one) for one in of_lists(lists, {*many, *few})}


@pytest.mark.parametrize("name", ["SecurityAudit", "ViewOnlyAccess", "ReadOnlyAccess", "PowerUserAccess"])
def test_policies_of_aws_that_read_are_proved(made: World, name: str) -> None:
    """Also where somebody has another of them: some forty patterns of theirs overlap in every combination."""
    documents = {one: found["Document"] for one, found in json.loads(aws_managed_policies_data).items()}
    then = after(made)
    then.accounts["main"]["groups"][0]["inline"]["aws"] = documents[name]
    again = after(then)
    again.accounts["main"]["users"][1] |= {"inline": {"own": documents["SecurityAudit"]}}

    assert told(made, then).undecided == told(then, again).undecided == ()
    assert any("through group Developers (aws)" in line for line in told(made, then).gains)
    assert told(then, then).lines == [NOTHING_NEW]


@given(one=ALPHABET, other=ALPHABET, text=st.text("ab:", max_size=6))
def test_patterns_overlap_where_a_string_matches_both(one: str, other: str, text: str) -> None:
    if like(one, text) and like(other, text):
        assert overlap(one, other)


def test_names_without_wildcards_overlap_themselves_alone():
    assert [overlap("s3:Get", other) for other in ("s3:Get", "s3:GetObject", "s3:", "s3:Ge*")] == [
        True,
        False,
        False,
        True,
    ]


def test_contexts_of_keys_multiply_and_too_many_are_not_decided() -> None:
    mfa = Open("Bool", "aws:MultiFactorAuthPresent", ("true",))
    office = Open("NotIpAddress", "aws:SourceIp", ("192.0.2.0/24",))
    contexts = Contexts([mfa, office])
    assert contexts.where(mfa) & contexts.where(office) not in (0, contexts.all)

    many = [Open("StringLike", f"aws:RequestTag/{key}", tuple(f"{n}*" for n in range(9))) for key in "abcdefgh"]
    with pytest.raises(Undecided):
        Contexts(many)


@pytest.mark.parametrize(
    "condition",
    [
        Open("NumericEquals", "aws:MultiFactorAuthAge", ("12345678901234567890",)),
        Open("NumericEquals", "aws:MultiFactorAuthAge", ("0.0000001",)),
        Open("NumericLessThan", "aws:MultiFactorAuthAge", ("1e23",)),
        Open("NumericLessThan", "aws:MultiFactorAuthAge", ("1e9999",)),
        Open("NumericGreaterThan", "aws:MultiFactorAuthAge", ("-1e23",)),
        Open("DateEquals", "aws:CurrentTime", ("2027-01-01T00:00:00.123456789Z",)),
        Open("DateEquals", "aws:CurrentTime", ("2027",)),
        Open("DateLessThan", "aws:CurrentTime", ("1",)),
    ],
)
def test_no_number_is_too_large_or_fine_to_be_told_apart(condition: Open) -> None:
    contexts = Contexts([condition])
    assert contexts.where(condition) not in (0, contexts.all)


def test_a_number_that_nobody_can_compare_is_not_decided() -> None:
    with pytest.raises(Undecided):
        Contexts([Open("NumericLessThan", "aws:MultiFactorAuthAge", ("9e999999999999999999",))])
    assert Contexts([Open("DateEquals", "aws:CurrentTime", ("9" * 400,))]).all
