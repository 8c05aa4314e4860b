"""A hundred faults seeded by hand over a whole estate: an audit finds each, says who did it, and finds nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.slow
HOSTS = {
    "preview": "development",
    "staging": "production",
    "production": "production",
    "development-account": "development",
    "backups-account": "backups",
    "main-account": "main",
}
PURPOSES = ("access", "buckets")


class Seed(NamedTuple):
    host: str
    resource: str
    says: str  # a word of the finding's title
    sow: Callable[[], Any]


def seeds_lifecycle(s3: Any, name: str) -> bool:
    try:
        return bool(s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])
    except s3.exceptions.ClientError:  # none beside MFA delete
        return False


def of_buckets(aws: Any, host: str, names: list[str]) -> list[Seed]:
    s3 = aws.client("s3", HOSTS[host])

    def seeds(name: str) -> list[Seed]:
        resource, tags = f"bucket {name}", {"TagSet": [{"Key": "Who", "Value": "me"}]}
        found = [
            Seed(host, resource, "tags of", lambda: s3.put_bucket_tagging(Bucket=name, Tagging=tags)),
            Seed(host, resource, "public_access_block of", lambda: s3.delete_public_access_block(Bucket=name)),
            Seed(host, resource, "policy of", lambda: s3.delete_bucket_policy(Bucket=name)),
        ]
        if seeds_lifecycle(s3, name):
            found.append(Seed(host, resource, "lifecycle of", lambda: s3.delete_bucket_lifecycle(Bucket=name)))
        if s3.get_bucket_logging(Bucket=name).get("LoggingEnabled"):
            found.append(
                Seed(host, resource, "logging of", lambda: s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={}))
            )
        return found

    return [seed for name in names for seed in seeds(name)]


def of_access(aws: Any) -> list[Seed]:
    main, production = aws.client("iam", "main"), aws.client("iam", "production")
    trust = production.get_role(RoleName="developers")["Role"]["AssumeRolePolicyDocument"]
    opened = json.dumps({**trust, "Statement": [{**one, "Condition": {}} for one in trust["Statement"]]})
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    added = {"PolicyName": "more", "PolicyDocument": json.dumps(anything)}
    m, p = "main-account", "production-account"
    member = {"GroupName": "Admins", "UserName": "gus.example"}
    wide = {"RoleName": "developers", "PolicyDocument": opened}
    return [
        Seed(m, "user mallory", "nobody declared", lambda: main.create_user(UserName="mallory")),
        Seed(m, "gus.example in Admins", "is live", lambda: main.add_user_to_group(**member)),
        Seed(m, "group Developers", "", lambda: main.put_group_policy(GroupName="Developers", **added)),
        Seed(p, "role developers", "trust of", lambda: production.update_assume_role_policy(**wide)),
        Seed(p, "role security_audit", "", lambda: production.put_role_policy(RoleName="security_audit", **added)),
    ]  # fmt: skip


def audited(aws: Any) -> dict[str, Any]:
    run = aws.playbook("audit_estate.yml", "--tags", "access,buckets", check=True)
    assert run.rc == 0, run.output[-4000:]
    return run.report


def found(report: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Each resource of each finding of access and buckets: (resource, title) -> the finding."""
    kept = [one for one in report["findings"] if one["places"] and one["places"][0].partition(" ")[2] in PURPOSES]
    return {(resource, one["title"]): one for one in kept for resource in one["resources"]}


@pytest.fixture(scope="module")
def seeded(converged_estate):
    aws = converged_estate
    before = found(audited(aws))
    declared = {}
    for host, account in HOSTS.items():
        live = [bucket["Name"] for bucket in aws.client("s3", account).list_buckets()["Buckets"]]
        stages = ("-preview", "-staging", "-production")
        mine = [name for name in live if name.endswith(stages if host.endswith("-account") else f"-{host}")]
        mine = [name for name in live if name not in mine] if host.endswith("-account") else mine
        # What replicates, and what is read by another region's client, is left to the tests of replication.
        declared[host] = sorted(name for name in mine if not name.endswith(("backups", "cloudtrail")))
        declared[host] = [name for name in declared[host] if "cross-region" not in name]
    seeds = [seed for host, names in declared.items() for seed in of_buckets(aws, host, names)] + of_access(aws)
    try:
        for seed in seeds:
            seed.sow()
        yield seeds, before, audited(aws)
    finally:
        main = aws.client("iam", "main")
        main.delete_user(UserName="mallory")
        for playbook in ("converge_access.yml", "converge_buckets.yml"):
            mended = aws.playbook(playbook, extra_vars={"access_removals_number": 5})
            assert mended.rc == 0, mended.output[-4000:]


def test_every_seeded_fault_is_found_and_nothing_else(seeded):
    seeds, before, report = seeded
    now = found(report)
    new = {key for key in now if key not in before}
    met, missed = set(), []
    for seed in seeds:
        hits = {key for key in new if key[0] == f"{seed.host}: {seed.resource}" and seed.says in key[1]}
        met |= hits
        missed += [] if hits else [seed[:3]]

    for key in sorted(new - met)[:150]:
        print(key)
    print(f"seeded {len(seeds)}, missed {len(missed)}, false alarms {len(new - met)}")
    assert missed == []
    assert new - met == set()
    assert len(seeds) >= 100


def test_one_cause_is_one_row_and_names_who_did_it_when_and_where_it_is_declared(seeded):
    _, _, report = seeded
    tagged = [one for one in report["findings"] if one["title"] == "tags of bucket differs from what is declared"]
    opened = next(one for one in report["findings"] if one["title"] == "trust of role differs from what is declared")

    assert len(tagged) < 10, "the same tags on twenty buckets are not twenty rows"
    assert opened["severity"] == "high"
    assert opened["who"].endswith("(UpdateAssumeRolePolicy)")
    assert "arn:aws:" in opened["who"]
    assert opened["when"].startswith("20")
    assert opened["file"] == "inventories/common/group_vars/all/access.yml"
    assert opened["line"] > 0


def test_a_first_converge_fits_two_screens_whose_last_lines_are_the_sum(converged_estate):
    told = converged_estate.told
    # Each part has its own sum here; a converge of all of them has one.
    shown = [line for lines in told.values() for line in lines[: lines.index("") if "" in lines else None]]
    assert len(shown) < 85, "\n".join(shown)
    for lines in told.values():
        assert lines[-1].endswith("shows all of it.")
        assert any(" added, " in line for line in lines[-15:])
    assert any("metric filters" in line for line in told["monitoring"])
