"""What one module of a run heard of AWS, the next one need not ask."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.estate import answers
from ansible.module_utils.estate.kept import memory
from ansible.module_utils.estate.session import session
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

ABSENT = b"<Error><Code>NoSuchBucketPolicy</Code><Message>no</Message></Error>"
REFUSED = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
DETAILS = (
    b"<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult><Policies><member><PolicyVersionList>"
    b"<member><Document>%7B%22Statement%22%3A%5B%5D%7D</Document></member></PolicyVersionList></member></Policies>"
    b"</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>"
)


@pytest.fixture(autouse=True)
def one_run(monkeypatch):
    monkeypatch.setattr(answers, "_begun", False)
    answers.begin()


def forget(monkeypatch):
    """As a process that was forked before anything was read."""
    monkeypatch.setattr(memory(), "_known", {})
    monkeypatch.setattr(memory(), "_read", 0)


def client(
    service: str,
    status: int,
    body: bytes,
    whose: tuple[str, ...] = ("main", ""),
    region: str = "eu-west-1",
    **more: Any,
) -> Any:
    """Of a module of its own; sent says what it asked AWS itself."""
    made = session(aws_access_key_id="AKIAINVENTED", aws_secret_access_key="invented", region_name=region)
    sent: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.url)
        return AWSResponse(request.url, status, {}, SimpleNamespace(stream=lambda: io.BytesIO(body)))

    made.events.register("before-send", answer)
    answers.share(made.events, whose)
    found = made.client(service, **more)
    found.sent = sent
    return found


def test_an_answer_is_asked_for_once_whatever_module_asks(monkeypatch):
    first, second = (client("s3", 200, b'{"Version": "2012-10-17"}') for _ in range(2))
    heard = first.get_bucket_policy(Bucket="invented")
    forget(monkeypatch)
    assert second.get_bucket_policy(Bucket="invented") == heard
    assert (len(first.sent), second.sent) == (1, [])
    second.get_bucket_policy(Bucket="another")
    assert len(second.sent) == 1, "another bucket"
    other = client("s3", 200, b"")
    for _ in range(2):
        other.get_bucket_acl(Bucket="invented")
    assert len(other.sent) == 2, "what no two modules ask"


def test_that_something_is_absent_is_an_answer_and_that_it_is_refused_is_none():
    for body, status, code, asked in ((ABSENT, 404, "NoSuchBucketPolicy", 0), (REFUSED, 403, "AccessDenied", 1)):
        first, second = client("s3", status, body), client("s3", status, body)
        for one in (first, second):
            with pytest.raises(ClientError, match=code):
                one.get_bucket_policy(Bucket=f"invented-{status}")
        assert len(second.sent) == asked


def test_another_profile_has_answers_of_its_own():
    client("s3", 200, b"{}").get_bucket_policy(Bucket="invented")
    other = client("s3", 200, b"{}", ("production", ""))
    other.get_bucket_policy(Bucket="invented")
    assert len(other.sent) == 1


def test_another_region_has_answers_of_its_own_also_where_all_are_behind_one_address():
    asked = []
    for region in ("eu-west-1", "us-east-1", "us-east-1"):
        one = client("acm", 200, b"{}", region=region, endpoint_url="https://aws.invented.example")
        one.list_certificates()
        asked.append(len(one.sent))
    assert asked == [1, 1, 0]


def test_what_botocore_reads_out_of_an_answer_is_read_out_of_a_known_one_too():
    first, second = client("iam", 200, DETAILS), client("iam", 200, DETAILS)
    heard = first.get_account_authorization_details()["Policies"]
    assert heard[0]["PolicyVersionList"][0]["Document"] == {"Statement": []}
    assert second.get_account_authorization_details()["Policies"] == heard
    assert second.sent == []


def test_forked_processes_tell_each_other_and_half_an_answer_is_none():
    if os.fork() == 0:
        client("s3", 200, b'{"from": "a child"}').get_bucket_policy(Bucket="invented")
        os._exit(0)
    os.wait()
    mine = client("s3", 200, b"{}")
    assert mine.get_bucket_policy(Bucket="invented")["Policy"] == '{"from": "a child"}'
    os.write(memory().file, b"k" * 16 + (99).to_bytes(8, "big") + b"whoever wrote was killed")
    mine.get_bucket_policy(Bucket="another")
    assert len(mine.sent) == 1


def test_where_nothing_can_be_shared_a_module_knows_what_it_heard_itself(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    memory.cache_clear()
    mine = client("s3", 200, b"{}")
    for _ in range(2):
        mine.get_bucket_policy(Bucket="invented")
    assert len(mine.sent) == 1
    with memory().alone("role"):
        assert memory().file == -1


def test_where_no_run_has_begun_every_module_asks_for_itself(monkeypatch):
    monkeypatch.setattr(answers, "_begun", False)
    first, second = client("s3", 200, b"{}"), client("s3", 200, b"{}")
    for one in (first, second):
        one.get_bucket_policy(Bucket="invented")
    assert (len(first.sent), len(second.sent)) == (1, 1)
