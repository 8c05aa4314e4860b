"""Whose credentials a module has: what is wrong with them, and what says so. No AWS."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.module_utils.estate import account

MINE = account.Account("production", "333333333333")


@pytest.mark.parametrize("written", ["33333333333", "missing", "3333333333333", "٣" * 12, "333333333333\n", ""])
def test_an_id_is_twelve_digits(written):
    said = account.mistake(MINE._replace(id=written), {})
    assert said.startswith(f"dm_accounts.production.id is {written!r}; it must be 12 digits in quotes (inventories/")


def test_a_key_beside_a_profile_is_refused():
    assert "AWS_ACCESS_KEY_ID is set" in account.mistake(MINE, {"profile": "p", "access_key": "AKIA"})
    assert not account.mistake(MINE, {"profile": "p"})


@pytest.mark.parametrize(
    ("environment", "profile", "guarded"),
    [
        ({"DM_ACCOUNT": "production", "DM_ACCOUNT_ID": "333333333333", "AWS_PROFILE": "p"}, "p", True),
        ({"DM_ACCOUNT": "production", "DM_ACCOUNT_ID": "333333333333", "AWS_PROFILE": "p"}, None, True),
        ({"DM_ACCOUNT": "production", "DM_ACCOUNT_ID": "333333333333"}, "", True),
        # Sent to another account on purpose, as for a replica or with root's own profile.
        ({"DM_ACCOUNT": "production", "DM_ACCOUNT_ID": "333333333333", "AWS_PROFILE": "p"}, "root", False),
        ({"AWS_PROFILE": "p"}, "p", False),  # a play that is about none
    ],
)
def test_a_module_is_guarded_where_its_play_is_about_an_account(monkeypatch, environment, profile, guarded):
    for name in ("DM_ACCOUNT", "DM_ACCOUNT_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert account.declared({"profile": profile}) == (MINE if guarded else None)


def test_only_the_accounts_own_credentials_are_no_stranger():
    assert not account.stranger(MINE, "arn:aws:sts::333333333333:assumed-role/infrastructure/x", {"profile": "p"})
    said = account.stranger(MINE, "arn:aws-cn:iam::111111111111:user/ada", {"profile": "p"})
    assert said.endswith(
        "of profile p are for 111111111111 (arn:aws-cn:iam::111111111111:user/ada); nothing was changed."
    )


class Session:
    """A session whose credentials are there, are made by a call, or are not there at all."""

    def __init__(self, *answers):
        self.answers, self.handlers = answers, {}
        self.events = SimpleNamespace(register=self.handlers.__setitem__)

    def get_credentials(self):
        return SimpleNamespace(get_frozen_credentials=self.freeze) if self.answers else None

    def freeze(self):
        for call, arn in self.answers:
            self.handlers.get(f"after-call.sts.{call}", lambda **_: None)(
                parsed={"AssumedRoleUser": {"Arn": arn}}, model=None
            )
        return SimpleNamespace(access_key=f"key of {self.answers}")


@pytest.mark.parametrize(
    ("session", "known"),
    [
        (Session(("AssumeRole", "first"), ("AssumeRole", "last")), "last"),  # a role by way of another
        (Session(("AssumeRoleWithWebIdentity", "web")), "web"),
        (Session(("GetSessionToken", "")), "asked"),
        (Session(("AssumeRole", "")), "asked"),
        (Session(), "asked"),
    ],
)
def test_who_assumed_a_role_is_not_asked_who_they_are(session, known):
    assert account.caller(session, lambda: "asked") == known


def test_whose_a_key_is_is_asked_once_in_a_run():
    asked = []
    ask = [lambda: asked.append(1) or "arn:of:one", lambda: asked.append(2) or "arn:of:another"]
    one, another = Session(("GetSessionToken", "one")), Session(("GetSessionToken", "another"))

    assert [account.caller(one, ask[0]), account.caller(one, ask[1])] == ["arn:of:one", "arn:of:one"]
    assert account.caller(another, ask[1]) == "arn:of:another"
    assert asked == [1, 2]


def test_a_kept_session_is_whose_it_was_when_it_was_given():
    kept = SimpleNamespace(told="arn:kept")
    assert account.caller(Session(("GetSessionToken", "x")), lambda: "asked", kept) == "arn:kept"
    assert account.caller(Session(("AssumeRole", "arn:new")), lambda: "asked", kept) == "arn:new"
