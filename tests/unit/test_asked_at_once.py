"""What does not wait for another answer is asked at once: each fake answers when as many ask as may."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from ansible.module_utils.estate.access.read import policies_of_aws
from ansible.module_utils.estate.deletion.read import keys
from ansible.module_utils.estate.monitoring import read as monitoring
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.kinds import BY_OPTION
from ansible.module_utils.estate.monitoring.prove import told
from ansible.module_utils.estate.replication import audit
from ansible.module_utils.estate.replication.pages import Page
from ansible.module_utils.estate.replication.plan import Pair

ACCOUNT, SECONDS = "111111111111", 5
PLACE = Place(ACCOUNT, "eu-west-1", "aws")


class Meeting:
    def __init__(self, number: int) -> None:
        self._barrier = Barrier(number, timeout=SECONDS)

    def answer(self, found):
        def ask(*_, **__):
            self._barrier.wait()
            return found

        return ask


def paged(answer):
    return SimpleNamespace(paginate=lambda **asked: [answer(**asked)])


def test_documents_of_awss_own_policies():
    client = SimpleNamespace(
        get_policy=Meeting(2).answer({"Policy": {"DefaultVersionId": "v1"}}),
        get_policy_version=Meeting(2).answer({"PolicyVersion": {"Document": {"Statement": []}}}),
    )
    asked = {f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "SecurityAudit")}

    assert {*policies_of_aws(client, asked | {f"arn:aws:iam::{ACCOUNT}:policy/own"})} == asked


def test_policies_of_buckets_keys():
    named = [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{name}" for name in "ab"]
    kms = SimpleNamespace(
        describe_key=Meeting(2).answer({"KeyMetadata": {"KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "Arn": "arn"}}),
        get_key_policy=Meeting(2).answer({"Policy": json.dumps({})}),
    )
    buckets = {name: {"kept": {"keys": [name], "replicas": {}}} for name in named}

    found = keys({("kms", "eu-west-1"): kms}, ACCOUNT, buckets)

    assert found == {name: {"arn": "arn", "policy": {}} for name in named}


def test_whom_each_topic_tells():
    answer = Meeting(2).answer({"Subscriptions": []})
    sns = SimpleNamespace(get_paginator=lambda _: paged(answer))

    found = [*told({"sns": sns}, PLACE, [{"name": "alarms"}, {"name": "news"}])]

    assert [(one["subject"], one["why"]) for one in found] == [
        ("topic alarms", "it tells nobody"), ("topic news", "it tells nobody"),
    ]  # fmt: skip


def test_trails_what_keys_are_called_and_then_what_each_trail_does():
    trail = {
        "Name": "estate", "TrailARN": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/estate", "S3BucketName": "logs",
        "IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True, "LogFileValidationEnabled": True,
        "KmsKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
    }  # fmt: skip
    first, then = Meeting(2), Meeting(2)
    aliases = first.answer({"Aliases": [{"AliasName": "alias/trails", "TargetKeyId": "1"}]})
    clients = {
        "kms": SimpleNamespace(get_paginator=lambda _: paged(aliases)),
        "cloudtrail": SimpleNamespace(
            describe_trails=first.answer({"trailList": [trail]}),
            get_trail_status=then.answer({"IsLogging": True}),
            get_event_selectors=then.answer({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}),
        ),
    }
    declared = dict.fromkeys(BY_OPTION) | {"account_id": ACCOUNT, "trails": [{"name": "estate", "key": "trails"}]}

    found = monitoring.read(declared, clients, "eu-west-1", workers=16).things["trails"]["estate"]

    assert (found["key"], found["logging"]) == ("trails", True)
    assert found["management"] == {"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}


EMPTY = b"<ListVersionsResult><EncodingType>url</EncodingType></ListVersionsResult>"


def test_the_first_pages_of_all_replicas(monkeypatch):
    fetch = Meeting(4).answer(Page(EMPTY))
    monkeypatch.setattr(audit, "listers", lambda _clients, _pair: (fetch, fetch))
    monkeypatch.setattr(audit, "judge_of", lambda *_: SimpleNamespace(judged=lambda *_: []))
    pairs = [pair(name) for name in ("documents", "uploads")]

    found, failed = audit.audit({}, pairs, 16)

    assert not failed
    assert [(one["source"], one["verdict"]) for one in found] == [("documents", "proved"), ("uploads", "proved")]


def test_one_that_cannot_be_listed_leaves_the_others(monkeypatch):
    def broken(_after):
        raise OSError("the connection broke")

    pages = {"documents": broken, "uploads": lambda _after: Page(EMPTY)}
    monkeypatch.setattr(audit, "listers", lambda _clients, asked: (pages[asked.source], pages["uploads"]))
    monkeypatch.setattr(audit, "judge_of", lambda *_: SimpleNamespace(judged=lambda *_: []))

    found, failed = audit.audit({}, [pair("documents"), pair("uploads")], 16)

    assert [one["source"] for one in found] == ["uploads"]
    assert [*failed] == ["every version of documents in documents-copy"]


def pair(name: str) -> Pair:
    return Pair(name, "eu-west-1", f"{name}-copy", "eu-west-2", "estate-canary.txt")


@pytest.mark.parametrize("more", [("", ""), ("a", "1")])
def test_a_first_page_is_fetched_once_and_others_when_they_are_asked_for(more):
    asked = []
    with ThreadPoolExecutor(1) as pool:
        fetch = audit.ahead(pool, lambda after: asked.append(after) or len(asked))
    assert asked == [("", "")]

    assert fetch(("", "")) == 1
    assert fetch(more) == 2
    assert asked == [("", ""), more]
