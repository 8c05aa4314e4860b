"""Coming and going of one user on the embedded AWS: whole, cut off at every call, and finished by the next run."""

from __future__ import annotations

import itertools
import json

import pytest
from ansible.module_utils.estate.access.read import password_policy
from ansible.module_utils.estate.call import call
from ansible.module_utils.estate.person.password import Shown
from ansible.module_utils.estate.person.plan import REVOKE, delete, disable, ids, onboard, still_open
from ansible.module_utils.estate.person.read import left_devices, read
from ansible.module_utils.estate.plan import carry_out

from local_aws.certificates import make

pytestmark = pytest.mark.slow
ACCOUNT = "111111111111"
BEFORE = "2026-11-23T12:05:00Z"
KINDS = ("answer", "die", "drop_after")
POLICY = {"MinimumPasswordLength": 12, "RequireUppercaseCharacters": True, "RequireLowercaseCharacters": True,
          "RequireNumbers": True, "RequireSymbols": True}  # fmt: skip
CERTIFICATE = ""
ANY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


@pytest.fixture
def iam(estate_aws):
    client = estate_aws.client("iam")
    for group in ("Everyone", "Admins", "Developers"):
        client.create_group(GroupName=group)
    client.create_policy(PolicyName="Small", PolicyDocument=ANY)
    client.update_account_password_policy(**POLICY)
    return client


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch):
    monkeypatch.setattr("ansible.module_utils.estate.person.password.say", lambda *_: None)


@pytest.fixture(scope="module", autouse=True)
def certificate(tmp_path_factory):
    global CERTIFICATE
    CERTIFICATE = make(tmp_path_factory.mktemp("certificate"))[0].read_text()


def furnish(iam, name: str) -> list[str]:
    """A user with one of everything that can hang on a user; the serials of its virtual devices."""
    user = {"UserName": name}
    iam.create_user(**user, Path="/people/")
    for group in ("Everyone", "Admins", "Developers"):
        iam.add_user_to_group(**user, GroupName=group)
    iam.create_login_profile(**user, Password="Correct-horse-9")
    iam.create_access_key(**user)
    second = iam.create_access_key(**user)["AccessKey"]["AccessKeyId"]
    iam.update_access_key(**user, AccessKeyId=second, Status="Inactive")
    iam.upload_signing_certificate(**user, CertificateBody=CERTIFICATE)
    iam.upload_ssh_public_key(**user, SSHPublicKeyBody=f"ssh-rsa AAAA{name}")
    iam.create_service_specific_credential(**user, ServiceName="codecommit.amazonaws.com")
    serials = [
        iam.create_virtual_mfa_device(VirtualMFADeviceName=device)["VirtualMFADevice"]["SerialNumber"]
        for device in (name, f"{name}-phone")
    ]
    for serial in (*serials, f"GAHT{name}"):
        iam.enable_mfa_device(
            **user, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="234567"
        )  # fmt: skip
    iam.put_user_policy(**user, PolicyName="own", PolicyDocument=ANY)
    iam.attach_user_policy(**user, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_user_permissions_boundary(**user, PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/Small")
    return serials


class Run:
    """One run of a step: reads, plans, carries out; what was shown and what became of it."""

    def __init__(self, iam, name: str, step: str, seen: list[str]) -> None:
        live = read(iam, name)
        left = [] if step == "onboard" else left_devices(iam, ACCOUNT, name, seen)
        if step == "onboard":
            actions = onboard(name, "/", ["Everyone", "Developers"], live, ["Everyone"])
        elif step == "disable":
            actions = disable(live, left, ["Everyone"], BEFORE)
        else:
            assert live is None or still_open(live) == [], "a run that was cut off must leave it deletable"
            actions = delete(live, left, ["Everyone"])
        calls = Shown(lambda action: call(action, iam, True, lambda _: None), password_policy(iam), "/dev/tty", name)
        self.actions, self.shown = actions, calls.secrets
        self.outcomes = carry_out(actions, calls, str, 1, ids(live))

    @property
    def failed(self) -> bool:
        return any(outcome.status != "done" for outcome in self.outcomes)


def cut_off_everywhere(aws, iam, step: str, prepare):
    """Fail the step's nth write, for every n, each on a user of its own; yields (name, serials) of each, finished."""
    for n in itertools.count(1):
        name = f"p{n}.{step}.example"
        serials = prepare(name)
        aws.fail(writes_only=True, service="iam", nth=n, kind=KINDS[n % 3], code="AccessDenied")
        try:
            first = Run(iam, name, step, serials)
        finally:
            aws.heal()
        if not first.failed:
            assert n > 3
            return
        second = Run(iam, name, step, serials)
        assert not second.failed, (n, second.outcomes)
        assert Run(iam, name, step, serials).actions == [], "a third run has nothing left to do"
        yield name, first, second


def test_onboarding_cut_off_at_any_call_is_finished_by_the_next(estate_aws, iam):
    for name, first, second in cut_off_everywhere(estate_aws, iam, "onboard", lambda _: []):
        live = read(iam, name)
        assert (live.groups, live.password) == (("Developers", "Everyone"), True)
        assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"]
        assert first.shown or second.shown, "whichever password is in force was seen"


def test_disabling_cut_off_at_any_call_is_finished_by_the_next(estate_aws, iam):
    for name, _, _ in cut_off_everywhere(estate_aws, iam, "disable", lambda name: furnish(iam, name)):
        live = read(iam, name)
        assert still_open(live) == []
        assert (live.groups, live.devices, live.password) == ((), (), False)
        assert {credential.active for credential in live.credentials} == {False}
        assert len(live.credentials) == 5
        assert (live.inline, len(live.attached), bool(live.boundary)) == ((REVOKE, "own"), 1, True)
        statement = iam.get_user_policy(UserName=name, PolicyName=REVOKE)["PolicyDocument"]["Statement"][0]
        assert statement == {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": BEFORE}},
        }
        left = {d["SerialNumber"] for d in iam.list_virtual_mfa_devices()["VirtualMFADevices"]}
        assert not {serial for serial in left if name in serial}


def test_deleting_cut_off_at_any_call_is_finished_by_the_next_without_a_conflict(estate_aws, iam):
    def prepare(name: str) -> list[str]:
        serials = furnish(iam, name)
        assert not Run(iam, name, "disable", serials).failed
        return serials

    for name, first, _ in cut_off_everywhere(estate_aws, iam, "delete", prepare):
        assert read(iam, name) is None
        assert not [outcome.why for outcome in first.outcomes if "DeleteConflict" in outcome.why]


def test_a_user_that_was_never_disabled_is_deleted_whole_all_the_same(iam):
    furnish(iam, "ada.example")
    live = read(iam, "ada.example")
    outcomes = carry_out(delete(live, []), lambda action: call(action, iam), str, 8, ids(live))

    assert {outcome.status for outcome in outcomes} == {"done"}
    assert read(iam, "ada.example") is None


def test_a_key_that_is_active_again_is_disabled_again_and_sessions_end_again(iam):
    furnish(iam, "ada.example")
    Run(iam, "ada.example", "disable", [])
    key = iam.list_access_keys(UserName="ada.example")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.update_access_key(UserName="ada.example", AccessKeyId=key, Status="Active")

    again = Run(iam, "ada.example", "disable", [])

    assert [action.method for action in again.actions] == ["iam.put_user_policy", "iam.update_access_key"]
