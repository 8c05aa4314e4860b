"""Where new objects are copied to: {"role", "rules": {rule id: shape}}.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.names import name_mistake
from ansible.module_utils.estate.buckets.objects import (
    STORAGE_CLASSES,
    aws_filter,
    filter_shape,
    id_mistakes,
    rule_name,
    tag_mistakes,
)
from ansible.module_utils.estate.buckets.setting import Answer, Bucket, Calls, Setting, World, foreign, unmarked
from ansible.module_utils.estate.buckets.settings.encryption import key_region
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.policy import partition

_ENABLED: dict[str, Any] = {"Status": "Enabled"}
_ROLE = re.compile(r"arn:aws[-a-z]*:iam::\d{12}:role/\S+")


def _on(part: Mapping[str, Any] | None) -> bool:
    return bool(part) and (part or {}).get("Status") == "Enabled"


def live_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Of AWS's rule. A rule of version 1 (no Filter) says so, since it treats delete markers differently."""
    to = rule["Destination"]
    criteria = rule.get("SourceSelectionCriteria") or {}
    shape = {"priority": rule.get("Priority", 0), "bucket": to["Bucket"].split(":::")[-1]} | filter_shape(rule)
    other = shape.pop("other", {})
    shape |= {
        "delete_markers": _on(rule.get("DeleteMarkerReplication")),
        "metrics": _on(to.get("Metrics")),
        "replication_time_control": _on(to.get("ReplicationTime")),
        "owner_override": bool(to.get("AccessControlTranslation")),
        "replica_modifications": _on(criteria.get("ReplicaModifications")),
    }
    words = {"account": "Account", "storage_class": "StorageClass"}
    shape |= {word: to[key] for word, key in words.items() if to.get(key)}
    if _on(criteria.get("SseKmsEncryptedObjects")):
        shape["kms_key"] = (to.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID", "")
    if "Filter" not in rule:
        other["version"] = 1
    if rule.get("Status") != "Enabled":
        shape["enabled"] = False
    if _on(rule.get("ExistingObjectReplication")):
        other["ExistingObjectReplication"] = rule["ExistingObjectReplication"]
    return shape | ({"other": other} if other else {})


def _aws_rule(rule: Mapping[str, Any], partition: str) -> dict[str, Any]:
    """Version 2. Fifteen minutes is the only time AWS has, and only time control takes it."""
    timed = rule.get("replication_time_control")
    to = {
        "Bucket": f"arn:{partition}:s3:::{rule['bucket']}",
        "Account": rule.get("account"),
        "StorageClass": rule.get("storage_class"),
        "AccessControlTranslation": rule.get("owner_override") and {"Owner": "Destination"},
        "EncryptionConfiguration": rule.get("kms_key") and {"ReplicaKmsKeyID": rule["kms_key"]},
        "Metrics": rule.get("metrics") and _ENABLED | ({"EventThreshold": {"Minutes": 15}} if timed else {}),
        "ReplicationTime": timed and _ENABLED | {"Time": {"Minutes": 15}},
    }
    given = {
        "ID": rule["id"],
        "Priority": rule.get("priority") or 0,
        "Status": "Disabled" if rule.get("enabled") is False else "Enabled",
        "Filter": aws_filter(rule),
        "DeleteMarkerReplication": {"Status": "Enabled" if rule.get("delete_markers") else "Disabled"},
        "Destination": {key: part for key, part in to.items() if part},
    }
    criteria = {
        "SseKmsEncryptedObjects": rule.get("kms_key"),
        "ReplicaModifications": rule.get("replica_modifications"),
    }
    if chosen := {word: _ENABLED for word, wanted in criteria.items() if wanted}:
        given["SourceSelectionCriteria"] = chosen
    return given


def rules(answer: Answer) -> list[dict[str, Any]]:
    return (answer.get("ReplicationConfiguration") or {}).get("Rules") or []


def role(answer: Answer) -> str:
    return (answer.get("ReplicationConfiguration") or {}).get("Role", "")


def kept(bucket: Bucket, answer: Answer) -> list[dict[str, Any]]:
    """AWS's own rules that are somebody else's, and that the declaration keeps."""
    wanted = bucket["replication"]
    ids = unmarked(wanted["rules"])
    found = (rule for rule in rules(answer) if rule.get("ID", "") not in ids and foreign(bucket, rule.get("ID", "")))
    return list(found) if wanted.get("keep_rules") else []


def clash(bucket: Bucket, answer: Answer) -> str:
    """Why the kept rules cannot stay beside the declared ones; "" where they can."""
    wanted = bucket["replication"]
    declared = {rule.get("priority") or 0: rule["id"] for rule in wanted["rules"]}
    for rule in kept(bucket, answer):
        if not declared:
            break
        said = f"keep_rules keeps the live rule {rule.get('ID')}"
        if "Filter" not in rule:
            return f"{said}, which is of version 1 and cannot stay beside others: declare it, or do not keep it"
        if rule.get("Priority", 0) in declared:
            return f"{said}, whose priority {declared[rule.get('Priority', 0)]} has too: choose another priority"
        if wanted.get("role") and role(answer) != wanted["role"]:
            return (
                f"{said}, which the role {role(answer).rpartition('/')[2]} replicates, and a bucket has one role for "
                "all its rules: declare what it copies as a replica of its own, or do not keep it"
            )
    return ""


def _live(answer: Answer) -> dict[str, Any]:
    found = {rule.get("ID", ""): live_rule(rule) for rule in rules(answer)}
    return {"role": role(answer), "rules": found} if found else {}


def _aws(bucket: Bucket, answer: Answer) -> dict[str, Any]:
    """What is only kept goes on with the role that it has."""
    wanted = bucket["replication"]
    by = (wanted.get("role") if wanted["rules"] else None) or role(answer)
    made = [_aws_rule(rule, partition(bucket["region"])) for rule in wanted["rules"]]
    return {"ReplicationConfiguration": {"Role": by, "Rules": made + kept(bucket, answer)}}


def _write(bucket: Bucket, answer: Answer) -> Calls:
    wanted = _aws(bucket, answer)
    return [("put_bucket_replication", wanted) if rules(wanted) else ("delete_bucket_replication", {})]


def _check(bucket: Bucket, world: World) -> Iterator[str]:
    given = bucket["replication"]
    if not given["rules"]:
        return
    if bucket.get("versioning") is not True:
        yield f" needs versioning of {bucket['name']}; say versioning: true there"
    if not _ROLE.fullmatch(given.get("role") or ""):
        yield f".role is {given.get('role')!r}; it must be the ARN of the role that replicates"
    yield from id_mistakes(given["rules"], 1000, "priority")
    for rule in given["rules"]:
        for sentence in _rule_mistakes(rule, bucket, world):
            yield f"{rule_name(rule)}{sentence}"
        if before := next((one for one in given["rules"] if hides(one, rule)), None):
            yield (
                f"{rule_name(rule)} never copies anything: rule {before['id']} is for the same objects, into the same "
                "bucket, and of a higher priority; give it a prefix or tags of its own, or the higher priority"
            )


def hides(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether every object of the other is this one's: for each replica S3 goes by the highest priority.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
    """
    return (
        one["bucket"] == other["bucket"]
        and (one.get("priority") or 0) > (other.get("priority") or 0)
        and False not in (one.get("enabled"), other.get("enabled"))
        and (other.get("prefix") or "").startswith(one.get("prefix") or "")
        and (one.get("tags") or {}).items() <= (other.get("tags") or {}).items()
    )


def _rule_mistakes(rule: Mapping[str, Any], bucket: Bucket, world: World) -> Iterator[str]:
    target = None if rule.get("account") else world.buckets.get(rule["bucket"])
    region = rule.get("region") or (target or {}).get("region")
    if mistake := name_mistake(rule["bucket"]):
        yield f": {rule['bucket']} {mistake}"
    if not region:
        yield f": region is missing; say where {rule['bucket']} is"
    elif region not in world.regions:
        yield f": region is {region!r}, which is no region of AWS's{nearest(region, world.regions)}"
    if target and target["region"] != region:
        yield f": region is {region}, but {rule['bucket']} is declared in {target['region']}"
    if target and target.get("versioning") is not True:
        yield f": {rule['bucket']} needs versioning; say versioning: true there"
    if rule["bucket"] == bucket["name"]:
        yield ": the replica is the source itself"
    if not 0 <= (rule.get("priority") or 0) <= 2147483647:
        yield f": priority is {rule['priority']}; allowed are 0 to 2147483647"
    if rule.get("account") and not re.fullmatch(r"\d{12}", rule["account"]):
        yield f": account is {rule['account']!r}; it must be 12 digits in quotes"
    if rule.get("owner_override") and not rule.get("account"):
        yield ": owner_override needs account, the replica's new owner"
    if rule.get("replication_time_control") and not rule.get("metrics"):
        yield ": replication_time_control needs metrics; say metrics: true"
    if rule.get("delete_markers") and rule.get("tags"):
        yield ": delete_markers does not go with tags, since delete markers have none"
    if rule.get("storage_class") and rule["storage_class"] not in STORAGE_CLASSES:
        yield f": storage_class is {rule['storage_class']!r}; allowed are {', '.join(STORAGE_CLASSES)}"
    yield from _kms_mistakes(rule, bucket, region or "")
    yield from tag_mistakes(": tags", rule.get("tags") or {}, 10)


def _kms_mistakes(rule: Mapping[str, Any], bucket: Bucket, region: str) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"""
    source, key = bucket.get("encryption") or {}, rule.get("kms_key")
    if source.get("algorithm", "AES256") != "AES256":
        if not key:
            yield f": {bucket['name']} encrypts with KMS, so the replica needs an encryption.key of its own"
        if not source.get("key"):
            yield (
                f": {bucket['name']} encrypts with AWS's own key, which the role that replicates cannot be allowed to "
                "use; it needs an encryption.key"
            )
    if key and key_region(key) and region and key_region(key) != region:
        yield f": the replica's encryption.key is of {key_region(key)}, but the replica is in {region}"


SETTING = Setting(
    name="replication",
    order=90,
    read="get_bucket_replication",
    absent="ReplicationConfigurationNotFoundError",
    live=_live,
    wanted=lambda bucket, answer: _live(_aws(bucket, answer)),
    write=_write,
    check=_check,
    settles=True,
)
