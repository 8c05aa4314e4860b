from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.estate.call import LONG, Clients, call, whole
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action
from botocore.exceptions import ClientError, ResponseStreamingError


class Iam:
    """Answers with these codes, one a call, and then with what is there."""

    def __init__(self, *codes: str, **there: Any) -> None:
        self.codes, self.there, self.calls = list(codes), there, []

    def __getattr__(self, method: str) -> Any:
        def answer(**params: Any) -> Any:
            self.calls.append((method, params))
            if self.codes:
                code, _, said = self.codes.pop(0).partition(": ")
                raise ClientError({"Error": {"Code": code, "Message": said}}, method)
            return self.there.get(method)

        return answer

    def get_paginator(self, method: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: [self.there[method]])


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda *_: 1.0)


def carried(iam: Iam, method: str, fresh: bool = False, **params: Any) -> list[float]:
    waited: list[float] = []
    call(Action("change", "the thing", f"iam.{method}", params), iam, fresh, waited.append)
    return waited


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("create_user", "EntityAlreadyExists"),
        ("create_group", "EntityAlreadyExists"),
        ("create_instance_profile", "EntityAlreadyExists"),
        ("update_access_key", "NoSuchEntity"),
        ("deactivate_mfa_device", "NoSuchEntity"),
        ("delete_user", "NoSuchEntity"),
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
    assert carried(Iam("NoSuchEntity", "NoSuchEntity"), "add_user_to_group", fresh=True) == [0.5, 1.0]


def test_what_hung_on_a_user_a_moment_ago_may_still_be_seen() -> None:
    assert carried(Iam("DeleteConflict"), "delete_user") == [0.5]


@pytest.mark.parametrize(
    "code",
    [
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        'MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:role/jenkins"',
    ],
)
def test_what_passes_by_itself_is_waited_for_but_not_for_ever(code: str) -> None:
    assert carried(Iam(code, code, code), "update_assume_role_policy") == [0.5, 1.0, 2.0]
    endless = Iam(*[code] * 20)
    with pytest.raises(ClientError):
        carried(endless, "update_assume_role_policy")
    assert len(endless.calls) == len(LONG) + 1


TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}


@pytest.mark.parametrize(("live", "mended"), [({"Statement": []}, True), (TRUST, False)])
def test_a_role_that_came_in_between_is_made_to_trust_whom_it_should(live: dict, mended: bool) -> None:
    iam = Iam("EntityAlreadyExists", get_role={"Role": {"AssumeRolePolicyDocument": live}})

    carried(iam, "create_role", RoleName="r", Path="/", AssumeRolePolicyDocument=json.dumps(TRUST))

    said = ("update_assume_role_policy", {"RoleName": "r", "PolicyDocument": json.dumps(TRUST)})
    assert (said in iam.calls) is mended


def test_a_policy_that_came_in_between_is_made_to_say_what_it_should() -> None:
    arn = "arn:aws:iam::111111111111:policy/x/p"
    iam = Iam("EntityAlreadyExists", list_policies={"Policies": [{"PolicyName": "p", "Arn": arn}]})

    carried(iam, "create_policy", PolicyName="p", Path="/x/", PolicyDocument="{}")

    assert iam.calls[-1] == (
        "create_policy_version",
        {"PolicyArn": arn, "PolicyDocument": "{}", "SetAsDefault": True},
    )


def test_a_profile_that_holds_a_role_holds_the_right_one_or_it_is_refused() -> None:
    params = {"InstanceProfileName": "jenkins", "RoleName": "jenkins"}

    def holding(role: str) -> Iam:
        return Iam("LimitExceeded", get_instance_profile={"InstanceProfile": {"Roles": [{"RoleName": role}]}})

    carried(holding("jenkins"), "add_role_to_instance_profile", **params)
    with pytest.raises(Refusal, match="instance profile jenkins holds the role old, not jenkins"):
        carried(holding("old"), "add_role_to_instance_profile", **params)


def test_half_an_answer_is_none_but_an_answer_to_head_has_no_body() -> None:
    def read(body: Any, promised: str, method: str = "GET") -> None:
        headers = {"content-length": promised} if promised else {}
        whole({"body": body, "headers": headers}, SimpleNamespace(http={"method": method}))

    for fine in ((b"1234", "4"), (b"12", ""), (b"", "4", "HEAD"), (object(), "4")):
        read(*fine)
    with pytest.raises(ResponseStreamingError, match="2 of 4 bytes came"):
        read(b"12", "4")


def test_a_call_whose_answer_broke_off_is_made_again() -> None:
    class Broken(Iam):
        def tag_role(self, **params: Any) -> None:
            self.calls.append(("tag_role", params))
            if len(self.calls) == 1:
                raise ResponseStreamingError(error="2 of 4 bytes came")

    iam = Broken()
    assert carried(iam, "tag_role") == [0.5]
    assert len(iam.calls) == 2


@pytest.mark.parametrize(("said", "used"), [({}, "own.pem"), ({"aws_ca_bundle": "mine.pem"}, "mine.pem")])
def test_a_profiles_own_authority_is_the_one_that_aws_is_asked_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], used: str
) -> None:
    (tmp_path / "config").write_text("[profile there]\nregion = eu-west-1\nca_bundle = own.pem\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    params = {"profile": "there", "validate_certs": True, **said}
    monkeypatch.setattr("ansible.module_utils.estate.call.transport.share", lambda *_: None)

    clients = Clients(SimpleNamespace(params=params, ansible_version="2.21"))

    assert clients["s3"]._endpoint.http_session._verify == used
    assert clients._verify() == used
