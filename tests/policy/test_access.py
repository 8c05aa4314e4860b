"""Who may assume which role, and when: the policies as the embedded AWS holds them, judged by the simulator.

The table is written down here a second time, from the domain's words, so that the matrix is not its own witness.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
from collections.abc import Iterable
from typing import Any

import parliament
import pytest
from simulator import ALLOWED, DENIED, NOT_ALLOWED, Request

pytestmark = pytest.mark.slow

ACCOUNTS = {
    "main": "111111111111",
    "development": "222222222222",
    "production": "333333333333",
    "backups": "444444444444",
}
REACH = {
    "Admins": {"main:admins", "development:admins", "production:admins", "backups:admins"},
    "Developers": {"development:developers"},
    "ProdDevelopers": {"production:developers"},
    "DevS3Only": set(),
    "DevInfrastructure": {"development:infrastructure"},
    "ProdInfrastructure": {"production:infrastructure"},
    "backups": {"backups:backups"},
    "SecurityAudit": {"development:security_audit", "production:security_audit"},
    "nobody": set(),  # people in no group but everybody's
}
JENKINS = {"main:infrastructure", "development:infrastructure", "production:infrastructure", "backups:infrastructure"}
# The one role that is a way into others: what Jenkins is in main may add database dumps, and look at them.
CHAIN = [("main:infrastructure", "backups:dump_checker"), ("main:infrastructure", "backups:dump_writer")]
ROLES = sorted(
    set().union(*REACH.values()) | JENKINS | {"main:jenkins", "development:replication"} | {to for _, to in CHAIN}
)
OFFICE = {"in the office": "192.0.2.7", "elsewhere": "198.51.100.7"}
# Keys alone say nothing of MFA; a console session without a device says no.
MFA = {"MFA": "true", "no MFA": "false", "keys alone": None}
PERSON = "ada.example"
# Where there is no role, or nothing is left of its trust: to the simulator, no trust is one that is not asked.
TRUSTS_NOBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}],
}

State = dict[str, dict[str, dict[str, Any]]]  # account -> "groups", "roles" -> name -> {"policies": [...], "trust": …}


@pytest.fixture(scope="module")
def applied(converged_access: Any) -> State:
    """Every group and role with the documents of all its policies, read back with plain boto3."""
    return {account: read(converged_access.client("iam", account)) for account in ACCOUNTS}


def read(iam: Any) -> dict[str, dict[str, Any]]:
    details: dict[str, list[dict]] = {"GroupDetailList": [], "RoleDetailList": []}
    for page in iam.get_paginator("get_account_authorization_details").paginate(Filter=["Group", "Role"]):
        for kind, found in details.items():
            found += page[kind]

    def managed(arn: str) -> dict[str, Any]:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return {"name": arn.rsplit("/", 1)[1], "document": document}

    def held(detail: dict, inline: str) -> list[dict[str, Any]]:
        own = [{"name": p["PolicyName"], "document": p["PolicyDocument"]} for p in detail[inline]]
        return own + [managed(policy["PolicyArn"]) for policy in detail["AttachedManagedPolicies"]]

    return {
        "groups": {d["GroupName"]: {"policies": held(d, "GroupPolicyList")} for d in details["GroupDetailList"]},
        "roles": {
            d["RoleName"]: {"policies": held(d, "RolePolicyList"), "trust": d["AssumeRolePolicyDocument"]}
            for d in details["RoleDetailList"]
        },
    }


def documents(state: State, groups: Iterable[str]) -> list[dict]:
    return [policy["document"] for name in groups for policy in state["main"]["groups"][name]["policies"]]


def context(mfa: str, place: str) -> dict[str, str]:
    present = MFA[mfa]
    return {"aws:SourceIp": OFFICE[place]} | ({"aws:MultiFactorAuthPresent": present} if present else {})


def assume(state: State, principal: str, identity: list[dict], role: str, **keys: str) -> Request:
    account, name = role.split(":")
    trust = state[account]["roles"].get(name, {}).get("trust", TRUSTS_NOBODY)
    arn = f"arn:aws:iam::{ACCOUNTS[account]}:role/{name}"
    return Request(principal, "sts:AssumeRole", arn, ACCOUNTS[account], identity, trust, context=keys)


Row = tuple[str, str, str, str]  # group, role, MFA, place


def rows(groups: Iterable[str] = REACH, roles: Iterable[str] = ROLES) -> list[Row]:
    return list(itertools.product(groups, roles, MFA, OFFICE))


def people(simulator: Any, state: State, asked: list[Row]) -> dict[Row, bool]:
    """What the policies say of somebody who is in one group, and in everybody's."""
    person = f"arn:aws:iam::{ACCOUNTS['main']}:user/{PERSON}"
    requests = []
    for group, role, mfa, place in asked:
        identity = documents(state, ["Everyone", group] if group != "nobody" else ["Everyone"])
        requests.append(assume(state, person, identity, role, **context(mfa, place)))
    return {row: verdict == ALLOWED for row, verdict in zip(asked, simulator.judge(requests), strict=True)}


def expected(asked: list[Row]) -> dict[Row, bool]:
    return {
        (group, role, mfa, place): role in REACH[group] and mfa == "MFA" and place == "in the office"
        for group, role, mfa, place in asked
    }


def jenkins(simulator: Any, state: State) -> set[str]:
    """Which roles the instance reaches, from wherever AWS put it, without MFA."""
    identity = [policy["document"] for policy in state["main"]["roles"]["jenkins"]["policies"]]
    principal = f"arn:aws:sts::{ACCOUNTS['main']}:assumed-role/jenkins/i-00000000000000000"
    keys = {"aws:SourceIp": OFFICE["elsewhere"]}
    requests = [assume(state, principal, identity, role, **keys) for role in ROLES]
    return {r for r, verdict in zip(ROLES, simulator.judge(requests), strict=True) if verdict == ALLOWED}


def test_each_group_reaches_its_roles_with_mfa_from_the_office_and_nothing_else(simulator: Any, applied: State) -> None:
    assert set(REACH) - {"nobody"} == set(applied["main"]["groups"]) - {"Everyone"}
    asked = rows()

    assert people(simulator, applied, asked) == expected(asked)


def test_jenkins_reaches_infrastructure_of_every_account_and_nothing_else(simulator: Any, applied: State) -> None:
    assert jenkins(simulator, applied) == JENKINS


def test_no_role_is_a_way_into_another(simulator: Any, applied: State) -> None:
    """Sessions of a role carry no MFA of their own."""
    sessions, requests = [], []
    for role in set(ROLES) - {"main:jenkins"}:
        account, name = role.split(":")
        if name not in applied[account]["roles"]:
            continue
        identity = [policy["document"] for policy in applied[account]["roles"][name]["policies"]]
        principal = f"arn:aws:sts::{ACCOUNTS[account]}:assumed-role/{name}/{PERSON}"
        for other in ROLES:
            sessions.append((role, other))
            requests.append(assume(applied, principal, identity, other))

    verdicts = zip(sessions, simulator.judge(requests), strict=True)
    assert [pair for pair, verdict in verdicts if verdict == ALLOWED] == CHAIN


GRANTS = [(group, role) for group, roles in REACH.items() for role in sorted(roles)]


def without_grant(state: State, kind: str, holder: str, role: str) -> State:
    account, name = role.split(":")
    less = copy.deepcopy(state)
    for policy in less["main"][kind][holder]["policies"]:
        for statement in policy["document"]["Statement"]:
            if statement.get("Action") == "sts:AssumeRole":
                named = statement["Resource"]
                left = [named] if isinstance(named, str) else named
                left.remove(f"arn:aws:iam::{ACCOUNTS[account]}:role/{name}")
                statement["Resource"] = left
        statements = policy["document"]["Statement"]
        policy["document"]["Statement"] = [s for s in statements if s["Resource"]]
    return without_empty(less)


def without_empty(state: State) -> State:
    for account in state.values():
        for holder in [*account["groups"].values(), *account["roles"].values()]:
            holder["policies"] = [policy for policy in holder["policies"] if policy["document"]["Statement"]]
    return state


def without_trust(state: State, role: str, sid: str) -> State:
    account, name = role.split(":")
    less = copy.deepcopy(state)
    trust = less[account]["roles"][name]["trust"]
    kept = [statement for statement in trust["Statement"] if statement["Sid"] != sid]
    assert kept != trust["Statement"]
    if kept:
        trust["Statement"] = kept
    else:
        del less[account]["roles"][name]["trust"]
    return less


@pytest.mark.parametrize(("group", "role"), GRANTS, ids="->".join)
def test_the_table_fails_without_either_side_of_a_grant(simulator: Any, applied: State, group: str, role: str) -> None:
    asked = rows([group], [role])
    nobody = dict.fromkeys(asked, False)

    assert people(simulator, applied, asked) == expected(asked) != nobody
    assert people(simulator, without_grant(applied, "groups", group, role), asked) == nobody
    assert people(simulator, without_trust(applied, role, "People"), asked) == nobody


@pytest.mark.parametrize("role", sorted(JENKINS))
def test_jenkins_fails_without_either_side_of_a_grant(simulator: Any, applied: State, role: str) -> None:
    # In its own account a role's trust that names a role is enough.
    needs_both = set() if role.startswith("main:") else {role}
    assert jenkins(simulator, without_grant(applied, "roles", "jenkins", role)) == JENKINS - needs_both
    assert jenkins(simulator, without_trust(applied, role, "Roles")) == JENKINS - {role}


@pytest.mark.parametrize(("group", "role"), GRANTS, ids="->".join)
def test_the_table_fails_without_a_condition(simulator: Any, applied: State, group: str, role: str) -> None:
    asked = rows([group], [role])
    anywhere, without_mfa = copy.deepcopy(applied), copy.deepcopy(applied)
    everyone = anywhere["main"]["groups"]["Everyone"]
    everyone["policies"] = [policy for policy in everyone["policies"] if policy["name"] != "OfficeOnly"]
    account, name = role.split(":")
    for statement in without_mfa[account]["roles"][name]["trust"]["Statement"]:
        statement.pop("Condition", None)

    assert people(simulator, anywhere, asked) == {row: row[2] == "MFA" for row in asked} != expected(asked)
    assert people(simulator, without_mfa, asked) == {row: row[3] == "in the office" for row in asked}


def act(
    applied: State, groups: list[str], action: str, resource: str, mfa: str, place: str = "in the office"
) -> Request:
    owner = resource.split(":")[4] or ACCOUNTS["main"]
    person = f"arn:aws:iam::{ACCOUNTS['main']}:user/{PERSON}"
    return Request(person, action, resource, owner, documents(applied, groups), context=context(mfa, place))


ONESELF = f"arn:aws:iam::{ACCOUNTS['main']}:user/{PERSON}"
OTHER = f"arn:aws:iam::{ACCOUNTS['main']}:user/bob.example"
DEVICE = f"arn:aws:iam::{ACCOUNTS['main']}:mfa/{PERSON}"
BEFORE_MFA = [
    ("iam:ChangePassword", ONESELF),
    ("iam:CreateVirtualMFADevice", DEVICE),
    ("iam:EnableMFADevice", ONESELF),
    ("iam:ResyncMFADevice", ONESELF),
    ("iam:GetUser", ONESELF),
    ("iam:ListMFADevices", ONESELF),
]
WITH_MFA = [
    ("iam:CreateAccessKey", ONESELF),
    ("iam:DeleteAccessKey", ONESELF),
    ("iam:DeactivateMFADevice", ONESELF),
    ("iam:DeleteVirtualMFADevice", DEVICE),
    ("iam:UpdateLoginProfile", ONESELF),
]


def test_first_sign_in_and_enrolment_need_no_mfa_and_the_rest_does(simulator: Any, applied: State) -> None:
    def verdicts(actions: list[tuple[str, str]], mfa: str, place: str = "in the office") -> set[str]:
        return set(simulator.judge(act(applied, ["Everyone"], *what, mfa, place) for what in actions))

    for mfa in MFA:
        assert verdicts(BEFORE_MFA, mfa) == {ALLOWED}
        assert verdicts(BEFORE_MFA, mfa, "elsewhere") == {DENIED}
        assert verdicts(WITH_MFA, mfa) == ({ALLOWED} if mfa == "MFA" else {NOT_ALLOWED})


def test_nobody_changes_somebody_else(simulator: Any, applied: State) -> None:
    actions = [(action, OTHER) for action, resource in BEFORE_MFA + WITH_MFA if resource == ONESELF]

    assert set(simulator.judge(act(applied, ["Everyone"], *what, "MFA") for what in actions)) == {NOT_ALLOWED}


# What each role is for: a call that its own policies allow.
DOES = {
    "admins": ("s3:DeleteBucket", "arn:aws:s3:::anything"),
    "developers": ("ec2:DescribeInstances", "*"),
    "security_audit": ("iam:ListUsers", "*"),
    "backups": ("s3:GetObject", "arn:aws:s3:::digitalmarketplace-database-backups/dump.sql.gpg"),
    "infrastructure": ("s3:ListAllMyBuckets", "*"),
}
PEOPLES = sorted(set().union(*REACH.values()))


def sessions(simulator: Any, state: State, roles: list[str], **keys: str) -> dict[str, str]:
    """What somebody may who has assumed a role; sessions carry no MFA of their own."""
    requests = []
    for role in roles:
        account, name = role.split(":")
        held = [policy["document"] for policy in state[account]["roles"][name]["policies"]]
        session = f"arn:aws:sts::{ACCOUNTS[account]}:assumed-role/{name}/{PERSON}"
        requests.append(Request(session, *DOES[name], ACCOUNTS[account], held, context=keys))
    return dict(zip(roles, simulator.judge(requests), strict=True))


def test_sessions_of_peoples_roles_end_at_the_offices_door(simulator: Any, applied: State) -> None:
    inside, outside = ({"aws:SourceIp": address} for address in OFFICE.values())
    bound = [role for role in PEOPLES if role not in JENKINS]

    assert sessions(simulator, applied, PEOPLES, **inside) == dict.fromkeys(PEOPLES, ALLOWED)
    assert sessions(simulator, applied, bound, **outside) == dict.fromkeys(bound, DENIED)
    # Jenkins has these too, from elsewhere.
    shared = sorted(JENKINS)
    assert sessions(simulator, applied, shared, **outside) == dict.fromkeys(shared, ALLOWED)


def test_the_office_binds_peoples_roles_and_no_services(applied: State) -> None:
    bound = {
        f"{account}:{name}"
        for account, state in applied.items()
        for name, role in state["roles"].items()
        if "OfficeOnly" in {policy["name"] for policy in role["policies"]}
    }
    assert bound == set(PEOPLES) - JENKINS


def test_what_aws_forwards_for_somebody_comes_from_its_own_addresses(simulator: Any, applied: State) -> None:
    bound = [role for role in PEOPLES if role not in JENKINS]
    aws = {"aws:SourceIp": OFFICE["elsewhere"], "aws:ViaAWSService": "true"}
    assert sessions(simulator, applied, bound, **aws) == dict.fromkeys(bound, ALLOWED)

    own = act(applied, ["Everyone"], "iam:GetUser", ONESELF, "MFA", "elsewhere")
    forwarded = dataclasses.replace(own, context=own.context | {"aws:ViaAWSService": "true"})
    assert simulator.judge([own, forwarded]) == [DENIED, ALLOWED]


def test_admins_may_do_everything_in_main_with_mfa(simulator: Any, applied: State) -> None:
    actions = [("iam:CreateUser", OTHER), ("iam:AttachUserPolicy", OTHER), ("ec2:TerminateInstances",
               f"arn:aws:ec2:eu-west-1:{ACCOUNTS['main']}:instance/i-1")]  # fmt: skip
    for mfa in MFA:
        verdicts = simulator.judge(act(applied, ["Everyone", "Admins"], *what, mfa) for what in actions)
        assert set(verdicts) == ({ALLOWED} if mfa == "MFA" else {NOT_ALLOWED})


def test_the_local_development_buckets_are_open_to_their_group_alone(simulator: Any, applied: State) -> None:
    objects = [f"arn:aws:s3:::digitalmarketplace-{name}/key" for name in ("dev-uploads", "cleaned-db-dumps")]
    for group in REACH:
        groups = ["Everyone", group] if group != "nobody" else ["Everyone"]
        asked = [
            act(applied, groups, action, resource, "keys alone")
            for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
            for resource in objects
        ]
        assert set(simulator.judge(asked)) == ({ALLOWED} if group == "DevS3Only" else {NOT_ALLOWED})
    private = "arn:aws:s3:::digitalmarketplace-submissions-production-production/key"
    assert not simulator.allows(act(applied, ["Everyone", "DevS3Only"], "s3:GetObject", private, "MFA"))


def test_the_policy_linter_finds_nothing(applied: State) -> None:
    def findings(document: dict) -> list[tuple[str, Any]]:
        return [(f.issue, f.detail) for f in parliament.analyze_policy_string(json.dumps(document)).findings]

    own = {
        policy["name"]: policy["document"]
        for state in applied.values()
        for kind in ("groups", "roles")
        for holder in state[kind].values()
        for policy in holder["policies"]
        if policy["name"] in OURS
    }
    assert set(own) == OURS
    broken = json.loads(json.dumps(own["SelfService"]).replace("GetUser", "GetUzer"))
    assert findings(broken), "the linter must see a misspelt action"
    own.pop("MainWithMfa")  # everything is what it says
    # Whoever converges a bucket's policy could give himself its objects: CanariesOnly denies those.
    # Whoever reviews access reads every policy there is.
    known = {("ConvergeBuckets", "RESOURCE_POLICY_PRIVILEGE_ESCALATION"), ("SeeAccess", "RESOURCE_STAR")}
    assert {(name, issue) for name, document in own.items() for issue, _ in findings(document)} == known


OURS = {
    "Membership",
    "assume-roles",
    "MainWithMfa",
    "OfficeOnly",
    "SelfService",
    "LocalDevelopmentBuckets",
    "AddDatabaseBackups",
    "BatchJobs",
    "CanariesOnly",
    "ConvergeBuckets",
    "ConvergeDns",
    "ReadDatabaseBackups",
    "SeeAccess",
    "SeeBuckets",
    "ShipHostLogs",
    "WriteCanaries",
}
