"""Faults made by hand over every service of a converged estate: what a test and a bench have an audit find."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

HOSTS = {
    "preview": "development",
    "staging": "production",
    "production": "production",
    "development-account": "development",
    "production-account": "production",
    "backups-account": "backups",
    "main-account": "main",
}
PURPOSES = ("access", "buckets", "dns", "monitoring", "trails")
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Seed(NamedTuple):
    host: str
    resource: str
    says: str  # a word of the finding's title
    sow: Callable[[], Any]
    checks: tuple[str, ...] = ()  # words of the names of prowler's checks that ask for this, or for something like it

    @property
    def name(self) -> str:
        return self.resource.rpartition(" ")[2]


def seeds_of(aws: Any) -> list[Seed]:
    """Which there are depends on the estate, in its order."""
    return [seed for sow in PARTS.values() for seed in sow(aws)]


def found(report: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Each resource of each finding of the services that have faults: (resource, title) -> the finding."""
    kept = [one for one in report["findings"] if one["places"] and one["places"][0].partition(" ")[2] in PURPOSES]
    return {(resource, one["title"]): one for one in kept for resource in one["resources"]}


def judged(
    seeds: Iterable[Seed], before: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[list[Seed], set[tuple[str, str]]]:
    """Of two audits' reports the seeds that were missed, and what was found beside them."""
    new = found(now).keys() - found(before).keys()
    met, missed = set(), []
    for seed in seeds:
        where = f"{seed.host}: {seed.resource}"
        hits = {key for key in new if (key[0] == where and seed.says in key[1]) or f"{seed.resource} " in key[1]}
        met |= hits
        missed += [] if hits else [seed]
    return missed, new - met


def clean(aws: Any) -> None:
    """Away with what a converge leaves alone, since nobody declared it."""
    aws.client("iam").delete_user(UserName="mallory")
    for _, route53, zone in _zones(aws):
        route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=_batch("DELETE", _forgotten(zone)))


def _lifecycle(s3: Any, name: str) -> bool:
    try:
        return bool(s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])
    except s3.exceptions.ClientError:  # none beside MFA delete
        return False


def _buckets(aws: Any) -> Iterator[Seed]:
    stages = ("-preview", "-staging", "-production")
    for host, account in HOSTS.items():
        s3 = aws.client("s3", account)
        own = host.endswith("-account")
        for name in sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
            mine = not name.endswith(stages) if own else name.endswith(f"-{host}")
            # What replicates, and what is read by another region's client, is left to the tests of replication.
            if mine and not name.endswith(("backups", "cloudtrail")) and "cross-region" not in name:
                yield from _bucket(host, s3, name)


def _bucket(host: str, s3: Any, name: str) -> Iterator[Seed]:
    def seed(says: str, method: str, *checks: str, **words: Any) -> Seed:
        return Seed(host, f"bucket {name}", says, partial(getattr(s3, method), Bucket=name, **words), checks)

    yield seed("tags of", "put_bucket_tagging", "tag", Tagging={"TagSet": [{"Key": "Who", "Value": "me"}]})
    yield seed("public_access_block of", "delete_public_access_block", "public_access")
    yield seed("policy of", "delete_bucket_policy", "secure_transport", "policy")
    if _lifecycle(s3, name):
        yield seed("lifecycle of", "delete_bucket_lifecycle", "lifecycle")
    if s3.get_bucket_logging(Bucket=name).get("LoggingEnabled"):
        yield seed("logging of", "put_bucket_logging", "access_logging", BucketLoggingStatus={})


def _access(aws: Any) -> Iterator[Seed]:
    main, production = aws.client("iam", "main"), aws.client("iam", "production")
    trust = production.get_role(RoleName="developers")["Role"]["AssumeRolePolicyDocument"]
    opened = json.dumps({**trust, "Statement": [{**one, "Condition": {}} for one in trust["Statement"]]})
    added = {"PolicyName": "more", "PolicyDocument": json.dumps(ANYTHING)}
    m, p, audit = "main-account", "production-account", "security_audit"
    member = {"GroupName": "Admins", "UserName": "gus.example"}
    wide = {"RoleName": "developers", "PolicyDocument": opened}
    inline = ("inline_policy", "admin")
    return iter([
        Seed(m, "user mallory", "nobody declared", lambda: main.create_user(UserName="mallory"), ("iam_user",)),
        Seed(m, "gus.example in Admins", "is live", lambda: main.add_user_to_group(**member), ("admin",)),
        Seed(m, "group Developers", "", lambda: main.put_group_policy(GroupName="Developers", **added), inline),
        Seed(p, "role developers", "trust of", lambda: production.update_assume_role_policy(**wide), ("iam_role",)),
        Seed(p, f"role {audit}", "", lambda: production.put_role_policy(RoleName=audit, **added), inline),
    ])  # fmt: skip


def _monitoring(aws: Any) -> Iterator[Seed]:
    """Of each place two alarms, a log group, what is counted of it, a topic and a queue."""
    for host, account in HOSTS.items():
        watch, logs, sns, sqs = (aws.client(service, account) for service in ("cloudwatch", "logs", "sns", "sqs"))
        listed = watch.describe_alarms(AlarmNamePrefix=f"{host}-")["MetricAlarms"]
        alarms = [one["AlarmName"] for one in listed if not one["AlarmName"].startswith(f"{host}-account-")]
        if not alarms:  # staging has none
            continue
        gone, *others = alarms
        canary, there, alarm = f"{host}-canary", "is declared and not there", ("cloudwatch",)
        yield Seed(host, f"alarm {gone}", there, partial(watch.delete_alarms, AlarmNames=[gone]), alarm)
        for deaf in others[:1]:
            off = partial(watch.disable_alarm_actions, AlarmNames=[deaf])
            yield Seed(host, f"alarm {deaf}", "enabled of", off, alarm)
        own = f"{account}-cloudtrail" if host.endswith("-account") else f"{host}-"
        groups = logs.describe_log_groups(logGroupNamePrefix=own)["logGroups"]
        kept = [one["logGroupName"] for one in groups if one.get("retentionInDays", 0) > 1]
        for group in kept[:1]:
            short = partial(logs.put_retention_policy, logGroupName=group, retentionInDays=1)
            yield Seed(host, f"log group {group}", "days of", short, ("retention",))
        uncounted = partial(logs.delete_metric_filter, logGroupName=canary, filterName=canary)
        yield Seed(host, f"metric filter {canary}", there, uncounted, ("metric_filter",))
        topic = next(one for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith(f":{host}-alarm"))
        public = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic["TopicArn"]}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
        opened = partial(sns.set_topic_attributes, **topic, AttributeName="Policy", AttributeValue=policy)
        yield Seed(host, f"topic {host}-alarm", "policy of", opened, ("sns_topics",))
        queue = sqs.get_queue_url(QueueName=canary)["QueueUrl"]
        closed = partial(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"Policy": ""})
        yield Seed(host, f"queue {canary}", "topic of", closed, ("sqs_queues",))


def _trails(aws: Any) -> Iterator[Seed]:
    """Of each account what its trail can be made to miss."""
    few = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": []}
    faults: dict[str, tuple[str, str, dict[str, Any]]] = {
        "main": ("logging of", "stop_logging", {"Name": "main"}),
        "production": ("is declared and not there", "delete_trail", {"Name": "production"}),
        "backups": ("management of", "put_event_selectors", {"TrailName": "backups", "EventSelectors": [few]}),
        "development": ("validated of", "update_trail", {"Name": "development", "EnableLogFileValidation": False}),
    }
    for account, (says, method, words) in faults.items():
        call = partial(getattr(aws.client("cloudtrail", account), method), **words)
        yield Seed(f"{account}-account", f"trail {account}", says, call, ("cloudtrail",))


def _zones(aws: Any) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    for account in ("main", "development", "production"):
        route53 = aws.client("route53", account)
        yield from ((account, route53, zone) for zone in route53.list_hosted_zones()["HostedZones"])


def _forgotten(zone: Mapping[str, Any]) -> dict[str, Any]:
    values = [{"Value": "192.0.2.77"}]
    return {"Name": f"forgotten.{zone['Name']}", "Type": "A", "TTL": 60, "ResourceRecords": values}


def _batch(verb: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {"Changes": [{"Action": verb, "ResourceRecordSet": record}]}


def _dns(aws: Any) -> Iterator[Seed]:
    """Of each zone a record that is kept for longer, one that is gone, and one that nobody declares."""
    for account, route53, zone in _zones(aws):
        listed = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        usual = [one for one in listed if one["Type"] in ("A", "CNAME", "TXT", "MX") and "ResourceRecords" in one]
        records = [one for one in usual if not one["Name"].startswith("_")]  # a certificate's are AWS's
        bare = zone["Name"].rstrip(".")
        faults = [("UPSERT", {**one, "TTL": 86400}) for one in records[:1]] + [("DELETE", one) for one in records[1:2]]
        for verb, record in [*faults, ("CREATE", _forgotten(zone))]:
            label = f"{record['Name'].rstrip('.')} {record['Type']}"
            change = partial(
                route53.change_resource_record_sets, HostedZoneId=zone["Id"], ChangeBatch=_batch(verb, record)
            )
            where, says = (f"record {label}", "nobody declared") if verb == "CREATE" else (f"records of {bare}", label)
            yield Seed(f"{account}-account", where, says, change, ("route53",))


PARTS: dict[str, Callable[[Any], Iterator[Seed]]] = {
    "S3": _buckets,
    "IAM": _access,
    "CloudWatch, SNS, SQS": _monitoring,
    "CloudTrail": _trails,
    "Route 53": _dns,
}
