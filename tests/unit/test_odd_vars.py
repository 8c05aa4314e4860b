"""Four hundred odd vars of buckets: each is refused in one sentence, with its variable, its file and its line.

The vars are read as a run reads them, by the plugin, the templates and the filter, in this process and without AWS.
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, vars_loader
from ansible.template import Templar, trust_as_template
from buckets_desired import FilterModule

ROOT = Path(__file__).parents[2]
COMMON = ROOT / "inventories/common/group_vars/all"
vars_loader.add_directory(str(ROOT / "vars_plugins"))
filter_loader.add_directory(str(ROOT / "filter_plugins"))
PLUGIN = vars_loader.get("dm_vars")
BASE = PLUGIN.load_found_files(
    DataLoader(), {}, [str(COMMON / f"{n}.yml") for n in ("buckets", "main", "accounts", "access")]
)
DESIRED = FilterModule().filters()["buckets_desired"]
ROLE = DataLoader().load_from_file(str(ROOT / "roles/buckets/vars/main.yml"), trusted_as_template=True)

# ruff: noqa: E501
# What any bucket may be told, and must not.
WORDS = ["maybe", "'true'", "1", "[true]", "{a: b}", "~", "2027-01-31"]
DAYS = ["0", "-1", "1.5", "'30'", "99999999999", "[30]", "~", "true", "thirty", "12:30:30"]
LISTS = [
    "main",
    "{main: jenkins}",
    "[5]",
    "[main, main]",
    "[prod:x]",
    "['*']",
    "['main:nobody']",
    "[main:]",
    "~",
    "[[main]]",
    "['arn:aws:iam::111111111111:user/ada.exampel']",
    "['arn:aws:iam::222222222222:user/ada.example']",
]
OF_ANY: dict[str, list[str]] = {
    "versioning": WORDS,
    "mfa_delete": WORDS,
    "keep_lifecycle_rules": WORDS,
    "keep_statements": WORDS,
    "purge_tags": WORDS,
    "expire_days": DAYS,
    "noncurrent_days": DAYS,
    "abort_upload_days": DAYS,
    "readers": LISTS,
    "listers": LISTS,
    "writers": [
        "['arn:aws:iam::111111111111:group/x']",
        "['arn:aws:s3:::bucket']",
        "[' main:jenkins']",
        "main:jenkins",
    ],
    "replication_writers": ["['arn:aws:iam::111111111111:role/replicaton']", "[111111111111]", "['999:x']"],
    "about": ["5", "[a]", "{a: b}"],
    "region": ["eu-west-9", "Ireland", "5", "[eu-west-1]", "EU", "eu_west_1"],
    "encryption": [
        "AES256",
        "{}",
        "{algorithm: AES128}",
        "{algorithm: aws-kms}",
        "{algorithm: AES256, key: x}",
        "{algorithm: AES256, bucket_key: true}",
        "{algorithm: aws:kms, key: alias/mine}",
        "{algorithm: aws:kms, key: 'arn:aws:kms:us-east-1:111111111111:key/a'}",
        "{algorithm: aws:kms, keys: []}",
        "{algorithm: 'aws:kms:dsse', bucket_key: true}",
        "[AES256]",
        "~",
    ],
    "tags": [
        "[a]",
        "{'aws:x': y}",
        "{a: 5}",
        "{a: [b]}",
        "{a: 'b;c'}",
        '{a: "b\\tc"}',
        "{'': b}",
        "{a: '" + "x" * 257 + "'}",
        "{" + "k" * 129 + ": x}",
        "{" + ", ".join(f"k{n}: x" for n in range(51)) + "}",
        "a=b",
    ],
    "ignored_tags": ["['']", "aws", "[5]", "[a, a]", "{a: b}"],
    "require": ["tls", "[ssl]", "[tls, tls]", "[true]", "{tls: true}"],
    "delivers": ["trails", "[waf]", "[trails, trails]"],
    "leave": ["policy", "[name]", "[polcy]", "true"],
    "statements": [
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: '*', Condition: {'ForAny:StringEquals': {'aws:TagKeys': a}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: '*', Condition: {NullIfExists: {'aws:TagKeys': 'true'}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: '*', Condition: {Bool: {'aws:SecureTransport': []}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: '*', Condition: {NumericLessThan: {'s3:TlsVersion': high}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: '*', Condition: {DateGreaterThan: {'aws:CurrentTime': tomorrow}}}]",
        "[{Sid: a, Effect: Allow, NotPrincipal: {AWS: 'arn:aws:iam::111111111111:root'}, Action: 's3:GetObject', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: 'arn:aws:iam::111111111111:group/Admins'}, Action: 's3:GetObject', Resource: '*'}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 'S3:*', Resource: '*'}]",
        "{Sid: a}",
        "[a]",
        "[{Sid: a}]",
        "[{Sid: a, Effect: Denny, Principal: '*', Action: 's3:*', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Action: 's3:GetObject', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Principal: '*', Action: 's3:GetObject'}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: '1'}, Action: 's3:GetObject', Resource: 5}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: '1'}, Action: 's3:GetObject', Resource: 'arn:aws:s3:::other/*'}]",
        "[{Sid: a, Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: '1'}, Action: 's3:GetObjct', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: '1'}, Action: 'iam:GetRole', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: '1'}, Acton: 's3:GetObject', Resource: '*'}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {Bol: {a: 'true'}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {Bool: {a: ~}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: [a]}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*',"
        " Condition: {DateLessThan: {'aws:CurrentTime': 2030-01-01}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {Bool: {5: true}}}]",
        "[{Sid: [a], Effect: Deny, Principal: '*', Action: 's3:GetObject', Resource: '*'}]",
        "[{Sid: ~, Effect: Deny, Principal: '*', Action: 's3:GetObject', Resource: '*'}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*',"
        " Condition: {IpAddress: {'aws:SourceIp': 10.0.0.0/99}}}]",
        "[{Sid: a, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}]",
        "[{Sid: a, Effect: Allow, Principal: {Service: logs}, Action: 's3:PutObject', Resource: 'arn:aws:s3:::x/*'}]",
        "[{Sid: a, Effect: Allow, Principal: {AWS: main}, Action: 's3:PutObject', Resource: 'arn:aws:s3:::x/*'}]",
    ],
    "lifecycle": [
        "[{id: a, transitions: [{days: 90, storage_class: GLACIER}, {days: 30, storage_class: DEEP_ARCHIVE}]}]",
        "[{id: a, transitions: [{days: 60, storage_class: GLACIER}, {days: 90, storage_class: STANDARD_IA}]}]",
        "[{id: a, transitions: [{date: '2031-01-31', storage_class: GLACIER}], expire_date: '2030-01-31'}]",
        "[{id: a, expire_days: 1.0}]",
        "[{id: a, expire_days: 1, prefix: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}]",
        "{id: a}",
        "[{expire_days: 1}]",
        "[{id: a}]",
        "[{id: a, expire_dayz: 1}]",
        "[{id: a, expire_days: 0}]",
        "[{id: '', expire_days: 1}]",
        "[{id: a, expire_days: 1}, {id: a, expire_days: 2}]",
        "[{id: a, expire_days: 1, expire_date: '2030-01-01'}]",
        "[{id: a, expire_date: 2030-13-01}]",
        "[{id: a, expire_date: tomorrow}]",
        "[{id: a, newer_noncurrent: 1}]",
        "[{id: a, newer_noncurrent: 101, noncurrent_days: 1}]",
        "[{id: a, abort_upload_days: 1, tags: {a: b}}]",
        "[{id: a, transitions: [{days: 1, storage_class: STANDARD_IA}]}]",
        "[{id: a, transitions: [{days: 30, storage_class: ICE}]}]",
        "[{id: a, transitions: [{storage_class: GLACIER}]}]",
        "[{id: a, transitions: {days: 30, storage_class: GLACIER}}]",
        "[{id: a, expire_days: 30, transitions: [{days: 90, storage_class: GLACIER}]}]",
        "[{id: a, expire_days: 1, tags: {'aws:a': b}}]",
        "[{id: a, expire_days: 1, larger_than: 10, smaller_than: 5}]",
        "[{id: a, expire_days: 1, prefix: 5}]",
        "[{id: a, expire_days: 1, enabled: maybe}]",
        "[{id: a, expired_markers: false}]",
        "[{id: a, transitions: []}]",
        "[{id: a, expire_date: '2030-02-30'}]",
        "[{id: a, expire_days: 1, smaller_than: 0}]",
        "[{id: a, abort_upload_days: 1, larger_than: 5}]",
        "[{id: a, expire_date: '2030-01-31', transitions: [{days: 30, storage_class: GLACIER}]}]",
        "[{id: a, transitions: [{days: 30, date: '2030-01-31', storage_class: GLACIER}]}]",
        "[{id: a, transitions: [{days: 30, storage_class: GLACIER}, {days: 60, storage_class: GLACIER}]}]",
        "[{id: a, transitions: [{days: 30, storage_class: STANDARD_IA}, {days: 40, storage_class: GLACIER}]}]",
        "[{id: a, transitions: [{days: 30, newer: 2, storage_class: GLACIER}]}]",
        "[{id: a, noncurrent_transitions: [{date: '2030-01-31', storage_class: GLACIER}]}]",
        "[{id: a, noncurrent_transitions: [{days: 0, storage_class: GLACIER}]}]",
    ],
    "cors": [
        "[{id: a, origins: ['*'], methods: [GET], expose: ['*']}]",
        "{id: a}",
        "[{id: a, origins: ['*']}]",
        "[{id: a, origins: [], methods: [GET]}]",
        "[{id: a, origins: ['*'], methods: [get]}]",
        "[{id: a, origins: ['*'], methods: [PATCH]}]",
        "[{id: a, origins: ['*.*'], methods: [GET]}]",
        "[{id: a, origins: '*', methods: [GET]}]",
        "[{id: a, origins: [''], methods: [GET]}]",
        "[{id: a, origins: ['*'], methods: [GET], expose: ['']}]",
        "[{id: a, origins: ['*'], methods: [GET], max_age: -1}]",
        "[{id: a, origins: ['*'], methods: [GET], colour: red}]",
        "[{id: a, origins: ['*'], methods: [GET]}, {id: a, origins: ['*'], methods: [GET]}]",
    ],
    "notifications": [
        "{topics: [{id: a, arn: 'arn:aws:sns:eu-west-1:222222222222:', events: ['s3:ObjectCreated:*']}]}",
        "{topics: [{id: a, arn: 'arn:aws:sns:eu-west-1:222222222222:t.fifo', events: ['s3:ObjectCreated:*']}]}",
        "{topics: [{id: a, arn: 'arn:aws:sns:eu-west-1:2222:t', events: ['s3:ObjectCreated:*']}]}",
        "{functions: [{id: a, arn: 'arn:aws:lambda:eu-west-1:222222222222:f', events: ['s3:ObjectCreated:*']}]}",
        "[]",
        "{topic: []}",
        "{topics: [{id: a, arn: x, events: ['s3:ObjectCreated:*']}]}",
        "{topics: [{id: a, arn: 'arn:aws:sqs:eu-west-1:1:a', events: ['s3:ObjectCreated:*']}]}",
        "{topics: [{id: a, arn: 'arn:aws:sns:eu-west-1:1:a', events: [ObjectCreated]}]}",
        "{topics: [{id: a, arn: 'arn:aws:sns:eu-west-1:1:a', events: []}]}",
        "{queues: [{arn: 'arn:aws:sqs:eu-west-1:1:a', events: ['s3:ObjectCreated:*']}]}",
        "{event_bridge: on it}",
        "{topics: [{id: a, arn: 'arn:aws:sns:us-east-1:222222222222:a', events: ['s3:ObjectCreated:*']}]}",
        "{topics: [{id: a, arn: 'arn:aws:sns:eu-west-1:222222222222:a', events: ['s3:ObjectMade:*']}]}",
        "{topics: [{id: a, arn: &arn 'arn:aws:sns:eu-west-1:222222222222:a', events: ['s3:ObjectCreated:*']},"
        " {id: b, arn: *arn, events: ['s3:ObjectCreated:Put'], prefix: a/}]}",
    ],
    "inventory": [
        "[{id: 'a b', bucket: shop-lists}]",
        "{id: a}",
        "[{id: a}]",
        "[{id: a, bucket: shop-lists, fields: [Sizee]}]",
        "[{id: a, bucket: Shop_lists}]",
        "[{id: a, bucket: shop-lists, format: csv}]",
    ],
    "logging": [
        "{bucket: ''}",
        "{bucket: Bad_Name}",
        "logs",
        "{prefix: a/}",
        "{bucket: 5}",
        "{bucket: a, prefx: b}",
        "[a]",
    ],
    "request_payer": ["me", "requester", "[Requester]", "true"],
}
OF_A_BUCKET = {
    "served": [
        "maybe",
        "'true'",
        "[a/*]",
        "{}",
        "{keys: []}",
        "{keys: a/*}",
        "{keys: [/a]}",
        "{keys: [a/*, a/*]}",
        "{keys: ['a?']}",
        "{keys: [5]}",
        "{keys: ['']}",
        "{tag: {}}",
        "{tag: public}",
        "{tag: {a: b, c: d}}",
        "{tag: {a: 5}}",
        "{prefix: a/}",
    ],
    "keep_replication_rules": WORDS,
    "replica": [
        "copy",
        "{}",
        "{name: Bad_Name}",
        "{name: ab}",
        "{name: 192.168.0.1}",
        "{name: shop--x-s3}",
        "{name: digitalmarketplace-cross-region-documents-production}",
        "{name: digitalmarketplace-logs-preview-preview}",
        "{name: shop-copy, region: eu-west-9}",
        "{name: shop-copy, acount: backups}",
        "{name: shop-copy, account: backup}",
        "{name: shop-copy, storage_class: ICE}",
        "{name: shop-copy, object_tags: {}}",
        "{name: shop-copy, object_tags: {a: b}, delete_markers: true}",
        "{name: shop-copy, replication_time_control: true, metrics: false}",
        "{name: shop-copy, owner_override: true}",
        "{name: shop-copy, priority: -1}",
        "{name: shop-copy, versioning: false}",
        "{name: shop-copy, encryption: {algorithm: aws:kms, key: 'arn:aws:kms:eu-west-1:111111111111:key/a'}}",
        "{name: shop-copy, served: true}",
        "{name: shop-copy, expire_days: 0}",
    ],
    "replicas": ["{name: a}", "[a]", "[{}]", "[{name: shop-a}, {name: shop-a}]"],
    "reders": ["[]"],
    "public": ["true"],
    "exprie_days": ["5"],
    "acl": ["private"],
}
# By variable: the whole value.
WHOLE = {
    "buckets_router_addresses": [
        "~", "198.51.100.10/32", "[198.51.100.10]", "[198.51.100.10/33]", "[999.1.1.1/32]", "[abc/5]", "[0.0.0.0/0]", "['::/0']",
        "[10.0.0.0/8]", "[192.168.1.0/24]", "[198.51.100.10/24]", "[127.0.0.1/32]", "['fc00::/32']", "[5]", "[198.51.100.0/7]",
        "[198.51.100.10/32, 198.51.100.10/32]", "['198.51.100.10/32 ']", "[169.254.0.0/16]", "[]",
        "['::ffff:198.51.100.10/128']", "['64:ff9b::/96']",
    ],
    "buckets_tags": ["[]", "a", "{a: 5}", "{'aws:a': b}"],
    "buckets_kinds": ["[]", "~", "documents", "{documents: ~}", "{documents: []}", "{Documents: {}}", "{'a b': {}}"],
    "buckets_overrides": ["[]", "a", "{documnts: {}}", "{documents: []}", "{documents: ~}", "{agreements: {servable: true}}",
                          "{agreements: {served: true}}", "{submissions: {served: {keys: [a]}}}"],
    "buckets_standalone": ["[]", "a", "{Uploads: {}}", "{ab: {}}", "{shop-uploads: ~}", "{shop-uploads: {served: true}}",
                           "{xn--shop: {}}", "{shop-an: {}}", "{digitalmarketplace-logs-preview-preview: {}}"],
    "buckets_defaults": ["{}", "[]", "~", "{versioning: true}", "{versioning: true, encryption: {}, mfa_delete: false}"],
    "buckets_region": ["eu-west-9", "Ireland"],
    "buckets_name_prefix": ["Market", "m_m", "'" + "m" * 60 + "'", "''"],
    "buckets_standalones": ["{}"], "buckets_overides": ["{}"], "bucket_tags": ["{}"], "buckets_kind": ["{}"], "dm_acounts": ["{}"],
    "buckets": ["[]"], "Buckets_tags": ["{}"], "buckets_router_address": ["[]"], "access_know_roles": ["[]"],
}  # fmt: skip
LEVELS = {
    "override": ("buckets_overrides", "documents"),
    "standalone": ("buckets_standalone", "shop-uploads"),
    "replica": ("buckets_overrides", "agreements"),
}


def cases() -> list[Any]:
    found = []
    for level, (variable, name) in LEVELS.items():
        settings = OF_ANY if level == "replica" else OF_ANY | OF_A_BUCKET
        for setting, values in settings.items():
            for value in values:
                text = f"{variable}:\n  {name}:\n"
                line = f"    {setting}: {value}\n"
                if level == "standalone" and setting == "served":
                    line += "    servable: true\n"
                if level == "replica":
                    line = f"    replica:\n      name: shop-copy\n  {line}"
                found.append(pytest.param(text + line, setting, id=f"{level}-{setting}-{value[:40]}"))
    for variable, values in WHOLE.items():
        found += [pytest.param(f"{variable}: {value}\n", variable, id=f"{variable}-{value[:40]}") for value in values]
    return found


CASES = cases()
# Where the variable or its place is missing from the sentence, since YAML itself is broken: this, and no others.
VAGUE = ("[main:]",)


def test_there_are_four_hundred_of_them():
    assert len(CASES) >= 400


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def template(text: str, variables: dict[str, Any]) -> Any:
    return Templar(DataLoader(), variables=variables).template(trust_as_template(text))


@functools.cache
def declared() -> dict[str, Any]:
    """What the role hands to the filter, of the inventories as they are."""
    host = {"dm_stage": "preview", "dm_account": "development", "inventory_hostname": "preview"}
    host["dm_stages"] = ["preview", "production"]
    host["buckets_router_addresses"] = ["198.51.100.10/32"]
    found: dict[str, Any] = template(
        "{{ __buckets_declared }}", BASE | host | ROLE | {"__buckets_users": ["ada.example"]}
    )
    return found


KEYS = {"buckets_name_prefix": "prefix"}


def refused(tmp_path: Path, text: str) -> str:
    """The sentence; "" where the vars are taken."""
    file = tmp_path / "buckets.yml"
    file.write_text(text)
    try:
        given = PLUGIN.load_found_files(DataLoader(), {}, [str(file)])
        changed = {
            KEYS.get(name, name.removeprefix("buckets_")): template(f"{{{{ {name} }}}}", given) for name in given
        }
        DESIRED(declared() | changed)
    except AnsibleError as exc:
        return " ".join(str(exc).split())
    return ""


def test_the_vars_as_they_are_are_taken(tmp_path):
    assert refused(tmp_path, "buckets_standalone: {}\n") == ""


@pytest.mark.parametrize(("text", "word"), CASES)
def test_each_is_refused_in_a_sentence(tmp_path, text, word):
    said = refused(tmp_path, text)

    assert said, "taken"
    assert "Traceback" not in said
    assert "object has no" not in said
    if not any(part in text for part in VAGUE):
        assert word in said or "expire_date is 2030-13-01" in said  # which YAML itself cannot read
        assert "buckets.yml:" in said


def test_variable_and_place_are_named_in_nearly_all():
    vague = [case for case in CASES if any(part in case.values[0] for part in VAGUE)]
    assert len(vague) <= len(CASES) * 0.05


def test_the_list_is_yaml():
    for case in CASES:
        yaml.safe_load(case.values[0]) if "2030-13-01" not in case.values[0] else None
