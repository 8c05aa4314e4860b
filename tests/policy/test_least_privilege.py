"""What `infrastructure` may do is what playbooks call, and no other; and nobody but Admins may make himself able.

Calls are those that the embedded AWS recorded of real runs. What is allowed and not called stands here with its reason.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.estate.access.after import powers
from ansible.module_utils.estate.access.read import managed, pages, parse, policies_of_aws
from ansible.module_utils.estate.assets.canaries import asset_canaries
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.evaluate import Evaluator
from ansible.module_utils.estate.review.able import able
from ansible.module_utils.estate.review.read import shape
from asset_routes import asset_routes
from simulator import ALLOWED, Request
from test_access import ACCOUNTS, read
from test_pipeline import asks

from tests.support import permissions_page
from tests.support.assets import KINDS, LEGACY, URLS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
NOW = "2026-11-23T12:00:00+00:00"

# Allowed, and not called by the runs below.
NOT_CALLED = {
    "cloudwatch:PutMetricData": "the Jenkins host's agent, by its role_arn",
    "logs:DescribeLogStreams": "the same",
    "cloudtrail:ListPublicKeys": "validate-trails, whose input only CloudTrail can make",
    "cloudtrail:LookupEvents": "an audit that finds something changed by hand",
    "kms:Decrypt": "asked by S3 of who reads a trail's file",
    "logs:DeleteMetricFilter": "where a filter moves to another log group",
    "logs:DeleteRetentionPolicy": "where a log group is declared to be kept for ever",
    "sns:SetSubscriptionAttributes": "where a confirmed subscription has another filter",
    "sns:SetTopicAttributes": "where a topic's policy is another",
    "sqs:SetQueueAttributes": "the same of a queue",
    "s3:GetObjectTagging": "canaries of a kind that is public by tag, which none is yet",
    "s3:PutObjectTagging": "the same",
    "s3:DeleteObjectVersion": "the canary before, where a new one was written",
    "iam:PassRole": "asked by S3 of who puts a replication configuration",
    "iam:AddUserToGroup": "sync-access, where a list has a new name",
    "iam:CreateUser": "the same",
    "iam:RemoveUserFromGroup": "sync-access, where a list has lost one",
    "sts:AssumeRole": "adding database dumps, which other jobs than ours do",
    "s3:DeleteBucketPolicy": "where a bucket with a policy is declared without one",
    "s3:PutBucketAcl": "the same of ACLs, which are off but where the declaration says otherwise",
    "s3:GetBucketCORS": "a bucket with cors",
    "s3:PutBucketCORS": "the same",
    "s3:GetBucketNotification": "a bucket with notifications",
    "s3:PutBucketOwnershipControls": "a bucket that was made with another ownership",
    **{
        f"s3:{verb}{name}": "a bucket that declares it, which none does yet, or that nobody declares"
        for verb in ("Get", "Put")
        for name in (
            "BucketObjectLockConfiguration",
            "BucketRequestPayment",
            "IntelligentTieringConfiguration",
            "InventoryConfiguration",
            "MetricsConfiguration",
        )
    },
    "s3:PutBucketNotification": "the same",
}


@pytest.fixture(scope="module")
def states(converged_estate: Any) -> dict[str, Any]:
    return {account: read(converged_estate.client("iam", account)) for account in ACCOUNTS}


def allowed(states: dict[str, Any], account: str) -> set[str]:
    documents = [policy["document"] for policy in states[account]["roles"]["infrastructure"]["policies"]]
    statements = [one for document in documents for one in many(document["Statement"]) if one["Effect"] == "Allow"]
    return {action for one in statements for action in many(one["Action"])}


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def called(converged_zones: Any) -> dict[str, set[str]]:
    """Permissions by account that planning, auditing, proving and applying take."""
    found: dict[str, set[str]] = {account: set() for account in ACCOUNTS}
    runs = (
        ("audit_estate.yml", ["--skip-tags", "assets_router"], True),
        ("verify_replication.yml", [], False),
        ("verify_monitoring.yml", [], False),
    )
    for playbook, words, check in runs:
        since = len(converged_zones.calls())
        done = converged_zones.playbook(playbook, *words, check=check)
        assert done.rc == 0, done.output[-3000:]
        converged_zones.made_by[playbook.removesuffix(".yml")] = converged_zones.calls(since)
    for account, permission, _ in asks([*converged_zones.making, *converged_zones.calls()]):
        found[account].add(permission)
    return found


def test_every_allowed_call_is_made_or_has_its_reason(states: Any, called: dict[str, set[str]]) -> None:
    everywhere = set().union(*called.values())
    for account in ACCOUNTS:
        unused = {one for one in allowed(states, account) if one not in everywhere | set(NOT_CALLED)}
        assert unused == set(), account
        assert not any("*" in action for action in allowed(states, account)), "a wildcard allows what nobody reads"
    made = {one for one in NOT_CALLED if one in everywhere and not one.startswith("s3:")}
    # an admin's, who makes the estate in the first place; what others' tests left to find is not always there
    assert made <= {"iam:AddUserToGroup", "iam:CreateUser", "cloudtrail:LookupEvents"}, "called: no reason is needed"


@pytest.mark.usefixtures("called")
def test_the_page_says_which_calls_each_playbook_makes(converged_estate: Any) -> None:
    """DM_PERMISSIONS=yes writes it anew."""
    seen = {name: {one for _, one, _ in asks(calls)} for name, calls in converged_estate.made_by.items()}
    if os.environ.get("DM_PERMISSIONS"):
        seen["audit_estate"].add("cloudtrail:LookupEvents")  # where something was changed by hand
        # Where it was proved within the last day.
        seen["verify_monitoring"] |= {"cloudwatch:DescribeAlarms", "logs:DescribeMetricFilters"}
        permissions_page.PAGE.write_text(permissions_page.page(seen), encoding="utf-8")
    said = permissions_page.said(permissions_page.PAGE.read_text(encoding="utf-8"))
    assert said.keys() == seen.keys()
    assert {name: more for name, permissions in seen.items() if (more := permissions - said[name])} == {}
    # What others' tests had made or proved already, the rest need not do again.
    for name in ("converge_access", "converge_monitoring", "converge_buckets", "converge_trails"):
        # A dashboard is read where another host of the account had just made it.
        assert said[name] - seen[name] <= {"cloudwatch:GetDashboard"}


def canaries() -> set[str]:
    """Their keys, of kinds that are public in every way that can be declared."""
    in_part: list[Any] = [
        True,
        {"tag": {"public": "yes"}},
        {"keys": ["fw/communications/data/*", "*/communications/x/*"]},
    ]
    found = set()
    for served in in_part:
        kinds = {**KINDS, "communications": {"served": served, "servable": True}}
        routes = asset_routes(kinds, URLS, "preview", legacy=LEGACY)
        found |= {document["key"] for document in asset_canaries(routes, "preview")["documents"]}
    return found


def test_infrastructure_reads_writes_and_deletes_no_object_but_canaries(simulator: Any, states: Any) -> None:
    """Whatever a bucket's policy says, which it may write itself."""
    generous = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
                "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]}]}  # fmt: skip
    for account, number in ACCOUNTS.items():
        who = f"arn:aws:sts::{number}:assumed-role/infrastructure/jenkins"
        identity = [policy["document"] for policy in states[account]["roles"]["infrastructure"]["policies"]]

        def may(action: str, key: str, who: str = who, number: str = number, identity: list = identity) -> bool:
            arn = f"arn:aws:s3:::digitalmarketplace-submissions-production-production/{key}"
            return simulator.allows(Request(who, action, arn, number, identity, generous))

        for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject",
                       "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):  # fmt: skip
            assert not may(action, "g-cloud-13/submissions/1/secret.pdf"), (account, action)
        assert may("s3:DeleteObjectVersion", "estate-canary.txt"), "the one before is removed"
        assert not may("s3:BypassGovernanceRetention", "estate-canary.txt")
        for action, key in itertools.product(
            ("s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"),
            ("estate-canary.txt", *canaries()),
        ):
            assert may(action, key), (account, action, key)


def test_infrastructure_reads_and_writes_the_lock_of_its_own_account(simulator: Any, states: Any) -> None:
    for account, number in ACCOUNTS.items():
        who = f"arn:aws:sts::{number}:assumed-role/infrastructure/jenkins"
        identity = [policy["document"] for policy in states[account]["roles"]["infrastructure"]["policies"]]
        lock = f"arn:aws:s3:::digitalmarketplace-{account}-locks/preview"
        for action in ("s3:GetObject", "s3:PutObject"):
            assert simulator.allows(Request(who, action, lock, number, identity)), (account, action)


def test_who_adds_dumps_cannot_replace_read_or_delete_one(simulator: Any, states: Any) -> None:
    identity = [policy["document"] for policy in states["backups"]["roles"]["dump_writer"]["policies"]]
    who = f"arn:aws:sts::{ACCOUNTS['backups']}:assumed-role/dump_writer/nightly"
    dump = "arn:aws:s3:::digitalmarketplace-database-backups/production-202611230300.sql.gz.gpg"

    def may(action: str) -> bool:
        return simulator.allows(Request(who, action, dump, ACCOUNTS["backups"], identity))

    others = ("s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl")
    assert not any(map(may, others))
    assert '"s3:if-none-match": "true"' in json.dumps(identity), "the simulator does not know this key"


def test_who_looks_at_dumps_cannot_write_or_delete_one(simulator: Any, states: Any) -> None:
    identity = [policy["document"] for policy in states["backups"]["roles"]["dump_checker"]["policies"]]
    who = f"arn:aws:sts::{ACCOUNTS['backups']}:assumed-role/dump_checker/jenkins"
    dump = "arn:aws:s3:::digitalmarketplace-database-backups/production-202611230300.sql.gz.gpg"

    def may(action: str, arn: str = dump) -> bool:
        return simulator.allows(Request(who, action, arn, ACCOUNTS["backups"], identity))

    taken = {"s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObjectTagging"}
    assert {action for one in identity for part in many(one["Statement"]) for action in many(part["Action"])} == taken
    others = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention")
    assert not any(map(may, others))
    assert not may("s3:PutLifecycleConfiguration", dump.partition("/")[0])


def test_jenkins_holds_one_permission(states: Any) -> None:
    (only,) = states["main"]["roles"]["jenkins"]["policies"]
    (statement,) = many(only["document"]["Statement"])

    assert (statement["Action"], only["name"]) == ("sts:AssumeRole", "assume-roles")
    assert set(statement["Resource"]) == {f"arn:aws:iam::{one}:role/infrastructure" for one in ACCOUNTS.values()}


def lives(aws: Any) -> dict[str, dict[str, Any]]:
    found = {}
    for account, number in ACCOUNTS.items():
        client = aws.client("iam", account)
        live = parse(pages(client.get_account_authorization_details))
        found[account] = {"account_id": number, **shape(live, policies_of_aws(client, managed(live)))}
    return found


ADMINS = {"main:admins", "development:admins", "production:admins", "backups:admins"}
ENTRY = {f"{account}:OrganizationAccountAccessRole" for account in ACCOUNTS}
BOOTSTRAP = {"main:bootstrap"}  # the embedded AWS's way in


def test_nobody_but_admins_may_make_himself_able_by_our_evaluator(converged_estate: Any) -> None:
    """May write X's policy or trust, hand X on, or make X's keys ⇒ is X; joins are of groups that are not protected."""
    estate = Estate(lives(converged_estate))
    administrators, ways = able(estate, Evaluator(NOW))

    members = {f"main:{user}" for user in estate.by_id[ACCOUNTS["main"]].members["Admins"]}
    assert {one.who.role for one in administrators} - ENTRY - BOOTSTRAP == ADMINS | members
    own = {one.who.role: {(way.action, way.target) for way in ways if way.who is one.who} for one in ways}
    memberships = own.pop("main:infrastructure", set())
    # It takes nobody out of a group that denies, as everybody's does.
    assert {action for action, _ in memberships} == {"iam:AddUserToGroup"}
    joins = {target for _, target in memberships}
    assert own == {}, "a way up"
    assert "group Admins" not in joins
    for account, live in lives(converged_estate).items():
        state = parse(pages(converged_estate.client("iam", account).get_account_authorization_details))
        of = powers(state, live["policies"], ACCOUNTS[account], NOW)
        assert of.groups == ({"Admins"} if account == "main" else frozenset())


def test_nor_by_the_simulator(simulator: Any, states: Any) -> None:
    """A judge that is not ours: nobody but admins may write anybody's policy, trust, keys or password."""
    writes = {
        "role": (
            "UpdateAssumeRolePolicy",
            "PutRolePolicy",
            "AttachRolePolicy",
            "DeleteRolePermissionsBoundary",
            "DetachRolePolicy",
            "DeleteRolePolicy",
        ),
        "user": (
            "CreateAccessKey",
            "CreateLoginProfile",
            "UpdateLoginProfile",
            "PutUserPolicy",
            "AttachUserPolicy",
            "DetachUserPolicy",
            "DeleteUserPolicy",
            "DeleteUserPermissionsBoundary",
        ),
        "group": ("PutGroupPolicy", "AttachGroupPolicy", "DetachGroupPolicy", "DeleteGroupPolicy"),
        "policy": ("CreatePolicyVersion", "SetDefaultPolicyVersion"),
    }
    names = {"role": ["infrastructure", "replication", "admins", "jenkins"], "user": ["zed.example"],
             "group": ["Admins", "Developers", "Everyone"], "policy": ["ConvergeBuckets", "MainWithMfa"]}  # fmt: skip
    asked, requests = [], []
    for account, number in ACCOUNTS.items():
        holders = {f"role/{name}": one["policies"] for name, one in states[account]["roles"].items()}
        holders |= {f"group/{name}": one["policies"] for name, one in states[account]["groups"].items()}
        for holder, policies in holders.items():
            kind, name = holder.split("/")
            if (kind, name) in {("role", "admins"), ("group", "Admins")} or name == "OrganizationAccountAccessRole":
                continue
            who = (f"arn:aws:sts::{number}:assumed-role/{name}/x" if kind == "role"
                   else f"arn:aws:iam::{number}:user/{name.lower()}.example")  # fmt: skip
            for what, actions in writes.items():
                for action, target in itertools.product(actions, names[what]):
                    asked.append((account, holder, action, target))
                    arn = f"arn:aws:iam::{number}:{what}/{target}"
                    context = (
                        {"aws:MultiFactorAuthPresent": "true", "aws:SourceIp": "192.0.2.7"} if kind == "group" else {}
                    )
                    requests.append(
                        Request(who, f"iam:{action}", arn, number, [p["document"] for p in policies], context=context)
                    )
    verdicts = zip(asked, simulator.judge(requests), strict=True)
    assert {one for one, verdict in verdicts if verdict == ALLOWED} == set()


def test_nor_by_principalmapper(converged_estate: Any) -> None:
    """Its graph has an edge for every way from one principal to another that it knows."""
    pytest.importorskip("principalmapper")
    for account in ACCOUNTS:
        alias = "digitalmarketplace" + (f"-{account}" if account != "main" else "")
        done = subprocess.run(
            [sys.executable, "tests/policy/pmapper_graph.py"], cwd=ROOT, capture_output=True, text=True, check=False,
            env=converged_estate.env | {"AWS_PROFILE": alias, "AWS_REGION": "eu-west-1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        found = {(source, to) for source, to, _ in json.loads(done.stdout.splitlines()[-1])}
        able = {"role/admins", "role/OrganizationAccountAccessRole", "user/bootstrap/bootstrap", "user/bootstrap"}
        members = {f"user/{name}" for name in ("ada.example", "bob.example")} if account == "main" else set()
        assert {source for source, to in found if to == "*"} <= able | members, account
        ways = {(source, to) for source, to in found if source not in able | members and to != "*"}
        assert ways == ({("role/jenkins", "role/infrastructure")} if account == "main" else set()), account
