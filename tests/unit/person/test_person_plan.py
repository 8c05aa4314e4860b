from __future__ import annotations

import random

import pytest
from ansible.module_utils.estate.person.guard import letting_in, letting_off
from ansible.module_utils.estate.person.password import password
from ansible.module_utils.estate.person.plan import (
    CALLS,
    DENY_ALL,
    REVOKE,
    Credential,
    Person,
    delete,
    diff,
    disable,
    ids,
    onboard,
    still_open,
)
from ansible.module_utils.estate.plan import Plan, resolve

ME = "arn:aws:iam::111111111111:user/admins/bob.example"
BEFORE = "2026-11-23T12:05:00Z"
PHONE = "arn:aws:iam::111111111111:mfa/ada.example"
FILE = "vars/people.yml"


def ada(**more) -> Person:
    """Somebody with one of everything."""
    whole = Person(
        "ada.example",
        "/",
        ("Admins", "Everyone"),
        True,
        tuple(Credential(kind, f"{kind[:4].upper()}0123456789{place}ABC", True) for place, kind in enumerate(CALLS)),
        (PHONE, "GAHT12345678"),
        ("own",),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess",),
        "arn:aws:iam::111111111111:policy/Small",
    )
    return whole._replace(**more)


def methods(actions) -> list[str]:
    return [action.method.removeprefix("iam.") for action in actions]


def test_disabling_takes_every_way_in_and_nothing_that_cannot_be_given_back() -> None:
    assert sorted(methods(disable(ada(), [], ["Everyone"], BEFORE))) == [
        "deactivate_mfa_device", "deactivate_mfa_device", "delete_login_profile", "delete_virtual_mfa_device",
        "put_user_policy", "remove_user_from_group", "remove_user_from_group", "update_access_key",
        "update_service_specific_credential", "update_signing_certificate", "update_ssh_public_key",
    ]  # fmt: skip


def test_a_device_goes_after_what_it_protects_and_denying_groups_go_last() -> None:
    actions = {action.resource: action for action in reversed(disable(ada(), [], ["Everyone"], BEFORE))}

    assert "console password of ada.example" in actions[f"MFA device {PHONE}"].needs
    assert any(need.startswith("access key") for need in actions[f"MFA device {PHONE}"].needs)
    last = actions["ada.example in Everyone"]
    assert {"ada.example in Admins", f"MFA device {PHONE}"} <= set(last.needs)
    assert actions["sessions of ada.example"].needs == (), "sessions end whatever else fails"


def test_nothing_is_left_to_disable_once_it_is_done() -> None:
    off = ada(groups=(), password=False, devices=(), inline=(REVOKE,))
    off = off._replace(credentials=tuple(c._replace(active=False) for c in off.credentials))

    assert disable(off, [], ["Everyone"], BEFORE) == []
    assert still_open(off) == []
    assert methods(disable(off, [PHONE], [], BEFORE)) == ["put_user_policy", "delete_virtual_mfa_device"]


def test_the_user_is_deleted_after_everything_that_hangs_on_it() -> None:
    actions = delete(ada(inline=("own", REVOKE)), [])
    [last, *_] = [action for action in actions if action.method == "iam.delete_user"]

    assert set(last.needs) == {action.resource for action in actions} - {"user ada.example"}
    assert methods(actions)[-2:] == ["delete_user_policy", "delete_user"]
    assert {"delete_access_key", "delete_signing_certificate", "delete_ssh_public_key", "delete_login_profile",
            "delete_service_specific_credential", "deactivate_mfa_device", "delete_virtual_mfa_device",
            "delete_user_policy", "detach_user_policy", "delete_user_permissions_boundary",
            "remove_user_from_group"} <= set(methods(actions))  # fmt: skip


def test_onboarding_adds_what_is_missing_and_takes_nothing() -> None:
    assert methods(onboard("ada.example", "/", ["Everyone", "Admins"], None, ["Everyone"])) == [
        "create_user", "add_user_to_group", "add_user_to_group", "create_login_profile",
    ]  # fmt: skip
    assert onboard("ada.example", "/", ["Admins"], ada(), ["Everyone"]) == []
    assert methods(onboard("ada.example", "/", ["Admins"], ada(), [], new_password=True)) == ["update_login_profile"]
    half_done = ada()._replace(password=False)
    assert methods(onboard("ada.example", "/", ["Admins"], half_done, [])) == ["create_login_profile"]


@pytest.mark.parametrize("live", [None, ada()], ids=["a starter", "a new password"])
def test_a_first_password_is_to_be_replaced(live: Person | None) -> None:
    last = onboard("ada.example", "/", [], live, [], new_password=True)[-1]

    assert last.params == {"UserName": "ada.example", "PasswordResetRequired": True}


def test_what_everybody_is_denied_holds_before_anything_is_given() -> None:
    actions = {a.resource: a for a in onboard("ada.example", "/", ["Admins", "Everyone"], None, ["Everyone"])}

    assert "ada.example in Everyone" in actions["ada.example in Admins"].needs
    assert "ada.example in Everyone" in actions["console password of ada.example"].needs


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"caller": "arn:aws:iam::111111111111:user/x/ada.example"}, ["is who runs this (user x/ada.example)"]),
        ({"caller": "arn:aws:sts::111111111111:assumed-role/admins/Ada.Example"}, ["is who runs this"]),
        ({"listed": ["users", "admins"]}, ["is still in users, admins of vars/people.yml"]),
        ({"listed": ["users"], "still_listed": True}, []),
        ({"admins": {"Admins": ["ada.example"]}}, ["is the last one in Admins who can sign in"]),
        ({"admins": {"Admins": []}}, ["is the last one in Admins who can sign in"]),
        ({"admins": {"Admins": ["ada.example", "bob.example"]}}, ["bob.example alone would be left in Admins"]),
        ({"admins": {"Admins": ["ada.example", "bob.example"]}, "confirmed": ["Admins"]}, []),
        ({"admins": {"Admins": ["bob.example"]}}, []),  # nobody who could sign in goes
        ({"admins": {"Admins": ["ada.example", "bob.example", "cy.example"]}}, []),
        ({"state": "absent"}, ["is not disabled yet (access key ACCE…0ABC is active; "]),
    ],
)
def test_what_must_not_be_done_is_refused_in_a_sentence(changes: dict, said: list[str]) -> None:
    given = {"name": "ada.example", "state": "disabled", "listed": [], "still_listed": False, "people_file": FILE,
             "confirmed": [], "caller": ME, "admins": {}, **changes}  # fmt: skip

    found = letting_off(given, ada(), given["caller"], given["admins"], [])

    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_a_name_in_other_capitals_is_told_as_it_is() -> None:
    params = {"name": "ADA.example"}

    assert letting_off(params, None, ME, {}, ["cy.example", "ada.example"]) == [
        "there is no user ADA.example; did you mean ada.example?"
    ]
    assert letting_in("ADA.example", ada(), [], []) == [
        "the user is called ada.example, not ADA.example: write it as it is"
    ]
    assert letting_in("ada.example", None, ["Devs"], ["Ops"]) == ["group Devs is not there: converge access first"]


def test_coming_back_ends_what_going_denied() -> None:
    for gone, ends in (
        (ada(inline=(REVOKE,)), "delete_user_policy"),
        (ada(attached=(DENY_ALL,)), "detach_user_policy"),
    ):
        back = onboard("ada.example", "/", ["Admins", "Everyone", "Devs"], gone, ["Everyone"])

        assert methods(back) == ["add_user_to_group", ends]


def test_where_a_policy_of_its_own_has_no_room_everything_is_denied_by_one_of_aws() -> None:
    [first, *_] = disable(ada(room=100), [], [], BEFORE)

    assert (first.method, first.params["PolicyArn"]) == ("iam.attach_user_policy", DENY_ALL)
    assert not still_open(Person("ada.example", "/", (), False, (), (), ("own",), (DENY_ALL,), ""))


def test_sessions_must_have_been_revoked_unless_there_is_nothing_to_begin_one_with() -> None:
    bare = Person("ada.example", "/", (), False, (), (), (), (), "")

    assert still_open(bare) == []
    assert still_open(bare._replace(inline=("own",))) == ["sessions were not revoked"]


def test_neither_plan_nor_diff_holds_a_whole_id_or_a_password() -> None:
    live = ada()
    actions = disable(live, [], [], BEFORE) + onboard("ada.example", "/", [], None, [])
    told = str(Plan("offboard", "main", actions).told()) + str(diff("ada.example", live, [], actions))

    assert not [credential.id for credential in live.credentials if credential.id in told]
    assert "'Password'" not in told
    called = [resolve(action.params, ids(live)) for action in actions]
    assert {one.id for one in live.credentials} <= {value for params in called for value in params.values()}


def test_the_diff_is_what_changes() -> None:
    live = ada(credentials=(Credential("access key", "AKIA0123456789ABCDEF", True, "2026-11-20"),))
    [shown] = diff("ada.example", live, [], disable(live, [], ["Everyone"], BEFORE))

    assert shown["before"]["access key AKIA…CDEF of ada.example"] == "active, last used 2026-11-20"
    assert shown["after"] == {
        "access key AKIA…CDEF of ada.example": "inactive",
        "sessions of ada.example": "revoked",
    }
    assert diff("ada.example", live, [], []) == []


@pytest.mark.parametrize("length", [0, 12, 20, 64, 128])
def test_a_password_satisfies_any_policy_of_iam(length: int) -> None:
    made = {password({"MinimumPasswordLength": length}) for _ in range(50)}

    assert len(made) == 50
    for one in made:
        assert len(one) == max(20, length)
        assert any(c.isupper() for c in one)
        assert any(c.islower() for c in one)
        assert any(c.isdigit() for c in one)
        assert set("!@#%^*_-+=") & set(one)
        assert not set("IOlo01") & set(one)


def test_the_four_classes_stand_anywhere() -> None:
    dice = random.Random(1)
    first = {password({}, dice.choice)[0].isupper() for _ in range(40)}

    assert first == {True, False}
