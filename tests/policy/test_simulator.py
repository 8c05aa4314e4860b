"""The judge is judged first: known answers so that a broken harness cannot pass a broken policy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulator import ALLOWED, DENIED, NOT_ALLOWED, Request, Simulator

MAIN, OTHER = "111111111111", "333333333333"
ADA = f"arn:aws:iam::{MAIN}:user/ada.example"
ROLE = f"arn:aws:iam::{OTHER}:role/developers"


def allow(action: str, resource: str, **more: object) -> dict:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{MAIN}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        }
    ],
}
BOTH_SIDES = Request(
    ADA,
    "sts:AssumeRole",
    ROLE,
    account=OTHER,
    identity=[allow("sts:AssumeRole", ROLE)],
    resource_policy=TRUST,
    context={"aws:MultiFactorAuthPresent": "true"},
)


def test_a_role_of_another_account_takes_both_grants(simulator: Simulator) -> None:
    one_side, other_side = replace(BOTH_SIDES, identity=[]), replace(BOTH_SIDES, resource_policy=None)

    assert simulator.judge([BOTH_SIDES, one_side, other_side]) == [ALLOWED, NOT_ALLOWED, NOT_ALLOWED]


def test_conditions_are_judged(simulator: Simulator) -> None:
    with_keys_alone = replace(BOTH_SIDES, context={})

    assert simulator.judge([with_keys_alone]) == [NOT_ALLOWED]


def test_a_deny_wins(simulator: Simulator) -> None:
    office = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}
    deny = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": office}],
    }
    at_home = replace(BOTH_SIDES, identity=[*BOTH_SIDES.identity, deny])
    context = BOTH_SIDES.context

    assert simulator.judge(
        replace(at_home, context={**context, "aws:SourceIp": address}) for address in ("198.51.100.9", "192.0.2.9")
    ) == [DENIED, ALLOWED]


def test_an_unsigned_request_needs_the_bucket_policy(simulator: Simulator) -> None:
    public = allow("s3:GetObject", "arn:aws:s3:::bucket/*", Principal="*")
    request = Request(None, "s3:GetObject", "arn:aws:s3:::bucket/key", account=OTHER, resource_policy=public)

    assert simulator.judge([request, replace(request, block_public_access=True)]) == [ALLOWED, DENIED]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BOTH_SIDES, action="sts:AssumeRoll"),
        replace(BOTH_SIDES, identity=[{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}]),
    ],
)
def test_what_cannot_be_judged_is_an_error_not_a_denial(simulator: Simulator, wrong: Request) -> None:
    with pytest.raises(ValueError, match="on arn:aws:iam"):
        simulator.judge([wrong])
