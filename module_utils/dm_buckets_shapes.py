"""Each setting of a bucket: how AWS says it, how it is declared, and the call that changes one into the other. Pure.

AWS reorders, adds defaults and has several spellings for one thing; so two states are only ever compared as shapes,
which are also what a diff shows: plain YAML-able values in the words of the declaration.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from ansible.module_utils.dm_buckets_rules import (
    aws_cors,
    aws_lifecycle,
    aws_notifications,
    aws_replication,
    cors_shape,
    lifecycle_shape,
    notifications_shape,
    replication_shape,
    tag_dict,
    tag_list,
    wanted_cors,
    wanted_lifecycle,
    wanted_notifications,
    wanted_replication,
)
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies

Call = tuple[str, dict[str, Any]]  # boto3 method of the s3 client, and its parameters but for Bucket


class Setting(NamedTuple):
    """How one key of the declaration meets AWS. "answer" is what the reading call answers, {} where not configured."""

    name: str
    read: str  # boto3 method
    absent: str  # the error code that means "not configured"; "" where AWS always answers
    live: Callable[[dict], Any]  # answer -> shape
    wanted: Callable[[dict, dict], Any]  # declared bucket, answer (for what is kept) -> shape
    write: Callable[[dict, dict], Call]  # declared bucket, answer -> the call that makes the wanted shape live
    same: Callable[[Any, Any], bool] = lambda live, wanted: live == wanted
    show: Callable[[Any], Any] = lambda shape: shape


def partition(bucket: dict) -> str:
    """The partition of the bucket's ARNs, which its region's name says."""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
    return next((name for start, name in starts.items() if bucket["region"].startswith(start)), "aws")


# --- versioning, encryption, ownership, public access -----------------------------------------------------------------


def _write_versioning(bucket: dict, _answer: dict) -> Call:
    status = "Enabled" if bucket["versioning"] else "Suspended"
    return "put_bucket_versioning", {"VersioningConfiguration": {"Status": status}}


def _encryption(algorithm: str, key: str | None, bucket_key: bool | None) -> dict[str, Any]:
    """Only with aws:kms do the key and the bucket key mean anything; AWS's own key may be named or not."""
    if algorithm == "AES256":
        return {"algorithm": algorithm}
    key = "" if (key or "").endswith("alias/aws/s3") else key or ""
    return {"algorithm": algorithm, "key": key} | ({"bucket_key": bool(bucket_key)} if algorithm == "aws:kms" else {})


def _live_encryption(answer: dict) -> dict[str, Any]:
    rules = (answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault")
    if not default:
        return {}
    return _encryption(default["SSEAlgorithm"], default.get("KMSMasterKeyID"), rules[0].get("BucketKeyEnabled"))


def _wanted_encryption(bucket: dict, _answer: dict) -> dict[str, Any]:
    wanted = bucket["encryption"]
    bucket_key = wanted.get("bucket_key")
    return _encryption(wanted["algorithm"], wanted.get("key"), True if bucket_key is None else bucket_key)


def _write_encryption(bucket: dict, answer: dict) -> Call:
    wanted = _wanted_encryption(bucket, {})
    default = {"SSEAlgorithm": wanted["algorithm"]}
    if wanted.get("key"):
        default["KMSMasterKeyID"] = wanted["key"]
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
    if "bucket_key" in wanted:
        rule["BucketKeyEnabled"] = wanted["bucket_key"]
    live = ((answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or [{}])[0]
    if live.get("BlockedEncryptionTypes"):  # not declared here, so it stays as it is
        rule["BlockedEncryptionTypes"] = live["BlockedEncryptionTypes"]
    return "put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


def _live_ownership(answer: dict) -> str:
    rules = (answer.get("OwnershipControls") or {}).get("Rules") or [{}]
    return rules[0].get("ObjectOwnership", "")


def _write_ownership(bucket: dict, _answer: dict) -> Call:
    return "put_bucket_ownership_controls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket["ownership"]}]}}


_BLOCKS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


def _live_public_access_block(answer: dict) -> bool | dict[str, bool]:
    """True for all four, False for none, else which."""
    given = answer.get("PublicAccessBlockConfiguration") or {}
    blocks = {word: bool(given.get(key)) for word, key in _BLOCKS.items()}
    return blocks if len(set(blocks.values())) > 1 else blocks["block_public_acls"]


def _write_public_access_block(bucket: dict, _answer: dict) -> Call:
    if not bucket["public_access_block"]:
        return "delete_public_access_block", {}
    return "put_public_access_block", {"PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKS.values(), True)}


# --- policy -----------------------------------------------------------------------------------------------------------


def as_list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def statements(policy: dict | None) -> list[dict]:
    return as_list((policy or {}).get("Statement") or [])


def same_policy(live: dict | None, wanted: dict | None) -> bool:
    """Whether AWS would judge the two alike: order, single-item lists and spellings of a principal do not matter."""
    if not statements(live) or not statements(wanted):
        return not statements(live) and not statements(wanted)
    return live == wanted or not compare_policies(live, wanted)


def show_policy(policy: dict | None) -> dict[str, Any]:
    """Statements by Sid, with lists sorted, so that a diff shows what differs and nothing else."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(value[key]) for key in sorted(value) if key != "Sid"}
        if isinstance(value, list):
            values = sorted((plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
            return values[0] if len(values) == 1 else values
        return value

    shown: dict[str, Any] = {}
    for index, statement in enumerate(statements(policy), 1):
        sid = statement.get("Sid") or f"statement {index}"
        while sid in shown:
            sid += " again"
        shown[sid] = plain(statement)
    return shown


def _live_policy(answer: dict) -> dict:
    return json.loads(answer["Policy"]) if answer.get("Policy") else {}


def _wanted_policy(bucket: dict, answer: dict) -> dict:
    """The declared statements, then where asked for the live ones that the declaration has no Sid for."""
    declared = bucket["policy"] or {}
    if not bucket.get("keep_statements"):
        return declared
    live = _live_policy(answer)
    own = statements(declared)
    sids = {statement["Sid"] for statement in own if statement.get("Sid")}
    kept = [
        statement
        for statement in statements(live)
        if statement.get("Sid") not in sids
        and not any(same_policy({"Statement": [statement]}, {"Statement": [one]}) for one in own)
    ]
    version = declared.get("Version") or live.get("Version") or "2012-10-17"
    return {"Version": version, "Statement": [*own, *kept]} if own or kept else {}


def _write_policy(bucket: dict, answer: dict) -> Call:
    policy = _wanted_policy(bucket, answer)
    if not statements(policy):
        return "delete_bucket_policy", {}
    return "put_bucket_policy", {"Policy": json.dumps(policy, separators=(",", ":"))}


# --- logging, lifecycle, tags, cross-origin, notifications ------------------------------------------------------------


def _live_logging(answer: dict) -> dict[str, str]:
    on = answer.get("LoggingEnabled")
    return {"bucket": on["TargetBucket"], "prefix": on.get("TargetPrefix", "")} if on else {}


def _wanted_logging(bucket: dict, _answer: dict) -> dict[str, str]:
    wanted = bucket["logging"]
    return {"bucket": wanted["bucket"], "prefix": wanted.get("prefix") or ""} if wanted.get("bucket") else {}


def _write_logging(bucket: dict, answer: dict) -> Call:
    wanted = _wanted_logging(bucket, answer)
    if not wanted:
        return "put_bucket_logging", {"BucketLoggingStatus": {}}
    on: dict[str, Any] = {"TargetBucket": wanted["bucket"], "TargetPrefix": wanted["prefix"]}
    key_format = (answer.get("LoggingEnabled") or {}).get("TargetObjectKeyFormat")
    if key_format:  # not declared here, so it stays as it is
        on["TargetObjectKeyFormat"] = key_format
    return "put_bucket_logging", {"BucketLoggingStatus": {"LoggingEnabled": on}}


def _kept_rules(declared: list[dict], keep: bool | None, live: list[dict]) -> list[dict]:
    """AWS's own rules that stay as they are: those whose id the declaration does not have, where it says so."""
    ids = {rule["id"] for rule in declared}
    return [rule for rule in live if rule.get("ID", "") not in ids] if keep else []


def _kept_lifecycle(bucket: dict, answer: dict) -> list[dict]:
    return _kept_rules(bucket["lifecycle"], bucket.get("keep_lifecycle_rules"), answer.get("Rules") or [])


def _live_lifecycle(answer: dict) -> dict[str, Any]:
    return {rule.get("ID", ""): lifecycle_shape(rule) for rule in answer.get("Rules") or []}


def _wanted_lifecycle(bucket: dict, answer: dict) -> dict[str, Any]:
    kept = {rule.get("ID", ""): lifecycle_shape(rule) for rule in _kept_lifecycle(bucket, answer)}
    return {rule["id"]: wanted_lifecycle(rule) for rule in bucket["lifecycle"]} | kept


def _write_lifecycle(bucket: dict, answer: dict) -> Call:
    rules = [*map(aws_lifecycle, bucket["lifecycle"]), *_kept_lifecycle(bucket, answer)]
    if not rules:
        return "delete_bucket_lifecycle", {}
    params: dict[str, Any] = {"LifecycleConfiguration": {"Rules": rules}}
    if bucket.get("keep_lifecycle_rules") and answer.get("TransitionDefaultMinimumObjectSize"):
        params["TransitionDefaultMinimumObjectSize"] = answer["TransitionDefaultMinimumObjectSize"]
    return "put_bucket_lifecycle_configuration", params


def _live_tags(answer: dict) -> dict[str, str]:
    """Without AWS's own (aws:cloudformation:…), which nobody may change."""
    return {key: value for key, value in tag_dict(answer.get("TagSet") or []).items() if not key.startswith("aws:")}


def _wanted_tags(bucket: dict, _answer: dict) -> dict[str, str]:
    return {key: str(value) for key, value in bucket["tags"].items()}


def _write_tags(bucket: dict, answer: dict) -> Call:
    own = [tag for tag in answer.get("TagSet") or [] if tag["Key"].startswith("aws:")]
    if not bucket["tags"]:
        return "delete_bucket_tagging", {}
    # AWS refuses a tag set that lacks the tags it put there itself.
    return "put_bucket_tagging", {"Tagging": {"TagSet": [*tag_list(bucket["tags"]), *own]}}


def _write_cors(bucket: dict, _answer: dict) -> Call:
    if not bucket["cors"]:
        return "delete_bucket_cors", {}
    return "put_bucket_cors", {"CORSConfiguration": {"CORSRules": [aws_cors(rule) for rule in bucket["cors"]]}}


def _write_notifications(bucket: dict, _answer: dict) -> Call:
    wanted = aws_notifications(bucket["notifications"])
    return "put_bucket_notification_configuration", {"NotificationConfiguration": wanted}


# --- replication ------------------------------------------------------------------------------------------------------


def kept_replication(bucket: dict, answer: dict) -> list[dict]:
    """AWS's own rules that the declaration keeps."""
    live = (answer.get("ReplicationConfiguration") or {}).get("Rules") or []
    return _kept_rules(bucket["replication"]["rules"], bucket["replication"].get("keep_rules"), live)


def _live_replication(answer: dict) -> dict[str, Any]:
    config = answer.get("ReplicationConfiguration") or {}
    rules = {rule.get("ID", ""): replication_shape(rule) for rule in config.get("Rules") or []}
    return {"role": config["Role"], "rules": rules} if rules else {}


def _wanted_replication(bucket: dict, answer: dict) -> dict[str, Any]:
    wanted = bucket["replication"]
    rules = {rule["id"]: wanted_replication(rule) for rule in wanted["rules"]}
    rules |= {rule.get("ID", ""): replication_shape(rule) for rule in kept_replication(bucket, answer)}
    role = wanted.get("role") or (answer.get("ReplicationConfiguration") or {}).get("Role")
    return {"role": role, "rules": rules} if rules else {}


def _write_replication(bucket: dict, answer: dict) -> Call:
    wanted = bucket["replication"]
    rules = [aws_replication(rule, partition(bucket)) for rule in wanted["rules"]]
    rules += kept_replication(bucket, answer)
    if not rules:
        return "delete_bucket_replication", {}
    role = wanted.get("role") or answer["ReplicationConfiguration"]["Role"]
    return "put_bucket_replication", {"ReplicationConfiguration": {"Role": role, "Rules": rules}}


# In the order in which a bucket gets them. Replication is last: it needs everything else, also of other buckets.
SETTINGS = (
    Setting(
        "versioning",
        "get_bucket_versioning",
        "",
        lambda answer: answer.get("Status") == "Enabled",
        lambda bucket, _: bucket["versioning"],
        _write_versioning,
    ),
    Setting(
        "encryption",
        "get_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        _live_encryption,
        _wanted_encryption,
        _write_encryption,
    ),
    Setting(
        "ownership",
        "get_bucket_ownership_controls",
        "OwnershipControlsNotFoundError",
        _live_ownership,
        lambda bucket, _: bucket["ownership"],
        _write_ownership,
    ),
    Setting(
        "public_access_block",
        "get_public_access_block",
        "NoSuchPublicAccessBlockConfiguration",
        _live_public_access_block,
        lambda bucket, _: bucket["public_access_block"],
        _write_public_access_block,
    ),
    Setting(
        "policy",
        "get_bucket_policy",
        "NoSuchBucketPolicy",
        _live_policy,
        _wanted_policy,
        _write_policy,
        same_policy,
        show_policy,
    ),
    Setting("logging", "get_bucket_logging", "", _live_logging, _wanted_logging, _write_logging),
    Setting(
        "lifecycle",
        "get_bucket_lifecycle_configuration",
        "NoSuchLifecycleConfiguration",
        _live_lifecycle,
        _wanted_lifecycle,
        _write_lifecycle,
    ),
    Setting("tags", "get_bucket_tagging", "NoSuchTagSet", _live_tags, _wanted_tags, _write_tags),
    Setting(
        "cors",
        "get_bucket_cors",
        "NoSuchCORSConfiguration",
        lambda answer: [cors_shape(rule) for rule in answer.get("CORSRules") or []],
        lambda bucket, _: [wanted_cors(rule) for rule in bucket["cors"]],
        _write_cors,
    ),
    Setting(
        "notifications",
        "get_bucket_notification_configuration",
        "",
        notifications_shape,
        lambda bucket, _: wanted_notifications(bucket["notifications"]),
        _write_notifications,
    ),
    Setting(
        "replication",
        "get_bucket_replication",
        "ReplicationConfigurationNotFoundError",
        _live_replication,
        _wanted_replication,
        _write_replication,
    ),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def to_read(bucket: dict) -> list[Setting]:
    """The settings whose live state the plan needs: the declared ones, and what guards them."""
    needed = {setting.name for setting in SETTINGS if bucket.get(setting.name) is not None}
    if bucket.get("mfa_delete") is not None or bucket.get("lifecycle"):
        needed.add("versioning")  # the same answer says whether MFA delete is on
    if bucket.get("versioning") is False:
        needed.add("replication")  # a replication source must not lose its versioning
    return [setting for setting in SETTINGS if setting.name in needed]
