"""What is asked of AWS, and what an answer that is not one means."""

from __future__ import annotations

import datetime
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible.module_utils.estate.buckets.live import LiveRole
from ansible.module_utils.estate.buckets.read import list_buckets, read
from botocore.exceptions import ClientError

from tests.support.paged import paginator


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {}}, "Operation")


class Client:
    """Answers from a table: method -> answer, or an error to raise; a function gets the parameters."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict]] = []

    def get_paginator(self, method: str) -> Any:
        return paginator(self, method)

    def __getattr__(self, method: str) -> Any:
        def call(**params: Any) -> Any:
            self.calls.append((method, params))
            answer = self.answers[method]
            answer = answer(**params) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class Clients(dict):
    def __init__(self, client: Client, regions: set[str]) -> None:
        super().__init__({(service, region): client for service in ("s3", "iam") for region in regions})


def listing(*names: str, **more: Any) -> dict[str, Any]:
    return {"Buckets": [{"Name": name, "BucketRegion": "eu-west-1", **more} for name in names]}


def look(client: Client, *buckets: dict, **declared: Any):
    with ThreadPoolExecutor(4) as pool:
        regions = {"eu-west-1", *(bucket["region"] for bucket in buckets)}
        return read({"buckets": list(buckets), **declared}, Clients(client, regions), "eu-west-1", pool)


def bucket(name: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "region": "eu-west-1", **settings}


def test_every_page_is_read():
    pages = {
        None: {**listing("a"), "ContinuationToken": "next"},
        "next": listing("b"),
    }
    client = Client(list_buckets=lambda MaxBuckets, ContinuationToken=None: pages[ContinuationToken])  # noqa: ARG005

    assert list(list_buckets(client)) == ["a", "b"]


def test_every_page_of_a_list_of_configurations_is_read():
    pages = {
        None: {"MetricsConfigurationList": [{"Id": "a"}], "IsTruncated": True, "NextContinuationToken": "next"},
        "next": {"MetricsConfigurationList": [{"Id": "b"}], "IsTruncated": False, "ContinuationToken": "next"},
    }
    client = Client(
        list_buckets=listing("shop"),
        list_bucket_metrics_configurations=lambda Bucket, ContinuationToken=None: pages[ContinuationToken],  # noqa: ARG005
    )

    live = look(client, bucket("shop", metrics=[]))

    assert live.buckets["shop"].answers == {"metrics": {"MetricsConfigurationList": [{"Id": "a"}, {"Id": "b"}]}}


def test_only_declared_settings_of_declared_buckets_are_read():
    client = Client(list_buckets=listing("a", "b"), get_bucket_tagging={"TagSet": [], "ResponseMetadata": {}})

    live = look(client, bucket("a", tags={}, policy=None))

    assert [method for method, _ in client.calls] == ["list_buckets", "get_bucket_tagging"]
    assert live.buckets["a"].answers == {"tags": {"TagSet": []}}
    assert live.buckets["b"].answers == {}


@pytest.mark.parametrize(
    ("setting", "value", "method", "code"),
    [
        ("policy", {}, "get_bucket_policy", "NoSuchBucketPolicy"),
        ("lifecycle", [], "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("replication", {"rules": []}, "get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("encryption", {}, "get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("ownership", "x", "get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
        ("public_access_block", True, "get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
        ("tags", {}, "get_bucket_tagging", "NoSuchTagSet"),
        ("cors", [], "get_bucket_cors", "NoSuchCORSConfiguration"),
    ],
)
def test_not_configured_is_a_value(setting, value, method, code):
    live = look(Client(list_buckets=listing("a"), **{method: refused(code)}), bucket("a", **{setting: value}))

    assert live.failed == {}
    assert live.buckets["a"].answers == {setting: {}}


def test_any_other_failure_is_the_buckets_own():
    def policy(Bucket: str) -> Any:
        return refused("AccessDenied") if Bucket == "a" else {"Policy": "{}"}

    client = Client(list_buckets=listing("a", "b"), get_bucket_policy=policy)
    live = look(client, bucket("a", policy={}), bucket("b", policy={}))

    assert list(live.failed) == ["bucket a"]
    assert live.failed["bucket a"].startswith("cannot read its policy: not allowed")
    assert live.buckets["b"].answers == {"policy": {"Policy": "{}"}}


def test_one_settings_absence_is_not_anothers():
    client = Client(list_buckets=listing("a"), get_bucket_policy=refused("NoSuchTagSet"))
    assert "bucket a" in look(client, bucket("a", policy={})).failed


def test_a_listing_that_fails_fails_everything():
    with pytest.raises(ClientError):
        look(Client(list_buckets=refused("AccessDenied")), bucket("a"))


@pytest.mark.parametrize(("location", "region"), [(None, "us-east-1"), ("EU", "eu-west-1"), ("eu-west-2", "eu-west-2")])
def test_a_region_that_the_listing_lacks_is_asked_for(location, region):
    client = Client(list_buckets={"Buckets": [{"Name": "a"}]}, get_bucket_location={"LocationConstraint": location})
    assert look(client, bucket("a")).buckets["a"].region == region


def test_nothing_is_asked_of_a_bucket_that_lives_elsewhere():
    client = Client(list_buckets=listing("a"))
    live = look(client, {**bucket("a", tags={}), "region": "eu-west-2"})

    assert live.buckets["a"].region == "eu-west-1"
    assert [method for method, _ in client.calls] == ["list_buckets"]


@pytest.mark.parametrize("answer", [refused("403"), refused("301")])
def test_a_name_that_somebody_else_has_is_said_before_creating_it(answer):
    live = look(Client(list_buckets=listing(), head_bucket=answer), bucket("a", tags={}))
    assert live.failed == {
        "bucket a": "the name belongs to another AWS account, and names are unique worldwide: choose another"
    }


def test_a_free_name_is_no_failure():
    assert look(Client(list_buckets=listing(), head_bucket=refused("404")), bucket("a")).failed == {}


def test_not_knowing_whether_a_name_is_free_is():
    live = look(Client(list_buckets=listing(), head_bucket=refused("ServiceUnavailable")), bucket("a"))
    assert live.failed["bucket a"].startswith("cannot ask whether the name is free: ")


def test_a_bucket_that_was_made_meanwhile_is_ours():
    answers = {"head_bucket": {"BucketRegion": "eu-west-1"}, "get_bucket_tagging": {"TagSet": []}}
    client = Client(list_buckets=listing(), **answers)

    live = look(client, bucket("a", tags={}), account_id="111111111111")

    assert live.failed == {}
    assert live.buckets["a"].answers == {"tags": {"TagSet": []}}
    assert ("head_bucket", {"Bucket": "a", "ExpectedBucketOwner": "111111111111"}) in client.calls


def test_the_list_is_asked_for_at_home_so_that_another_regions_trouble_is_its_own():
    home = Client(list_buckets=listing("b"), get_bucket_tagging={"TagSet": []})
    closed = Client(list_buckets=refused("InvalidToken"), head_bucket=refused("InvalidToken"))
    clients = {("s3", "eu-west-1"): home, ("s3", "af-south-1"): closed, ("iam", "eu-west-1"): home}
    declared = {"buckets": [{"name": "a", "region": "af-south-1", "tags": {}}, bucket("b", tags={})]}
    with ThreadPoolExecutor(2) as pool:
        live = read(declared, clients, "eu-west-1", pool)

    assert list(live.failed) == ["bucket a"]
    assert live.buckets["b"].answers == {"tags": {"TagSet": []}}


def test_an_acl_is_read_only_where_it_is_to_be_switched_off():
    def ownership(Bucket: str) -> Any:
        rule = "ObjectWriter" if Bucket == "a" else "BucketOwnerEnforced"
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": rule}]}}

    acl = {"Owner": {"ID": "me"}, "Grants": []}
    client = Client(list_buckets=listing("a", "b"), get_bucket_ownership_controls=ownership, get_bucket_acl=acl)

    live = look(client, *(bucket(name, ownership="BucketOwnerEnforced") for name in "ab"))

    assert [params for method, params in client.calls if method == "get_bucket_acl"] == [{"Bucket": "a"}]
    assert live.buckets["a"].answers["ownership"]["acl"] == acl


def test_a_role_that_has_nothing_to_replicate_is_read_only_where_replication_ends():
    rules = {"ReplicationConfiguration": {"Role": "r", "Rules": [{"ID": "x"}]}}
    gone = refused("NoSuchEntity")
    for answer, asked in ((rules, 2), (refused("ReplicationConfigurationNotFoundError"), 0)):
        client = Client(list_buckets=listing("a"), get_bucket_replication=answer, get_role=gone, get_role_policy=gone)
        look(client, bucket("a", replication={"rules": []}), replication_role={**ROLE, "policy": {}})
        assert len([method for method, _ in client.calls if method.startswith("get_role")]) == asked


ROLE = {"name": "replication", "policy_name": "p", "policy": {"Statement": [{}]}}


def test_a_role_is_two_calls():
    role = {"Path": "/", "AssumeRolePolicyDocument": {"Version": "x"}}
    client = Client(list_buckets=listing(), get_role={"Role": role}, get_role_policy={"PolicyDocument": {"a": 1}})
    with ThreadPoolExecutor(2) as pool:
        live = read({"buckets": [], "replication_role": ROLE}, Clients(client, {"eu-west-1"}), "eu-west-1", pool)

    assert live.role == LiveRole("/", {"Version": "x"}, {"a": 1})
    assert len(client.calls) == 3


def test_no_role_is_none_and_no_policy_is_none():
    role = {"Role": {"Path": "/", "AssumeRolePolicyDocument": {}}}
    gone = refused("NoSuchEntity")
    client = Client(list_buckets=listing("a"), get_role=gone, get_role_policy=gone)
    assert look(client, bucket("a"), replication_role=ROLE).role is None

    client = Client(list_buckets=listing("a"), get_role=role, get_role_policy=gone)
    assert look(client, bucket("a"), replication_role=ROLE).role == LiveRole("/", {}, None)


def test_a_role_that_cannot_be_read_is_not_taken_for_none():
    client = Client(
        list_buckets=listing("a"), get_role=refused("AccessDenied"), get_role_policy=refused("AccessDenied")
    )
    live = look(client, bucket("a"), replication_role=ROLE)

    assert live.failed["role replication"].startswith("cannot read the role: not allowed")


def test_what_was_made_moments_ago_is_young():
    now = datetime.datetime.now(datetime.UTC)
    found = [
        {"Name": "new", "BucketRegion": "eu-west-1", "CreationDate": now},
        {"Name": "old", "BucketRegion": "eu-west-1", "CreationDate": now - datetime.timedelta(days=1)},
    ]
    role = {"Role": {"Path": "/", "AssumeRolePolicyDocument": {}, "CreateDate": now}}
    client = Client(list_buckets={"Buckets": found}, get_role=role, get_role_policy=refused("NoSuchEntity"))

    live = look(client, bucket("new"), bucket("old"), replication_role=ROLE)

    assert live.young == {"bucket new", "role replication"}
    assert json.dumps(sorted(live.young))
