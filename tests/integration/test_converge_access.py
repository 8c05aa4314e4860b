"""The real playbook against the embedded AWS, looked at with plain boto3."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.estate.access.plan import plan
from ansible.module_utils.estate.access.read import Account, pages, parse
from ansible.module_utils.estate.call import call
from ansible.module_utils.estate.plan import carry_out

from local_aws.control import Control

ROOT = Path(__file__).parents[2]
PLAYBOOK = "converge_access.yml"
ACCOUNTS = ("main", "development", "production", "backups")
pytestmark = pytest.mark.slow


def members(aws: Control) -> dict[str, list[str]]:
    iam = aws.client("iam")
    groups = [group["GroupName"] for group in iam.list_groups()["Groups"]]
    return {name: sorted(user["UserName"] for user in iam.get_group(GroupName=name)["Users"]) for name in groups}


@pytest.fixture
def people(tmp_path: Path) -> Any:
    """people(developers=[…]) → the environment of a credentials repo whose lists are the example's but for these."""

    def changed(**lists: Any) -> dict[str, str]:
        repo = tmp_path / "credentials"
        shutil.copytree(ROOT / "credentials.example", repo, dirs_exist_ok=True)
        file = repo / "vars" / "people.yml"
        content = yaml.safe_load((ROOT / "credentials.example/vars/people.yml").read_text()) | lists
        file.write_text(yaml.safe_dump({key: value for key, value in content.items() if value != "missing"}))
        return {"DM_CREDENTIALS_REPO": str(repo)}

    return changed


def test_from_nothing_everything_is_there_and_a_second_run_rests(converged_access: Control) -> None:
    iam = converged_access.client("iam")
    assert members(converged_access)["ProdInfrastructure"] == members(converged_access)["backups"] == ["bob.example"]
    assert len(members(converged_access)["Everyone"]) == 7
    trust = converged_access.client("iam", "production").get_role(RoleName="infrastructure")["Role"]
    assert [s["Sid"] for s in trust["AssumeRolePolicyDocument"]["Statement"]] == ["People", "Roles"]
    profile = iam.get_instance_profile(InstanceProfileName="jenkins")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["jenkins"]
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireNumbers"]) == (12, True)
    converged_access.forget_calls()

    again = converged_access.playbook(PLAYBOOK)

    assert again.rc == 0, again.output
    assert converged_access.writes() == []
    assert again.report["pending"] == 0
    reads = [call["operation"] for call in converged_access.calls() if call["service"] == "iam"]
    sweeps = {"GetAccountAuthorizationDetails", "ListAccountAliases", "GetAccountPasswordPolicy"}
    assert set(reads) == sweeps
    assert len(reads) == len(ACCOUNTS) * len(sweeps)


def test_a_plan_writes_nothing_and_foretells_what_applying_does(
    estate_aws: Control, run_playbook: Any, tmp_path: Path
) -> None:
    planned = run_playbook(PLAYBOOK, "-l", "main-account", check=True)

    assert planned.rc == 0, planned.output
    assert estate_aws.writes() == []
    assert "joins: ada.example gains" in planned.stdout
    assert planned.stdout.index("joins: ada.example") < planned.stdout.index("this means: ada.example, bob"), (
        "first by person"
    )

    applied = run_playbook(PLAYBOOK, "-l", "main-account")

    plan, run = (done.report["plans"]["main-account"]["access"] for done in (planned, applied))
    assert plan["actions"] == run["actions"]
    assert {outcome["status"] for outcome in run["outcomes"]} == {"done"}
    file = tmp_path / "reviewed.json"
    file.write_text(json.dumps({"dm_reviewed": {"main-account": {"access": plan["digest"]}}}))
    reviewed = run_playbook(PLAYBOOK, "-l", "main-account", "-e", f"@{file}", env={"DM_COMPARED": str(file)})
    assert reviewed.rc == 2
    assert "the world has moved since the plan was reviewed" in reviewed.output


@pytest.fixture
def main_account(estate_aws: Control, run_playbook: Any) -> Control:
    done = run_playbook(PLAYBOOK, "-l", "main-account")
    assert done.rc == 0, done.output
    estate_aws.forget_calls()
    return estate_aws


USUAL = "address in 192.0.2.0/24, 203.0.113.0/28"  # MFA is asked for by the role, in an account that is not read here


def test_people_move_and_only_their_memberships_change(main_account: Control, run_playbook: Any, people: Any) -> None:
    before = members(main_account)

    done = run_playbook(
        PLAYBOOK,
        "-l",
        "main-account",
        env=people(
            developers=["cy.example", "dee.example"],
            prod_infrastructure_users=["bob.example", "eve.example"],
            prod_developers=[{"name": "dee.example", "until": "2026-12-03"}],
            security_audit_users=[{"name": "fay.example", "until": "2026-11-01"}],
        ),
        extra_vars={"access_today": "2026-11-23"},
    )

    assert done.rc == 0, done.output
    assert members(main_account) == before | {
        "Developers": ["cy.example", "dee.example"],
        "ProdInfrastructure": ["bob.example", "eve.example"],
        "backups": ["bob.example", "eve.example"],
        "SecurityAudit": [],
    }
    told = done.report["plans"]["main-account"]["access"]
    assert told["effects"] == [
        "moves: eve.example gains production:infrastructure through ProdInfrastructure, "
        "backups:backups through backups and loses development:developers through Developers",
        "leaves: fay.example loses development:security_audit and production:security_audit through SecurityAudit",
        f"eve.example gains backups:backups through group backups (assume-roles), if {USUAL}",
        f"eve.example gains production:infrastructure through group ProdInfrastructure (assume-roles), if {USUAL}",
        # from the day on that its membership ends
        f"dee.example loses production:developers through group ProdDevelopers (assume-roles), if {USUAL}",
        f"eve.example loses development:developers through group Developers (assume-roles), if {USUAL}",
        "fay.example loses development:security_audit, production:security_audit through group SecurityAudit "
        f"(assume-roles), if {USUAL}",
    ]
    assert told["grants"]
    assert "note: dee.example is in ProdDevelopers until 2026-12-03" in done.output
    assert (
        "note: fay.example was in SecurityAudit until 2026-11-01; take the name out of security_audit_users"
        in done.output
    )
    # the last days stand in the policy of everybody's group, too
    assert {c["operation"] for c in main_account.writes() if c["service"] == "iam"} == {
        "AddUserToGroup",
        "RemoveUserFromGroup",
        "PutGroupPolicy",
    }


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        ({"developers": "missing"}, "the list developers is missing; an empty one is written developers: []"),
        ({"developers": ["cy.exmaple"]}, "'cy.exmaple' is not among the users; did you mean cy.example?"),
        ({"admins": ["gus.example"]}, "the last of the present members of protected group Admins would go"),
        (
            {"developers": [], "dev_infrastructure_users": [], "prod_developers": []},
            "6 of 12 memberships would go, and 5 at most may: check vars/people.yml of the credentials repo, "
            "or allow it for this run with -e access_removals_allowed=6",
        ),
    ],
)
def test_what_cannot_be_meant_stops_before_the_first_write(
    converged_access: Control, people: Any, lists: dict, why: str
) -> None:
    converged_access.forget_calls()

    done = converged_access.playbook(PLAYBOOK, "-l", "main-account", env=people(**lists))

    assert done.rc == 2
    assert " ".join(done.stderr.split()).count(why) == 1, done.stderr
    assert "Traceback" not in done.output
    assert converged_access.writes() == []


def test_people_that_cannot_be_decrypted_stop_the_run(converged_access: Control, people: Any) -> None:
    env = people()
    (Path(env["DM_CREDENTIALS_REPO"]) / "vars/people.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n3131\n")
    converged_access.forget_calls()

    done = converged_access.playbook(PLAYBOOK, "-l", "main-account", env=env)

    assert done.rc == 2
    assert "people.yml cannot be decrypted" in done.output
    assert [call for call in converged_access.calls() if call["service"] == "iam"] == []


def test_what_is_not_declared_is_reported_and_left_alone(main_account: Control, run_playbook: Any) -> None:
    iam = main_account.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
             "Action": "sts:AssumeRole"}]}  # fmt: skip
    iam.create_user(UserName="zed.example")
    iam.create_group(GroupName="Old")
    iam.add_user_to_group(GroupName="Old", UserName="zed.example")
    iam.add_user_to_group(GroupName="Developers", UserName="zed.example")
    for role in ("old", "replication"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=role, PolicyName="replication-preview", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
        ))  # fmt: skip
    main_account.forget_calls()

    done = run_playbook(PLAYBOOK, "-l", "main-account")

    assert done.rc == 0, done.output
    found = {one["resource"] for one in done.report["plans"]["main-account"]["access"]["unmanaged"]}
    # nothing is replicated in main, so that no declaration accounts for the role there
    assert found >= {"user zed.example", "group Old", "role old", "role replication"}
    assert members(main_account)["Old"] == ["zed.example"]
    assert "zed.example" not in members(main_account)["Developers"]
    writes = [call["operation"] for call in main_account.writes() if call["service"] == "iam"]  # but for the lock's
    assert writes == ["RemoveUserFromGroup"]


def declared(name: str) -> dict[str, Any]:
    """A variable of access.yml as it stands in the file, with its templates."""
    return yaml.safe_load((ROOT / "inventories/common/group_vars/all/access.yml").read_text())[name]


def test_a_role_of_main_that_trusts_a_role_of_another_account_is_made_in_one_run(
    run_playbook: Any,
) -> None:
    roles = declared("access_roles")
    roles["auditor"] = {"main": {"policies": ["arn:aws:iam::aws:policy/SecurityAudit"]}}
    roles["security_audit"]["development"]["assume"] = {"main": ["auditor"]}

    done = run_playbook(PLAYBOOK, extra_vars={"access_roles": roles})

    assert done.rc == 0, done.output[-3000:]
    again = run_playbook(PLAYBOOK, check=True, extra_vars={"access_roles": roles})
    assert again.report["pending"] == 0


def test_what_is_pasted_as_a_plan_says_gives_an_empty_plan(
    main_account: Control, run_playbook: Any, people: Any
) -> None:
    iam = main_account.client("iam")
    reads = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
             "Action": ["sts:AssumeRole"]}}  # fmt: skip
    arn = iam.create_policy(PolicyName="on", Path="/old/", PolicyDocument=json.dumps(reads))["Policy"]["Arn"]
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=json.dumps(reads))["Policy"]["Arn"]
    for user in ("zed.example", "0123"):
        iam.create_user(UserName=user, Path="/people/")
        iam.add_user_to_group(GroupName="Everyone", UserName=user)
    for group in ("Ops", "USERS"):
        iam.create_group(GroupName=group, Path="/people/")
        iam.add_user_to_group(GroupName=group, UserName="zed.example")
        iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    iam.attach_group_policy(GroupName="Ops", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_group_policy(GroupName="Ops", PolicyName="yes", PolicyDocument=json.dumps(reads))
    iam.create_role(RoleName="old", Path="/old/", AssumeRolePolicyDocument=json.dumps(trust), PermissionsBoundary=bound,
                    MaxSessionDuration=7200, Description="-", Tags=[{"Key": "No", "Value": "1e3"}])  # fmt: skip
    iam.attach_role_policy(RoleName="old", PolicyArn=arn)
    iam.put_role_policy(RoleName="old", PolicyName="on", PolicyDocument=json.dumps(reads))
    iam.create_instance_profile(InstanceProfileName="old")
    iam.add_role_to_instance_profile(InstanceProfileName="old", RoleName="old")
    lists = people()
    done = run_playbook(PLAYBOOK, "-l", "main-account", check=True, env=lists)
    assert done.rc == 0, done.output[-3000:]

    content = yaml.safe_load((ROOT / "credentials.example/vars/people.yml").read_text())
    pasted = {name: declared(name) for name in ("access_groups", "access_roles", "access_policies")}
    for one in done.report["plans"]["main-account"]["access"]["unmanaged"]:
        if one["resource"].split(" ", 1)[1] in ("bootstrap", "OrganizationAccountAccessRole"):
            continue
        for variable, value in yaml.safe_load(one["adopt"]).items():
            if isinstance(value, list):
                content[variable] = [*content.get(variable, []), *value]
            else:
                pasted[variable] |= value
    again = run_playbook(PLAYBOOK, "-l", "main-account", check=True, extra_vars=pasted, env=people(**content))

    assert again.rc == 0, again.output[-3000:]
    assert again.report["plans"]["main-account"]["access"]["actions"] == []
    left = {one["resource"] for one in again.report["plans"]["main-account"]["access"]["unmanaged"]}
    assert left <= {"role bootstrap", "role OrganizationAccountAccessRole", "user bootstrap"}


def test_one_refusal_does_not_stop_the_rest_and_a_second_run_finishes(estate_aws: Control, run_playbook: Any) -> None:
    estate_aws.fail("CreateGroup", matching="GroupName=SecurityAudit", code="AccessDenied", times=100)

    done = run_playbook(PLAYBOOK, "-l", "main-account")

    assert done.rc == 2
    assert "access of main: not all of it is as declared: group SecurityAudit:" in done.output
    assert "Traceback" not in done.output
    assert members(estate_aws)["Admins"] == ["ada.example", "bob.example"]
    outcomes = done.report["plans"]["main-account"]["access"]["outcomes"]
    assert {o["resource"] for o in outcomes if o["status"] == "not tried"} >= {"fay.example in SecurityAudit"}
    estate_aws.heal()

    again = run_playbook(PLAYBOOK, "-l", "main-account")

    assert again.rc == 0, again.output
    assert members(estate_aws)["SecurityAudit"] == ["fay.example"]


SMALL: dict[str, Any] = {
    "account": "main",
    "account_id": "111111111111",
    "users": [{"name": "ada.example"}, {"name": "bob.example"}],
    "policies": [
        {"name": "Office", "document": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}}
    ],
    "roles": [
        {"name": "jenkins", "instance_profile": True, "policies": ["arn:aws:iam::111111111111:policy/Office"],
         "trust": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}}
    ],
    "groups": [{"name": "Devs", "policies": ["arn:aws:iam::111111111111:policy/Office"]}],
    "members": {"Devs": ["ada.example", "bob.example"]},
}  # fmt: skip
IN_PROCESS = """
import runpy
import ansible.module_utils
ansible.module_utils.__path__.append("module_utils")
runpy.run_path("library/dm_access.py", run_name="__main__")
"""


def dm_access(aws: Control, folder: Path, **wanted: Any) -> dict[str, Any]:
    """The module by itself, as a process; what it said."""
    args = folder / "args.json"
    args.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**SMALL, **wanted}}))
    environment = aws.env | {"AWS_PROFILE": "digitalmarketplace", "AWS_REGION": "eu-west-1"}
    done = subprocess.run(
        [sys.executable, "-c", IN_PROCESS, str(args)], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def state(aws: Control) -> dict[str, Any]:
    """Everything in main, without what time and chance put there."""
    details = aws.client("iam").get_account_authorization_details(
        Filter=["User", "Group", "Role", "LocalManagedPolicy"]
    )

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                k: plain(v) for k, v in value.items() if not k.endswith(("Id", "Date", "Metadata")) and k != "Marker"
            }
        return sorted((plain(one) for one in value), key=repr) if isinstance(value, list) else value

    return plain(details)


def converge(aws: Control) -> set[str]:
    """What the module does, in this process and without retries: what became of its actions."""
    client = aws.client("iam")
    holder = {"path": "/", "policies": [], "inline": {}}
    whole: dict[str, Any] = {
        "known_roles": [],
        "ended": {},
        "titles": [],
        "alias": None,
        "password_policy": None,
    } | SMALL
    for plural, more in (
        ("users", {"path": "/"}),
        ("policies", {"path": "/"}),
        ("roles", holder | {"boundary": "", "max_session": None, "tags": {}}),
        ("groups", holder | {"grants": [], "everyone": False}),
    ):
        whole[plural] = [more | item for item in whole[plural]]
    actions = plan(whole, Account(parse(pages(client.get_account_authorization_details)))).actions

    def calls(action: Any) -> Any:
        return call(action, client, sleep=lambda _: None)

    return {outcome.status for outcome in carry_out(actions, calls, str, workers=1)}


def test_killed_between_any_two_calls_a_second_run_ends_the_same(estate_aws: Control) -> None:
    assert converge(estate_aws) == {"done"}
    smooth, writes = state(estate_aws), len(estate_aws.writes())
    assert writes == 11
    for nth in range(1, writes + 1):
        estate_aws.reset()
        estate_aws.fail(service="iam", writes_only=True, nth=nth, kind="die")
        assert "failed" in converge(estate_aws)
        estate_aws.heal()

        assert converge(estate_aws) == {"done"}

        assert state(estate_aws) == smooth
        assert converge(estate_aws) == set()


def test_a_lost_answer_is_no_reason_to_fail(estate_aws: Control, tmp_path: Path) -> None:
    """botocore tries again what was cut off, and finds it done already."""
    assert dm_access(estate_aws, tmp_path)["changed"]
    smooth = state(estate_aws)
    for operation in (
        "CreateUser",
        "CreatePolicy",
        "CreateRole",
        "CreateGroup",
        "AddUserToGroup",
        "CreateInstanceProfile",
    ):
        estate_aws.reset()
        estate_aws.fail(operation, kind="drop_after")

        done = dm_access(estate_aws, tmp_path)

        assert not done.get("failed"), (operation, done["msg"])
        if operation != "CreatePolicy":  # whose second version says what the first did
            assert state(estate_aws) == smooth


def test_throttling_is_waited_out(estate_aws: Control, tmp_path: Path) -> None:
    for operation in ("GetAccountAuthorizationDetails", "CreateUser", "AddUserToGroup"):
        estate_aws.fail(operation, code="Throttling", times=2)

    assert not dm_access(estate_aws, tmp_path).get("failed")


def test_a_read_that_is_refused_changes_nothing(estate_aws: Control, tmp_path: Path) -> None:
    estate_aws.fail("GetAccountAuthorizationDetails", code="AccessDenied", times=100)

    done = dm_access(estate_aws, tmp_path)

    assert "Cannot plan access to account main: not allowed" in done["msg"]
    assert estate_aws.writes() == []


def test_what_was_allowed_for_one_run_goes(estate_aws: Control, tmp_path: Path) -> None:
    dm_access(estate_aws, tmp_path)
    nobody = {"members": {"Devs": []}, "removal_number": 1}

    assert "2 of 2 memberships would go, and 1 at most may" in dm_access(estate_aws, tmp_path, **nobody)["msg"]
    assert not dm_access(estate_aws, tmp_path, **nobody, removals_allowed=2).get("failed")
    assert members(estate_aws) == {"Devs": []}


def test_names_that_iam_would_refuse_never_reach_it(estate_aws: Control, tmp_path: Path) -> None:
    wanted = {"users": [{"name": "ada example"}], "members": {"Devs": ["ada example"]}}

    done = dm_access(estate_aws, tmp_path, **wanted)

    assert "user 'ada example': ' ' at position 4 is not allowed; allowed are a-z A-Z 0-9 +=,.@_-" in done["msg"]
    assert estate_aws.calls() == []
