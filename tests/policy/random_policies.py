"""Random policies, requests and their conditions, with every operator that IAM has."""

from __future__ import annotations

import random
from typing import Any

MAIN, OTHER = "111111111111", "333333333333"
NOW = "2026-03-01T12:00:00Z"
USER = f"arn:aws:iam::{MAIN}:user/ada.example"
ROLE = f"arn:aws:iam::{MAIN}:role/team/jenkins"
SESSION = f"arn:aws:sts::{MAIN}:assumed-role/jenkins/any"
BUCKET = "arn:aws:s3:::documents"
ASSUMED = f"arn:aws:iam::{OTHER}:role/developers"

ACTIONS = ["s3:GetObject", "s3:Get*", "S3:getobject", "*", "s3:?etObject", "s3:Put*", "s3:*", "sts:*", "sts:AssumeRole",
           "s3:ListBucket", "s3:*t", "sts:Assume*e"]  # fmt: skip
RESOURCES = [f"{BUCKET}/*", BUCKET, f"{BUCKET}/a/*", "arn:aws:s3:::*", "*", f"{BUCKET}/${{aws:username}}/*",
             f"{BUCKET}/${{aws:PrincipalTag/team, 'none'}}/*", "arn:aws:s3:::doc?ments/*", f"{BUCKET}/${{*}}", ASSUMED,
             f"arn:aws:iam::{OTHER}:role/*", "arn:aws:iam::*:role/dev*", f"{BUCKET}*",
             "arn:aws:s3:::other/*"]  # fmt: skip
ASKED = [
    ("s3:GetObject", f"{BUCKET}/a/b"),
    ("s3:GetObject", f"{BUCKET}/ada.example/b"),
    ("s3:GetObject", f"{BUCKET}/red/b"),
    ("s3:GetObject", f"{BUCKET}/none/b"),
    ("s3:PutObject", f"{BUCKET}/a"),
    ("s3:ListBucket", BUCKET),
    ("sts:AssumeRole", ASSUMED),
]

# key -> (values that requests have, values that policies want, kind of operator, whether it may have several)
KEYS: dict[str, tuple[list[str], list[str], str, bool]] = {
    "aws:MultiFactorAuthPresent": (["true", "false"], ["true", "false", "True"], "Bool", False),
    "aws:MultiFactorAuthAge": (["10", "3600", "7200"], ["3600", "10", "100.5", "0"], "Numeric", False),
    "aws:SourceIp": (["192.0.2.7", "198.51.100.7", "2001:db8::1"],
                     ["192.0.2.0/24", "198.51.100.7/32", "128.0.0.0/1", "2001:db8::/32"], "Ip", False),
    "aws:CurrentTime": ([NOW], ["2026-02-01T00:00:00Z", "2026-04-01", "2027-01", "2026-03-01T14:00:00+02:00",
                                "2026-03-01T12:00:00.000Z"], "Date", False),
    "aws:PrincipalTag/team": (["red", "blue", "Red"], ["red", "r*", "${aws:username}", "RED", "b?ue"], "String", False),
    "aws:TagKeys": (["red", "blue", "green"], ["red", "blue", "gr*"], "String", True),
    "aws:SourceArn": (["arn:aws:s3:::documents", f"arn:aws:iam::{MAIN}:user/ada.example"],
                      ["arn:aws:s3:::doc*", "arn:aws:s3:::documents", f"arn:aws:iam::{MAIN}:user/${{aws:username}}",
                       "arn:*:s3:::*"], "Arn", False),
    "aws:Referer": (["https://a.example/x", "b"], ["https://*.example/*", "b", "https://a.example/x"], "String", False),
    "aws:SecureTransport": (["true", "false"], ["true", "false"], "Bool", False),
}  # fmt: skip
OPERATORS = {
    "Bool": ["Bool"],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    "String": ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
               "StringNotLike", "BinaryEquals"],
} | {kind: [f"{kind}{order}" for order in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
                                           "GreaterThanEquals")] for kind in ("Numeric", "Date")}  # fmt: skip


def condition(dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(dice.choice([0, 0, 1, 1, 2])):
        key = dice.choice(list(KEYS))
        _, wanted, kind, several = KEYS[key]
        if dice.random() < 0.15:
            found.setdefault("Null", {})[key] = dice.choice(["true", "false"])
            continue
        name = dice.choice(OPERATORS[kind])
        if several or dice.random() < 0.1:
            name = f"{dice.choice(['ForAllValues', 'ForAnyValue'])}:{name}"
        if dice.random() < 0.25:
            name += "IfExists"
        found.setdefault(name, {})[key] = dice.sample(wanted, dice.randint(1, min(2, len(wanted))))
    return found


def statement(dice: random.Random, principals: list[Any] | None = None, resource: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": "Deny" if dice.random() < 0.25 else "Allow"}
    made["NotAction" if dice.random() < 0.15 else "Action"] = dice.sample(ACTIONS, dice.randint(1, 2))
    if resource:
        made["NotResource" if dice.random() < 0.15 else "Resource"] = dice.sample(RESOURCES, dice.randint(1, 3))
    if principals:
        made["NotPrincipal" if made["Effect"] == "Deny" and dice.random() < 0.1 else "Principal"] = dice.choice(
            principals
        )
    if found := condition(dice):
        made["Condition"] = found
    return made


def document(dice: random.Random, **more: Any) -> dict[str, Any]:
    statements = [statement(dice, **more) for _ in range(dice.randint(1, 3))]
    return {"Version": "2012-10-17", "Statement": statements}


PRINCIPALS = ["*", {"AWS": "*"}, {"AWS": f"arn:aws:iam::{MAIN}:root"}, {"AWS": [MAIN, USER]}, {"AWS": USER},
              {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": OTHER}, {"Service": "s3.amazonaws.com"}]  # fmt: skip


def context(dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"aws:CurrentTime": NOW}
    for key, (values, _, _, several) in KEYS.items():
        if key == "aws:CurrentTime" or dice.random() < 0.35:
            continue
        found[key] = dice.sample(values, dice.randint(1, 3)) if several else dice.choice(values)
    return found
