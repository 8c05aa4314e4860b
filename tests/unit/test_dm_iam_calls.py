from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.dm_iam_calls import WAITS, Calls
from ansible.module_utils.dm_plan import Action
from botocore.exceptions import ClientError


class Iam:
    """Answers with these codes, one a call, and then with success."""

    def __init__(self, *codes: str) -> None:
        self.codes, self.calls = list(codes), []

    def __getattr__(self, method: str) -> Any:
        def call(**params: Any) -> None:
            self.calls.append((method, params))
            if self.codes:
                code, _, said = self.codes.pop(0).partition(": ")
                raise ClientError({"Error": {"Code": code, "Message": said}}, method)

        return call


def carried(iam: Iam, method: str, fresh: set[str] = frozenset(), needs: tuple = (), **params: Any) -> list[float]:
    waited: list[float] = []
    action = Action("change", "the thing", f"iam.{method}", params, needs=needs)
    Calls(iam, "111111111111", fresh, waited.append)(action)
    return waited


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("create_user", "EntityAlreadyExists"),
        ("create_group", "EntityAlreadyExists"),
        ("create_instance_profile", "EntityAlreadyExists"),
        ("add_role_to_instance_profile", "LimitExceeded"),
        ("remove_user_from_group", "NoSuchEntity"),
        ("detach_role_policy", "NoSuchEntity"),
        ("delete_group_policy", "NoSuchEntity"),
        ("delete_policy_version", "NoSuchEntity"),
    ],
)
def test_what_is_so_already_is_done(method: str, code: str) -> None:
    iam = Iam(code)

    assert carried(iam, method) == []
    assert len(iam.calls) == 1


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("add_user_to_group", "NoSuchEntity"),
        ("create_account_alias", "EntityAlreadyExists"),  # another account's
        ("create_policy_version", "LimitExceeded"),
        ("put_role_policy", "MalformedPolicyDocument: Syntax errors in policy."),
        ("create_user", "AccessDenied"),
    ],
)
def test_what_is_wrong_fails_at_once(method: str, code: str) -> None:
    iam = Iam(code)

    with pytest.raises(ClientError):
        carried(iam, method)
    assert len(iam.calls) == 1


def test_what_this_plan_made_may_take_a_while_to_be_found() -> None:
    assert carried(Iam("NoSuchEntity", "NoSuchEntity"), "add_user_to_group", {"user ada"}, ("user ada",)) == [0.5, 1.5]
    assert carried(Iam("NoSuchEntity"), "put_role_policy", {"the thing"}) == [0.5]


@pytest.mark.parametrize(
    "code",
    [
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        'MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:role/jenkins"',
    ],
)
def test_what_passes_by_itself_is_waited_for_but_not_for_ever(code: str) -> None:
    assert carried(Iam(code, code, code), "update_assume_role_policy") == [0.5, 1.5, 4.0]
    endless = Iam(*[code] * 20)
    with pytest.raises(ClientError):
        carried(endless, "update_assume_role_policy")
    assert len(endless.calls) == len(WAITS) + 1


def test_a_role_that_came_in_between_is_made_to_trust_whom_it_should() -> None:
    iam = Iam("EntityAlreadyExists")

    carried(iam, "create_role", RoleName="r", Path="/", AssumeRolePolicyDocument="{}")

    assert iam.calls[-1] == ("update_assume_role_policy", {"RoleName": "r", "PolicyDocument": "{}"})


def test_a_policy_that_came_in_between_is_made_to_say_what_it_should() -> None:
    iam = Iam("EntityAlreadyExists")

    carried(iam, "create_policy", PolicyName="p", Path="/x/", PolicyDocument="{}")

    assert iam.calls[-1] == (
        "create_policy_version",
        {"PolicyArn": "arn:aws:iam::111111111111:policy/x/p", "PolicyDocument": "{}", "SetAsDefault": True},
    )
