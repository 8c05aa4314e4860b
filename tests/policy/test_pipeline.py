"""What Jenkins' jobs call is what its roles may do: the calls of real runs, judged on the policies as applied.

tests/integration/test_jenkins_converges.py runs them as Jenkins; here every call that there ever is to make is judged.
"""

from __future__ import annotations

from typing import Any

import pytest
from simulator import ALLOWED, NOT_ALLOWED, Request
from test_access import ACCOUNTS, read

from local_aws.s3_actions import needed

pytestmark = pytest.mark.slow

# What the instance assumes in every account (roles/jenkins/templates/aws_config.j2).
ROLE = dict.fromkeys(ACCOUNTS, "infrastructure")
STAGES = {"preview": "development", "staging": "production"}
MEMBERSHIP = ("AddUserToGroup", "RemoveUserFromGroup")

Ask = tuple[str, str, str]  # account, permission, resource


@pytest.fixture(scope="module")
def identity(converged_estate: Any) -> dict[str, list[dict]]:
    states = {account: read(converged_estate.client("iam", account)) for account in ACCOUNTS}
    return {
        account: [policy["document"] for policy in states[account]["roles"][role]["policies"]]
        for account, role in ROLE.items()
    }


def asks(calls: list[dict[str, Any]]) -> set[Ask]:
    """The permissions that calls take; sts' own take none, and IAM's reads are of everything."""
    names = {number: account for account, number in ACCOUNTS.items()}
    found: set[Ask] = set()
    for call in calls:
        account = names[call["account"]]
        if call["path"].startswith("/v20180820/configuration/"):  # s3control: of the account, not of a bucket
            found.add((account, "s3:GetAccountPublicAccessBlock", "*"))
        elif call["service"] == "s3":
            bucket, _, key = call["path"].strip("/").partition("/")
            found |= {(account, *one) for one in needed(call["operation"], bucket or "*", key, {})}
        elif call["service"] == "iam":
            found.add((account, f"iam:{call['operation']}", iam_resource(call["operation"], ACCOUNTS[account])))
        elif call["service"] != "sts":
            prefix = {"monitoring": "cloudwatch"}.get(call["service"], call["service"])
            found.add((account, f"{prefix}:{call['operation']}", "*"))
    return found


def iam_resource(operation: str, account: str) -> str:
    """Of roles, only the one that replicates is read or written by itself."""
    of_role = operation.endswith(("Role", "RolePolicy", "RolePolicies")) or "AssumeRole" in operation
    return f"arn:aws:iam::{account}:role/replication" if of_role else "*"


def refused(simulator: Any, identity: dict[str, list[dict]], wanted: set[Ask]) -> set[Ask]:
    requests, order = [], sorted(wanted)
    for account, permission, resource in order:
        who = f"arn:aws:sts::{ACCOUNTS[account]}:assumed-role/{ROLE[account]}/jenkins"
        where = resource if resource != "arn:aws:s3:::*" else "*"
        handed = {"iam:PassedToService": "s3.amazonaws.com"} if permission == "iam:PassRole" else {}
        requests.append(Request(who, permission, where, ACCOUNTS[account], identity[account], context=handed))
    verdicts = simulator.judge(requests)
    return {ask for ask, verdict in zip(order, verdicts, strict=True) if verdict != ALLOWED}


def test_jenkins_may_make_every_call_of_a_plan_and_of_an_audit(simulator, identity, converged_estate):
    since = len(converged_estate.calls())
    done = converged_estate.playbook("audit_estate.yml", "--skip-tags", "assets_router", check=True)
    assert done.rc == 0, done.output[-4000:]
    wanted = asks(converged_estate.calls(since))

    assert {account for account, *_ in wanted} == set(ACCOUNTS)
    assert refused(simulator, identity, wanted) == set()


def test_jenkins_may_make_every_call_that_makes_the_buckets(simulator, identity, run_playbook):
    planned = run_playbook("converge_buckets.yml", check=True)  # of four empty accounts: all that there ever is to make
    assert planned.rc == 0, planned.output[-4000:]
    wanted: set[Ask] = set()
    for host, plans in planned.report["plans"].items():
        account = STAGES.get(host, host.removesuffix("-account"))
        for action in plans["buckets"]["actions"]:
            service, _, method = action["method"].partition(".")
            operation = "".join(word.capitalize() for word in method.split("_"))
            call = {"account": ACCOUNTS[account], "service": service, "operation": operation}
            wanted |= asks([call | {"path": action["params"].get("Bucket", "")}])
            if operation == "PutBucketReplication":
                wanted.add((account, "iam:PassRole", iam_resource("PassRole", ACCOUNTS[account])))

    # The role that replicates is made by admins, and so are the buckets of the dumps.
    by_admins = {ask for ask in wanted if ask[1] in ("iam:CreateRole", "iam:PutRolePolicy")}
    by_admins |= {ask for ask in wanted if ask[0] == "backups" and ask[1] != "iam:PassRole"}
    assert {account for account, *_ in wanted} == set(ACCOUNTS)
    assert (
        by_admins <= refused(simulator, identity, wanted) <= by_admins | {ask for ask in wanted if ask[0] == "backups"}
    )


def test_jenkins_keeps_who_is_in_which_group_but_not_who_is_an_admin(simulator, identity, converged_estate):
    groups = [group["GroupName"] for group in converged_estate.client("iam", "main").list_groups()["Groups"]]

    def may(operation: str, resource: str) -> bool:
        wanted = {("main", f"iam:{operation}", f"arn:aws:iam::{ACCOUNTS['main']}:{resource}")}
        return refused(simulator, identity, wanted) == set()

    # Whoever is taken out of Everyone, whose policies deny, may do more.
    kept = {"AddUserToGroup": {"Admins"}, "RemoveUserFromGroup": {"Admins", "Everyone"}}
    for operation in MEMBERSHIP:
        assert {name for name in groups if may(operation, f"group/{name}")} == set(groups) - kept[operation]
    assert may("CreateUser", "user/new.example")
    # ways round it
    for operation, resource in (
        ("CreateLoginProfile", "user/new.example"),
        ("CreateAccessKey", "user/ada.example"),
        ("AttachUserPolicy", "user/new.example"),
        ("PutUserPolicy", "user/new.example"),
        ("PutGroupPolicy", "group/Developers"),
        ("AttachGroupPolicy", "group/Developers"),
        ("UpdateAssumeRolePolicy", "role/admins"),
        ("PutRolePolicy", "role/jenkins"),
        ("CreatePolicyVersion", "policy/ConvergeBuckets"),
    ):
        assert not may(operation, resource), operation


def test_the_judge_would_see_a_permission_that_is_missing(simulator, identity):
    bucket = "arn:aws:s3:::digitalmarketplace-dev-uploads"
    request = Request(
        f"arn:aws:sts::{ACCOUNTS['development']}:assumed-role/infrastructure/jenkins", "s3:DeleteBucket", bucket,
        ACCOUNTS["development"], identity["development"],
    )  # fmt: skip
    assert simulator.judge([request]) == [NOT_ALLOWED]
