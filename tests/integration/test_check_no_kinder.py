"""What the check of the vars takes, S3 takes: declarations drawn from their schema, applied to the embedded AWS.

A declaration that the check refuses is of no interest here; one that it takes must be applied without an error of
AWS's, and the plan after it must be empty.
"""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible.module_utils.estate.buckets.desired import buckets_desired
from ansible.module_utils.estate.buckets.plan import plan
from ansible.module_utils.estate.buckets.read import read
from ansible.module_utils.estate.buckets.vars import BUCKET, Mistake
from ansible.module_utils.estate.plan import carry_out
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_aws.accounts import ACCOUNTS

REGIONS = ("eu-west-1", "eu-west-2")
ACCOUNT = "development"
ID = ACCOUNTS[ACCOUNT][0]
POOL = ThreadPoolExecutor(4)
NUMBERS = itertools.count()
NAME = "shop-@"  # the number is put in where the bucket is made, so that a draw does not depend on it
# ruff: noqa: E501
# What is worth saying of a word: the usual, the limits, and what is nearly right.
TEXTS: dict[str, list[str]] = {
    "id": ["a", "b", "retention", "é x", "", "x" * 255, "x" * 256],
    "prefix": ["", "a/", "a", "a/b/", "é/", "*", "x" * 1024],
    "suffix": ["", ".pdf"],
    "storage_class": ["STANDARD", "STANDARD_IA", "GLACIER", "ONEZONE_IA", "ICE"],
    "expire_date": ["2030-01-31", "2030-02-30", "1999-01-01"],
    "date": ["2030-01-31", "2030-13-01", "2040-01-01"],
    "key": [f"arn:aws:kms:{region}:{ID}:key/a" for region in REGIONS] + [f"arn:aws:kms:eu-west-1:{ID}:alias/mine"],
    "arn": [f"arn:aws:sns:{region}:{ID}:told" for region in REGIONS] + [f"arn:aws:sqs:eu-west-1:{ID}:told", "told"],
    "events": ["s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:*", "s3:ObjectMade:*", "s3:TestEvent"],
    "origins": ["*", "https://shop.example", "https://*.example", "*.*", "", "null"],
    "headers": ["*", "x-*", "x-*-*", ""],
    "methods": ["GET", "PUT", "HEAD", "PATCH"],
    "expose": ["ETag", "*", ""],
    "confirm": [NAME, "other"],
    "bucket": [NAME, "shop-target"],
    "to": ["", "lists/"],
    "fields": ["Size", "ETag", "size", "Colour"],
    "region": [*REGIONS, "eu-west-9"],
    "account": [ACCOUNT, "backups"],
    "name": [f"{NAME}-copy", f"{NAME}-b", NAME, "shop-target"],
    "": ["", "a", "é", "b;c", "a\tb", "aws:x", "k" * 128, "k" * 129, "v" * 257, "a b"],
}
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
        least, most = schema.get("minimum", 0), schema.get("maximum", 2**31)
        return st.sampled_from([one for one in INTEGERS if least <= one <= most])
    if kind == "array":
        return st.lists(drawn(schema["items"], word), max_size=3)
    if "properties" in schema:
        parts = {name: drawn(one, name) for name, one in schema["properties"].items()}
        needed = {name: parts.pop(name) for name in schema.get("required", ())}
        # three at most beside what is needed: more of them seldom go together
        return st.lists(st.sampled_from(sorted(parts) or [""]), max_size=3, unique=True).flatmap(
            lambda chosen: st.fixed_dictionaries({**needed, **{name: parts[name] for name in chosen if name}})
        )
    if kind == "object":
        return st.dictionaries(st.sampled_from(TEXTS[""]), st.sampled_from(TEXTS[""]), max_size=3)
    return st.sampled_from(TEXTS.get(word, TEXTS[""]))


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
# What is drawn together: settings that mean something to each other.
TOGETHER: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    word: {word: drawn(PROPERTIES[word], word)}
    for word in ("cors", "tags", "metrics", "intelligent_tiering", "inventory", "encryption", "request_payer")
} | {
    "lifecycle": {one: drawn(PROPERTIES[one], one) for one in ("lifecycle", "mfa_delete")},
    "days": {one: drawn(PROPERTIES[one], one) for one in ("expire_days", "noncurrent_days", "abort_upload_days")},
    "object_lock": {one: drawn(PROPERTIES[one], one) for one in ("object_lock", "versioning")},
    "notifications": {"notifications": drawn(PROPERTIES["notifications"])},
    "logging": {one: drawn(PROPERTIES[one], one) for one in ("logging", "encryption")},
    "statements": {"statements": STATEMENTS},
    "served": {one: drawn(PROPERTIES[one], one) for one in ("served", "servable", "encryption")},
    "lists": {
        **{one: st.lists(st.sampled_from(["main", f"arn:aws:iam::{ID}:root"]), max_size=2) for one in ("readers", "keepers")},
        **{one: drawn(PROPERTIES[one], one) for one in ("require", "delivers", "only_listed")},
    },
    "replicas": {one: drawn(PROPERTIES[one], one) for one in ("replicas", "encryption", "versioning")},
}  # fmt: skip
DEFAULTS = {"versioning": True, "mfa_delete": False, "encryption": {"algorithm": "AES256"}, "require": ["tls"]}
VARS: dict[str, Any] = {
    "name": "fuzz", "account": ACCOUNT, "accounts": {name: {"id": one[0]} for name, one in ACCOUNTS.items()},
    "prefix": "shop", "region": REGIONS[0], "replica_region": REGIONS[1], "router_addresses": ["198.51.100.10/32"],
    "logs_kind": "logs", "tags": {"Service": "shop"}, "defaults": DEFAULTS, "kinds": {}, "overrides": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def clients(_embedded_aws):
    """With what notifications are sent to, which lets everybody send."""
    _embedded_aws.reset()
    allow = {"Effect": "Allow", "Principal": "*", "Resource": "*"}
    for region in REGIONS:
        sns = _embedded_aws.client("sns", ACCOUNT, region)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Action": "SNS:Publish"}]})
        sns.create_topic(Name="told", Attributes={"Policy": policy})
    sqs = _embedded_aws.client("sqs", ACCOUNT, REGIONS[0])
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Action": "SQS:SendMessage"}]})
    sqs.create_queue(QueueName="told", Attributes={"Policy": policy})
    s3 = _embedded_aws.client("s3", ACCOUNT, REGIONS[1])
    s3.create_bucket(Bucket="shop-target", CreateBucketConfiguration={"LocationConstraint": REGIONS[1]})
    s3.put_bucket_versioning(Bucket="shop-target", VersioningConfiguration={"Status": "Enabled"})
    return {(kind, region): _embedded_aws.client(kind, ACCOUNT, region) for kind in ("s3", "iam") for region in REGIONS}


def applied(clients: dict[Any, Any], declared: dict[str, Any]) -> tuple[list[str], Any]:
    """(what AWS says against it, the plan that is left)"""

    def look() -> Any:
        return plan(declared, read(declared, clients, REGIONS[0], POOL))

    def call(action: Any) -> Any:
        service, method = action.method.split(".")
        return getattr(clients[service, action.region or REGIONS[0]], method)(**action.params)

    outcomes = carry_out(look().actions, call, lambda exc: f"{exc}", workers=1)
    return [f"{one.action.method}: {one.why}" for one in outcomes if one.status != "done"], look()


@pytest.mark.parametrize("subject", TOGETHER)
def test_what_the_check_takes_is_applied_and_rests(subject, clients):
    taken = []

    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(st.fixed_dictionaries({}, optional=TOGETHER[subject]))
    def judge(drawn_entry: dict[str, Any]) -> None:
        if not drawn_entry:
            return
        name = NAME.replace("@", f"{subject.replace('_', '-')}{next(NUMBERS)}")
        entry = json.loads(json.dumps(drawn_entry).replace(NAME, name))
        try:
            declared = buckets_desired({**VARS, "standalone": {name: entry}})
        except Mistake:
            return
        taken.append(entry)
        said, left = applied(clients, {**declared, "account": "fuzz", "unmanaged_pattern": ""})
        assert said == []
        assert (list(left.actions), dict(left.left_out)) == ([], {})

    judge()
    assert len(taken) >= 5, "the check takes hardly anything of what is drawn"
