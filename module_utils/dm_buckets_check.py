"""What can be wrong with a declaration of buckets, found before the first call. Pure.

    mistakes(declared, regions) -> ["buckets[3].replication.rules[0].region is eu-west-1, where the source is; …", …]

Each is one sentence: the variable, what is wrong with it, what is allowed. Limits are AWS's:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, …/replication.html, …/tagging.html.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from ansible.module_utils.dm_buckets_rules import TARGETS
from ansible.module_utils.dm_buckets_shapes import as_list, partition, statements

_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")
_STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
)
_ROLE = re.compile(r"arn:aws[-a-z]*:iam::\d{12}:role/\S+")
_MAX_POLICY = 20 * 1024
_MAX_RULES = 1000
Found = Iterator[str]


def name_mistake(name: str) -> str:
    """What AWS has against a bucket's name; "" where it is a good one."""
    if not 3 <= len(name) <= 63:
        return f"has {len(name)} characters; allowed are 3 to 63"
    if not re.fullmatch(r"[a-z0-9.-]+", name):
        return "has other characters than a-z, 0-9, dots and hyphens"
    if not (name[0].isalnum() and name[-1].isalnum()):
        return "must begin and end with a letter or a digit"
    if ".." in name:
        return "has two dots side by side"
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
        return "looks like an IP address"
    start = next((start for start in _RESERVED_STARTS if name.startswith(start)), None)
    if start:
        return f"begins with {start}, which AWS reserves"
    end = next((end for end in _RESERVED_ENDS if name.endswith(end)), None)
    return f"ends with {end}, which AWS reserves" if end else ""


def _region(at: str, region: str, regions: Collection[str]) -> Found:
    if region not in regions:
        near = difflib.get_close_matches(region, regions, 1)
        hint = f"; did you mean {near[0]}" if near else ""
        yield f"{at} is {region!r}, which is no region of AWS's{hint}"


def _tags(at: str, tags: dict[str, Any], limit: int) -> Found:
    if len(tags) > limit:
        yield f"{at} has {len(tags)} tags; AWS allows {limit}"
    for key, value in tags.items():
        if not 1 <= len(key) <= 128:
            yield f"{at}.{key} has a key of {len(key)} characters; allowed are 1 to 128"
        elif key.lower().startswith("aws:"):
            yield f"{at}.{key} begins with aws:, which AWS reserves"
        elif not re.fullmatch(r"[\w\s+\-=.:/@]*", f"{key}{value}"):
            yield f"{at}.{key} may have letters, digits, spaces and + - = . _ : / @ only"
        elif len(str(value)) > 256:
            yield f"{at}.{key} has a value of {len(str(value))} characters; allowed are 256"


def _unique(at: str, rules: list[dict], key: str) -> Found:
    values = [rule.get(key) for rule in rules]
    for index, value in enumerate(values):
        first = values.index(value)
        if first < index:
            yield f"{at}[{index}].{key} is {value!r}, as {at}[{first}].{key} is; every rule needs its own"


def _ids(at: str, rules: list[dict], limit: int) -> Found:
    if len(rules) > limit:
        yield f"{at} has {len(rules)} rules; AWS allows {limit}"
    for index, rule in enumerate(rules):
        if not 1 <= len(rule["id"]) <= 255:
            yield f"{at}[{index}].id has {len(rule['id'])} characters; allowed are 1 to 255"
    yield from _unique(at, rules, "id")


def _encryption(at: str, bucket: dict) -> Found:
    given = bucket["encryption"]
    if given["algorithm"] == "AES256" and (given.get("key") or given.get("bucket_key")):
        yield f"{at}.algorithm is AES256, which takes no key; say aws:kms, or leave key and bucket_key out"
    if given["algorithm"] == "aws:kms:dsse" and given.get("bucket_key"):
        yield f"{at}.bucket_key does not go with aws:kms:dsse; leave it out"


def _policy(at: str, bucket: dict) -> Found:
    policy, arn = bucket["policy"], f"arn:{partition(bucket)}:s3:::{bucket['name']}"
    size = len(json.dumps(policy, separators=(",", ":")))
    if size > _MAX_POLICY:
        yield f"{at} has {size} characters; AWS allows {_MAX_POLICY}"
    if policy and not statements(policy):
        yield f"{at} has no Statement; say {{}} for no policy at all"
    sids: list[str] = []
    for index, statement in enumerate(statements(policy)):
        where = f"{at}.Statement[{index}]"
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            yield f"{where}.Effect must be Allow or Deny"
            continue
        if not (statement.get("Principal") or statement.get("NotPrincipal")):
            yield f"{where} has no Principal; a bucket's policy must say whom it is about"
        resources = as_list(statement.get("Resource") or statement.get("NotResource") or [])
        if not resources:
            yield f"{where} has no Resource"
        for resource in resources:
            of = resource.removeprefix(f"arn:{partition(bucket)}:s3:::").partition("/")[0]
            if not fnmatch.fnmatchcase(bucket["name"], of):
                yield f"{where}.Resource names {resource}, which is not of this bucket; allowed are {arn} and {arn}/…"
        if statement.get("Sid") in sids:
            yield f"{where}.Sid is {statement['Sid']!r} for the second time; every statement needs its own"
        sids += [statement["Sid"]] if statement.get("Sid") else []


def _logging(at: str, bucket: dict, by_name: dict[str, dict]) -> Found:
    target = by_name.get(bucket["logging"].get("bucket") or "")
    if not target:
        return
    if target["region"] != bucket["region"]:
        yield (
            f"{at}.bucket is in {target['region']}, but {bucket['name']} is in {bucket['region']}; "
            "S3 writes access logs only within a region"
        )
    if (target.get("encryption") or {}).get("algorithm", "AES256") != "AES256":
        yield f"{at}.bucket is encrypted with KMS, where S3 writes no access logs; it must have AES256"
    seen = [bucket["name"]]
    while target and target["name"] not in seen[1:]:
        if target["name"] == seen[0] and len(seen) > 1:
            yield f"{at} goes in a circle: {' → '.join([*seen, seen[0]])}"
            return
        seen.append(target["name"])
        target = by_name.get((target.get("logging") or {}).get("bucket") or "")


def _lifecycle(at: str, bucket: dict) -> Found:
    rules = bucket["lifecycle"]
    if rules and bucket.get("mfa_delete"):
        yield f"{at} and mfa_delete exclude each other in S3; choose one"
    yield from _ids(at, rules, _MAX_RULES)
    for index, rule in enumerate(rules):
        where = f"{at}[{index}]"
        words = ("expire_days", "noncurrent_days", "abort_upload_days")
        if all(rule.get(word) is None for word in words):
            yield f"{where} does nothing; it needs one of {', '.join(words)}"
        for word in words:
            if rule.get(word) is not None and rule[word] < 1:
                yield f"{where}.{word} is {rule[word]}; allowed is 1 or more"
        if rule.get("abort_upload_days") and rule.get("tags"):
            yield f"{where} has tags, and uploads that are not finished have none; make abort_upload_days its own rule"
        yield from _tags(f"{where}.tags", rule.get("tags") or {}, 10)


def _cors(at: str, bucket: dict) -> Found:
    yield from _ids(at, bucket["cors"], 100)
    for index, rule in enumerate(bucket["cors"]):
        for word in ("origins", "methods"):
            if not rule.get(word):
                yield f"{at}[{index}].{word} is empty; AWS needs at least one"
        for origin in [*(rule.get("origins") or []), *(rule.get("headers") or [])]:
            if origin.count("*") > 1:
                yield f"{at}[{index}] has {origin!r}; AWS allows one asterisk"


def _notifications(at: str, bucket: dict) -> Found:
    services = {"topics": "sns", "queues": "sqs", "functions": "lambda"}
    for word in TARGETS:
        entries = bucket["notifications"].get(word) or []
        yield from _ids(f"{at}.{word}", entries, 100)
        for index, entry in enumerate(entries):
            where = f"{at}.{word}[{index}]"
            if not re.match(rf"arn:aws[-a-z]*:{services[word]}:", entry["arn"]):
                yield f"{where}.arn is {entry['arn']!r}; it must begin with arn:aws:{services[word]}:"
            if not entry["events"] or any(not event.startswith("s3:") for event in entry["events"]):
                yield f"{where}.events must be a list of events such as s3:ObjectCreated:*"


def _replication(at: str, bucket: dict, by_name: dict[str, dict], regions: Collection[str]) -> Found:
    given = bucket["replication"]
    rules = given["rules"]
    if not rules:
        return
    if bucket.get("versioning") is not True:
        yield f"{at} needs versioning of {bucket['name']}; say versioning: true there"
    if not _ROLE.fullmatch(given.get("role") or ""):
        yield f"{at}.role is {given.get('role')!r}; it must be the ARN of the role that replicates"
    yield from _ids(f"{at}.rules", rules, _MAX_RULES)
    yield from _unique(f"{at}.rules", rules, "priority")
    for index, rule in enumerate(rules):
        yield from _replication_rule(f"{at}.rules[{index}]", rule, bucket, by_name, regions)


def _replication_rule(at: str, rule: dict, bucket: dict, by_name: dict[str, dict], regions: Collection[str]) -> Found:
    target = None if rule.get("account") else by_name.get(rule["bucket"])
    region = rule.get("region") or (target or {}).get("region")
    if mistake := name_mistake(rule["bucket"]):
        yield f"{at}.bucket ({rule['bucket']}) {mistake}"
    if not region:
        yield f"{at}.region is missing; say where {rule['bucket']} is"
    elif rule.get("region"):
        yield from _region(f"{at}.region", region, regions)
    if region == bucket["region"]:
        yield f"{at}.region is {region}, where the source is; a replica must be in another region"
    if target and target["region"] != region:
        yield f"{at}.region is {region}, but {rule['bucket']} is declared in {target['region']}"
    if target and target.get("versioning") is not True:
        yield f"{at}.bucket is {rule['bucket']}, which needs versioning; say versioning: true there"
    if rule["bucket"] == bucket["name"]:
        yield f"{at}.bucket is the source itself"
    if (rule.get("priority") or 0) < 0:
        yield f"{at}.priority is {rule['priority']}; allowed is 0 or more"
    if rule.get("account") and not re.fullmatch(r"\d{12}", rule["account"]):
        yield f"{at}.account is {rule['account']!r}; it must be 12 digits in quotes"
    if rule.get("owner_override") and not rule.get("account"):
        yield f"{at}.owner_override needs account, the replica's new owner"
    if rule.get("replication_time_control") and not rule.get("metrics"):
        yield f"{at}.replication_time_control needs metrics; say metrics: true"
    if rule.get("delete_markers") and rule.get("tags"):
        yield f"{at}.delete_markers does not go with tags, since delete markers have none"
    if rule.get("storage_class") and rule["storage_class"] not in _STORAGE_CLASSES:
        yield f"{at}.storage_class is {rule['storage_class']!r}; allowed are {', '.join(_STORAGE_CLASSES)}"
    if (bucket.get("encryption") or {}).get("algorithm", "AES256") != "AES256" and not rule.get("kms_key"):
        yield f"{at}.kms_key is missing; objects that {bucket['name']} encrypts with KMS are not replicated without it"
    yield from _tags(f"{at}.tags", rule.get("tags") or {}, 10)


def _role(role: dict) -> Found:
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", role["name"]):
        yield f"replication_role.name is {role['name']!r}; allowed are 1 to 64 letters, digits and + = , . @ - _"
    if not re.fullmatch(r"/|/[!-~]+/", role.get("path") or "/"):
        yield f"replication_role.path is {role['path']!r}; it must begin and end with /"
    if not re.fullmatch(r"[\w+=,.@-]{1,128}", role["policy_name"]):
        yield f"replication_role.policy_name is {role['policy_name']!r}; allowed are letters, digits and + = , . @ - _"
    for word in ("trust", "policy"):
        if not statements(role[word]):
            yield f"replication_role.{word} has no Statement"


def _together(found: Iterable[str]) -> list[str]:
    """One sentence for what is wrong with several buckets: a region that is misspelt once is that of all of them."""
    groups: dict[str, list[str]] = {}
    for sentence in found:
        where = re.match(r"buckets\[(\d+)\]", sentence)
        groups.setdefault(sentence[where.end() :] if where else sentence, []).extend(where.groups() if where else ())
    return [f"buckets[{', '.join(at)}]{rest}" if at else rest for rest, at in groups.items()]


def mistakes(declared: dict[str, Any], regions: Collection[str]) -> list[str]:
    """Everything that is wrong with {"buckets": [...], "replication_role": {...} | None}, a sentence each."""
    buckets = declared["buckets"]
    by_name = {bucket["name"]: bucket for bucket in reversed(buckets)}
    checks: dict[str, Callable[[str, dict], Found]] = {
        "encryption": _encryption,
        "policy": _policy,
        "logging": lambda at, bucket: _logging(at, bucket, by_name),
        "lifecycle": _lifecycle,
        "tags": lambda at, bucket: _tags(at, bucket["tags"], 50),
        "cors": _cors,
        "notifications": _notifications,
        "replication": lambda at, bucket: _replication(at, bucket, by_name, regions),
    }

    first: dict[str, int] = {}

    def found() -> Found:
        for index, bucket in enumerate(buckets):
            at, name = f"buckets[{index}]", bucket["name"]
            if name in first:
                yield f"{at}.name is {name}, as buckets[{first[name]}].name is; every bucket must be declared once"
            first.setdefault(name, index)
            if mistake := name_mistake(name):
                yield f"{at}.name ({name}) {mistake}"
            yield from _region(f"{at}.region", bucket["region"], regions)
            for word, check in checks.items():
                if bucket.get(word) is not None:
                    yield from check(f"{at}.{word}", bucket)
        if declared.get("replication_role"):
            yield from _role(declared["replication_role"])

    return [f"{sentence}." for sentence in _together(found())]
