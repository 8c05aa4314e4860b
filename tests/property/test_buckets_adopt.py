"""Pasting what a plan prints of a bucket that nobody declares changes nothing, whatever the bucket is like."""

from __future__ import annotations

import copy
import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml
from ansible.module_utils.estate.buckets.desired import buckets_desired
from ansible.module_utils.estate.buckets.plan import plan
from ansible.module_utils.estate.buckets.read import read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from s3_model import Account

POOL = ThreadPoolExecutor(4)
NAME = "shop-old-invoices"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/a"
TLS = {
    "Sid": "DenyInsecureTransport",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
READ = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "s3:GetObject"}
statements = st.lists(
    st.sampled_from(
        [
            TLS,
            {**READ, "Sid": "PartnerReads", "Resource": f"arn:aws:s3:::{NAME}/*"},
            {**READ, "Resource": f"arn:aws:s3:::{NAME}/${{aws:username}}/*", "Principal": {"AWS": "AIDAEXAMPLE"}},
            {**READ, "Sid": "Odd {{ name }}", "Resource": f"arn:aws:s3:::{NAME}/{{{{ x }}}}/*"},
            {**READ, "Sid": "ReadObjects", "Resource": f"arn:aws:s3:::{NAME}/*"},
            {**READ, "Sid": "Old", "Resource": f"arn:aws:s3:::{NAME}/*", "Condition": {"Bool": {"aws:X": "true"}}},
        ]
    ),
    unique_by=lambda one: one.get("Sid", ""),
    min_size=1,
)
rule = st.fixed_dictionaries(
    {
        "Status": st.sampled_from(["Enabled", "Disabled"]),
        "ID": st.sampled_from(["retention", "old", "Glacier", "estate-x"]),
    },
    optional={
        "Filter": st.sampled_from(
            [{}, {"Prefix": "inv/"}, {"Tag": {"Key": "a", "Value": "b"}}, {"ObjectSizeLessThan": 9}]
        ),
        "Expiration": st.sampled_from(
            [
                {"Days": 2555},
                {"Date": datetime.datetime(2030, 1, 31, tzinfo=datetime.UTC)},
                {"ExpiredObjectDeleteMarker": True},
            ]
        ),
        "Transitions": st.sampled_from(
            [
                [{"Days": 30, "StorageClass": "GLACIER"}],
                [{"Days": 90, "StorageClass": "DEEP_ARCHIVE"}, {"Days": 30, "StorageClass": "STANDARD_IA"}],
                [{"Date": "2029-01-31", "StorageClass": "GLACIER_IR"}],
            ]
        ),
        "NoncurrentVersionExpiration": st.sampled_from(
            [{"NoncurrentDays": 60, "NewerNoncurrentVersions": 2}, {"NoncurrentDays": 60}]
        ),
        "NoncurrentVersionTransitions": st.sampled_from(
            [
                [{"NoncurrentDays": 30, "StorageClass": "GLACIER"}],
                [{"NoncurrentDays": 40, "StorageClass": "STANDARD_IA", "NewerNoncurrentVersions": 3}],
            ]
        ),
        "AbortIncompleteMultipartUpload": st.just({"DaysAfterInitiation": 7}),
        "Colour": st.just("red"),
    },
)
old_rule = {"ID": "cross-region-documents-replication", "Status": "Enabled", "Prefix": "",
            "Destination": {"Bucket": "arn:aws:s3:::copy"}}  # fmt: skip
archive_rule = {"ID": "to-archive", "Priority": 5, "Filter": {}, "Status": "Enabled",
                "Destination": {"Bucket": "arn:aws:s3:::archive", "Account": "999999999999"}}  # fmt: skip
tagged_rule = {"ID": "shop-old-invoices", "Priority": 9, "Status": "Disabled",
               "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}]}},
               "DeleteMarkerReplication": {"Status": "Disabled"},
               "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
               "Destination": {"Bucket": "arn:aws:s3:::copy", "StorageClass": "GLACIER",
                               "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY}}}  # fmt: skip
LEGACY = "arn:aws:iam::111111111111:role/legacy-crr"
replication = {"Role": LEGACY, "Rules": [archive_rule]}
replications = st.sampled_from([[archive_rule], [old_rule], [archive_rule, tagged_rule]]).map(
    lambda rules: {"Role": LEGACY, "Rules": rules}
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "versioning": st.sampled_from(
            [
                {"Status": "Enabled"},
                {"Status": "Suspended"},
                {"Status": "Enabled", "MFADelete": "Enabled"},
                {"Status": "Suspended", "MFADelete": "Enabled"},
            ]
        ),
        "encryption": st.sampled_from(
            [
                {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}]},
                {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]},
                {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "x"}}]},
            ]
        ),
        "ownership": st.just({"Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
        "public_access_block": st.just({"BlockPublicAcls": True}),
        "policy": statements.map(lambda found: {"Version": "2012-10-17", "Statement": found}),
        "lifecycle": st.lists(rule, min_size=1, max_size=3, unique_by=lambda one: one["ID"]),
        "tags": st.lists(
            st.sampled_from([{"Key": key, "Value": val} for key, val in (("Cost", "7"), ("aws:x", "y"), ("no", ""))]),
            unique_by=lambda tag: tag["Key"],
            min_size=1,
        ),
        "cors": st.sampled_from(
            [
                [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}],
                [{"ID": "a", "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 9}],
            ]
        ),
        "notifications": st.sampled_from(
            [
                {"EventBridgeConfiguration": {}},
                {"TopicConfigurations": [{"Id": "t", "TopicArn": "arn:aws:sns:eu-west-1:111111111111:t",
                                          "Events": ["s3:ObjectCreated:*"]}]},
                {
                    "QueueConfigurations": [
                        {"Id": "q", "QueueArn": "arn:aws:sqs:eu-west-1:111111111111:q",
                         "Events": ["s3:ObjectRemoved:Delete", "s3:ObjectCreated:Put"],
                         "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "in/"},
                                                            {"Name": "Suffix", "Value": ".pdf"}]}}}
                    ],
                    "LambdaFunctionConfigurations": [
                        {"Id": "f", "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:111111111111:function:f:3",
                         "Events": ["s3:ObjectRestore:*"]}
                    ],
                    "EventBridgeConfiguration": {},
                },
                # to the same events twice, which S3 took before it looked at that
                {"TopicConfigurations": [{"Id": one, "TopicArn": "arn:aws:sns:eu-west-2:999999999999:t",
                                          "Events": ["s3:ObjectCreated:*"]} for one in "tu"]},
            ]
        ),
        "logging": st.sampled_from(["shop-logs", "gone-logs"]).map(
            lambda name: {"TargetBucket": name, "TargetPrefix": "old/"}
        ),
        "replication": replications,
        "request_payer": st.just("Requester"),
        "metrics": st.sampled_from([[{"Id": "all"}], [{"Id": "a", "Filter": {"AccessPointArn": "x"}}]]),
        "object_lock": st.sampled_from(
            [
                {"ObjectLockEnabled": "Enabled"},
                {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}},
                {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}},
            ]
        ),
    },
)  # fmt: skip


def possible(drawn: dict[str, Any]) -> dict[str, Any]:
    """S3 replicates, and locks, versions only."""
    needs = "replication" in drawn or "object_lock" in drawn
    return drawn | ({"versioning": {**drawn.get("versioning", {}), "Status": "Enabled"}} if needs else {})


class _Loader(yaml.SafeLoader):
    """As Ansible reads vars: what is marked as unsafe is text."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
VARS: dict[str, Any] = {
    "name": "preview",
    "account": "main",
    "accounts": {"main": {"id": "111111111111"}},
    "prefix": "shop",
    "region": "eu-west-2",
    "replica_region": "eu-west-1",
    "router_addresses": [],
    "logs_kind": "logs",
    "tags": {"Service": "shop"},
    "defaults": {
        "versioning": True,
        "mfa_delete": False,
        "encryption": {"algorithm": "AES256"},
        "abort_upload_days": 7,
        "require": ["tls"],
        "tags": {"More": "tags"},
    },
    "kinds": {},
    "overrides": {},
    "standalone": {},
}


def look(account: Account, standalone: dict[str, Any]) -> Any:
    declared = {
        **buckets_desired({**VARS, "standalone": standalone}),
        "account": "preview",
        "unmanaged_pattern": "shop-old*",
    }
    clients = {(service, region): account for service in ("s3", "iam") for region in ("eu-west-1", "eu-west-2")}
    return plan(declared, read(declared, clients, "eu-west-2", POOL))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents.map(possible))
def test_pasting_what_is_printed_changes_nothing(drawn):
    account = Account()
    for name in (NAME, "shop-logs"):
        account.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    account.buckets[NAME]["settings"] |= copy.deepcopy(drawn)

    [found] = look(account, {}).unmanaged
    made = look(account, yaml.load(found.adopt, _Loader))  # noqa: S506 - a safe one

    assert list(made.actions) == []
    assert list(made.diff) == []
    assert (dict(made.left_out), list(made.drift), list(made.unmanaged)) == ({}, [], [])


def test_what_is_live_is_said_in_the_words_of_the_vars():
    account = Account()
    account.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    account.buckets[NAME]["settings"] |= {
        "versioning": {"Status": "Enabled"},
        "policy": {"Version": "2012-10-17", "Statement": [{**READ, "Sid": "P", "Resource": f"arn:aws:s3:::{NAME}/*"}]},
        "tags": [{"Key": "CostCentre", "Value": "7"}],
        "lifecycle": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "inv/"}, "Expiration": {"Days": 2555}}],
        "public_access_block": {"BlockPublicAcls": True},
        "replication": replication,
    }
    [found] = look(account, {}).unmanaged

    assert found.adopt.splitlines()[:2] == [
        "# under the list of buckets",
        "# left as they are, since the vars cannot say what is live: public_access_block",
    ]
    assert yaml.safe_load(found.adopt)[NAME] == {
        "defaults": False,
        "region": "eu-west-1",
        "versioning": True,
        "encryption": {"algorithm": "AES256"},
        "lifecycle": [{"id": "old", "prefix": "inv/", "expire_days": 2555}],
        "tags": {"CostCentre": "7"},
        "statements": [{**READ, "Sid": "P", "Resource": f"arn:aws:s3:::{NAME}/*"}],
        "keep_replication_rules": True,
        "leave": ["public_access_block"],
    }
