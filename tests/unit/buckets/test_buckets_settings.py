"""AWS's many spellings of one thing are one shape; what a declaration does not speak of survives a write."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.estate.buckets.objects import aws_filter, filter_shape
from ansible.module_utils.estate.buckets.settings import BY_NAME, to_read
from ansible.module_utils.estate.buckets.settings.replication import live_rule
from ansible.module_utils.estate.buckets.statements import DELIVERS, GRANTS, OWN_SIDS, REQUIRE, bucket_policy
from ansible.module_utils.estate.policy import same_policy


def bucket(**settings):
    return {"name": "shop-documents", "region": "eu-west-1", **settings}


def settled(setting, declared, answer):
    """Whether the live answer is what is declared."""
    found = BY_NAME[setting]
    return found.same(found.live(answer), found.wanted(bucket(**declared), answer))


def written(setting, declared, answer=None):
    [call] = BY_NAME[setting].write(bucket(**declared), answer or {})
    return call


@pytest.mark.parametrize(
    ("setting", "declared", "answer", "expected"),
    [
        ("versioning", {"versioning": False}, {}, True),
        ("versioning", {"versioning": False}, {"Status": "Suspended"}, True),
        ("versioning", {"versioning": True}, {"Status": "Suspended"}, False),
        ("ownership", {"ownership": "ObjectWriter"}, {}, False),
        ("public_access_block", {"public_access_block": False}, {}, True),
        ("public_access_block", {"public_access_block": True}, {}, False),
        ("logging", {"logging": {}}, {}, True),
        ("logging", {"logging": {"bucket": None, "prefix": ""}}, {"LoggingEnabled": {"TargetBucket": "a"}}, False),
        ("logging", {"logging": {"bucket": "a"}}, {"LoggingEnabled": {"TargetBucket": "a", "TargetPrefix": ""}}, True),
        ("tags", {"tags": {}}, {"TagSet": [{"Key": "aws:cloudformation:stack", "Value": "x"}]}, True),
        ("tags", {"tags": {"a": 1}}, {"TagSet": [{"Key": "a", "Value": "1"}]}, True),
        ("cors", {"cors": []}, {"CORSRules": []}, True),
        ("notifications", {"notifications": {"topics": [], "event_bridge": False}}, {}, True),
        ("notifications", {"notifications": {"event_bridge": True}}, {"EventBridgeConfiguration": {}}, True),
        ("replication", {"replication": {"role": None, "rules": []}}, {}, True),
    ],
)
def test_live_against_declared(setting, declared, answer, expected):
    assert settled(setting, declared, answer) is expected


def encryption(algorithm, key=None, bucket_key=False):
    default = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


def test_a_bucket_key_means_nothing_without_kms():
    assert settled("encryption", {"encryption": {"algorithm": "AES256"}}, encryption("AES256", bucket_key=True))
    assert not settled("encryption", {"encryption": {"algorithm": "aws:kms"}}, encryption("aws:kms"))
    assert settled("encryption", {"encryption": {"algorithm": "aws:kms"}}, encryption("aws:kms", bucket_key=True))


def test_aws_own_kms_key_may_be_named_or_not():
    own = "arn:aws:kms:eu-west-1:111111111111:alias/aws/s3"
    assert settled("encryption", {"encryption": {"algorithm": "aws:kms"}}, encryption("aws:kms", own, True))


def test_what_encryption_is_blocked_survives_a_write():
    answer = encryption("AES256")
    answer["ServerSideEncryptionConfiguration"]["Rules"][0]["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}

    _, params = written("encryption", {"encryption": {"algorithm": "aws:kms", "key": "k"}}, answer)

    assert params["ServerSideEncryptionConfiguration"]["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"},
            "BucketKeyEnabled": True,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]


def test_some_blocks_of_public_access_are_neither_all_nor_none():
    answer = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}
    shape = BY_NAME["public_access_block"].live(answer)

    assert shape["block_public_acls"] is True
    assert shape["restrict_public_buckets"] is False
    assert not settled("public_access_block", {"public_access_block": True}, answer)
    assert not settled("public_access_block", {"public_access_block": False}, answer)


TLS = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::shop-documents/*"}
READ = {
    "Sid": "Read",
    "Effect": "Allow",
    "Principal": {"AWS": ["arn:aws:iam::111111111111:role/b", "arn:aws:iam::111111111111:role/a"]},
    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
    "Resource": ["arn:aws:s3:::shop-documents/*"],
}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_foreign_statements_are_kept_only_where_asked():
    answer = {"Policy": json.dumps(document({**TLS, "Effect": "Allow"}, {**READ, "Sid": "Foreign"}))}
    kept = {"policy": document(TLS), "keep_statements": True}

    _, params = written("policy", kept, answer)
    assert same_policy(json.loads(params["Policy"]), document(TLS, {**READ, "Sid": "Foreign"}))

    _, params = written("policy", {**kept, "keep_statements": False}, answer)
    assert json.loads(params["Policy"])["Statement"] == [TLS]


def test_a_kept_statement_without_sid_is_not_doubled():
    nameless = {key: value for key, value in TLS.items() if key != "Sid"}
    answer = {"Policy": json.dumps(document({**nameless, "Principal": {"AWS": "*"}}))}

    assert settled("policy", {"policy": document(nameless), "keep_statements": True}, answer)


def test_an_empty_policy_removes_it():
    assert written("policy", {"policy": {}}) == ("delete_bucket_policy", {})


def test_the_names_of_log_objects_keep_their_format():
    live = {"LoggingEnabled": {"TargetBucket": "a", "TargetPrefix": "", "TargetObjectKeyFormat": {"SimplePrefix": {}}}}
    _, params = written("logging", {"logging": {"bucket": "b", "prefix": "p/"}}, live)

    assert params["BucketLoggingStatus"]["LoggingEnabled"] == {
        "TargetBucket": "b",
        "TargetPrefix": "p/",
        "TargetObjectKeyFormat": {"SimplePrefix": {}},
    }


@pytest.mark.parametrize(
    ("aws", "prefix", "tags"),
    [
        ({"Filter": {}}, "", {}),
        ({"Prefix": ""}, "", {}),
        ({"Prefix": "a/"}, "a/", {}),
        ({"Filter": {"Prefix": "a/"}}, "a/", {}),
        ({"Filter": {"Tag": {"Key": "k", "Value": "v"}}}, "", {"k": "v"}),
        ({"Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}]}}}, "a/", {"k": "v"}),
    ],
)
def test_a_filter_has_one_shape(aws, prefix, tags):
    shape = {"prefix": prefix} | ({"tags": tags} if tags else {})
    assert filter_shape(aws) == shape
    assert filter_shape({"Filter": aws_filter({"prefix": prefix, "tags": tags})}) == shape


def test_a_filter_by_size_has_words_of_its_own_and_what_has_none_shows_too():
    assert filter_shape({"Filter": {"ObjectSizeLessThan": 5}}) == {"prefix": "", "smaller_than": 5}
    assert filter_shape({"Filter": aws_filter({"smaller_than": 5, "larger_than": 2})})["larger_than"] == 2
    assert filter_shape({"Filter": {"Colour": "red"}}) == {"prefix": "", "other": {"Colour": "red"}}


LIVE_RULE = {
    "ID": "retention",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Expiration": {"Days": 180, "ExpiredObjectDeleteMarker": False},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
DECLARED_RULE = {"id": "retention", "expire_days": 180, "noncurrent_days": 30, "abort_upload_days": 7}


def test_a_lifecycle_rule_comes_back_as_it_went():
    assert settled("lifecycle", {"lifecycle": [DECLARED_RULE]}, {"Rules": [LIVE_RULE]})
    call, params = written("lifecycle", {"lifecycle": [DECLARED_RULE]})
    assert call == "put_bucket_lifecycle_configuration"
    assert settled("lifecycle", {"lifecycle": [DECLARED_RULE]}, params["LifecycleConfiguration"])


@pytest.mark.parametrize(
    "change",
    [
        {"Status": "Disabled"},
        {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3}},
        {"Filter": {"ObjectSizeGreaterThan": 1}},
        {"Expiration": {"Date": "2030-01-01"}},
    ],
)
def test_a_lifecycle_rule_with_more_to_it_is_another_one(change):
    assert not settled("lifecycle", {"lifecycle": [DECLARED_RULE]}, {"Rules": [LIVE_RULE | change]})


def test_foreign_lifecycle_rules_are_kept_as_they_are_only_where_asked():
    foreign = {"ID": "foreign", "Status": "Enabled", "Prefix": "tmp/", "Transitions": [{"Days": 1}]}
    answer = {"Rules": [foreign, LIVE_RULE], "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    declared = {"lifecycle": [DECLARED_RULE], "keep_lifecycle_rules": True}

    assert settled("lifecycle", declared, answer)
    _, params = written("lifecycle", declared, answer)
    # S3 takes no rule of version 1 beside one of version 2.
    as_version_2 = {key: value for key, value in foreign.items() if key != "Prefix"} | {"Filter": {"Prefix": "tmp/"}}
    assert params["LifecycleConfiguration"]["Rules"][1] == as_version_2
    assert params["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"

    assert not settled("lifecycle", {**declared, "keep_lifecycle_rules": False}, answer)
    assert written("lifecycle", {"lifecycle": []}, answer) == ("delete_bucket_lifecycle", {})


def test_tags_that_aws_set_itself_are_sent_back_with_ours():
    own = {"Key": "aws:cloudformation:stack-name", "Value": "x"}
    _, params = written("tags", {"tags": {"b": "2", "a": "1"}}, {"TagSet": [own]})

    assert params["Tagging"]["TagSet"] == [{"Key": "a", "Value": "1"}, own, {"Key": "b", "Value": "2"}]


def test_the_order_of_cross_origin_rules_counts_but_not_inside_them():
    one = {"id": "one", "origins": ["a", "b"], "methods": ["GET", "PUT"], "max_age": 0}
    two = {"id": "two", "origins": ["*"], "methods": ["GET"]}
    live = [
        {"ID": "one", "AllowedOrigins": ["b", "a"], "AllowedMethods": ["PUT", "GET"], "MaxAgeSeconds": 0},
        {"ID": "two", "AllowedOrigins": ["*"], "AllowedMethods": ["GET"]},
    ]
    assert settled("cors", {"cors": [one, two]}, {"CORSRules": live})
    assert not settled("cors", {"cors": [two, one]}, {"CORSRules": live})


def test_notifications_come_back_with_capitals():
    entry = {"id": "t", "arn": "arn:aws:sns:x", "events": ["s3:B", "s3:A"], "prefix": "in/", "suffix": ""}
    live = {
        "TopicConfigurations": [
            {
                "Id": "t",
                "TopicArn": "arn:aws:sns:x",
                "Events": ["s3:A", "s3:B"],
                "Filter": {
                    "Key": {"FilterRules": [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ""}]}
                },
            }
        ]
    }
    assert settled("notifications", {"notifications": {"topics": [entry]}}, live)


REPLICATION_RULE = {
    "id": "all",
    "priority": 3,
    "bucket": "shop-replica",
    "account": "444444444444",
    "prefix": "",
    "delete_markers": True,
    "metrics": True,
    "replication_time_control": True,
    "storage_class": "STANDARD_IA",
    "kms_key": "arn:aws:kms:eu-west-2:444444444444:key/a",
    "owner_override": True,
    "replica_modifications": True,
    "enabled": True,
}
ROLE = "arn:aws:iam::111111111111:role/replication"


def test_a_replication_rule_with_everything_is_what_aws_takes():
    _, params = written("replication", {"replication": {"role": ROLE, "rules": [REPLICATION_RULE]}})

    assert params["ReplicationConfiguration"] == {
        "Role": ROLE,
        "Rules": [
            {
                "ID": "all",
                "Priority": 3,
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "SourceSelectionCriteria": {
                    "SseKmsEncryptedObjects": {"Status": "Enabled"},
                    "ReplicaModifications": {"Status": "Enabled"},
                },
                "Destination": {
                    "Bucket": "arn:aws:s3:::shop-replica",
                    "Account": "444444444444",
                    "StorageClass": "STANDARD_IA",
                    "AccessControlTranslation": {"Owner": "Destination"},
                    "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:eu-west-2:444444444444:key/a"},
                    "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
                    "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                },
            }
        ],
    }
    assert settled("replication", {"replication": {"role": ROLE, "rules": [REPLICATION_RULE]}}, params)


def test_metrics_without_time_control_have_no_threshold():
    plain = {"id": "all", "bucket": "shop-replica", "metrics": True, "tags": {"a": "b", "c": "d"}, "prefix": "x/"}
    _, params = written("replication", {"replication": {"role": ROLE, "rules": [plain]}})
    rule = params["ReplicationConfiguration"]["Rules"][0]

    assert rule["Destination"] == {"Bucket": "arn:aws:s3:::shop-replica", "Metrics": {"Status": "Enabled"}}
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    assert rule["Filter"]["And"]["Prefix"] == "x/"
    assert "SourceSelectionCriteria" not in rule


@pytest.mark.parametrize("key", sorted(set(REPLICATION_RULE) - {"id", "prefix"}))
def test_every_word_of_a_replication_rule_counts(key):
    declared = {"replication": {"role": ROLE, "rules": [REPLICATION_RULE]}}
    _, live = written("replication", declared)
    value = REPLICATION_RULE[key]
    other = {bool: lambda: not value, int: lambda: value + 1, str: lambda: value + "x"}[type(value)]()

    changed = {"replication": {"role": ROLE, "rules": [{**REPLICATION_RULE, key: other}]}}
    assert not settled("replication", changed, live)


def test_a_rule_of_version_1_says_so():
    rule = {"ID": "old", "Prefix": "", "Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::b"}}
    assert live_rule(rule)["other"] == {"version": 1}


def test_no_rules_remove_replication():
    assert written("replication", {"replication": {"rules": []}})[0] == "delete_bucket_replication"


def test_only_what_is_declared_is_read_and_what_guards_it():
    def names(**settings):
        return [setting.name for setting in to_read(bucket(**settings))]

    assert names() == []
    assert names(tags={}, policy=None) == ["tags"]
    assert names(versioning=True) == ["versioning"]
    assert names(mfa_delete=False) == ["versioning"]
    assert names(versioning=False) == ["versioning", "replication"]
    assert names(lifecycle=[{"id": "a", "expire_days": 1}]) == ["versioning", "lifecycle"]


OWN = {"own": ["reports", "retention", "ReadObjects"]}


def test_what_is_declared_away_is_never_kept_as_somebody_elses():
    """Kept are others' entries; whatever this declaration has made goes when it is no longer declared."""
    rules = [{**LIVE_RULE, "ID": name} for name in ("foreign", "retention", "estate-move")]
    declared = {"lifecycle": [], "keep_lifecycle_rules": True, **OWN}
    assert list(BY_NAME["lifecycle"].wanted(bucket(**declared), {"Rules": rules})) == ["foreign"]

    live = {
        "Policy": json.dumps(document(*({**READ, "Sid": sid} for sid in ("Foreign", "ReadObjects", "EstatePartner"))))
    }
    _, params = written("policy", {"policy": document(TLS), "keep_statements": True, **OWN}, live)
    assert {one["Sid"] for one in json.loads(params["Policy"])["Statement"]} == {"Tls", "Foreign"}

    found = [{"ID": name, "Filter": {}, "Priority": 1, "Destination": {"Bucket": "arn:aws:s3:::c"}} for name in
             ("to-archive", "reports", "estate-reports-copy")]  # fmt: skip
    answer = {"ReplicationConfiguration": {"Role": ROLE, "Rules": found}}
    wanted = BY_NAME["replication"].wanted(bucket(replication={"rules": [], "keep_rules": True}, **OWN), answer)
    assert list(wanted["rules"]) == ["to-archive"]


def test_a_statement_that_takes_a_name_is_not_kept_beside_itself():
    live = {"Policy": json.dumps(document({**READ, "Sid": "Partner"}))}
    declared = {"policy": document({**READ, "Sid": "EstatePartner"}), "keep_statements": True}
    _, params = written("policy", declared, live)
    assert [one["Sid"] for one in json.loads(params["Policy"])["Statement"]] == ["EstatePartner"]


def test_tags_of_others_stay_where_asked():
    live = {"TagSet": [{"Key": "awsApplication", "Value": "x"}, {"Key": "Owner", "Value": "y"}]}
    assert not settled("tags", {"tags": {"Owner": "y"}}, live)
    assert settled("tags", {"tags": {"Owner": "y"}, "ignored_tags": ["awsApp"]}, live)
    assert settled("tags", {"tags": {}, "purge_tags": False}, live)
    _, params = written("tags", {"tags": {"a": "b"}, "purge_tags": False}, live)
    assert [tag["Key"] for tag in params["Tagging"]["TagSet"]] == ["Owner", "a", "awsApplication"]


def test_no_tags_beside_awss_own_are_put_and_not_deleted():
    own = {"Key": "aws:cloudformation:stack-name", "Value": "x"}
    call, params = written("tags", {"tags": {}}, {"TagSet": [own, {"Key": "a", "Value": "b"}]})
    assert (call, params) == ("put_bucket_tagging", {"Tagging": {"TagSet": [own]}})


def test_a_tag_without_a_value_is_one_with_an_empty_value():
    assert settled("tags", {"tags": {"a": ""}}, {"TagSet": [{"Key": "a"}]})


def test_an_acl_that_stands_in_the_way_is_shown_and_reset_first():
    logs = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    acl = {"Owner": {"ID": "me"}, "Grants": [{"Grantee": {"ID": "me"}, "Permission": "FULL_CONTROL"},
                                            {"Grantee": logs, "Permission": "WRITE"}]}  # fmt: skip
    answer = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}, "acl": acl}
    declared = bucket(ownership="BucketOwnerEnforced")

    assert BY_NAME["ownership"].live(answer) == "ObjectWriter with the ACL WRITE for LogDelivery"
    calls = BY_NAME["ownership"].write(declared, answer)
    assert [call for call, _ in calls] == ["put_bucket_acl", "put_bucket_ownership_controls"]

    answer["acl"]["Grants"] = answer["acl"]["Grants"][:1]
    assert [call for call, _ in BY_NAME["ownership"].write(declared, answer)] == ["put_bucket_ownership_controls"]


FULL_RULE = {
    "id": "old",
    "prefix": "inv/",
    "tags": {"kind": "invoice"},
    "larger_than": 100,
    "expire_days": 2555,
    "noncurrent_days": 400,
    "newer_noncurrent": 2,
    "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 90, "storage_class": "GLACIER"}],
    "noncurrent_transitions": [{"days": 30, "newer": 1, "storage_class": "GLACIER_IR"}],
    "enabled": False,
}


def test_a_lifecycle_rule_with_everything_comes_back_as_it_went():
    _, params = written("lifecycle", {"lifecycle": [FULL_RULE]})
    live = params["LifecycleConfiguration"]
    assert settled("lifecycle", {"lifecycle": [FULL_RULE]}, live)
    assert BY_NAME["lifecycle"].adopt(live) == [FULL_RULE]


@pytest.mark.parametrize("key", sorted(set(FULL_RULE) - {"id"}))
def test_every_word_of_a_lifecycle_rule_counts(key):
    _, params = written("lifecycle", {"lifecycle": [FULL_RULE]})
    changed = {**FULL_RULE, key: {str: "x", int: 1, bool: True, dict: {}, list: []}[type(FULL_RULE[key])]}
    assert not settled("lifecycle", {"lifecycle": [changed]}, params["LifecycleConfiguration"])


def test_a_date_is_a_day():
    import datetime

    live = {**LIVE_RULE, "Expiration": {"Date": datetime.datetime(2030, 1, 31, tzinfo=datetime.UTC)}}
    declared = {"id": "retention", "expire_date": "2030-01-31", "noncurrent_days": 30, "abort_upload_days": 7}
    assert settled("lifecycle", {"lifecycle": [declared]}, {"Rules": [live]})


OURS = [{"id": "estate-old", "expire_days": 5, "bucket": "copy"}]
LIVE = [{"ID": one, "Status": "Enabled", "Filter": {}, "Destination": {"Bucket": "x"}} for one in ("old", "another")]


def test_a_rule_that_was_ours_before_others_were_kept_beside_it_is_not_kept_as_theirs():
    lifecycle = BY_NAME["lifecycle"].wanted({"lifecycle": OURS, "keep_lifecycle_rules": True}, {"Rules": LIVE})
    replication = BY_NAME["replication"].wanted(
        bucket(replication={"role": "r", "rules": OURS, "keep_rules": True}),
        {"ReplicationConfiguration": {"Role": "r", "Rules": LIVE}},
    )
    assert sorted(lifecycle) == sorted(replication["rules"]) == ["another", "estate-old"]


def test_every_statement_that_the_vars_make_is_known_as_ours():
    access = {word: ["arn:aws:iam::111111111111:root"] for word in (*GRANTS, "replicators", "root", "batch")}
    access |= {"require": list(REQUIRE), "delivers": list(DELIVERS), "only_listed": True, "account_id": "111111111111"}
    access |= {"served": True, "served_to": ["198.51.100.0/24", "vpce-0123456789abcdef0"], "logs_from": ["shop-a"]}
    made = {statement["Sid"] for statement in bucket_policy("shop-b", access)["Statement"]}
    assert made <= set(OWN_SIDS)
    assert {"DeliverTrailsCheck", "Serve", "DenyOtherReaders"} <= made
