from __future__ import annotations

import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.review import review as reviewed

from tests.support.access_world import MFA, NOW, World, allow, arn, root, trust, world


def review(made: World, **more):
    return reviewed(made.lives(), NOW, **more)._asdict()


def grants(made: World, **more) -> list[tuple]:
    return [
        (g["who"], f"{g['role_account']}:{g['role']}", g["through"], g["explicit"], tuple(g["conditions"]), *g["via"])
        for g in review(made, **more)["grants"]
    ]


def dangling(made: World) -> list[tuple]:
    found = review(made)["dangling"]
    return sorted((d["side"], d["holder"], f"{d['role_account']}:{d['role']}", d["why"]) for d in found)


def test_a_grant_with_both_sides_is_reported_with_who_through_what_and_if() -> None:
    made = world()

    assert grants(made) == [("ada.example", "production:developers", "group Developers", True, ("MFA",))]
    found = review(made)
    assert {key: value for key, value in found.items() if key != "grants" and value} == {}


def test_without_the_trust_the_group_s_side_dangles() -> None:
    made = world()
    made.accounts["production"]["roles"][0]["trust"] = trust(root("backups"))

    assert grants(made) == []
    assert dangling(made) == [
        ("policy", "group Developers", "production:developers", "the role's trust does not accept it"),
        ("trust", "account backups", "production:developers", "no policy there gives it"),
    ]


def test_without_the_group_s_side_the_trust_dangles_and_the_role_is_unreachable() -> None:
    made = world()
    made.accounts["main"]["groups"][0]["inline"] = {}

    assert grants(made) == []
    assert dangling(made) == [("trust", "account main", "production:developers", "no policy there gives it")]
    assert review(made)["unreachable"] == [{"role_account": "production", "role": "developers"}]


def test_a_policy_that_names_a_role_that_is_not_there_dangles() -> None:
    made = world()
    made.group("Old", {"p": allow([arn("production", "gone"), arn("production", "team/developers")])})

    assert dangling(made) == [
        ("policy", "group Old", "production:developers",
         "the role is arn:aws:iam::333333333333:role/developers; "
         "the policy names arn:aws:iam::333333333333:role/team/developers"),
        ("policy", "group Old", "production:gone", "there is no such role"),
    ]  # fmt: skip


def test_an_empty_group_with_both_sides_is_no_dangling_grant() -> None:
    made = world()
    made.accounts["main"]["users"] = []

    assert review(made)["grants"] == review(made)["dangling"] == []
    assert review(made)["unreachable"] == [{"role_account": "production", "role": "developers"}]


def test_an_empty_group_that_is_given_what_the_trust_refuses_dangles() -> None:
    made = world()
    made.group("Waiting", {"p": allow(arn("backups", "free"))})
    made.role("backups", "free", trust(root("production")))

    assert ("policy", "group Waiting", "backups:free", "the role's trust does not accept it") in dangling(made)


def test_a_broad_policy_implies_and_never_dangles() -> None:
    made = world()
    made.user("bob.example", managed=["arn:aws:iam::aws:policy/AdministratorAccess"])
    made.accounts["main"]["policies"]["arn:aws:iam::aws:policy/AdministratorAccess"] = allow("*", "*")
    made.role("backups", "closed", trust("ec2.amazonaws.com", kind="Service"))

    assert ("bob.example", "production:developers", "user bob.example", False, ("MFA",)) in grants(made)
    assert review(made)["dangling"] == []
    assert [one["names"] for one in review(made)["outsiders"]] == ["ec2.amazonaws.com"]


@pytest.mark.parametrize(
    "statement",
    [
        {"NotAction": "iam:*", "Resource": "*"},
        {"Action": "sts:*", "NotResource": "arn:aws:s3:::*"},
        {"Action": "STS:Assume*", "Resource": "arn:aws:iam::*:role/developers"},
    ],
)
def test_not_naming_the_role_is_implied(statement: dict) -> None:
    made = world()
    made.accounts["main"]["groups"][0]["inline"] = {
        "p": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}}
    }

    assert [explicit for *_, explicit, _ in grants(made)] == [False]


def test_a_denial_without_conditions_closes_and_one_with_conditions_asks() -> None:
    made = world()
    office = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}, "Bool": {"aws:ViaAWSService": "false"}}
    made.group("Everyone", {"office": allow("*", "*", "Deny", Condition=office)})
    made.accounts["main"]["users"][0]["groups"].append("Everyone")
    assert grants(made)[0][4] == ("MFA", "address in 192.0.2.0/24")

    made.group("Banned", {"no": allow("*", "sts:*", "Deny")})
    made.accounts["main"]["users"][0]["groups"].append("Banned")
    assert grants(made) == []
    assert dangling(made)[0][3] == "denied by no of group Banned"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"DateLessThan": {"aws:CurrentTime": "2027-01-31T00:00:00Z"}}, ("MFA", "until 2027-01-31T00:00:00Z")),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}, None),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}, ("MFA",)),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, None),
        ({"StringEquals": {"aws:username": "${aws:username}"}}, ("MFA",)),
        ({"StringEquals": {"sts:ExternalId": "a secret of sorts"}}, ("MFA", "sts:ExternalId is a secret of sorts")),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, ("MFA", "MFA at most 3600 s ago")),
    ],
)
def test_conditions_are_decided_where_they_can_be_and_told_where_not(condition: dict, said: tuple | None) -> None:
    made = world()
    made.accounts["main"]["groups"][0]["inline"]["assume-roles"]["Statement"][0]["Condition"] = condition

    assert [found[4] for found in grants(made)] == ([said] if said else [])


def test_a_user_whom_the_trust_of_the_same_account_names_needs_no_policy() -> None:
    made = World()
    made.user("ada.example")
    made.role("main", "admins", trust(arn("main", "ada.example", "user"), Condition=MFA))

    assert grants(made) == [("ada.example", "main:admins", "the role's trust", True, ("MFA",))]


def test_a_boundary_limits_and_a_role_is_reached_through_another() -> None:
    made = world()
    made.user(
        "bob.example", boundary=arn("main", "small", "policy"), inline={"p": allow(arn("production", "developers"))}
    )
    made.accounts["main"]["policies"][arn("main", "small", "policy")] = allow("*", "s3:*")
    made.role("backups", "deep", trust(arn("production", "developers")))
    made.accounts["production"]["roles"][0]["inline"] = {"p": allow(arn("backups", "deep"))}

    assert grants(made)[:2] == [
        ("developers", "backups:deep", "role developers", True, ()),
        ("ada.example", "backups:deep", "group Developers", True, ("MFA",), "production:developers"),
    ]
    assert dangling(made) == [
        ("policy", "user bob.example", "production:developers", "the permissions boundary does not allow it")
    ]


def test_trust_in_others_is_told_apart() -> None:
    made = World()
    made.role("production", "a", trust("arn:aws:iam::999999999999:root", "*", "AIDAIOSFODNN7EXAMPLE"))
    found = review(made)

    assert sorted((one["kind"], one["names"]) for one in found["outsiders"]) == [
        ("anyone", "anyone"),
        ("dead", "AIDA…"),
        ("outside", "arn:aws:iam::999999999999:root"),
    ]
    assert found["unreachable"] == []


def test_until_of_a_membership_is_a_condition() -> None:
    until = {"Developers": {"ada.example": "2027-01-31"}}

    assert grants(world(), until=until)[0][4] == ("MFA", "until the end of 2027-01-31")


def test_roles_of_aws_itself_are_no_findings() -> None:
    made = World()
    made.role("main", "AWSServiceRoleForBackup", trust(), path="/aws-service-role/backup.amazonaws.com/")

    assert review(made)["unreachable"] == []


def test_a_policy_that_was_not_read_stops_the_review() -> None:
    made = world()
    made.user("bob.example", managed=["arn:aws:iam::aws:policy/SecurityAudit"])

    with pytest.raises(Refusal, match="policy/SecurityAudit of main was not read"):
        review(made)


def test_a_session_of_a_role_has_no_mfa_and_so_is_no_way_in_where_that_is_asked_for() -> None:
    """Otherwise whoever may do everything in main would seem to reach every role of people."""
    made = world()
    made.role("main", "admins", trust(root("main"), Condition=MFA), inline={"all": allow("*", "*")})
    made.group("Admins", {"p": allow(arn("main", "admins"))})
    made.user("bob.example", "Admins")
    made.role("backups", "free", trust(root("main")))

    reached = {(one["who"], one["role"], tuple(one["via"])) for one in review(made)["grants"]}

    assert reached == {
        ("ada.example", "developers", ()),
        ("bob.example", "admins", ()),
        ("admins", "free", ()),
        ("bob.example", "free", ("main:admins",)),
    }


@pytest.mark.parametrize("name", ["a:b:c:d:111111111111", "arn:aws:iam::111111111111:"])
def test_a_principal_that_is_no_arn_ends_no_review(name: str) -> None:
    made = World()
    made.role("production", "odd", trust(name))

    assert [one["why"] for one in review(made)["dangling"]] == ["there is no such user or role"]


@pytest.mark.parametrize(
    "whom", [{"Principal": "*"}, {"Principal": {"AWS": "*"}}, {"NotPrincipal": {"AWS": root("main")}}]
)
def test_whoever_signs_nothing_is_told_where_a_bucket_lets_everybody_in(whom: dict) -> None:
    made = world()
    policy = allow("arn:aws:s3:::docs/*", "s3:GetObject", **whom)
    made.accounts["production"]["buckets"] = {"docs": {"policy": policy, "restricted": False}}
    open_to = {(one["may"], who) for one in review(made)["buckets"] for who in one["who"] if "unsigned" in who}
    made.accounts["production"]["buckets"]["docs"]["restricted"] = True
    blocked = [who for one in review(made)["buckets"] for who in one["who"] if "unsigned" in who]

    assert open_to == {("read", "anybody, unsigned")}
    assert blocked == []
