"""What must never be: judged with everything that somebody can become."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.effects.invariants import judge, proofs
from ansible.module_utils.estate.effects.world import World as Becoming
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.evaluator.composed import Estate

from tests.support.access_world import IDS, MFA, World, allow, arn, root, trust

DOCS = "arn:aws:s3:::docs"
READ: dict[str, Any] = {"name": "docs", "never": ["s3:GetObject"], "of": [f"{DOCS}/*"], "because": "they are private"}


@pytest.fixture
def made() -> World:
    """Ada becomes production:readers with MFA, which reads the bucket docs; Jenkins production:infrastructure."""
    found = World()
    found.group("Readers", {"p": allow(arn("production", "readers"))})
    found.user("ada.example", "Readers")
    found.user("bob.example")
    found.role(
        "production", "readers", trust(root("main"), Condition=MFA), inline={"p": allow(f"{DOCS}/*", "s3:GetObject")}
    )
    found.role(
        "main",
        "jenkins",
        trust("ec2.amazonaws.com", kind="Service"),
        inline={"p": allow(arn("production", "infrastructure"))},
    )
    found.role("production", "infrastructure", trust(arn("main", "jenkins")))
    found.accounts["production"]["buckets"] = {"docs": {"policy": None, "restricted": False}}
    return found


def verdict(made: World, **more: Any) -> tuple[str, str]:
    [one] = judge([{**READ, **more}], Estate(made.lives()))
    return one.verdict, one.why


def test_who_may_is_told_through_whom(made: World) -> None:
    said, why = verdict(made)

    assert said == "failed"
    assert "ada.example as role production:readers may s3:GetObject" in why
    assert why.endswith("it must not be, because they are private")


def test_whoever_is_excepted_may_and_leads_no_further(made: World) -> None:
    assert verdict(made, but=["production:readers"]) == ("proved", "")
    assert verdict(made, who=["user:bob.example", "unsigned", "main:jenkins"]) == ("proved", "")


def test_a_pattern_of_a_bucket_ends_at_its_name_and_means_what_is_there(made: World) -> None:
    made.user("cy.example", "Writers")
    made.group("Writers", {"p": allow("arn:aws:s3:::*", "s3:GetObject")})
    made.accounts["main"]["buckets"] = {"open": {"policy": None, "restricted": False}}

    assert verdict(made, of=["arn:aws:s3:::d*s/*"], who=["people"], but=["production:readers"])[0] == "proved"
    assert verdict(made, of=["arn:aws:s3:::o*n/*"], who=["people"])[0] == "failed"


def test_without_mfa_is_asked_of_the_first_step(made: World) -> None:
    assert verdict(made, who=["people"], without="MFA") == ("proved", "")

    made.accounts["production"]["roles"][0]["trust"] = trust(root("main"))
    assert verdict(made, who=["people"], without="MFA")[0] == "failed"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:UpdateAssumeRolePolicy", arn("production", "readers")),
        ("iam:PutRolePolicy", arn("production", "*")),
        ("iam:*", "*"),
    ],
)
def test_who_may_write_what_a_role_is_may_what_it_may(made: World, action: str, resource: str) -> None:
    assert verdict(made, who=["main:jenkins"]) == ("proved", "")

    made.accounts["production"]["roles"][1]["inline"] = {"p": allow(resource, action)}
    assert "role main:jenkins as role production:readers may" in verdict(made, who=["main:jenkins"])[1]


def test_a_role_that_may_be_passed_and_started_is_a_step(made: World) -> None:
    made.accounts["production"]["roles"][0]["trust"] = trust("lambda.amazonaws.com", kind="Service")
    made.accounts["production"]["roles"][1]["inline"] = {"p": allow("*", ["iam:PassRole", "lambda:CreateFunction"])}

    assert verdict(made, who=["main:jenkins"])[0] == "failed"


def test_a_bucket_s_policy_opens_and_closes(made: World) -> None:
    def policy(**more: Any) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [{"Action": "s3:*", "Resource": [DOCS, f"{DOCS}/*"], **more}]}

    bucket = made.accounts["production"]["buckets"]["docs"]
    bucket["policy"] = policy(Effect="Allow", Principal="*")
    assert verdict(made, who=["unsigned"])[0] == "failed"
    bucket["restricted"] = True
    assert verdict(made, who=["unsigned"]) == ("proved", "")
    bucket["policy"] = policy(Effect="Deny", Principal="*")
    assert verdict(made) == ("proved", "")


def test_what_cannot_be_decided_is_not_proved(made: World) -> None:
    many = {"ForAnyValue:StringLike": {"aws:TagKeys": [f"{letter}*{letter}" for letter in "abcdefgh"]}}
    made.accounts["main"]["users"][1]["inline"] = {"p": allow(f"{DOCS}/*", "s3:GetObject", Condition=many)}
    made.accounts["production"]["buckets"]["docs"]["policy"] = allow(
        f"{DOCS}/*", "s3:GetObject", Principal={"AWS": root("main")}
    )

    [one] = proofs(judge([{**READ, "who": ["user:bob.example"]}], Estate(made.lives())))
    assert (one["verdict"], "too many sets" in one["why"]) == ("failed", True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"who": ["user:bob.example", "unsigned", "main:jenkins", "*:infra*"]}, ""),
        ({"of": [f"{DOCS}/*", "arn:aws:s3:::d*/a*", "arn:aws:s3:::*"], "never": ["s3:DeleteObject"]}, ""),
        ({"of": [f"arn:aws:iam::{IDS['main']}:*", "arn:aws:iam::*:role/x", "*"], "who": ["unsigned"]}, ""),
        ({"who": ["main:jenkin", "unsigned", "user:bob"]}, "who names main:jenkin, user:bob, and nobody"),
        ({"who": ["*:infrastructures"]}, "who names *:infrastructures, and nobody"),
        ({"of": [f"{DOCS}/*", f"{DOCS}s/*"]}, f"of names {DOCS}s/*, and nothing"),
        ({"of": ["arn:aws:s3:::*-docs/*"]}, "of names arn:aws:s3:::*-docs/*, and nothing"),
        ({"of": ["arn:aws:iam::000000000000:*"]}, "of names arn:aws:iam::000000000000:*, and nothing"),
    ],
)  # fmt: skip
def test_of_what_is_not_there_nothing_is_proved_where_all_of_the_estate_was_read(
    made: World, change: dict, why: str
) -> None:
    asked = {**READ, "but": ["production:readers"], **change}

    [one] = judge([asked], Estate(made.lives()), whole=True)
    assert (one.verdict, one.why.removesuffix(" there is called so")) == ("not proved" if why else "proved", why)
    [part] = judge([asked], Estate(made.lives()))
    assert part.verdict == "proved"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"nver": ["s3:*"]}, "docs has nver; allowed are because"),
        ({"without": "office"}, "without is 'office'; allowed is MFA"),
    ],
)
def test_a_mistyped_invariant_is_refused(made: World, wrong: dict, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        verdict(made, **wrong)


def test_a_policy_of_a_thousand_actions_is_judged_by_those_that_are_asked_for(made: World) -> None:
    """As ReadOnlyAccess of AWS: all its patterns at once would be more classes than can be told apart."""
    many = [f"service{n}:{verb}*{noun}*" for n in range(200) for verb, noun in (("Get", "Of"), ("List", "s"))]
    made.user("cy.example", account="production", inline={"p": allow("*", [*many, "s3:Get*"])})

    assert verdict(made, who=["user:cy.example"])[0] == "failed"
    assert verdict(made, who=["user:cy.example"], never=["s3:DeleteObject"]) == ("proved", "")


def test_a_bucket_that_a_pattern_could_mean_and_that_is_not_there_is_nobodys(made: World) -> None:
    """Who may do anything in the main account may do nothing in another's bucket, however such a one could be named."""
    made.group("Everything", {"p": allow("*", "s3:*")})
    made.user("cy.example", "Everything")

    assert verdict(made, of=["arn:aws:s3:::d*/*"], who=["user:cy.example"]) == ("proved", "")


def test_a_policy_that_fills_in_who_asks_gives_each_what_is_his(made: World) -> None:
    """Both hold the same statement, which is judged once for whoever it does not tell apart."""
    made.group("Own", {"p": allow(f"{DOCS}/${{aws:username}}/*", "s3:GetObject")}, account="production")
    for name in ("cy.example", "dee.example"):
        made.user(name, "Own", account="production")

    state = Becoming(Estate(made.lives()))
    askers = [state.askers[arn("production", name, "user")] for name in ("cy.example", "dee.example")]

    for whose, may in (("cy", [True, False]), ("dee", [False, True])):
        where = f"{DOCS}/{whose}.example/a"
        assert [state.may(one, "s3:GetObject", where, without=False) for one in askers] == may


def test_one_policy_gives_and_a_bucket_of_another_account_does_not(made: World) -> None:
    """The same statements on two buckets, of which one's own account is another's."""
    made.user("cy.example", account="main", inline={"p": allow("*", "s3:GetObject")})
    made.accounts["main"]["buckets"] = {"ours": {"policy": None, "restricted": False}}

    assert verdict(made, of=["arn:aws:s3:::ours/*"], who=["user:cy.example"])[0] == "failed"
    assert verdict(made, of=[f"{DOCS}/*"], who=["user:cy.example"]) == ("proved", "")
    both = {"of": ["arn:aws:s3:::d*/*", "arn:aws:s3:::o*/*"], "who": ["user:cy.example"]}
    assert "on arn:aws:s3:::o*/*" in verdict(made, **both)[1]


def test_what_stands_for_an_action_may_be_written_in_any_case(made: World) -> None:
    """A role's trust is asked however an action of STS is written."""
    state = Becoming(Estate(made.lives()))
    jenkins = state.askers[arn("main", "jenkins")]

    assert [
        state.may(jenkins, action, arn("production", "infrastructure"), without=False)
        for action in ("sts:AssumeRole", "STS:assumerole", "iam:PassRole")
    ] == [True, True, False]


def test_what_a_condition_leaves_open_is_one_persons_own(made: World) -> None:
    """Both are judged by the same statements."""
    but_dan = {"StringNotEquals": {"aws:PrincipalArn": arn("main", "dan.example", "user")}}
    denied = allow(f"{DOCS}/*", "s3:GetObject", "Deny", Principal="*", Condition=but_dan)
    made.accounts["main"]["buckets"] = {"docs": {"policy": denied, "restricted": False}}
    del made.accounts["production"]["buckets"]
    made.group("Readers of docs", {"p": allow(f"{DOCS}/*", "s3:GetObject")})
    for name in ("cy.example", "dan.example", "eve.example"):
        made.user(name, "Readers of docs")

    said = [verdict(made, who=[f"user:{name}.example"])[0] for name in ("cy", "dan", "eve")]
    assert said == ["proved", "failed", "proved"]
    told = verdict(made, who=["user:cy.example", "user:dan.example", "user:eve.example"])[1]
    assert "dan.example may" in told
    assert "cy.example" not in told
    assert "eve.example" not in told
