from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
from ansible.errors import AnsibleFilterError

# Ansible loads every filter alone; this one is made of its neighbours.
sys.path.append(str(Path(__file__).parent))
from bucket_name import bucket_name, check_bucket_name
from bucket_policy import bucket_policy
from principal_arns import principal_arns
from replication_role import replication_role

DOCUMENTATION = r"""
name: buckets_desired
short_description: Work out the complete desired state of a stage's or an account's buckets
description:
  - Turns the C(buckets_*) vars into what M(dm_buckets) takes. Kinds, overrides and standalone buckets are checked in
    full first; the first mistake is named with its variable, its file and what is allowed.
options:
  _input:
    description:
      - C(name) (for policies), C(stage) and C(environment) (empty outside the stages), C(account), C(accounts),
        C(prefix), C(region), C(replica_region), C(router_addresses), C(logs_kind), C(tags), and the mappings
        C(defaults), C(kinds), C(overrides), C(standalone) as in inventories/common/group_vars/all/buckets.yml.
    type: dict
    required: true
"""
EXAMPLES = r"""
- name: Show what is wanted
  ansible.builtin.debug:
    msg: "{{ __buckets_declared | buckets_desired }}"
"""
RETURN = r"""
_value:
  description: C(buckets) and C(replication_role) as M(dm_buckets) takes them.
  type: dict
"""

_PRINCIPALS = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_DAYS = {"type": "integer", "minimum": 1}
_ACCESS = dict.fromkeys(
    ("readers", "writers", "deleters", "listers", "version_listers", "replication_writers"), _PRINCIPALS
)
_SETTINGS: dict[str, Any] = {
    **_ACCESS,
    "about": {"type": "string"},
    "region": {"type": "string"},
    "versioning": {"type": "boolean"},
    "mfa_delete": {"type": "boolean"},
    "encryption": {
        "type": "object",
        "properties": {
            "algorithm": {"enum": ["AES256", "aws:kms"]},
            "key": {"type": "string", "pattern": "^arn:aws:kms:"},
            "bucket_key": {"type": "boolean"},
        },
        "required": ["algorithm"],
        "additionalProperties": False,
    },
    "expire_days": _DAYS,
    "noncurrent_days": _DAYS,
    "abort_upload_days": _DAYS,
    "keep_lifecycle_rules": {"type": "boolean"},
    "keep_statements": {"type": "boolean"},
    "statements": {"type": "array", "items": {"type": "object", "required": ["Sid", "Effect"]}},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "cors": {"type": "array", "items": {"type": "object"}},
    "notifications": {"type": "object"},
}
_REPLICA = {
    "type": "object",
    "properties": {
        **_SETTINGS,
        "name": {"type": "string"},
        "account": {"type": "string"},
        "prefix": {"type": "string"},
        "object_tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "delete_markers": {"type": "boolean"},
        "metrics": {"type": "boolean"},
        "replication_time_control": {"type": "boolean"},
        "storage_class": {"type": "string"},
        "owner_override": {"type": "boolean"},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_BUCKET = {
    "type": "object",
    "properties": {
        **_SETTINGS,
        "served": {"enum": [True, False, "legacy"]},
        "servable": {"type": "boolean"},
        "keep_replication_rules": {"type": "boolean"},
        "replica": {"oneOf": [_REPLICA, {"type": "null"}]},
    },
    "additionalProperties": False,
}
_SCHEMA: dict[str, dict[str, Any]] = {
    "defaults": {**_BUCKET, "required": ["versioning", "encryption"]},
    "kinds": {"type": "object", "additionalProperties": _BUCKET},
    "overrides": {"type": "object", "additionalProperties": _BUCKET},
    "standalone": {"type": "object", "additionalProperties": _BUCKET},
    "tags": _SETTINGS["tags"],
    "router_addresses": {"type": "array", "items": {"type": "string", "pattern": r"^[0-9a-f.:]+/\d{1,3}$"}},
}


_WORDS = {"object": "a mapping", "array": "a list", "boolean": "true or false", "integer": "a whole number"}
_ALLOWED: dict[str, Callable[[Any], str]] = {
    "type": lambda wanted: _WORDS.get(wanted, f"a {wanted}"),
    "enum": lambda choices: " or ".join(json.dumps(choice) for choice in choices),
    "minimum": lambda least: f"{least} or more",
}


class Mistake(ValueError):
    """A mistake in the vars: the sentence, and the value that Ansible knows the origin of."""

    def __init__(self, sentence: str, culprit: object = None) -> None:
        super().__init__(sentence)
        self.culprit = culprit


def _key(mapping: Mapping, key: str) -> object:
    """The key itself as it stands in the file, which carries its origin."""
    return next((k for k in mapping if k == key), key)


def _check_shapes(declared: Mapping[str, Any]) -> None:
    for variable, schema in _SCHEMA.items():
        value = declared[variable]
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
        if error is None:
            continue
        path, at = f"buckets_{variable}", value
        culprit: object = value
        for step in error.absolute_path:
            path += f"[{step}]" if isinstance(step, int) else f".{step}"
            culprit = _key(at, step) if isinstance(at, Mapping) else at[step]
            at = at[step]
        if error.validator == "additionalProperties":
            unknown = next(key for key in error.instance if key not in error.schema["properties"])
            allowed = ", ".join(sorted(error.schema["properties"]))
            raise Mistake(f"{path} has the unknown key {unknown!r}; allowed are {allowed}", unknown)
        if error.validator in _ALLOWED:
            allowed = _ALLOWED[error.validator](error.validator_value)
            raise Mistake(f"{path} is {error.instance!r}; allowed is {allowed}", culprit)
        raise Mistake(f"{path}: {error.message}", culprit)
    for kind in declared["overrides"]:
        if kind not in declared["kinds"]:
            allowed = ", ".join(declared["kinds"])
            raise Mistake(f"buckets_overrides names the unknown kind {str(kind)!r}; allowed are {allowed}", kind)


def _declared_buckets(declared: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every bucket as (variable, full name, its own settings over the defaults), logs first: others need it."""
    defaults = declared["defaults"]
    buckets = []
    if declared.get("stage"):
        for kind, common in declared["kinds"].items():
            try:
                name = bucket_name(kind, declared["stage"], declared.get("environment"), declared["prefix"])
            except (TypeError, ValueError) as exc:
                raise Mistake(f"buckets_kinds.{kind}: {exc}", kind) from exc
            settings = {**defaults, **common, **declared["overrides"].get(kind, {}), "kind": kind}
            if settings.get("served") and not settings.get("servable"):
                raise Mistake(
                    f"buckets_overrides.{kind}.served is {settings['served']}, but {kind} is private; allowed is false",
                    _key(declared["overrides"], kind),
                )
            buckets.append((f"buckets_kinds.{kind}", name, settings))
        buckets.sort(key=lambda bucket: bucket[2]["kind"] != declared["logs_kind"])
    for name, own in declared["standalone"].items():
        try:
            check_bucket_name(name)
        except ValueError as exc:
            raise Mistake(f"buckets_standalone: {exc}", name) from exc
        buckets.append((f"buckets_standalone.{name}", str(name), {**defaults, **own}))
    return buckets


def _lifecycle(variable: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    days = {key: settings[key] for key in ("expire_days", "noncurrent_days") if settings.get(key)}
    if settings["mfa_delete"]:
        # S3 refuses lifecycle rules and MFA delete on one bucket.
        if days:
            raise Mistake(f"{variable}: mfa_delete and {next(iter(days))} exclude each other in S3; choose one")
        return []
    if settings.get("abort_upload_days"):
        days["abort_upload_days"] = settings["abort_upload_days"]
    return [{"id": "retention", **days}] if days else []


def _desired_bucket(
    variable: str, name: str, settings: Mapping[str, Any], declared: Mapping[str, Any], access: dict[str, Any]
) -> dict[str, Any]:
    for key in _ACCESS:
        try:
            access[key] = principal_arns(settings.get(key, []), declared["accounts"])
        except (TypeError, ValueError) as exc:
            raise Mistake(f"{variable}.{key}: {exc}", settings.get(key)) from exc
    try:
        policy = bucket_policy(name, {**access, "statements": settings.get("statements", [])})
    except (TypeError, ValueError) as exc:
        raise Mistake(f"{variable}.statements: {exc}", settings.get("statements")) from exc
    tags = dict(declared["tags"])
    if settings.get("kind"):
        tags |= {"Stage": declared["stage"], "Environment": declared["environment"], "Kind": settings["kind"]}
    bucket = {
        "name": name,
        "region": settings.get("region") or declared["region"],
        "versioning": settings["versioning"],
        "mfa_delete": settings["mfa_delete"],
        "encryption": dict(settings["encryption"]),
        "public_access_block": True,
        "ownership": "BucketOwnerEnforced",
        "policy": policy,
        "keep_statements": settings.get("keep_statements", False),
        "lifecycle": _lifecycle(variable, settings),
        "keep_lifecycle_rules": settings.get("keep_lifecycle_rules", False),
        "tags": {**tags, **settings.get("tags", {})},
        # Said of every bucket: a rule that is no longer declared would stay and fail, since the role serves it no more.
        "replication": {"rules": [], "keep_rules": settings.get("keep_replication_rules", False)},
    }
    return bucket | {key: settings[key] for key in ("cors", "notifications") if key in settings}


def _replication(
    variable: str, bucket: dict[str, Any], settings: Mapping[str, Any], declared: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The source's replication, and the replica's own desired state where it lives in this account."""
    replica = settings["replica"]
    variable = f"{variable}.replica"
    try:
        check_bucket_name(replica["name"])
    except ValueError as exc:
        raise Mistake(f"{variable}.name: {exc}", replica["name"]) from exc
    region = replica.get("region") or declared["replica_region"]
    account = replica.get("account", declared["account"])
    if account not in declared["accounts"]:
        allowed = ", ".join(declared["accounts"])
        raise Mistake(f"{variable}.account: {str(account)!r} is unknown; allowed are {allowed}", account)
    if region == bucket["region"]:
        raise Mistake(f"{variable}.region is {region}, where the source is; allowed is any other", replica["name"])
    if not bucket["versioning"]:
        raise Mistake(f"{variable} needs versioning of {bucket['name']}; allowed is versioning: true", replica["name"])
    elsewhere = account != declared["account"]
    own_account = declared["accounts"][declared["account"]]["id"]
    rule = {
        "id": str(settings.get("kind") or bucket["name"]),
        "priority": 0,
        "bucket": str(replica["name"]),
        "region": region,
        # Without these S3 neither copies delete markers nor reports failures.
        "delete_markers": replica.get("delete_markers", True),
        "metrics": replica.get("metrics", True),
        "replication_time_control": replica.get("replication_time_control", False),
        "owner_override": replica.get("owner_override", elsewhere),
    }
    if elsewhere:
        rule["account"] = declared["accounts"][account]["id"]
    encryption = replica.get("encryption", declared["defaults"]["encryption"])
    rule |= {"kms_key": encryption["key"]} if encryption.get("key") else {}
    rule |= {key: replica[key] for key in ("prefix", "storage_class") if key in replica}
    rule |= {"tags": replica["object_tags"]} if "object_tags" in replica else {}
    replication = {
        "role": f"arn:aws:iam::{own_account}:role/replication",
        "keep_rules": settings.get("keep_replication_rules", False),
        "rules": [rule],
    }
    if elsewhere:
        return replication, None
    own = {**declared["defaults"], **{k: v for k, v in replica.items() if k != "name"}, "region": region}
    own["kind"] = settings.get("kind")
    own["tags"] = {"ReplicaOf": bucket["name"], **replica.get("tags", {})}
    return replication, _desired_bucket(variable, str(replica["name"]), own, declared, {})


def buckets_desired(declared: Mapping[str, Any]) -> dict[str, Any]:
    """{"buckets": [...], "replication_role": {...}}: replicas before their sources. Raises Mistake (a ValueError)."""
    _check_shapes(declared)
    declared_buckets = _declared_buckets(declared)
    logs_name = next((name for _, name, s in declared_buckets if s.get("kind") == declared["logs_kind"]), None)
    account_id = declared["accounts"][declared["account"]]["id"]
    desired: list[dict[str, Any]] = []
    for variable, name, settings in declared_buckets:
        access: dict[str, Any] = {}
        if name == logs_name:
            sources = [other for _, other, s in declared_buckets if s.get("kind") and other != name]
            access |= {"logs_from": sources, "account_id": account_id}
        if settings.get("served"):
            if not declared["router_addresses"]:
                raise Mistake(
                    f"buckets_router_addresses is empty, but {settings.get('kind') or name} is served; "
                    "allowed is a list of address ranges such as 198.51.100.10/32"
                )
            access["served_to"] = [str(address) for address in declared["router_addresses"]]
        bucket = _desired_bucket(variable, name, settings, declared, access)
        if logs_name and settings.get("kind") and name != logs_name:
            bucket["logging"] = {"bucket": logs_name, "prefix": f"{name}/"}
        if settings.get("replica"):
            bucket["replication"], replica = _replication(variable, bucket, settings, declared)
            desired += [replica] if replica else []
        desired.append(bucket)
    names = [bucket["name"] for bucket in desired]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise Mistake(f"buckets_*: {repeated} is declared twice; every bucket name must be unique")
    return {
        "buckets": desired,
        "replication_role": replication_role(desired, "replication", f"replication-{declared['name']}"),
    }


def _where(culprit: object) -> str:
    """' (file:line)' where Ansible knows it; its data tags are the only thing that does."""
    try:
        from ansible._internal._datatag._tags import Origin
    except ImportError:
        return ""
    origin = Origin.get_tag(culprit)
    if origin is None or not origin.path:
        return ""
    path = Path(origin.path)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f" ({shown}:{origin.line_num})" if origin.line_num else f" ({shown})"


def _buckets_desired_filter(declared: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return buckets_desired(declared)
    except Mistake as exc:
        raise AnsibleFilterError(f"{exc}{_where(exc.culprit)}.", obj=exc.culprit) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"buckets_desired": _buckets_desired_filter}
