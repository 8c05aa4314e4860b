"""A starter and a leaver by what docs/people.md says to type, but for whose name it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.support import typed
from tests.support.terminal import at_a_terminal

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
GROUPS = ("Everyone", "Admins", "Developers")
(ONBOARD,) = typed.playbooks("docs/people.md", "onboard_person.yml")
OFFBOARD, DELETE = typed.playbooks("docs/people.md", "offboard_person.yml")
PEOPLE = yaml.safe_load((ROOT / "credentials.example" / "vars" / "people.yml").read_text())


def as_typed(said: typed.Typed) -> list[str]:
    assert "person=ada.example" in said.options
    return [said.playbook, *(word.replace("ada.example", "zoe.example") for word in said.options)]


@pytest.fixture
def people(tmp_path, estate_aws):
    """Writes the lists, and answers with the environment and variables of a run that reads them."""
    iam = estate_aws.client("iam")
    for group in GROUPS:
        iam.create_group(GroupName=group)
    (tmp_path / "vars").mkdir()

    def write(*developers: str):
        lists = {**PEOPLE, "users": [*PEOPLE["users"], *developers], "developers": [*PEOPLE["developers"], *developers]}
        (tmp_path / "vars" / "people.yml").write_text(yaml.safe_dump(lists))
        return {
            "env": {"DM_CREDENTIALS_REPO": str(tmp_path)},
            "extra_vars": {"person_records": str(tmp_path / "records")},
        }

    return write


def test_a_starter_gets_user_groups_and_a_password_that_only_the_terminal_sees(
    estate_aws, run_playbook, people, tmp_path
):
    unlisted = run_playbook(*as_typed(ONBOARD), **people())
    given = people("zoe.example")
    nowhere = run_playbook(*as_typed(ONBOARD), **given)
    writes_before = [call["operation"] for call in estate_aws.writes() if call["service"] == "iam"]

    rc, seen, said = at_a_terminal(estate_aws, tmp_path, *as_typed(ONBOARD), **given)

    assert unlisted.rc == 2
    assert "zoe.example is not in the list users" in unlisted.stderr
    assert "people.yml" in unlisted.stderr
    assert nowhere.rc == 2
    assert "there is no terminal to show the password on" in nowhere.stderr
    assert "CreateUser" not in writes_before
    assert rc == 0, said[-3000:]
    [password] = re.findall(r"^    (\S{20,})\r?$", seen, re.MULTILINE)
    iam = estate_aws.client("iam")
    assert iam.get_login_profile(UserName="zoe.example")["LoginProfile"]["PasswordResetRequired"]
    groups = iam.list_groups_for_user(UserName="zoe.example")["Groups"]
    assert {group["GroupName"] for group in groups} == {"Everyone", "Developers"}
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"plan.json", "ansible.log", "said.log"} <= {path.name for path in kept}
    assert not [path for path in kept if password in path.read_text()]
    [record] = (tmp_path / "records").glob("*-onboard-zoe.example.json")
    content = json.loads(record.read_text())
    assert (content["status"], content["by"]["arn"]) == ("done", "arn:aws:iam::111111111111:user/bootstrap/bootstrap")
    assert {action["status"] for action in content["actions"]} == {"done"}


def enrol(iam, name: str) -> None:
    """An admin who can sign in: a password, and a device."""
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password="Correct-horse-9")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=name, SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="234567"
    )  # fmt: skip
    iam.add_user_to_group(UserName=name, GroupName="Admins")


def test_a_leaver_is_disabled_and_then_deleted_and_nobody_else_is(estate_aws, run_playbook, people, tmp_path):
    iam = estate_aws.client("iam")
    iam.create_user(UserName="zoe.example")
    iam.create_login_profile(UserName="zoe.example", Password="Correct-horse-9")
    key = iam.create_access_key(UserName="zoe.example")["AccessKey"]["AccessKeyId"]
    for group in GROUPS:
        iam.add_user_to_group(UserName="zoe.example", GroupName=group)
    gone = people()

    listed = run_playbook(*as_typed(OFFBOARD), **people("zoe.example"))
    people()
    last = run_playbook(*as_typed(OFFBOARD), **gone)
    for name in ("ada.example", "bob.example"):
        enrol(iam, name)
    too_early = run_playbook(*as_typed(DELETE), **gone)
    planned = run_playbook(*as_typed(OFFBOARD), check=True, **gone)
    untouched = iam.get_login_profile(UserName="zoe.example")
    disabled = run_playbook(*as_typed(OFFBOARD), **gone)
    active = iam.list_access_keys(UserName="zoe.example")["AccessKeyMetadata"][0]["Status"]
    deleted = run_playbook(*as_typed(DELETE), **gone)

    assert "zoe.example is still in developers, users" in listed.stderr
    assert "zoe.example is the last one in Admins" in last.stderr
    assert "zoe.example is not disabled yet" in too_early.stderr
    assert [listed.rc, last.rc, too_early.rc] == [2, 2, 2]
    assert untouched
    assert (planned.rc, disabled.rc, deleted.rc) == (0, 0, 0), disabled.output + deleted.output
    assert active == "Inactive"
    plans = [run.report["plans"]["main-account"]["offboard"] for run in (planned, disabled)]
    assert [[a["method"] for a in plan["actions"]] for plan in plans] == [
        [a["method"] for a in plans[0]["actions"]]
    ] * 2
    moment = re.compile(r"before \S+")
    assert moment.sub("", str(plans[0]["diff"])) == moment.sub("", str(plans[1]["diff"]))
    assert key not in planned.output + disabled.output + json.dumps(plans)
    assert [user["UserName"] for user in iam.list_users()["Users"] if user["UserName"] != "bootstrap"] == [
        "ada.example",
        "bob.example",
    ]
    names = sorted(path.name.split("-", 1)[1] for path in (tmp_path / "records").iterdir())
    assert names == ["delete-zoe.example.json", "offboard-zoe.example.json"]
