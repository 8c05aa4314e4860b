"""What a run's modules share, each in a process of its own: sessions in memory, and connections."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from ansible.module_utils.estate import transport
from ansible.module_utils.estate.kept import Memory, Sessions, memory
from ansible.module_utils.estate.session import session
from botocore.exceptions import SSLError


def forked(function) -> None:
    if not (child := os.fork()):
        function()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_what_one_process_keeps_the_others_find_and_no_disk_holds():
    kept = Memory()
    forked(lambda: kept.put("a", {"at": datetime(2030, 1, 1, tzinfo=UTC)}))
    forked(lambda: kept.put("b", "x" * 100_000))
    forked(lambda: kept.put("b", "y"))

    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ({"at": datetime(2030, 1, 1, tzinfo=UTC)}, "y", None)
    assert os.readlink(f"/proc/self/fd/{kept.file}").startswith("/memfd:")
    assert not os.get_inheritable(kept.file), "a program that is run from here must not have it"


def test_what_one_process_is_finding_out_the_others_wait_for_until_it_is_gone():
    kept = Memory()
    read, write = os.pipe()

    def holds() -> None:
        with kept.alone("role"):
            os.write(write, b".")
            time.sleep(0.3)
            os._exit(0)  # killed, with the lock in its hand

    child = os.fork()
    if not child:
        holds()
    os.read(read, 1)
    began = time.monotonic()
    with kept.alone("another role"):
        assert time.monotonic() - began < 0.25
    with kept.alone("role"):
        assert time.monotonic() - began > 0.2
    os.waitpid(child, 0)


@pytest.fixture
def assumed(monkeypatch, tmp_path):
    """Assume the profile's role anew, as a module does; tells how often STS was asked."""
    (tmp_path / "config").write_text(
        "[profile a]\nrole_arn = arn:aws:iam::333333333333:role/r\nsource_profile = s\n"
        "[profile b]\nrole_arn = arn:aws:iam::333333333333:role/r\nsource_profile = s\n"
        "[profile s]\naws_access_key_id = k\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    asked = []

    def assume(profile: str, minutes: int = 60):
        kept = Sessions(profile)
        made = session(kept, profile_name=profile)

        def answer(**_):
            asked.append(profile)
            key = {"AccessKeyId": f"key {len(asked)}", "SecretAccessKey": "s", "SessionToken": "t"}
            ends = datetime.now(UTC) + timedelta(minutes=minutes)
            given = {"Credentials": {**key, "Expiration": ends}, "AssumedRoleUser": {"Arn": "arn:of:r"}}
            return SimpleNamespace(status_code=200, headers={}), {**given, "ResponseMetadata": {}}

        made.events.register("before-call.sts.AssumeRole", answer)
        key = made.get_credentials().get_frozen_credentials().access_key
        return SimpleNamespace(key=key, kept=kept, asked=list(asked))

    return assume


def test_a_role_is_assumed_once_for_a_profile_and_its_files(assumed, monkeypatch, tmp_path):
    first, second, other = assumed("a"), assumed("a"), assumed("b")
    assert (first.key, second.key, other.key) == ("key 1", "key 1", "key 2")
    assert first.kept.told == second.kept.told == "arn:of:r"
    (tmp_path / "other").write_text((tmp_path / "config").read_text())
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "other"))
    assert assumed("a").key == "key 3"


def test_a_session_that_ends_soon_or_that_aws_no_longer_takes_is_not_handed_on(assumed):
    assert [assumed("a", minutes=14).key, assumed("a").key] == ["key 1", "key 2"]
    last = assumed("a")
    last.kept.forget({"Error": {"Code": "AccessDenied"}})
    assert assumed("a").key == "key 2"
    last.kept.forget({"Error": {"Code": "ExpiredToken"}})
    assert assumed("a").key == "key 3"


def test_the_runs_memory_is_one():
    assert memory() is memory()


# --- connections ------------------------------------------------------------------------------------------------------


def test_authorities_are_read_once_and_said_to_be_wrong(tmp_path):
    assert transport.authorities(True) is transport.authorities(True)
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SSLError):
        transport.authorities(str(tmp_path / "ca.pem"))


def test_behind_a_proxy_or_where_anybody_is_trusted_botocore_calls_by_itself(monkeypatch):
    registered = []
    events = SimpleNamespace(register=lambda *what: registered.append(what))
    config = SimpleNamespace(max_pool_connections=3, connect_timeout=5, read_timeout=60)
    transport.share(events, False, config)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    transport.share(events, True, config)
    assert registered == []
    monkeypatch.delenv("HTTPS_PROXY")
    transport.share(events, True, config)
    assert [name for name, _ in registered] == ["before-send"]
