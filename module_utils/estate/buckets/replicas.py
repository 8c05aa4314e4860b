"""What the vars say of a bucket's replicas: the rule, and the replica as a bucket of its own. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.names import name_mistake
from ansible.module_utils.estate.buckets.vars import OF_THE_RULE, Declared, Mistake, layers_of, marked
from ansible.module_utils.estate.policy import partition

Vars = Mapping[str, Any]
_OF_WHERE_IT_IS = (*OF_THE_RULE, "about", "region", "encryption")
OF_A_COPY = ("only_listed", "readers", "listers", "version_listers", "keepers")


def replicas(one: Declared) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(variable, what it says)"""
    settings = one.settings
    if settings.get("replica"):
        yield one.where("replica")[0], settings["replica"]
    for index, replica in enumerate(settings.get("replicas") or []):
        yield f"{one.where('replicas')[0]}[{index}]", replica


def of_another(name: str, declared: Vars) -> str:
    """Whose name it is, where it is another stage's or host's; "" where it may be ours."""
    stage, words = declared.get("stage"), name.split("-")
    other = next((one for one in declared.get("stages") or () if one != stage and one in words), "")
    if other and (stage or any(fnmatch.fnmatchcase(name, known) for known in declared.get("known") or ())):
        return f"which is a name of the stage {other}; choose another"
    return ""


def partition_mistake(region: str, home: str) -> str:
    """Why a bucket of the account of home cannot be in the region, nor be copied there; "" where it can."""
    if partition(region) == partition(home):
        return ""
    return f" is {region}, of the partition {partition(region)}; allowed are regions of {partition(home)}, as {home} is"


def replica_of(
    variable: str,
    replica: Mapping[str, Any],
    one: Declared,
    bucket: Mapping[str, Any],
    declared: Vars,
    names: Sequence[str],
) -> tuple[dict[str, Any], Declared | None]:
    """The rule, and the replica as a bucket of its own where it lives in this account and is not declared elsewhere."""
    name, settings = str(replica["name"]), one.settings
    if mistake := name_mistake(name):
        raise Mistake(f"{variable}.name: {name!r} {mistake}", replica["name"])
    if name in names and not replica.get("existing"):
        said = (
            f"{variable}.name is {name}, which is declared as a bucket of its own; say existing: true to copy into it"
        )
        raise Mistake(said, replica["name"])
    if why := of_another(name, declared):
        raise Mistake(f"{variable}.name is {name}, {why}", replica["name"])
    region = replica.get("region") or declared["replica_region"]
    account = replica.get("account", declared["account"])
    if account not in declared["accounts"]:
        allowed = ", ".join(declared["accounts"])
        raise Mistake(f"{variable}.account: {str(account)!r} is unknown; allowed are {allowed}", account)
    if region == bucket["region"] and "region" not in replica and not replica.get("existing"):
        raise Mistake(f"{variable}.region is {region}, where the source is; allowed is any other", replica["name"])
    if why := partition_mistake(region, bucket["region"]):
        raise Mistake(f"{variable}.region{why}", replica.get("region", replica["name"]))
    if not bucket.get("versioning"):
        raise Mistake(f"{variable} needs versioning of {bucket['name']}; allowed is versioning: true", replica["name"])
    elsewhere = account != declared["account"]
    before = bucket["replication"]["rules"]
    named = f"{one.kind or one.name}{f'-{name}' if settings.get('replicas') else ''}"
    into = 1 + sum(rule["bucket"] == name for rule in before)
    rule = {
        "id": marked(f"{named}-{into}" if into > 1 else named, settings, "keep_replication_rules"),
        "priority": replica.get("priority", len(before)),
        "bucket": name,
        "region": region,
        # Without these S3 neither copies delete markers nor reports failures; a marker has no tags to be chosen by.
        "delete_markers": replica.get("delete_markers", not replica.get("object_tags")),
        "metrics": replica.get("metrics", True),
        "replication_time_control": replica.get("replication_time_control", False),
        "owner_override": replica.get("owner_override", elsewhere),
        "replica_modifications": replica.get("replica_modifications", False),
    }
    if elsewhere:
        rule["account"] = declared["accounts"][account]["id"]
    encryption = replica.get("encryption", declared["defaults"]["encryption"])
    rule |= {"kms_key": encryption["key"]} if encryption.get("key") else {}
    rule |= {key: replica[key] for key in ("prefix", "storage_class") if key in replica}
    rule |= {"tags": replica["object_tags"]} if "object_tags" in replica else {}
    if elsewhere or replica.get("existing"):
        if word := next((word for word in replica if word not in _OF_WHERE_IT_IS), ""):
            raise Mistake(f"{variable}.{word} is a setting of {name}, which is declared elsewhere; say it there", word)
        return rule, None
    own = {key: value for key, value in replica.items() if key not in OF_THE_RULE} | {"region": region}
    # A copy is as private as what it is a copy of.
    limited = {key: settings[key] for key in OF_A_COPY if key in settings} if settings.get("only_listed") else {}
    layers = layers_of(("buckets_defaults", declared["defaults"]), (one.variable, limited), (variable, own))
    return rule, Declared(name, layers, one.kind, one.name)
