"""The embedded AWS's judge against one that is not ours, on random policies and requests.

Where the two differ and AWS's page says who is right, it stands in SETTLED with the page's address; the random requests
leave that out.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from simulator import ALLOWED, DENIED, NOT_ALLOWED, Request, Simulator

from local_aws.judgement import Held, judge
from local_aws.policies import Principal

NUMBER = 20_000
OWN, OTHER = "111111111111", "333333333333"
USER = f"arn:aws:iam::{OWN}:user/people/ada.example"
ROLE = f"arn:aws:iam::{OWN}:role/dev/deploy"
SESSION = f"arn:aws:sts::{OWN}:assumed-role/deploy/ada"
TRUSTED = f"arn:aws:iam::{OTHER}:role/target"
BUCKET = "arn:aws:s3:::a-bucket"
TOPIC = f"arn:aws:sns:eu-west-1:{OTHER}:alarms"
SERVICE = "logging.s3.amazonaws.com"

# action → its resource, the resource's owner (None: either account's), whether it has a policy of its own
ASKED: dict[str, tuple[str, str | None, bool]] = {
    "s3:GetObject": (f"{BUCKET}/public/a?b.txt", None, True),
    "s3:PutObject": (f"{BUCKET}/people/ada.example/x.txt", None, True),
    "s3:DeleteObjectVersion": (f"{BUCKET}/private/*", None, True),
    "s3:ListBucket": (BUCKET, None, True),
    "s3:CreateBucket": (BUCKET, OWN, False),
    "sts:AssumeRole": (TRUSTED, OTHER, True),
    "sns:Publish": (TOPIC, OTHER, True),
    "iam:CreateUser": (f"arn:aws:iam::{OWN}:user/people/new.example", OWN, False),
    "iam:PutRolePolicy": (ROLE, OWN, False),
    "logs:PutRetentionPolicy": (f"arn:aws:logs:eu-west-1:{OWN}:log-group:/aws/app", OWN, False),
    "ec2:DescribeInstances": ("*", OWN, False),
}
ACTIONS = [
    *ASKED,
    "*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:*Object*",
    "sts:Assume*",
    "sns:P?blish",
    "iam:*",
    "ec2:D*",
]
RESOURCES = [
    "*", BUCKET, f"{BUCKET}/*", f"{BUCKET}*", "arn:aws:s3:::*", f"{BUCKET}/public/*", f"{BUCKET}/public/a?b.txt",
    f"{BUCKET}/people/${{aws:username}}/*", f"{BUCKET}/${{aws:PrincipalTag/team, 'people'}}/*",
    f"{BUCKET}/private/${{*}}",
    f"{BUCKET}/public/a${{?}}b.txt", "arn:aws:s3*", "arn:aws:sts*", "arn:aws:iam::*:role/*", TRUSTED,
    f"arn:aws:iam::{OTHER}:role/t*",
    TOPIC, "arn:aws:sns:*:*:alarms", f"arn:aws:iam::{OWN}:*", "arn:aws:iam::*:user/people/*", ROLE,
    f"arn:aws:logs:*:{OWN}:log-group:*", "arn:aws:logs:eu-west-?:*:log-group:/aws/*",
]  # fmt: skip
SHORT = ("s3*", "sts*")
PRINCIPALS: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": OWN}, {"AWS": f"arn:aws:iam::{OWN}:root"}, {"AWS": OTHER}, {"AWS": USER}, {"AWS": ROLE},
    {"AWS": SESSION}, {"AWS": [USER, ROLE]}, {"AWS": [OTHER, SESSION]}, {"Service": SERVICE},
    {"Service": "ec2.amazonaws.com"}, {"AWS": OWN, "Service": [SERVICE]}, {"AWS": f"arn:aws:iam::{OWN}:user/somebody"},
]  # fmt: skip
TEXTS = {
    "aws:PrincipalArn": [USER, ROLE, "arn:aws:iam::*:user/*", f"arn:aws:iam::{OWN}:*", f"arn:aws:iam::{OTHER}:role/*"],
    "aws:username": ["ada.example", "ada*", "bob.example", "${aws:username}"],
    "aws:PrincipalTag/team": ["people", "p*", "platform", "${aws:PrincipalTag/unknown, 'people'}"],
    "aws:userid": ["AIDAEXAMPLE", "AROAEXAMPLE:*", "*"],
    "aws:PrincipalAccount": [OWN, OTHER],
    "aws:UserAgent": ["aws-cli/*", "Mozilla*"],
}
OWN_TEXTS = {
    "s3:PutObject": {"s3:x-amz-acl": ["private", "public-*"], "s3:RequestObjectTag/public": ["yes", "y?s", "no"]},
    "s3:GetObject": {"s3:ExistingObjectTag/public": ["yes", "Y*", "no"]},
    "s3:ListBucket": {"s3:prefix": ["", "people/*", "people/${aws:username}/"]},
    "iam:CreateUser": {"aws:RequestTag/team": ["people", "${aws:PrincipalTag/team}", "P*"]},
    "iam:PutRolePolicy": {
        "iam:PermissionsBoundary": [f"arn:aws:iam::{OWN}:policy/limit", f"arn:aws:iam::{OWN}:policy/*"]
    },
    "sts:AssumeRole": {"sts:ExternalId": ["42", "4?"], "sts:RoleSessionName": ["ada", "${aws:username}"]},
}
MANY = {"s3:PutObject": "s3:RequestObjectTagKeys", "iam:CreateUser": "aws:TagKeys"}
STRINGS = [
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
]
SETS = ["ForAllValues:", "ForAnyValue:"]
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "192.0.0.0/8"]
DATES = ["2026-01-01", "2026-06-01T12:00:00Z"]
OTHERS: list[tuple[str, str, list[str]]] = [
    ("Bool", "aws:MultiFactorAuthPresent", ["true", "false", "True"]),
    ("Bool", "aws:SecureTransport", ["true", "false"]),
    ("Null", "aws:MultiFactorAuthPresent", ["true", "false"]),
    ("Null", "aws:PrincipalTag/team", ["true", "false"]),
    *((name, "aws:SourceIp", NETWORKS) for name in ("IpAddress", "NotIpAddress")),
    *(
        (f"Numeric{name}", "aws:MultiFactorAuthAge", ["60", "3600.5", "300"])
        for name in ("LessThan", "GreaterThanEquals", "Equals", "NotEquals")
    ),
    *((f"Date{name}", "aws:CurrentTime", DATES) for name in ("LessThan", "GreaterThan", "NotEquals", "Equals")),
    *(
        (f"Arn{name}", "aws:PrincipalArn", [USER, ROLE, "arn:aws:iam::*:user/*", "arn:*:iam::1*:role/*"])
        for name in ("Equals", "Like", "NotEquals", "NotLike")
    ),
]


class Dice(random.Random):
    def chance(self, share: float) -> bool:
        return self.random() < share

    def some(self, values: list[Any], most: int = 3) -> list[Any]:
        return self.sample(values, self.randint(1, min(most, len(values))))


def condition(dice: Dice, action: str) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for _ in range(dice.choice([1, 1, 2])):
        kind = dice.random()
        if kind < 0.45:
            texts = {**TEXTS, **OWN_TEXTS.get(action, {}), **OWN_TEXTS.get(action, {})}
            key = dice.choice([*texts, *OWN_TEXTS.get(action, {})])
            operator, values = dice.choice(STRINGS) + dice.choice(["", "", "IfExists"]), dice.some(texts[key])
        elif kind < 0.65 and action in MANY:
            key, quantifier = MANY[action], dice.choice(["", *SETS, *SETS])
            operator, values = quantifier + dice.choice(STRINGS), dice.some(["public", "pub*", "team", "PUBLIC", "x"])
        else:
            operator, key, choice = dice.choice(OTHERS)
            values = dice.some(choice, 2)
            operator += dice.choice(["", "", "IfExists"]) if operator != "Null" else ""
        found.setdefault(operator, {})[key] = values if len(values) > 1 or dice.chance(0.5) else values[0]
    return found


def statement(dice: Dice, action: str, kind: str) -> dict[str, Any]:
    trust = kind == "trust"
    deny = dice.chance(0.12)
    made: dict[str, Any] = {"Effect": "Deny" if deny else "Allow"}
    actions = [action] if dice.chance(0.6) else dice.some(ACTIONS)
    made["NotAction" if dice.chance(0.1) else "Action"] = actions if dice.chance(0.5) else actions[0]
    if not trust:
        wanted = "*" if ASKED[action][0] == "*" else ASKED[action][0].replace("*", "${*}")
        resources = dice.some(["*", wanted]) if dice.chance(0.4) else dice.some(RESOURCES)
        element = (
            "NotResource"
            if dice.chance(0.1) and not any(r.endswith(SHORT) or "${" in r for r in resources)
            else "Resource"
        )
        made[element] = resources if dice.chance(0.5) else resources[0]
    if kind in {"trust", "policy"}:
        principal = dice.choice(PRINCIPALS)
        excluding = deny and dice.chance(0.3) and principal not in ("*", {"AWS": "*"})
        made["NotPrincipal" if excluding else "Principal"] = principal
    if dice.chance(0.4):
        made["Condition"] = condition(dice, action)
    return made


def document(dice: Dice, action: str, kind: str = "identity") -> dict[str, Any]:
    statements = [statement(dice, action, kind) for _ in range(dice.choice([1, 1, 2, 3]))]
    version = "2012-10-17" if dice.chance(0.9) or "${" in json.dumps(statements) else "2008-10-17"
    return {"Version": version, "Statement": statements if dice.chance(0.9) else statements[0]}


def context(dice: Dice, action: str, who: str | None) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {
        "aws:SourceIp": dice.choice(["192.0.2.7", "198.51.100.7", "2001:db8::1"]),
        "aws:CurrentTime": dice.choice(["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-06-01T12:00:01Z"]),
        "aws:SecureTransport": dice.choice(["true", "true", "false"]),
        "aws:UserAgent": "aws-cli/2.13",
    }
    if who in {USER, SESSION}:
        found["aws:PrincipalArn"] = ROLE if who == SESSION else USER
        found["aws:PrincipalType"] = "AssumedRole" if who == SESSION else "User"
        found["aws:userid"] = "AROAEXAMPLE:ada" if who == SESSION else "AIDAEXAMPLE"
        if dice.chance(0.6):
            found["aws:PrincipalTag/team"] = dice.choice(["people", "private", "*"])
        if who == USER and dice.chance(0.5):
            found["aws:MultiFactorAuthPresent"] = mfa = dice.choice(["true", "false"])
            if mfa == "true":
                found["aws:MultiFactorAuthAge"] = dice.choice(["59", "300", "4000"])
    for key, values in OWN_TEXTS.get(action, {}).items():
        if dice.chance(0.6):
            found[key] = dice.choice([value for value in values if "$" not in value])
    if action in MANY and dice.chance(0.6):
        found[MANY[action]] = dice.some(["public", "team", "publish", "y"])
    return found


def random_request(dice: Dice) -> Request:
    action = dice.choice(list(ASKED))
    resource, owner, has_policy = ASKED[action]
    who = (
        dice.choice([USER, USER, SESSION, SESSION, SERVICE, None])
        if has_policy and action != "sts:AssumeRole"
        else dice.choice([USER, SESSION])
    )
    known = who in {USER, SESSION}
    policy = None
    if has_policy and (action == "sts:AssumeRole" or not known or dice.chance(0.7)):
        policy = document(dice, action, "trust" if action == "sts:AssumeRole" else "policy")
    # A policy that names the session itself, or everybody, is SETTLED.
    named = policy is not None and any(
        name in json.dumps(policy) for name in (SESSION, '"Principal": "*"', '"AWS": "*"')
    )
    if action == "sts:AssumeRole" and dice.chance(0.5):
        resource, owner = resource.replace(OTHER, OWN), OWN
    return Request(
        who,
        action,
        resource.replace("*", "x") if resource != "*" else resource,
        account=owner or dice.choice([OWN, OTHER]),
        identity=[document(dice, action) for _ in range(dice.choice([0, 1, 1, 2]))] if known else [],
        resource_policy=policy,
        boundary=document(dice, action) if known and dice.chance(0.3) else None,
        session=document(dice, action) if who == SESSION and not named and dice.chance(0.5) else None,
        context=context(dice, action, who),
    )


def ours(request: Request) -> str:
    """The same request, put to the embedded AWS's judge."""
    given = {
        key.lower(): value if isinstance(value, list) else [value] for key, value in request.full_context().items()
    }
    who = request.principal or ""
    principal = Principal(service=who)
    if who.startswith("arn:"):
        principal = Principal(who.split(":")[4], who, ROLE if who == SESSION else who)
    held = Held(request.identity, request.boundary, None if request.session is None else [request.session])
    verdict = judge(
        principal, held, request.action, request.resource, given,
        policy=request.resource_policy, same_account=principal.account == request.account,
        policy_decides=request.action == "sts:AssumeRole",
    )  # fmt: skip
    return ALLOWED if verdict else DENIED if verdict.denied else NOT_ALLOWED


def allow(action: str, resource: str | None = None, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    about = {} if resource is None else {"Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, **about, **more}]}


def test_random_requests_are_judged_as_by_a_judge_that_is_not_ours(simulator: Simulator) -> None:
    dice = Dice(20260101)
    requests = [random_request(dice) for _ in range(NUMBER)]
    theirs = simulator.judge(requests)
    found = [ours(request) for request in requests]

    assert min(theirs.count(verdict) for verdict in (ALLOWED, DENIED, NOT_ALLOWED)) > NUMBER / 20
    different = [
        f"{request}\n  ours {mine}, theirs {other}"
        for request, mine, other in zip(requests, found, theirs, strict=True)
        if mine != other
    ]
    assert len(different) == 0, f"{len(different)} of {NUMBER} differ, among them\n" + "\n".join(different[:5])


GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
OPERATORS = f"{GUIDE}/reference_policies_elements_condition_operators.html"
READ = Request(USER, "s3:GetObject", f"{BUCKET}/key", OWN)
BY_SESSION = Request(
    SESSION, "s3:GetObject", f"{BUCKET}/key", OWN, session=allow("s3:ListBucket", BUCKET),
    resource_policy=allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": SESSION}),
)  # fmt: skip
TO_ALL = allow("s3:GetObject", f"{BUCKET}/*", Principal="*")
OLD = allow("s3:GetObject", f"{BUCKET}/${{aws:PrincipalTag/none, 'key'}}") | {"Version": "2008-10-17"}
BUT_STS = allow("s3:*") | {"Statement": [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:sts*"}]}


def when(operator: str, key: str, wanted: str, found: str = "") -> Request:
    identity = [allow("s3:*", "*", Condition={operator: {key: wanted}})]
    return replace(READ, identity=identity, context={key: found} if found else {})


# What the page says; a request that shows it; what follows from the page, and what the simulator says instead.
SETTLED: list[tuple[str, Request, str, str]] = [
    # "The resource-based policy permissions are not limited by the session policy" where it names the session,
    (f"{GUIDE}/access_policies.html#policies_session", BY_SESSION, ALLOWED, NOT_ALLOWED),
    # nor where it names everybody.
    (
        f"{GUIDE}/reference_policies_elements_principal.html#principal-roles",
        replace(BY_SESSION, resource_policy=TO_ALL), ALLOWED, NOT_ALLOWED,
    ),
    # Policy variables need version 2012-10-17; before it they are text.
    (f"{GUIDE}/reference_policies_elements_version.html", replace(READ, identity=[OLD]), NOT_ALLOWED, ALLOWED),
    # A star at the end of a part of an ARN reaches beyond its colon, under NotResource as under Resource.
    (f"{GUIDE}/reference_policies_elements_resource.html", replace(READ, identity=[BUT_STS]), ALLOWED, NOT_ALLOWED),
    # 0.0.0.0/0 is every IPv4 address, by RFC 4632.
    (
        f"{OPERATORS}#Conditions_IPAddress", when("IpAddress", "aws:SourceIp", "0.0.0.0/0", "192.0.2.7"),
        ALLOWED, NOT_ALLOWED,
    ),
    # NotIpAddress holds for every address but those named.
    (
        f"{OPERATORS}#Conditions_IPAddress", when("NotIpAddress", "aws:SourceIp", "192.0.2.7", "2001:db8::1"),
        ALLOWED, NOT_ALLOWED,
    ),
    # A date may be a number: seconds since 1970.
    (
        f"{OPERATORS}#Conditions_Date", when("DateLessThan", "aws:CurrentTime", "1893456000", "2026-06-01T00:00:00Z"),
        ALLOWED, NOT_ALLOWED,
    ),
    # "${*}" is a star, so a tag that is a star is equal to it.
    (
        f"{GUIDE}/reference_policies_variables.html#policy-vars-specialchars",
        when("StringNotEquals", "aws:PrincipalTag/team", "${*}", "*"),
        NOT_ALLOWED, ALLOWED,
    ),
    # IfExists: "if the key is not present, evaluate the condition element as true", also behind ForAnyValue.
    (
        f"{OPERATORS}#Conditions_IfExists", when("ForAnyValue:StringEqualsIfExists", "aws:CalledVia", "x"),
        ALLOWED, NOT_ALLOWED,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("page", "request_", "page_says", "they_say"), SETTLED)
def test_where_the_judges_differ_awss_page_decides(
    simulator: Simulator, page: str, request_: Request, page_says: str, they_say: str
) -> None:
    assert page.startswith("https://docs.aws.amazon.com/")
    assert ours(request_) == page_says
    assert simulator.judge([request_]) == [they_say]
