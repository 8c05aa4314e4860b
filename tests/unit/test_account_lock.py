"""One run at a time: by S3's conditional writes, S3's clock, and what a plan was made before."""

from __future__ import annotations

import datetime
import email.utils
import io
from typing import Any

import pytest
from ansible.module_utils.estate import lock as locks
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.lock import Lock, held


class Wrong(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class S3:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.body, self.etag, self.written, self.calls = b"", "", 0.0, []
        self.bucket = True

    def put_object(self, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **_: Any) -> dict[str, str]:
        self.calls.append("put")
        if not self.bucket:
            raise Wrong("NoSuchBucket")
        if (IfNoneMatch and self.etag) or (IfMatch and IfMatch != self.etag):
            raise Wrong("PreconditionFailed")
        self.body, self.etag, self.written = Body, f'"{hash(Body)}"', self.now
        return {"ETag": self.etag}

    def get_object(self, **_: Any) -> dict[str, Any]:
        self.calls.append("get")
        date = email.utils.formatdate(self.now, usegmt=True)
        at = datetime.datetime.fromtimestamp(int(self.written), datetime.UTC)
        headers = {"HTTPHeaders": {"date": date}}
        return {"ETag": self.etag, "LastModified": at, "Body": io.BytesIO(self.body), "ResponseMetadata": headers}


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setattr(locks, "_me", lambda: "ada on laptop (process 1)")
    return S3()


def of(s3: S3, monkeypatch: Any, who: str, planned: float = 0.0) -> Lock:
    """The lock of somebody who began to plan that long ago."""
    monkeypatch.setattr(locks, "_me", lambda: who)
    return Lock(s3, "locks/preview", s3.now - planned, clock=lambda: s3.now)


def test_the_first_has_it_with_one_call_and_another_is_told_who(s3, monkeypatch):
    assert of(s3, monkeypatch, "ada").take()
    assert s3.calls == ["put"]
    with pytest.raises(Refusal, match="ada is changing this"):
        of(s3, monkeypatch, "jenkins").take()


def test_given_back_it_is_for_whoever_plans_from_then_on(s3, monkeypatch):
    ada = of(s3, monkeypatch, "ada")
    ada.take()
    ada.give_back()
    s3.now += 10

    with pytest.raises(Refusal, match="ada has changed this since it was planned"):
        of(s3, monkeypatch, "jenkins", planned=15).take()
    assert of(s3, monkeypatch, "jenkins", planned=5).take()


@pytest.mark.parametrize(("theirs", "refused"), [("this", False), ("another", True), ("", True)])
def test_a_run_that_follows_at_once_is_let_in_where_one_clock_tells_that_it_follows(s3, monkeypatch, theirs, refused):
    monkeypatch.setattr(locks, "_machine", lambda: theirs)
    ada = of(s3, monkeypatch, "ada")
    ada.take()
    s3.now += 0.4
    ada.give_back()
    s3.now += 0.2
    monkeypatch.setattr(locks, "_machine", lambda: theirs and "this")
    follows = of(s3, monkeypatch, "jenkins", planned=0.1)

    if refused:
        with pytest.raises(Refusal, match="ada has changed this since it was planned"):
            follows.take()
    else:
        with pytest.raises(Refusal, match="ada has changed this since it was planned"):
            of(s3, monkeypatch, "jenkins", planned=0.3).take()
        monkeypatch.setattr(locks, "_me", lambda: "jenkins")
        assert follows.take()


def test_a_run_goes_on_after_its_own_earlier_part(s3, monkeypatch):
    ada = of(s3, monkeypatch, "ada", planned=5)
    ada.take()
    ada.give_back()

    assert of(s3, monkeypatch, "ada", planned=5).take()


def test_a_run_that_died_holds_it_for_a_minute(s3, monkeypatch):
    of(s3, monkeypatch, "ada").take()
    s3.now += 59
    with pytest.raises(Refusal, match="died within the last minute"):
        of(s3, monkeypatch, "jenkins").take()
    s3.now += 5
    assert of(s3, monkeypatch, "jenkins").take()


def test_of_two_who_see_it_free_one_has_it(s3, monkeypatch):
    ada, bob = of(s3, monkeypatch, "ada"), of(s3, monkeypatch, "bob")
    ada.take()
    ada.give_back()
    s3.now += 30
    seen = bob._look()
    monkeypatch.setattr(bob, "_look", lambda: seen)
    monkeypatch.setattr(locks, "_me", lambda: "cy")
    assert of(s3, monkeypatch, "cy").take()

    monkeypatch.setattr(locks, "_me", lambda: "bob")
    bob._began = s3.now
    with pytest.raises(Refusal, match="at the same time"):
        bob.take()


def test_without_a_bucket_there_is_no_lock_yet_and_what_else_fails_fails(s3, monkeypatch):
    s3.bucket = False
    assert not of(s3, monkeypatch, "ada").take()

    def denied(**_: Any) -> None:
        raise Wrong("AccessDenied")

    monkeypatch.setattr(s3, "put_object", denied)
    with pytest.raises(Wrong, match="AccessDenied"):
        of(s3, monkeypatch, "ada").take()


def test_it_is_renewed_while_it_is_held_and_a_lost_one_stops_the_next_call(s3, monkeypatch):
    monkeypatch.setenv("DM_LOCK", "locks/preview")
    monkeypatch.setattr(locks, "RENEWED", 0.01)

    class Clients(dict):
        began = 0.0

        def __missing__(self, _: Any) -> S3:
            return s3

    with held(Clients(), lambda action: action) as call:
        assert call("first") == "first"
        while s3.calls.count("put") < 3:
            pass
        s3.etag = '"somebody else"'
        with pytest.raises(Refusal, match="the lock was lost"):
            next(action for action in iter(lambda: call("next"), "") if not action)
    assert s3.etag == '"somebody else"', "what is somebody else's is not given back"


def test_it_is_taken_whatever_a_module_wraps_its_call_in(s3, monkeypatch):
    """Modules hand run() functions of their own; what it locks by is the module's clients."""
    from ansible.module_utils.estate.call import Clients
    from ansible.module_utils.estate.plan import Action, Plan
    from ansible.module_utils.estate.run import run

    class Ended(Exception):
        pass

    class Module:
        check_mode, params = False, {}

        def exit_json(self, **answer):
            raise Ended(answer)

        fail_json = exit_json

    class Fake(Clients):
        began = 0.0

        def __init__(self, module):
            module.estate_clients = self

        def __getitem__(self, _):
            return s3

    monkeypatch.setenv("DM_LOCK", "locks/preview")
    module = Module()
    Fake(module)
    plan = Plan("buckets", "preview", [Action("add", "bucket x", "s3.create_bucket", {})])
    owners = []
    with pytest.raises(Ended):
        run(module, plan, lambda _: owners.append(s3.body))
    assert b'"owner": "ada on laptop' in owners[0], "held while it calls"
    assert b'"owner": ""' in s3.body, "and given back"
    s3.calls.clear()
    with pytest.raises(Ended):
        run(module, Plan("buckets", "preview", []), lambda _: None)
    assert s3.calls == [], "nothing to change takes no lock"
