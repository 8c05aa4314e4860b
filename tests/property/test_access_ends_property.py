"""Last days as denials, of whatever groups give: never less than what is kept, and no more unless a note says so."""

from __future__ import annotations

import itertools
from typing import Any

from ansible.module_utils.estate.access.ends import ends
from ansible.module_utils.estate.evaluator.document import read as document
from ansible.module_utils.estate.evaluator.evaluate import judge
from ansible.module_utils.estate.evaluator.request import Principal, Source
from ansible.module_utils.estate.people import read
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.requests_of_iam import Whole

ACCOUNT = "111111111111"
ME = f"arn:aws:iam::{ACCOUNT}:user/ada.example"
GROUPS = {"Everyone": {"members": "users", "everyone": True}, "Ends": {"members": "a"}, "Stays": {"members": "b"}}
DAY, LATER = "2027-01-31", "2027-02-01"

actions = st.sampled_from([["*"], ["s3:*"], ["s3:GetObject"], ["s3:GetObject", "s3:PutObject"], ["iam:List*"]])
resources = st.sampled_from([["*"], ["arn:aws:s3:::a/*"], ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"], [ME]])
conditions = st.sampled_from(
    [
        {},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}},
    ]
)
statements = st.builds(
    lambda act, what, on, where, condition: {
        "Effect": "Allow", act: what, on: where, **({"Condition": condition} if condition else {})
    },
    st.sampled_from(["Action", "Action", "NotAction"]), actions,
    st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]), resources, conditions,
)  # fmt: skip
written = st.builds(lambda found: [{"Version": "2012-10-17", "Statement": found}], st.lists(statements, max_size=3))
REQUESTS = [
    Whole({"aws:username": ("ada.example",), "aws:sourceip": (address,), "aws:multifactorauthpresent": (mfa,)})
    for address in ("192.0.2.7", "198.51.100.7")
    for mfa in ("true", "false")
]
ASKED = list(
    itertools.product(
        ["s3:GetObject", "s3:PutObject", "iam:ListUsers", "ec2:RunInstances"],
        ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x", "arn:aws:s3:::c/x", ME],
        REQUESTS,
    )
)
GET = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::a/*"]}
ALL = {**GET, "Action": ["*"], "Resource": ["*"]}
ALL_OF_A = {**GET, "Action": ["*"]}
S3_ELSEWHERE = {"Effect": "Allow", "Action": ["s3:*"], "NotResource": ["arn:aws:s3:::a/*"]}
MFA_GET = {**GET, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}


def one(statement: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Version": "2012-10-17", "Statement": [statement]}]


@settings(deadline=None)
@given(written, written, written)
@example([], one(GET), one(MFA_GET))
@example([], one(MFA_GET), one(GET))
@example([], one({"Effect": "Allow", "NotAction": ["s3:*"], "Resource": ["*"]}), [*one(ALL_OF_A), *one(S3_ELSEWHERE)])
@example([], one(ALL), one(MFA_GET))
@example([], one(ALL), [*one(ALL_OF_A), *one({**ALL, "Action": ["s3:*"]})])
@example([], one(ALL), [*one({**GET, "Action": ["s3:*"]}), *one({**GET, "Resource": ["arn:aws:s3:::b/*"]})])
def test_from_the_day_after_somebody_may_what_the_groups_that_are_left_give(
    everybody: list[dict[str, Any]], ending: list[dict[str, Any]], staying: list[dict[str, Any]]
) -> None:
    gives = {"Everyone": everybody, "Ends": ending, "Stays": staying}
    people = {"users": ["ada.example"], "a": [{"name": "ada.example", "until": DAY}], "b": ["ada.example"]}
    denial, notes = ends(read(people, GROUPS), gives, 10**6)
    # A run that takes somebody out takes the denial of it, too.
    every, left = [*everybody, *ending, *staying], [*everybody, *staying]
    had, has, should = (somebody(one) for one in (every, [*every, denial or {"Statement": []}], left))

    for action, resource, request in ASKED:
        asked = (action, resource, request)
        now, then = may(has, *asked, LATER), may(should, *asked, LATER)
        assert now >= then, (*asked, "is taken away by the last day of another group")
        assert notes or now == then, (*asked, "is left, and no note says so")
        assert may(has, *asked, DAY) == may(had, *asked, DAY), (*asked, "ends a day early")


def somebody(documents: list[dict[str, Any]]) -> Principal:
    sources = tuple(Source("group", str(place), document(one)) for place, one in enumerate(documents))
    return Principal(ME, ACCOUNT, sources, None, {})


def may(who: Principal, action: str, resource: str, request: Whole, day: str) -> bool:
    known = Whole({**request, "aws:currenttime": (f"{day}T00:00:00Z",)})
    return bool(judge(who, action, resource, None, ACCOUNT, known).ways)
