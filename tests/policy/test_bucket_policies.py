"""Who may do what in every bucket: the policies as the embedded AWS holds them, judged by the simulator."""

from __future__ import annotations

import dataclasses
import itertools
import json

import parliament
import pytest
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.evaluate import Evaluator
from simulator import ALLOWED, DENIED, NOT_ALLOWED, Request
from test_least_privilege import lives

pytestmark = pytest.mark.slow

ACCOUNTS = {
    "main": "111111111111",
    "development": "222222222222",
    "production": "333333333333",
    "backups": "444444444444",
    "stranger": "999999999999",
}
ROLES = ["admins", "developers", "infrastructure", "security_audit", "backups", "jenkins", "replication"]
ACTORS = [f"{account}:{role}" for account in ACCOUNTS for role in ROLES]
ROUTER = "127.0.0.1"  # of every stage on the embedded AWS; a real stage has an address of its own
ACTIONS = {
    "read": ("s3:GetObject", True),
    "write": ("s3:PutObject", True),
    "write acl": ("s3:PutObjectAcl", True),
    "delete": ("s3:DeleteObject", True),
    "list": ("s3:ListBucket", False),
    "list versions": ("s3:ListBucketVersions", False),
    "change the policy": ("s3:PutBucketPolicy", False),
}
LIMITED = ("submissions", "agreements", "database-backups")  # only_listed
STAGES = {"preview": "development", "staging": "production", "production": "production"}


def expected_of_stage(stage: str, kind: str) -> dict[str, set[str]]:
    """The seed's and the domain's words, written down a second time: who may do what by the bucket's policy alone."""
    own = STAGES[stage]
    developers, infrastructure = f"{own}:developers", f"{own}:infrastructure"
    audit = f"{own}:security_audit"
    everyday = {developers, infrastructure}
    may: dict[str, set[str]] = {action: set() for action in ACTIONS}
    if kind in ("documents", "communications", "reports"):
        may |= {"read": everyday, "list": everyday, "write": {infrastructure}}
    if kind in ("submissions", "agreements"):
        may |= {action: {infrastructure} for action in ("read", "write", "list")}
    if kind in ("documents", "communications", "submissions", "agreements"):
        may["list versions"] = {infrastructure}
    if kind == "g7-draft-documents":
        may |= {"read": {infrastructure}, "list": {infrastructure}}
    if kind == "logs":
        may |= {"read": {infrastructure, audit}, "list": {infrastructure, audit}}
    if stage == "preview" and kind in ("documents", "communications"):
        may["write"] = everyday
    if stage == "staging" and kind == "submissions":
        may["list"] = everyday
    may["write acl"] = may["write"]
    return may


def expected() -> dict[str, tuple[str, dict[str, set[str]]]]:
    """Bucket -> (account, who may do what)."""
    kinds = ["documents", "communications", "submissions", "agreements", "reports", "g7-draft-documents", "logs"]
    nobody: dict[str, set[str]] = {action: set() for action in ACTIONS}
    table = {
        f"digitalmarketplace-{kind}-{stage}-{stage}": (STAGES[stage], expected_of_stage(stage, kind))
        for stage, kind in itertools.product(STAGES, kinds)
    }
    for kind in kinds[:4]:
        for account, name in (("development", "preview-preview"), ("production", "production")):
            # What is private is so in its replica, too: its lists are the source's, but for writing.
            infrastructure = {action: {f"{account}:infrastructure"} for action in ("read", "list", "list versions")}
            may = nobody | infrastructure if kind in LIMITED else nobody
            table[f"digitalmarketplace-cross-region-{kind}-{name}"] = (account, may)
    everyone = {f"main:{role}" for role in ROLES}
    shared = nobody | dict.fromkeys(("read", "write", "write acl", "delete", "list"), everyone)
    table["digitalmarketplace-dev-uploads"] = ("development", shared)
    table["digitalmarketplace-cleaned-db-dumps"] = ("development", shared)
    backups = {action: {"backups:backups"} for action in ("read", "list", "list versions")}
    # dump_writer writes only what is not there yet, by a condition that the simulator does not know.
    table["digitalmarketplace-database-backups"] = ("backups", nobody | backups)
    table["digitalmarketplace-cross-region-database-backups"] = ("backups", nobody | backups)
    return table


EXPECTED = expected()


@pytest.fixture(scope="module")
def policies(converged_estate):
    """Bucket -> its policy, read back with plain boto3."""
    return {
        name: json.loads(converged_estate.client("s3", account).get_bucket_policy(Bucket=name)["Policy"])
        for name, (account, _) in EXPECTED.items()
    }


def request(bucket: str, policy: dict, actor: str | None, action: str, key: str = "key", **context: str) -> Request:
    name, on_objects = ACTIONS[action]
    owner = ACCOUNTS[EXPECTED[bucket][0]]
    identity = []
    principal = None
    if actor:
        account, role = actor.split(":")
        principal = f"arn:aws:sts::{ACCOUNTS[account]}:assumed-role/{role}/session"
        # Another account must allow its own role too; let it, so that the bucket's policy alone decides.
        if ACCOUNTS[account] != owner:
            allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            identity = [{"Version": "2012-10-17", "Statement": [allow]}]
    return Request(
        principal,
        name,
        f"arn:aws:s3:::{bucket}{f'/{key}' if on_objects else ''}",
        account=owner,
        identity=identity,
        resource_policy=policy,
        context=context,
        block_public_access=True,
    )


def judge(simulator, policies, cases, **context):
    requests = [request(bucket, policies[bucket], actor, action, **context) for bucket, actor, action in cases]
    return dict(zip(cases, simulator.judge(requests), strict=True))


CASES = list(itertools.product(EXPECTED, ACTORS, ACTIONS))
# Beside the lists: who converges a bucket lists it and changes its policy.
KEEPERS = ("admins", "infrastructure", "OrganizationAccountAccessRole")
KEEP = ("list", "list versions", "change the policy")


def test_exactly_those_listed_may_read_write_and_list(simulator, policies):
    verdicts = judge(simulator, policies, CASES)

    allowed = {case for case, verdict in verdicts.items() if verdict == ALLOWED}
    wanted = {
        (bucket, actor, action)
        for bucket, (_, may) in EXPECTED.items()
        for action, actors in may.items()
        for actor in actors
    }
    assert allowed == wanted


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def listed(bucket: str) -> set[tuple[str, str]]:
    """(role, action) of everybody in a list of the bucket, keepers too."""
    owner, may = EXPECTED[bucket]
    found = {(who, action) for action, them in may.items() for who in them}
    found |= {(f"{owner}:{keeper}", action) for keeper in KEEPERS for action in KEEP}
    if bucket.endswith("database-backups"):
        found |= {("backups:dump_checker", action) for action in ("read", "list")}
    if bucket == "digitalmarketplace-database-backups":
        # who tags is kept from writing by its own policies alone
        found |= {(f"backups:dump_{who}", word) for who in ("writer", "checker") for word in ("write", "write acl")}
    return found


PRIVATE = [bucket for bucket in EXPECTED if any(kind in bucket for kind in LIMITED)]


def test_lists_of_private_buckets_limit_whatever_identity_policies_allow(simulator, policies):
    """By the simulator: roles of the bucket's account whose own policies allow everything, and of others likewise."""
    replicates = {"read", "write", "write acl", "list"}  # by its own policy far less: below
    actors = [
        *ACTORS,
        *(f"{account}:{role}" for account in ACCOUNTS for role in ("dump_writer", "dump_checker", KEEPERS[-1])),
    ]
    for bucket in PRIVATE:
        asked = {
            (who, action): dataclasses.replace(request(bucket, policies[bucket], who, action), identity=[EVERYTHING])
            for who in actors
            for action in ACTIONS
        }
        verdicts = dict(zip(asked, simulator.judge(list(asked.values())), strict=True))
        replication = {(f"{EXPECTED[bucket][0]}:replication", action) for action in replicates}
        assert {one for one, verdict in verdicts.items() if verdict == ALLOWED} == listed(bucket) | replication, bucket


def test_and_jointly_with_everybodys_own_policies_nobody_else_may(converged_estate, policies):
    """By our evaluator: every user and role with what was applied, and each bucket's policy."""
    held = {account: {**live, "buckets": {}} for account, live in lives(converged_estate).items()}
    for name in PRIVATE:
        held[EXPECTED[name][0]]["buckets"][name] = {"policy": policies[name], "restricted": True}
    estate, evaluator = Estate(held), Evaluator("2026-11-26T12:00:00+00:00")
    may = {
        (bucket.name, who.role if who.kind == "role" else who.name, action)
        for bucket in estate.buckets.values()
        for who in estate.who.values()
        for action, (name, on_objects) in ACTIONS.items()
        if evaluator.verdict(
            who.principal, name, f"arn:aws:s3:::{bucket.name}{'/key' if on_objects else ''}", bucket.policy,
            bucket.account.id, trust=False,
        ).ways
    }  # fmt: skip

    # What the role that replicates may is two tests below.
    unlisted = {one for one in may if one[1:] not in listed(one[0])}
    # S3's own jobs read, to work out checksums; nobody else may take their role.
    services = {("replication", "list"), ("batch", "read")}
    assert {one for one in unlisted if (one[1].partition(":")[2], one[2]) not in services} == set()
    # CanariesOnly: what is listed of infrastructure it may not, so that no list is a way round it.
    assert ("digitalmarketplace-database-backups", "backups:backups", "read") in may
    assert ("digitalmarketplace-submissions-production-production", "production:infrastructure", "list") in may


def test_an_administrator_who_is_not_listed_gets_at_nothing_live(converged_estate):
    iam = converged_estate.client("iam", "development")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"AWS": "arn:aws:iam::222222222222:root"}}]}  # fmt: skip
    iam.create_role(RoleName="stranger", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="stranger", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    try:
        sts = converged_estate.client("sts", "development")
        got = sts.assume_role(RoleArn="arn:aws:iam::222222222222:role/stranger", RoleSessionName="estate")[
            "Credentials"
        ]
        s3 = converged_estate.client_of("s3", [got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]])
        calls = {
            "list": lambda bucket: s3.list_objects_v2(Bucket=bucket),
            "read": lambda bucket: s3.get_object(Bucket=bucket, Key="key"),
            "write": lambda bucket: s3.put_object(Bucket=bucket, Key="key", Body=b""),
            "delete": lambda bucket: s3.delete_object(Bucket=bucket, Key="key"),
            "open": lambda bucket: s3.delete_bucket_policy(Bucket=bucket),
        }
        for bucket in ("digitalmarketplace-submissions-preview-preview",
                       "digitalmarketplace-cross-region-agreements-preview-preview"):  # fmt: skip
            for call in calls.values():
                with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
                    call(bucket)
        assert "KeyCount" in calls["list"]("digitalmarketplace-reports-preview-preview")
    finally:
        iam.delete_role_policy(RoleName="stranger", PolicyName="all")
        iam.delete_role(RoleName="stranger")


def test_nobody_gets_anything_without_tls(simulator, policies):
    verdicts = judge(simulator, policies, CASES, **{"aws:SecureTransport": "false"})

    assert {case for case, verdict in verdicts.items() if verdict != DENIED} == set()


def test_the_public_reads_served_buckets_through_the_routers_and_nothing_else(simulator, policies):
    served = ("documents", "g7-draft-documents")  # of communications no key of that name
    for address in (ROUTER, "198.51.100.30", "203.0.113.9"):
        cases = [(bucket, None, action) for bucket in EXPECTED for action in ACTIONS]
        verdicts = judge(simulator, policies, cases, **{"aws:SourceIp": address})
        open_to_all = {case for case, verdict in verdicts.items() if verdict == ALLOWED}
        readable = {(f"digitalmarketplace-{kind}-{stage}-{stage}", None, "read") for stage in STAGES for kind in served}
        assert open_to_all == (readable if address == ROUTER else set()), address


def test_of_communications_the_routers_read_what_is_declared_public(simulator, policies):
    bucket = "digitalmarketplace-communications-preview-preview"
    keys = {
        "fw/communications/data/opportunity-data.csv": ALLOWED,
        "fw/communications/updates/communications/suppliers-only.pdf": NOT_ALLOWED,
        "fw/communications/updates/clarifications/answer.pdf": NOT_ALLOWED,
        "fw/communications/data-private/x.csv": NOT_ALLOWED,
    }
    asked = [request(bucket, policies[bucket], None, "read", key, **{"aws:SourceIp": ROUTER}) for key in keys]

    assert dict(zip(keys, simulator.judge(asked), strict=True)) == keys


def test_s3_delivers_logs_of_the_stages_own_buckets_only(simulator, policies):
    def deliver(source: str, account: str) -> Request:
        context = {"aws:SourceArn": f"arn:aws:s3:::{source}", "aws:SourceAccount": account}
        target = "digitalmarketplace-logs-preview-preview"
        return Request(
            "logging.s3.amazonaws.com",
            "s3:PutObject",
            f"arn:aws:s3:::{target}/{source}/2026",
            account=ACCOUNTS["development"],
            resource_policy=policies[target],
            context=context,
        )

    own, other = "digitalmarketplace-documents-preview-preview", "digitalmarketplace-documents-production-production"
    verdicts = simulator.judge(
        [deliver(own, ACCOUNTS["development"]), deliver(other, ACCOUNTS["production"]), deliver(own, "999999999999")]
    )

    assert verdicts == [ALLOWED, NOT_ALLOWED, NOT_ALLOWED]


def test_replication_may_do_what_its_rules_need_and_no_more(simulator, converged_estate):
    for host, account in (("preview", "development"), ("production", "production"), ("backups-account", "backups")):
        iam, s3 = converged_estate.client("iam", account), converged_estate.client("s3", account)
        policy = iam.get_role_policy(RoleName="replication", PolicyName=f"replication-{host}")["PolicyDocument"]
        sources = [name for name, (owner, _) in EXPECTED.items() if owner == account and "cross-region" not in name]
        destinations = {}
        for name in sources:
            try:
                rules = s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"]["Rules"]
            except s3.exceptions.ClientError:
                continue
            destinations[name] = rules[0]["Destination"]["Bucket"].split(":")[-1]
        assert destinations

        def may(action: str, resource: str, account: str = account, policy: dict = policy) -> bool:
            principal = f"arn:aws:sts::{ACCOUNTS[account]}:assumed-role/replication/s3"
            owned = ACCOUNTS[account]
            return simulator.allows(Request(principal, action, f"arn:aws:s3:::{resource}", owned, identity=[policy]))

        for source, replica in destinations.items():
            assert may("s3:GetReplicationConfiguration", source)
            assert may("s3:GetObjectVersionForReplication", f"{source}/key")
            assert may("s3:ReplicateObject", f"{replica}/key")
            assert not may("s3:ReplicateObject", f"{source}/key")
            assert not may("s3:GetObject", f"{source}/key")
            assert not may("s3:DeleteObject", f"{replica}/key")


def test_the_policy_linter_finds_nothing(policies):
    def findings(policy):
        return [(f.issue, f.detail) for f in parliament.analyze_policy_string(json.dumps(policy)).findings]

    broken = json.loads(json.dumps(policies["digitalmarketplace-dev-uploads"]).replace("s3:GetObject", "s3:GotObject"))
    assert findings(broken), "the linter must see a misspelt action"
    assert {name: findings(policy) for name, policy in policies.items() if findings(policy)} == {}
