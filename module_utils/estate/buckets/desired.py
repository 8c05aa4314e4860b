"""The complete desired state of a stage's or an account's buckets, worked out of the buckets_* vars. Pure.

Everything is checked before: the first mistake, or all of one kind, is a Mistake that names variable, file and line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.check import known_regions, mistakes
from ansible.module_utils.estate.buckets.names import bucket_name, name_mistake
from ansible.module_utils.estate.buckets.objects import tag_mistakes
from ansible.module_utils.estate.buckets.principals import Known, principal_arns, stranger
from ansible.module_utils.estate.buckets.replicas import of_another, partition_mistake, replica_of, replicas
from ansible.module_utils.estate.buckets.replicating import PATH, replication_role
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.buckets.statements import GRANTS, OWN_SIDS, bucket_policy, network_mistake
from ansible.module_utils.estate.buckets.vars import Declared, Mistake, check_shapes, key_of, layers_of, marked
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.policy import partition, principals

Vars = Mapping[str, Any]
# What a bucket is that says everything itself.
NOTHING: tuple[str, dict[str, Any]] = (
    "nothing",
    {"versioning": False, "mfa_delete": False, "encryption": {"algorithm": "AES256"}, "require": []},
)
_SHORT_DAYS = ("expire_days", "noncurrent_days", "abort_upload_days")
# Settings that the vars name as the module does, and that are left alone where the vars do not.
_AS_THEY_ARE = tuple(
    name
    for name, setting in BY_NAME.items()
    if setting.schema and name not in ("tags", "lifecycle", "versioning", "encryption")
)
# Where what the module calls a setting stands in the vars.
_IN_VARS = {
    "policy": ("statements", "require", *GRANTS, "only_listed"),
    "lifecycle": ("lifecycle", *_SHORT_DAYS),
    "replication": ("replicas", "replica"),
}


# --- which buckets there are ------------------------------------------------------------------------------------------


def declared_buckets(declared: Vars) -> list[Declared]:
    """Every bucket but the replicas, logs first: others need it."""
    defaults = ("buckets_defaults", declared["defaults"])
    found = []
    if declared.get("stage"):
        for kind, common in declared["kinds"].items():
            own = declared["overrides"].get(kind) or {}
            layers = layers_of(defaults, (f"buckets_kinds.{kind}", common), (f"buckets_overrides.{kind}", own))
            try:
                name = {**common, **own}.get("name") or bucket_name(
                    kind, declared["stage"], declared.get("environment"), declared["prefix"]
                )
            except (TypeError, ValueError) as exc:
                said = f"buckets_kinds.{kind} with the buckets_name_prefix {declared['prefix']!r}: {exc}"
                raise Mistake(said, declared["prefix"]) from exc
            found.append(Declared(str(name), layers, str(kind)))
        found.sort(key=lambda one: one.kind != declared["logs_kind"])
    for name, own in declared["standalone"].items():
        below = NOTHING if own.get("defaults") is False else defaults
        found.append(Declared(str(name), [*layers_of(below), (f"buckets_standalone.{name}", own)]))
    return found


# --- one bucket -------------------------------------------------------------------------------------------------------


def _check(one: Declared, declared: Vars) -> None:
    """What only the vars can get wrong."""
    settings = one.settings
    if mistake := name_mistake(one.name):
        variable, culprit = one.where("name")
        if "name" not in settings:
            variable, culprit = "buckets_standalone", key_of(declared["standalone"], one.name)
        raise Mistake(f"{variable}: {one.name!r} {mistake}", culprit)
    if (why := of_another(one.name, declared)) and not one.source:
        standalone = key_of(declared["standalone"], one.name)
        raise Mistake(f"{one.variable} is the bucket {one.name}, {why}", settings.get("name") or standalone)
    if why := partition_mistake(str(settings.get("region") or declared["region"]), str(declared["region"])):
        raise Mistake(f"{one.where('region')[0]}{why}", settings["region"])
    served = settings.get("served")
    if served and not settings.get("servable"):
        what = one.kind or one.name
        raise one.mistake(f" is {served!r}, but {what} is private; allowed is false", "served")
    if wrong := next(tag_mistakes(".tag", served.get("tag") or {}, 1) if isinstance(served, Mapping) else iter(()), ""):
        raise one.mistake(wrong, "served")
    if served and not declared["router_addresses"]:
        raise Mistake(
            f"buckets_router_addresses is empty, but {one.kind or one.name} is served; "
            "allowed is a list of address ranges such as 198.51.100.10/32",
            declared["router_addresses"],
        )
    unread = {
        "encryption": settings["encryption"]["algorithm"].removeprefix("AES256"),
        "require": "kms" if "kms" in settings.get("require", []) else "",
        "leave": "encryption, which may be KMS's" if "encryption" in settings.get("leave", []) else "",
    }
    if served and (name := next((name for name, said in unread.items() if said), "")):
        raise one.mistake(
            f" is {unread[name]}, but {one.kind or one.name} is served, and S3 gives what KMS encrypts to nobody who "
            f"does not sign in; allowed is {'AES256' if name == 'encryption' else 'to leave it out'}",
            name,
        )
    if served and settings.get("only_listed"):
        raise one.mistake(
            " keeps out whoever does not sign in, so that nothing could be served; choose one", "only_listed"
        )
    if "load_balancers" in settings.get("delivers", []) and settings["encryption"]["algorithm"] != "AES256":
        raise one.mistake(" has load_balancers, which write no logs under KMS; allowed is AES256", "delivers")
    days = next((key for key in ("lifecycle", "expire_days", "noncurrent_days") if settings.get(key)), None)
    if settings["mfa_delete"] and days:
        raise one.mistake(" and mfa_delete exclude each other in S3; choose one", days)
    if settings["mfa_delete"] and not settings["versioning"] and "versioning" not in settings.get("leave", []):
        raise one.mistake(" needs versioning; allowed is versioning: true", "mfa_delete")


def _lifecycle(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    if settings["mfa_delete"]:
        return []  # S3 refuses lifecycle rules beside it
    short = {key: settings[key] for key in _SHORT_DAYS if settings.get(key)}
    rules = [{"id": "retention", **short}] if short else []
    rules += [
        {**rule, "id": marked(rule["id"], settings, "keep_lifecycle_rules")} for rule in settings.get("lifecycle") or []
    ]
    return rules


def _known(declared: Vars, users: bool) -> Known | None:
    """The roles of each account that somebody declares, and its users; None without the vars of access."""
    if not declared.get("roles"):
        return None
    elsewhere = {str(role["name"]): role.get("accounts") or () for role in declared.get("known_roles") or ()}
    roles = {**elsewhere, **declared["roles"]}
    known = {
        account: {"role": [str(role) for role, accounts in roles.items() if account in accounts]}
        for account in declared["accounts"]
    }
    if users and declared.get("users"):  # all in one account; asking for them reads a file
        for account, found in known.items():
            found["user"] = _users(declared["users"]) if account == declared["users_in"] else []
    return known


def _users(listed: Sequence[Any]) -> list[str]:
    """Names with their paths; what is no entry of vars/people.yml the role access refuses."""
    entries = [one if isinstance(one, Mapping) else {"name": one} for one in listed]
    return [f"{one.get('path') or '/'}{one.get('name')}".removeprefix("/") for one in entries]


def _policy(one: Declared, declared: Vars, access: dict[str, Any], region: str) -> dict[str, Any]:
    settings, where = one.settings, partition(region)
    known = _known(declared, ":user/" in str([settings.get(word) for word in (*GRANTS, "statements")]))
    for key in GRANTS:
        try:
            access[key] = principal_arns(settings.get(key, []), declared["accounts"], known, where)
        except (TypeError, ValueError) as exc:
            variable, _ = one.where(key)
            item = re.match(r"item (\d+)", str(exc))
            raise Mistake(f"{variable}: {exc}", settings[key][int(item[1])] if item else settings.get(key)) from exc
    for statement in settings.get("statements", []) if settings.get("defaults") is not False else ():
        # What is adopted names whom it names live, be he declared or not.
        who = [{"Principal": statement.get(word)} for word in ("Principal", "NotPrincipal")]
        for arn in principals({"Statement": who}):
            if why := stranger(arn, declared["accounts"], known):
                raise one.mistake(f" statement {statement.get('Sid', '')}: {why}", "statements")
    access |= {"delivers": settings.get("delivers", []), "require": settings.get("require", ["tls"])}
    if settings.get("only_listed"):
        if not access["keepers"]:
            raise one.mistake(" needs keepers: without any only the root user could change the bucket", "only_listed")
        ours = f"arn:{where}:iam::{access['account_id']}"
        access |= {"only_listed": True, "replicators": [f"{ours}:role{PATH}replication"], "root": [f"{ours}:root"]}
        access["batch"] = [f"{ours}:role{PATH}batch"]
    access["statements"] = [
        {**statement, "Sid": marked(statement["Sid"], settings, "keep_statements")}
        if statement.get("Sid")
        else statement
        for statement in settings.get("statements", [])
    ]
    if settings.get("served"):
        access |= {
            "served": settings["served"],
            "served_to": [str(address) for address in declared["router_addresses"]],
        }
    try:
        return bucket_policy(one.name, access, where)
    except (TypeError, ValueError) as exc:
        raise one.mistake(f": {exc}", "statements") from exc


def _own_tags(one: Declared, declared: Vars) -> dict[str, str]:
    """Those that say what the bucket is, by which costs are told apart: nobody says otherwise."""
    tags = {"ReplicaOf": one.source} if one.source else {}
    if one.kind:
        tags |= {"Stage": declared["stage"], "Environment": declared["environment"], "Kind": one.kind}
    for variable, layer in reversed(one.layers):
        for key, value in (layer.get("tags") or {}).items():
            if value != tags.get(key, value):
                said = (
                    f"{variable}.tags.{key} is {value!r}, but {one.name} has the tag {key}: {tags[key]} by what it is"
                )
                raise Mistake(f"{said}; choose another key", key_of(layer["tags"], key))
    return tags


def _bucket(one: Declared, declared: Vars, access: dict[str, Any]) -> dict[str, Any]:
    settings = one.settings
    region = str(settings.get("region") or declared["region"])
    account_id = declared["accounts"][declared["account"]]["id"]
    tags = dict(declared["tags"]) if settings.get("defaults") is not False else {}
    tags |= _own_tags(one, declared) | settings["tags"]
    bucket = {
        "name": one.name,
        "region": region,
        "versioning": settings["versioning"],
        "mfa_delete": settings["mfa_delete"],
        "encryption": dict(settings["encryption"]),
        "public_access_block": True,
        "ownership": "BucketOwnerEnforced",
        "policy": _policy(one, declared, {**access, "account_id": account_id}, region),
        "keep_statements": settings.get("keep_statements", False),
        "lifecycle": _lifecycle(settings),
        "keep_lifecycle_rules": settings.get("keep_lifecycle_rules", False),
        "tags": {key: value for key, value in tags.items() if value is not None},
        "purge_tags": settings.get("purge_tags", True),
        "ignored_tags": settings.get("ignored_tags", []),
        # Said of every bucket: a rule that is no longer declared would stay and fail, since the role serves it no more.
        "replication": {"rules": [], "keep_rules": settings.get("keep_replication_rules", False)},
        "own": [one.kind or one.name, one.name, "retention", *OWN_SIDS],
    }
    bucket |= {key: settings[key] for key in _AS_THEY_ARE if settings.get(key) is not None}
    return {key: value for key, value in bucket.items() if key not in settings.get("leave", [])}


def _logs(settings: Vars) -> list[Any]:
    return [(settings.get("logging") or {}).get("bucket")]


def _lists(settings: Vars) -> list[Any]:
    return [rule["bucket"] for rule in settings.get("inventory") or ()]


# Who delivers what the buckets say that they send.
_DELIVER: dict[Callable[[Vars], list[Any]], str] = {_logs: "logging.s3.amazonaws.com", _lists: '"s3.amazonaws.com'}


def _sources(target: Declared, found: Sequence[Declared], to: Callable[[Vars], list[Any]]) -> set[str]:
    """The buckets that say that they log, or send lists to it, where it does not say by itself who may deliver them."""
    said = target.settings
    if said.get("defaults") is False or _DELIVER[to] in json.dumps(said.get("statements"), default=str):
        return set()
    everywhere: list[tuple[str, Vars]] = [(one.name, one.settings) for one in found]
    everywhere += [(str(replica["name"]), replica) for one in found for _, replica in replicas(one)]
    return {name for name, settings in everywhere if target.name in to(settings)}


# --- all of them ------------------------------------------------------------------------------------------------------


def buckets_desired(declared: Vars) -> dict[str, Any]:
    """{"buckets": [...], "replication_role": {...}}: replicas before their sources. Raises Mistake (a ValueError)."""
    check_shapes(declared)
    for word in ("region", "replica_region"):
        if (region := declared[word]) not in known_regions():
            hint = nearest(region, known_regions())
            raise Mistake(f"buckets_{word} is {str(region)!r}, which is no region of AWS's{hint}", region)
    for address in declared["router_addresses"]:
        if mistake := network_mistake(address, bool(declared.get("embedded"))):
            raise Mistake(f"buckets_router_addresses: {mistake}", address)
    found, logs_kind = declared_buckets(declared), declared["logs_kind"]
    if declared.get("stage") and logs_kind and logs_kind not in declared["kinds"]:
        hint = nearest(logs_kind, declared["kinds"])
        said = f"buckets_logs_kind is {logs_kind!r}; allowed are {', '.join(declared['kinds'])}{hint}"
        raise Mistake(said, logs_kind)
    names = [one.name for one in found]
    logs_name = next((one.name for one in found if one.kind and one.kind == logs_kind), None)
    account_id = declared["accounts"][declared["account"]]["id"]
    desired: list[dict[str, Any]] = []
    by_name: dict[str, Declared] = {}
    for one in found:
        _check(one, declared)
        sources = {other.name for other in found if other.kind and other.name != one.name and one.name == logs_name}
        access = {"logs_from": sources | _sources(one, found, _logs), "listed_from": _sources(one, found, _lists)}
        bucket = _bucket(one, declared, access)
        if logs_name and one.kind and one.name != logs_name and "logging" not in one.settings:
            bucket["logging"] = {"bucket": logs_name, "prefix": f"{one.name}/"}
        for variable, replica in replicas(one):
            if "replication" not in bucket:
                raise one.mistake(f" has replication, which {variable} declares; choose one", "leave")
            rule, own = replica_of(variable, replica, one, bucket, declared, names)
            role = f"arn:{partition(bucket['region'])}:iam::{account_id}:role{PATH}replication"
            bucket["replication"] = {**bucket["replication"], "role": role}
            bucket["replication"]["rules"] = [*bucket["replication"]["rules"], rule]
            if own:
                if own.name in by_name:
                    raise _twice(f"{variable}.name", replica["name"], by_name[own.name])
                _check(own, declared)
                access = {"logs_from": _sources(own, found, _logs), "listed_from": _sources(own, found, _lists)}
                desired.append(_bucket(own, declared, access))
                by_name[own.name] = own
        desired.append(bucket)
        if one.name in by_name:
            culprit = one.settings.get("name") or key_of(declared["standalone"], one.name)
            raise _twice(one.variable, culprit, by_name[one.name])
        by_name[one.name] = one
    role_wanted = replication_role(desired, "replication", f"replication-{declared['name']}")
    _refuse({"buckets": desired, "replication_role": role_wanted}, by_name)
    return {"buckets": desired, "replication_role": role_wanted}


def _twice(variable: str, culprit: object, other: Declared) -> Mistake:
    """A name that is somebody else's already."""
    hint = (
        "; for one more rule into it say existing: true" if other.source else "; every bucket needs a name of its own"
    )
    return Mistake(f"{variable}: {other.name} is declared twice, by {other.variable}, too{hint}", culprit)


def _refuse(desired: Mapping[str, Any], by_name: Mapping[str, Declared]) -> None:
    """Raises Mistake for what AWS would refuse, all of it, in the words of the vars."""
    said: dict[str, object] = {}
    for mistake in mistakes({**desired, "replication_role": None}):
        one = by_name[mistake.bucket]
        keys = _IN_VARS.get(mistake.setting, (mistake.setting,))
        variable, culprit = one.where(*keys)
        if not any(variable.endswith(f".{key}") for key in keys):
            variable = "buckets_tags" if mistake.setting == "tags" else f"{one.name}.{keys[0]}"
        said.setdefault(f"{variable}{mistake.said}", culprit)
    if said:
        raise Mistake("; ".join(said), next(iter(said.values())))
