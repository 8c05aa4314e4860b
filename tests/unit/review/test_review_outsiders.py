"""Whether what a trust says of a claim limits who on earth may be it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.review.outsiders import federated

GITHUB, CORP = "token.actions.githubusercontent.com", "token.actions.githubusercontent.com/corp"
ROLE = "arn:aws:iam::111111111111:role/ci"


@pytest.mark.parametrize(
    ("issuer", "condition", "anyone"),
    [
        (GITHUB, {"StringEquals": {"aud": "sts.amazonaws.com"}}, True),
        (GITHUB, {"StringLike": {"sub": "repo:acme/*"}}, False),
        (GITHUB, {"StringLike": {"sub": "repo:*/site:*"}}, True),
        (GITHUB, {"StringLike": {"sub": ["repo:acme/*", "*"]}}, True),
        (GITHUB, {"StringLikeIfExists": {"sub": "repo:acme/*"}}, True),
        (GITHUB, {"ForAllValues:StringLike": {"sub": "repo:acme/*"}}, True),
        (GITHUB, {"ForAnyValue:StringLike": {"sub": "repo:acme/*"}}, False),
        (GITHUB, {"StringNotEquals": {"sub": "repo:acme/site"}}, True),
        (GITHUB, {"stringequals": {"SUB": "repo:acme/site:ref:refs/heads/main"}}, False),
        (GITHUB, {"StringLike": {"repository": "a*"}}, True),
        (GITHUB, {"StringLike": {"repository": "acme/*"}}, False),
        (GITHUB, {"StringLike": {"repository_owner": "a*"}}, True),
        (GITHUB, {"StringEquals": {"repository_owner": "acme"}}, False),
        (GITHUB, {"StringLike": {"job_workflow_ref": "acme/site/*"}}, False),
        (CORP, {"StringLike": {"sub": "repo:acme/*"}}, False),
        (CORP, {"StringLike": {"sub": "repo:*"}}, True),
        ("gitlab.com", {"StringLike": {"namespace_path": "g*"}}, True),
        ("gitlab.com", {"StringLike": {"namespace_path": "group/*"}}, False),
        ("accounts.google.com", {"StringLike": {"aud": "1*"}}, True),
        ("accounts.google.com", {"StringEquals": {"aud": "123.apps.example"}}, False),
        ("cognito-identity.amazonaws.com", {"StringLike": {"aud": "eu-west-1:*"}}, True),
        ("agent.buildkite.com", {"StringLike": {"sub": "organization:acme:pipeline:*"}}, False),
        ("agent.buildkite.com", {"StringLike": {"sub": "organization:*"}}, True),
        ("oidc.ours.example", {}, False),
    ],
)
def test_a_claim_limits_as_far_as_whose_it_is_is_written_out(issuer: str, condition: dict, anyone: bool) -> None:
    name = f"arn:aws:iam::111111111111:oidc-provider/{issuer}"
    keyed: dict[str, Any] = {
        op: {f"{issuer}:{claim}": value for claim, value in keys.items()} for op, keys in condition.items()
    }
    statement = {"Effect": "Allow", "Principal": {"Federated": name}, "Condition": keyed,
                 "Action": "sts:AssumeRoleWithWebIdentity"}  # fmt: skip
    (one,) = read({"Version": "2012-10-17", "Statement": statement})

    assert federated(ROLE, name, one).anyone is anyone
