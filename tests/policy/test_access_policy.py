"""The access review's evaluation against an implementation of IAM's rules that is not ours, on random policies."""

from __future__ import annotations

import random

import pytest
from dm_access_policy import Evaluator, Principal, Source, Way
from simulator import ALLOWED, Request, Simulator

MAIN, PRODUCTION = "111111111111", "333333333333"
NOW = "2026-03-01T12:00:00Z"
OFFICE, ELSEWHERE = "192.0.2.7", "198.51.100.7"

ACTIONS = ["sts:AssumeRole", "sts:*", "STS:assumerole", "*", "sts:Assume?ole", "s3:*", "sts:GetSessionToken"]
RESOURCES = [
    f"arn:aws:iam::{PRODUCTION}:role/developers",
    f"arn:aws:iam::{PRODUCTION}:role/*",
    "arn:aws:iam::*:role/dev*",
    f"arn:aws:iam::{PRODUCTION}:role/admins",
    f"arn:aws:iam::{PRODUCTION}:role/${{aws:username}}",
    "*",
]
CONDITIONS = [
    {},
    {},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "Bool": {"aws:ViaAWSService": "false"}},
    {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}},
    {"DateLessThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-04-01T00:00:00Z"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"}},
    {"StringEquals": {"aws:PrincipalAccount": MAIN}},
    {"StringNotEquals": {"aws:PrincipalAccount": MAIN}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{MAIN}:user/*"}},
    {"StringLike": {"aws:username": ["ada.*", "cy.*"]}},
]
PRINCIPALS = [
    "*",
    {"AWS": f"arn:aws:iam::{MAIN}:root"},
    {"AWS": [MAIN]},
    {"AWS": [f"arn:aws:iam::{MAIN}:user/ada.example"]},
    {"AWS": [f"arn:aws:iam::{MAIN}:user/bob.example"]},
    {"AWS": f"arn:aws:iam::{PRODUCTION}:root"},
    {"Service": "ec2.amazonaws.com"},
]


def document(dice: random.Random, trust: bool = False) -> dict:
    written = []
    for _ in range(dice.randint(1, 2)):
        statement: dict = {"Effect": "Deny" if dice.random() < 0.2 else "Allow"}
        statement["NotAction" if dice.random() < 0.15 and not trust else "Action"] = dice.sample(
            ACTIONS[:1] * 6 if trust else ACTIONS, 1
        )
        if trust:
            statement["Principal"] = dice.choice(PRINCIPALS)
        else:
            statement["NotResource" if dice.random() < 0.15 else "Resource"] = dice.sample(
                RESOURCES, dice.randint(1, 2)
            )
        if condition := dice.choice(CONDITIONS):
            statement["Condition"] = condition
        written.append(statement)
    return {"Version": "2012-10-17", "Statement": written}


def session(role: str) -> str:
    """The principal of a session of a role."""
    return role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/any"


def met(way: Way, mfa: bool, address: str) -> bool:
    """Whether a way's conditions hold for a session with or without MFA, from an address."""
    holds = {
        "MFA": mfa,
        "without MFA": not mfa,
        "MFA, or an access key": mfa,
        "address in 192.0.2.0/24": address == OFFICE,
        "address not in 192.0.2.0/24": address != OFFICE,
        "until 2026-04-01T00:00:00Z": True,
        "from 2026-04-01T00:00:00Z": False,
    }
    return all(holds[condition] for condition in way.conditions)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("home", [MAIN, PRODUCTION], ids=["across accounts", "within one account"])
def test_who_gets_in_and_when_is_what_the_simulator_says(seed: int, home: str, simulator: Simulator) -> None:
    dice = random.Random(f"{seed}{home}")
    role = f"arn:aws:iam::{PRODUCTION}:role/developers"
    user = f"arn:aws:iam::{home}:user/{dice.choice(['ada.example', 'developers'])}"
    asked, ours = [], []
    for _ in range(60):
        group, own, trust = document(dice), document(dice), document(dice, trust=True)
        boundary = document(dice) if dice.random() < 0.3 else None
        sources = (Source("group Admins", "group", group), Source("user", "own", own))
        verdict = Evaluator(NOW).verdict(Principal(user, home, sources, boundary, {}), role, trust)
        for mfa in (True, False):
            for address in (OFFICE, ELSEWHERE):
                ours.append((any(met(way, mfa, address) for way in verdict.ways), verdict, group, own, trust, boundary))
                asked.append(
                    Request(
                        user,
                        "sts:AssumeRole",
                        role,
                        account=PRODUCTION,
                        identity=[group, own],
                        resource_policy=trust,
                        boundary=boundary,
                        context={
                            "aws:MultiFactorAuthPresent": str(mfa).lower(),
                            "aws:SourceIp": address,
                            "aws:CurrentTime": NOW,
                        },
                    )
                )

    judged = simulator.judge(asked)

    assert len({allowed for allowed, *_ in ours}) == 2, "the policies must let some in and keep some out"
    for request, verdict, (allowed, *why) in zip(asked, judged, ours, strict=True):
        assert allowed == (verdict == ALLOWED), (request.context, verdict, why)


@pytest.mark.parametrize("seed", range(3))
def test_sessions_of_a_role_get_in_where_the_simulator_says_and_never_by_mfa(seed: int, simulator: Simulator) -> None:
    dice = random.Random(f"session {seed}")
    role, caller = f"arn:aws:iam::{PRODUCTION}:role/developers", f"arn:aws:iam::{MAIN}:role/admins"
    asked, ours = [], []
    for _ in range(60):
        own, trust = document(dice), document(dice, trust=True)
        verdict = Evaluator(NOW).verdict(Principal(caller, MAIN, (Source("role", "own", own),), None, {}), role, trust)
        for address in (OFFICE, ELSEWHERE):
            ours.append((any(met(way, False, address) for way in verdict.ways), verdict, own, trust))
            context = {"aws:SourceIp": address, "aws:CurrentTime": NOW}
            asked.append(Request(session(caller), "sts:AssumeRole", role, PRODUCTION, [own], trust, context=context))

    judged = simulator.judge(asked)

    assert len({allowed for allowed, *_ in ours}) == 2, "the policies must let some in and keep some out"
    for request, verdict, (allowed, *why) in zip(asked, judged, ours, strict=True):
        assert allowed == (verdict == ALLOWED), (request.context, verdict, why)
