"""What the check of the vars takes, S3 takes: declarations drawn from their schema, applied to the embedded AWS.

A declaration that the check refuses is of no interest here; one that it takes must be written without an error of
AWS's, and be read back as what is wanted.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.estate.buckets.desired import buckets_desired
from ansible.module_utils.estate.buckets.setting import Setting
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.buckets.vars import BUCKET, Mistake
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_aws.accounts import ACCOUNTS

REGIONS = ("eu-west-1", "eu-west-2")
ACCOUNT = "development"
ID = ACCOUNTS[ACCOUNT][0]
NAME = "shop-fuzz"
COPIES = ("shop-copy", "shop-other-copy")
EXAMPLES = 40
# ruff: noqa: E501
# What is worth saying of a word: what is good (six times as often), and the limits and what is nearly right.
GOOD: dict[str, list[str]] = {
    "id": ["a", "b", "retention", "x" * 64],
    "prefix": ["", "a/", "a", "é/"],
    "suffix": ["", ".pdf"],
    "storage_class": ["STANDARD", "STANDARD_IA", "GLACIER"],
    "expire_date": ["2030-01-31"],
    "date": ["2030-01-31", "2040-01-01"],
    "key": [f"arn:aws:kms:{region}:{ID}:key/a" for region in REGIONS],
    "arn": [f"arn:aws:{service}:eu-west-1:{ID}:told" for service in ("sns", "sqs")],
    "events": ["s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:*"],
    "origins": ["*", "https://shop.example", "https://*.example"],
    "headers": ["*", "x-*"],
    "methods": ["GET", "PUT", "HEAD"],
    "expose": ["ETag"],
    "confirm": [NAME],
    "bucket": [NAME, *COPIES],
    "to": ["", "lists/"],
    "fields": ["Size", "ETag"],
    "region": ["eu-west-2"],
    "account": [ACCOUNT],
    "name": list(COPIES),
    "": ["", "a", "é", "a b", "k" * 128],
}
ODD: dict[str, list[str]] = {
    "id": ["é x", "", "x" * 255, "x" * 256, "a/b"],
    "prefix": ["*", "x" * 1024, "x" * 1025],
    "suffix": ["x" * 1025],
    "storage_class": ["ONEZONE_IA", "REDUCED_REDUNDANCY"],
    "expire_date": ["2030-02-30", "1999-01-01"],
    "date": ["2030-13-01"],
    "key": [f"arn:aws:kms:eu-west-1:{ID}:alias/mine", "alias/mine"],
    "arn": [f"arn:aws:sns:eu-west-2:{ID}:told", "arn:aws:sns:eu-west-1", "told"],
    "events": ["s3:ObjectMade:*", "s3:TestEvent", "s3:*"],
    "origins": ["*.*", "", "null"],
    "headers": ["x-*-*", ""],
    "methods": ["PATCH"],
    "expose": ["*", ""],
    "confirm": ["other"],
    "fields": ["size", "Colour"],
    "region": ["eu-west-1", "eu-west-9"],
    "account": ["backups"],
    "name": [NAME, "Shop"],
    "": ["b;c", "a\tb", "aws:x", "k" * 129, "v" * 257],
}


def text(word: str) -> st.SearchStrategy[str]:
    word = word if word in GOOD else ""
    return st.sampled_from(GOOD[word] * 6 + ODD.get(word, []))


INTEGERS = [0, 1, 2, 29, 30, 31, 60, 90, 100, 101, 180, 365, 730, 731, 36501, 2147483647]


def drawn(schema: dict[str, Any], word: str = "") -> st.SearchStrategy[Any]:
    """Values of the schema's shape."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "oneOf" in schema:
        return st.one_of([drawn(one, word) for one in schema["oneOf"]])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        if word.endswith("archive_days"):
            return st.sampled_from([89, 90, 179, 180, 365, 730, 731])
        least, most = schema.get("minimum", 0), schema.get("maximum", 2**31)
        return st.sampled_from([one for one in INTEGERS if least <= one <= most])
    if kind == "array":
        return st.lists(drawn(schema["items"], word), min_size=1, max_size=2)
    if "properties" in schema:
        parts = {name: drawn(one, name) for name, one in schema["properties"].items()}
        needed = {name: parts.pop(name, text(name)) for name in schema.get("required", ())}
        # three at most beside what is needed: more of them seldom go together
        return st.lists(st.sampled_from(sorted(parts) or [""]), max_size=3, unique=True).flatmap(
            lambda chosen: st.fixed_dictionaries({**needed, **{name: parts[name] for name in chosen if name}})
        )
    if kind == "object":
        return st.dictionaries(text(""), text(""), max_size=2)
    return text(word)


PROPERTIES = BUCKET["properties"]
ALLOW = {
    "Sid": "A",
    "Effect": "Allow",
    "Principal": {"AWS": ID},
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{NAME}/*",
}
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "Sid": st.sampled_from(["A", "B b", "Serve", ""]),
            "Effect": st.sampled_from(["Deny", "allow"]),
            "Principal": st.sampled_from(["*", {"AWS": "*"}, {"Service": "x"}, {"AWS": [ID, ID]}, {"AWS": "main"}, {}]),
            "NotPrincipal": st.just({"AWS": ID}),
            "Action": st.sampled_from(["*", "s3:Get*", "s3:PutObject", "s3:ListBucket", ["s3:GetObject"] * 2, [], "S3:getobject"]),
            "Resource": st.sampled_from([f"arn:aws:s3:::{NAME}", "*", f"arn:aws:s3:::{NAME}*", ["*", "*"], "arn:aws:s3:::x"]),
            "Condition": st.sampled_from(
                [
                    {},
                    {"Bool": {"aws:SecureTransport": False}},
                    {"NumericLessThan": {"s3:TlsVersion": 1.2}},
                    {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "198.51.100.7"]}},
                    {"IpAddress": {"aws:SourceIp": "198.51.100.7/24"}},
                    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
                    {"StringLike": {"s3:prefix": []}},
                    {"DateLessThan": {"aws:CurrentTime": "2030-01-31"}},
                    {"DateLessThan": {"aws:CurrentTime": "soon"}},
                    {"Null": {"s3:x-amz-acl": "yes"}},
                    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*"}},
                    {"StringEqualsIfExist": {"s3:prefix": "a"}},
                ]
            ),
        },
    ).map(lambda one: {**ALLOW, **one}),
    min_size=1, max_size=2,
)  # fmt: skip


def of_all(*words: str) -> dict[str, st.SearchStrategy[Any]]:
    return {word: drawn(PROPERTIES[word], word) for word in words}


LIST = st.lists(st.sampled_from(["main", f"arn:aws:iam::{ID}:root"]), max_size=2)
# Subject: (the setting that it becomes, what is drawn together since it means something to each other)
TOGETHER: dict[str, tuple[str, dict[str, st.SearchStrategy[Any]]]] = {
    **{
        word: (word, of_all(word))
        for word in ("cors", "tags", "metrics", "intelligent_tiering", "inventory", "encryption", "request_payer", "notifications")
    },
    "lifecycle": ("lifecycle", of_all("lifecycle", "mfa_delete")),
    "days": ("lifecycle", of_all("expire_days", "noncurrent_days", "abort_upload_days", "keep_lifecycle_rules")),
    "object_lock": ("object_lock", of_all("object_lock", "versioning")),
    "statements": ("policy", {"statements": STATEMENTS}),
    "served": ("policy", of_all("served", "servable", "encryption")),
    "lists": ("policy", {"readers": LIST, "keepers": LIST, **of_all("require", "delivers", "only_listed")}),
    "replicas": ("replication", of_all("replicas", "encryption")),
}  # fmt: skip
DEFAULTS = {"versioning": True, "mfa_delete": False, "encryption": {"algorithm": "AES256"}, "require": ["tls"]}
VARS: dict[str, Any] = {
    "name": "fuzz", "account": ACCOUNT, "accounts": {name: {"id": one[0]} for name, one in ACCOUNTS.items()},
    "prefix": "shop", "region": REGIONS[0], "replica_region": REGIONS[1], "router_addresses": ["198.51.100.10/32"],
    "logs_kind": "logs", "tags": {"Service": "shop"}, "defaults": DEFAULTS, "kinds": {}, "overrides": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def s3(_embedded_aws):
    """The buckets that are declared, and what they name: topics and a queue that let everybody send, a role."""
    _embedded_aws.reset()
    allow = {"Effect": "Allow", "Principal": "*", "Resource": "*"}
    for region in REGIONS:
        sns = _embedded_aws.client("sns", ACCOUNT, region)
        sns.create_topic(Name="told", Attributes={"Policy": document({**allow, "Action": "SNS:Publish"})})
        made = _embedded_aws.client("s3", ACCOUNT, region)
        for name in (NAME,) if region == REGIONS[0] else COPIES:
            made.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
            made.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    sqs = _embedded_aws.client("sqs", ACCOUNT, REGIONS[0])
    sqs.create_queue(QueueName="told", Attributes={"Policy": document({**allow, "Action": "SQS:SendMessage"})})
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    _embedded_aws.client("iam", ACCOUNT).create_role(RoleName="replication", AssumeRolePolicyDocument=document(trust))
    return _embedded_aws.client("s3", ACCOUNT, REGIONS[0])


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def live(s3: Any, setting: Setting) -> dict[str, Any]:
    try:
        return getattr(s3, setting.read)(Bucket=NAME)
    except ClientError as exc:
        if exc.response["Error"]["Code"] != setting.absent:
            raise
        return {}


@pytest.mark.parametrize("subject", TOGETHER)
def test_what_the_check_takes_is_applied_and_rests(subject, s3):
    taken = []

    @settings(
        deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None, derandomize=True
    )
    @given(st.fixed_dictionaries({}, optional=TOGETHER[subject][1]))
    def judge(entry: dict[str, Any]) -> None:
        try:
            [bucket] = [
                one for one in buckets_desired({**VARS, "standalone": {NAME: entry}})["buckets"] if one["name"] == NAME
            ]
        except Mistake:
            return
        taken.append(entry)
        setting = BY_NAME[TOGETHER[subject][0]]
        if bucket.get(setting.name) is None:
            return
        before = live(s3, setting)
        if not setting.same(setting.live(before), setting.wanted(bucket, before)):
            for method, params in setting.write(bucket, before):
                getattr(s3, method)(Bucket=NAME, **params)
        after = live(s3, setting)
        assert setting.same(setting.live(after), setting.wanted(bucket, after))

    judge()
    assert len([entry for entry in taken if entry]) >= 2, "the check takes hardly anything of what is drawn"
