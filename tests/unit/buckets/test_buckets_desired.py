# ruff: noqa: E501
import copy
import datetime
import re

import pytest
from ansible.errors import AnsibleFilterError
from buckets_desired import FilterModule, buckets_desired

from local_aws.policies import conditions_hold

desire = FilterModule().filters()["buckets_desired"]
ACCOUNTS = {"main": {"id": "111111111111"}, "development": {"id": "222222222222"}, "backups": {"id": "444444444444"}}
DECLARED = {
    "name": "preview",
    "stage": "preview",
    "environment": "preview",
    "account": "development",
    "accounts": ACCOUNTS,
    "prefix": "digitalmarketplace",
    "region": "eu-west-1",
    "replica_region": "eu-west-2",
    "router_addresses": ["198.51.100.10/32"],
    "logs_kind": "logs",
    "tags": {"Service": "digitalmarketplace"},
    "defaults": {
        "versioning": True,
        "mfa_delete": False,
        "encryption": {"algorithm": "AES256"},
        "abort_upload_days": 7,
    },
    "kinds": {
        "documents": {"served": True, "servable": True, "readers": ["development:developers"]},
        "agreements": {"served": False, "servable": False},
        "logs": {"served": False, "servable": False},
    },
    "overrides": {"documents": {"replica": {"name": "digitalmarketplace-cross-region-documents-preview"}}},
    "standalone": {},
}
DOCUMENTS = "digitalmarketplace-documents-preview-preview"
LOGS = "digitalmarketplace-logs-preview-preview"


def declared(**changes):
    return {**copy.deepcopy(DECLARED), **changes}


def by_name(desired):
    return {bucket["name"]: bucket for bucket in desired["buckets"]}


def sids(bucket):
    return [statement["Sid"] for statement in bucket["policy"]["Statement"]]


def test_logs_come_first_and_replicas_before_their_sources():
    assert [bucket["name"] for bucket in buckets_desired(DECLARED)["buckets"]] == [
        LOGS,
        "digitalmarketplace-cross-region-documents-preview",
        DOCUMENTS,
        "digitalmarketplace-agreements-preview-preview",
    ]


def test_every_bucket_is_private_versioned_encrypted_and_tagged():
    for bucket in buckets_desired(DECLARED)["buckets"]:
        assert bucket["versioning"] is True
        assert bucket["public_access_block"] is True
        assert bucket["ownership"] == "BucketOwnerEnforced"
        assert bucket["encryption"] == {"algorithm": "AES256"}
        assert bucket["tags"]["Service"] == "digitalmarketplace"
        assert sids(bucket)[0] == "DenyInsecureTransport"


def test_only_served_kinds_open_to_the_routers():
    buckets = by_name(buckets_desired(DECLARED))

    assert [name for name, bucket in buckets.items() if "Serve" in sids(bucket)] == [DOCUMENTS]
    serve = buckets[DOCUMENTS]["policy"]["Statement"][-1]
    assert serve["Condition"] == {"IpAddress": {"aws:SourceIp": ["198.51.100.10/32"]}}


def test_who_comes_by_an_endpoint_has_no_address_and_is_let_in_by_that():
    sources = ["198.51.100.10/32", "vpce-0123456789abcdef0"]
    overrides = {"documents": {"served": {"tag": {"public": "yes"}}}}
    bucket = by_name(buckets_desired(declared(router_addresses=sources, overrides=overrides)))[DOCUMENTS]

    tag = {"s3:ExistingObjectTag/public": "yes"}
    assert {s["Sid"]: s["Condition"] for s in bucket["policy"]["Statement"][-2:]} == {
        "Serve": {"IpAddress": {"aws:SourceIp": sources[:1]}, "StringEquals": tag},
        "ServeByEndpoint": {"StringEquals": {"aws:SourceVpce": sources[1:], **tag}},
    }


def test_stage_buckets_log_to_the_logs_bucket_whose_policy_names_them():
    buckets = by_name(buckets_desired(DECLARED))

    assert buckets[DOCUMENTS]["logging"] == {"bucket": LOGS, "prefix": f"{DOCUMENTS}/"}
    assert "logging" not in buckets[LOGS]
    delivery = buckets[LOGS]["policy"]["Statement"][-1]["Condition"]
    assert f"arn:aws:s3:::{DOCUMENTS}" in delivery["ArnLike"]["aws:SourceArn"]
    assert delivery["StringEquals"] == {"aws:SourceAccount": "222222222222"}


def test_rules_and_role_of_replication_name_the_same_buckets():
    desired = buckets_desired(DECLARED)

    rules = by_name(desired)[DOCUMENTS]["replication"]["rules"]
    statements = {s["Sid"]: s for s in desired["replication_role"]["policy"]["Statement"]}
    assert statements["ReadSources"]["Resource"] == [f"arn:aws:s3:::{DOCUMENTS}"]
    assert statements["ReplicateIntoReplicas"]["Resource"] == [f"arn:aws:s3:::{rules[0]['bucket']}/*"]
    assert desired["replication_role"]["policy_name"] == "replication-preview"


def test_a_source_with_an_object_lock_lets_the_role_read_what_locks_its_objects():
    replica = {**DECLARED["overrides"]["documents"]["replica"], "object_lock": {}}
    reads = [
        next(
            s["Action"]
            for s in buckets_desired(declared(overrides={"documents": {"replica": replica, **more}}))[
                "replication_role"
            ]["policy"]["Statement"]
            if s["Sid"] == "ReadSourceVersions"
        )
        for more in ({}, {"object_lock": {}})
    ]
    assert set(reads[1]) - set(reads[0]) == {"s3:GetObjectLegalHold", "s3:GetObjectRetention"}
    assert set(reads[0]) <= set(reads[1])


def test_a_stage_without_replicas_needs_no_role():
    assert buckets_desired(declared(overrides={}))["replication_role"]["policy"] == {}


def test_what_is_not_replicated_says_so_since_the_role_would_no_longer_serve_a_rule_that_stays():
    for bucket in buckets_desired(declared(overrides={}))["buckets"]:
        assert bucket["replication"] == {"rules": [], "keep_rules": False}
    kept = declared(overrides={"documents": {"keep_replication_rules": True}})
    assert by_name(buckets_desired(kept))[DOCUMENTS]["replication"]["keep_rules"] is True


def test_a_replica_in_another_account_is_that_accounts_to_declare():
    replica = {"name": "elsewhere-documents", "account": "backups"}

    desired = buckets_desired(declared(overrides={"documents": {"replica": replica}}))

    rule = by_name(desired)[DOCUMENTS]["replication"]["rules"][0]
    assert "elsewhere-documents" not in by_name(desired)
    assert (rule["account"], rule["owner_override"]) == ("444444444444", True)
    actions = desired["replication_role"]["policy"]["Statement"][2]["Action"]
    assert "s3:ObjectOwnerOverrideToBucketOwner" in actions


def test_mfa_delete_leaves_lifecycle_rules_out_since_s3_refuses_the_pair():
    desired = buckets_desired(declared(overrides={"agreements": {"mfa_delete": True}}))

    assert by_name(desired)["digitalmarketplace-agreements-preview-preview"]["lifecycle"] == []


def test_keys_of_source_and_replica_reach_the_role():
    source = {"algorithm": "aws:kms", "key": "arn:aws:kms:eu-west-1:222222222222:key/one"}
    private = declared()["kinds"] | {"documents": {"servable": True}}
    copied = {"algorithm": "aws:kms", "key": "arn:aws:kms:eu-west-2:222222222222:key/two"}
    replica = {"name": "digitalmarketplace-cross-region-documents-preview", "encryption": copied}

    overrides = {"documents": {"encryption": source, "replica": replica}}
    desired = buckets_desired(declared(kinds=private, overrides=overrides))

    statements = {s["Sid"]: s for s in desired["replication_role"]["policy"]["Statement"]}
    assert statements["DecryptSources"]["Resource"] == [source["key"]]
    assert statements["EncryptReplicas"]["Condition"]["StringEquals"]["kms:ViaService"] == [
        "s3.eu-west-2.amazonaws.com"
    ]
    assert by_name(desired)[DOCUMENTS]["replication"]["rules"][0]["kms_key"] == copied["key"]


def test_outside_the_stages_only_standalone_buckets_exist():
    standalone = {"digitalmarketplace-dev-uploads": {"readers": ["main"], "deleters": ["main"], "expire_days": 30}}

    desired = buckets_desired(declared(stage="", environment="", overrides={}, standalone=standalone))

    [bucket] = desired["buckets"]
    assert sids(bucket) == ["DenyInsecureTransport", "ReadObjects", "DeleteObjects"]
    assert bucket["lifecycle"] == [{"id": "retention", "expire_days": 30, "abort_upload_days": 7}]
    assert "logging" not in bucket


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"overrides": {"documnts": {}}}, "unknown kind 'documnts'; allowed are documents, agreements, logs"),
        ({"overrides": {"documents": {"reders": []}}}, "unknown key 'reders'; allowed are .*readers"),
        (
            {"overrides": {"documents": {"versioning": "yes"}}},
            "documents.versioning is 'yes'; allowed is true or false",
        ),
        ({"overrides": {"agreements": {"served": True}}}, "agreements is private; allowed is false"),
        (
            {"overrides": {"documents": {"readers": ["prod:x"]}}},
            r"buckets_overrides.documents.readers: item 0: 'prod:x'",
        ),
        ({"overrides": {"documents": {"replica": {"name": "Bad"}}}}, r"documents.replica.name: 'Bad' has 'B'"),
        (
            {"overrides": {"documents": {"replica": {"name": "abc"}}}, "replica_region": "eu-west-1"},
            "where the source is",
        ),
        ({"overrides": {"documents": {"replica": {"name": "abc"}, "versioning": False}}}, "needs versioning"),
        ({"overrides": {"documents": {"replica": {"name": "abc", "account": "test"}}}}, "'test' is unknown; allowed"),
        ({"overrides": {"documents": {"replica": {"name": LOGS}}}}, "declared as a bucket of its own"),
        ({"overrides": {"logs": {"mfa_delete": True, "expire_days": 9}}}, "exclude each other"),
        ({"overrides": {"logs": {"expire_days": 0}}}, "expire_days is 0; allowed is 1 or more"),
        ({"overrides": {"agreements": {"servable": True}}}, "servable cannot be changed by a stage; it is said in"),
        ({"standalone": {"a-bucket": {"served": True}}}, "standalone.a-bucket.served is True, but a-bucket is private"),
        (
            {"overrides": {"reports": {"served": "maybe"}}, "kinds": {"reports": {}}},
            'allowed is true, false, "legacy", keys: a list',
        ),
        (
            {"overrides": {"documents": {"replica": {"name": "copy-production"}}}, "stages": ["preview", "production"]},
            "which is a name of the stage production; choose another",
        ),
        (
            {"overrides": {"documents": {"name": "docs-production"}}, "stages": ["preview", "production"]},
            "is the bucket docs-production, which is a name of the stage production",
        ),
        (
            {
                "stage": "",
                "overrides": {},
                "stages": ["preview"],
                "known": ["*-preview"],
                "standalone": {"digitalmarketplace-documents-preview-preview": {}},
            },
            "which is a name of the stage preview; choose another",
        ),
        ({"router_addresses": []}, "buckets_router_addresses is empty, but documents is served"),
        ({"overrides": {"documents": {"require": ["kms"]}}}, "documents.require is kms, but documents is served"),
        (
            {"overrides": {"documents": {"require": ["tls", "kms"]}}},
            "documents.require is kms, but documents is served",
        ),
        (
            {"overrides": {"documents": {"leave": ["encryption"]}}},
            "documents.leave is encryption, which may be KMS's, but",
        ),
        ({"standalone": {"shop-a": {"served": True, "servable": True, "require": ["kms"]}}}, "shop-a.require is kms"),
        ({"router_addresses": ["*"]}, "is no address range; allowed are such as"),
        ({"standalone": {"Uploads": {}}}, "'Uploads' has 'U' at position 1"),
        ({"kinds": {"d" * 50: {"served": False}}, "overrides": {}}, "has 85 characters"),
        ({"defaults": {"versioning": True}}, "allowed is a mapping with versioning, encryption, mfa_delete"),
        (
            {"standalone": {"shop-a": {"tags": {5: "x"}}}},
            r"standalone.shop-a.tags has the key 5, which is no text; put it in quotes",
        ),
        ({"standalone": {"shop-a": {"tags": {True: "x"}}}}, "tags has the key True, which is no text"),
        ({"standalone": {555: {}}}, "buckets_standalone has the key 555, which is no text"),
        ({"standalone": {None: {}}}, "buckets_standalone has the key None, which is no text"),
        ({"overrides": {5: {}}}, "buckets_overrides has the key 5, which is no text"),
        ({"standalone": {"shop-a": {"metrics": [{"id": "a", "tags": {5: "x"}}]}}}, r"metrics\[0\].tags has the key 5"),
        (
            {"standalone": {"shop-a": {"leave": ["replication"], "replica": {"name": "shop-b"}}}},
            "shop-a.leave has replication, which buckets_standalone.shop-a.replica declares; choose one",
        ),
        ({"standalone": {"shop-a": {"name": "shop-b"}}}, "standalone.shop-a has the unknown key 'name'"),
        ({"overrides": {"documents": {"defaults": False}}}, "overrides.documents has the unknown key 'defaults'"),
        ({"defaults": {**DECLARED["defaults"], "name": "shop"}}, "buckets_defaults has the unknown key 'name'"),
        (
            {"standalone": {"shop-a": {"replica": {"name": "shop-b", "existing": True, "expire_days": 3}}}},
            "shop-a.replica.expire_days is a setting of shop-b, which is declared elsewhere; say it there",
        ),
        (
            {"standalone": {"shop-a": {"replica": {"name": "shop-b", "account": "backups", "tags": {"a": "b"}}}}},
            "shop-a.replica.tags is a setting of shop-b, which is declared elsewhere; say it there",
        ),
        (
            {"logs_kind": "log"},
            "buckets_logs_kind is 'log'; allowed are documents, agreements, logs; did you mean logs",
        ),
        (
            {"standalone": {"shop-a": {"served": {"tag": {"aws:x": "b"}}, "servable": True}}},
            "shop-a.served.tag.aws:x begins with aws:, which AWS reserves",
        ),
        (
            {"standalone": {"shop-a": {"served": {"tag": {"": "b"}}, "servable": True}}},
            "shop-a.served.tag. has a key of 0 characters",
        ),
        (
            {"standalone": {"shop-a": {"served": {"tag": {"public": "y*"}}, "servable": True}}},
            r"shop-a.served.tag.public has '\*', but may have letters",
        ),
        (
            {"standalone": {"shop-a": {"lifecycle": [{"id": "a", "expire_date": datetime.date(2030, 1, 31)}]}}},
            r"lifecycle\[0\].expire_date is '2030-01-31'; allowed is a day in quotes, such as '2030-01-31'",
        ),
        (
            {"standalone": {"shop-a": {"lifecycle": [{"id": "a", "expire_date": "2030-W05-1"}]}}},
            r"lifecycle\[0\].expire_date is '2030-W05-1'; allowed is a day in quotes",
        ),
        ({"kinds": None}, "buckets_kinds is None; allowed is a mapping"),
        ({"overrides": {"documents": {"statements": [{"Sid": "Serve", "Effect": "Allow"}]}}}, "'Serve' is there twice"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_variable_and_what_is_allowed(changes, said):
    with pytest.raises(AnsibleFilterError, match=said) as raised:
        desire(declared(**changes))
    assert "\n" not in raised.value.message
    assert len(re.findall(said, raised.value.message)) == 1, "said once, without the cause repeated"


def test_a_role_that_is_declared_elsewhere_may_read_where_it_lives_and_nowhere_else():
    def desired(reader):
        kinds = {**DECLARED["kinds"], "documents": {**DECLARED["kinds"]["documents"], "readers": [reader]}}
        known = [{"name": "replication", "accounts": ["backups"]}]
        return buckets_desired(declared(roles={"developers": {"development": {}}}, known_roles=known, kinds=kinds))

    assert "arn:aws:iam::444444444444:role/replication" in str(by_name(desired("backups:replication"))[DOCUMENTS])
    with pytest.raises(ValueError, match="declared are developers"):
        desired("development:replication")


def test_the_input_is_left_as_it_was():
    before = copy.deepcopy(DECLARED)
    buckets_desired(DECLARED)
    assert before == DECLARED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"standalone": {"shop-gov": {"region": "us-gov-west-1"}}}, "buckets_standalone.shop-gov.region is us-gov-west-1, of the partition aws-us-gov; allowed are regions of aws,"),
        ({"overrides": {"documents": {"replica": {"name": "shop-copy", "region": "cn-north-1"}}}}, "buckets_overrides.documents.replica.region is cn-north-1, of the partition aws-cn"),
        ({"overrides": {"documents": {"replica": {"name": "shop-copy", "account": "backups", "region": "cn-north-1"}}}}, "replica.region is cn-north-1, of the partition aws-cn"),
        ({"kinds": {**DECLARED["kinds"], "documents": {"readers": ["arn:aws-cn:iam::222222222222:root"]}}, "overrides": {}}, "is of another partition; allowed are arn:aws:"),
        ({"standalone": {"shop-key": {"encryption": {"algorithm": "aws:kms", "key": "arn:aws-cn:kms:eu-west-1:222222222222:key/a"}}}}, "it must begin with arn:aws:kms:"),
    ],
)  # fmt: skip
def test_what_is_of_another_partition_is_refused(changes, said):
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        desire(declared(**changes))


def test_an_estate_may_be_in_another_partition():
    found = buckets_desired(declared(region="us-gov-west-1", replica_region="us-gov-east-1"))
    assert by_name(found)[DOCUMENTS]["replication"]["role"].startswith("arn:aws-us-gov:iam:")


def delivered(bucket):
    found = [one for one in bucket["policy"]["Statement"] if one["Sid"] == "DeliverLogs"]
    return [one["Condition"]["ArnLike"]["aws:SourceArn"] for one in found]


def test_a_bucket_takes_the_logs_of_those_that_say_that_they_log_to_it():
    standalone = {
        "shop-logs": {},
        "shop-logs-london": {"region": "eu-west-2"},
        "shop-uploads": {
            "logging": {"bucket": "shop-logs", "prefix": "up/"},
            "replica": {"name": "shop-copy", "logging": {"bucket": "shop-logs-london"}},
        },
        "shop-quiet": {"logging": None},
    }
    found = by_name(buckets_desired(declared(standalone=standalone)))

    assert delivered(found["shop-logs"]) == [["arn:aws:s3:::shop-uploads"]]
    assert delivered(found["shop-logs-london"]) == [["arn:aws:s3:::shop-copy"]]
    assert delivered(found["shop-quiet"]) == delivered(found["shop-copy"]) == []


@pytest.mark.parametrize(
    "target",
    [
        {"defaults": False},
        {"statements": [{"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
                         "Action": "s3:PutObject", "Resource": "arn:aws:s3:::shop-logs/*"}]},
    ],
)  # fmt: skip
def test_a_bucket_that_says_itself_who_delivers_logs_is_left_so(target):
    standalone = {"shop-logs": target, "shop-uploads": {"logging": {"bucket": "shop-logs"}}}
    found = by_name(buckets_desired(declared(standalone=standalone)))

    assert "DeliverLogs" not in str(found["shop-logs"]["policy"])


def standing(**buckets):
    return declared(
        standalone={name.replace("_", "-"): {"region": "eu-west-1", **one} for name, one in buckets.items()}
    )


def rules_of(*replicas):
    desired = by_name(buckets_desired(standing(shop_a={"replicas": list(replicas)})))
    return {rule["id"]: (rule["priority"], rule["bucket"]) for rule in desired["shop-a"]["replication"]["rules"]}


def test_several_rules_of_a_source_go_into_one_replica():
    copy = {"name": "shop-copy", "existing": True}
    found = rules_of(
        {"name": "shop-copy"},
        {**copy, "prefix": "a/", "storage_class": "GLACIER_IR"},
        {**copy, "object_tags": {"k": "v"}},
    )
    assert found == {
        "shop-a-shop-copy": (0, "shop-copy"),
        "shop-a-shop-copy-2": (1, "shop-copy"),
        "shop-a-shop-copy-3": (2, "shop-copy"),
    }


COPY = {"name": "shop-copy", "existing": True}


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        ([{"name": "shop-copy", "prefix": "a/"}, COPY], "rule shop-a-shop-copy never copies anything: rule shop-a-shop-copy-2 is for"),
        ([{"name": "shop-copy"}, COPY], "rule shop-a-shop-copy never copies anything"),
        ([{"name": "shop-copy", "priority": 9}, {**COPY, "prefix": "a/"}], "rule shop-a-shop-copy-2 never copies anything"),
        ([{"name": "shop-copy", "object_tags": {"a": "b", "c": "d"}}, {**COPY, "object_tags": {"a": "b"}}], "rule shop-a-shop-copy never"),
        ([{"name": "shop-copy", "priority": 1}, {**COPY, "prefix": "a/", "priority": 1}], "has the priority 1, as rule shop-a-shop-copy has"),
        ([{"name": "shop-copy"}, {"name": "shop-copy", "prefix": "a/"}], "shop-a.replicas[1].name: shop-copy is declared twice, by buckets_standalone.shop-a.replicas[0], too; for one more rule into it say existing: true"),
    ],
)  # fmt: skip
def test_a_rule_that_never_acts_is_refused(replicas, said):
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        desire(standing(shop_a={"replicas": replicas}))


def test_rules_into_different_replicas_or_of_different_objects_hide_nothing():
    copies = [{"name": "shop-copy", "prefix": "a/"}, {"name": "shop-other"}, {**COPY, "prefix": "b/"}]
    assert [priority for priority, _ in rules_of(*copies).values()] == [0, 1, 2]
    assert desire(standing(shop_a={"replicas": [{"name": "shop-copy"}, {**COPY, "prefix": "b/"}]}))


def lists(bucket):
    return [one["Condition"] for one in bucket["policy"]["Statement"] if one["Sid"] == "DeliverInventories"]


NIGHTLY = {"inventory": [{"id": "nightly", "bucket": "shop-lists"}]}


def test_a_bucket_takes_the_lists_of_those_that_say_that_they_send_them_there():
    found = by_name(
        buckets_desired(
            standing(shop_a=NIGHTLY, shop_b={}, shop_lists={}, shop_c={"region": "eu-west-2", "replica": {"name": "shop-d", "region": "eu-west-1", **NIGHTLY}})
        )
    )  # fmt: skip

    assert lists(found["shop-lists"]) == [
        {
            "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::shop-a", "arn:aws:s3:::shop-d"]},
            "StringEquals": {"aws:SourceAccount": "222222222222", "s3:x-amz-acl": "bucket-owner-full-control"},
        }
    ]
    assert lists(found["shop-a"]) == lists(found["shop-b"]) == []


def test_who_lets_every_list_of_the_account_in_is_told_once():
    found = by_name(buckets_desired(standing(shop_a=NIGHTLY, shop_lists={"delivers": ["inventories"]})))
    assert [list(condition) for condition in lists(found["shop-lists"])] == [["StringEquals"]]


OF_OTHERS = {"Sid": "Own", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Resource": "arn:aws:s3:::shop-lists"}  # fmt: skip


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"region": "eu-west-2"}, "rule nightly: bucket shop-lists is in eu-west-2, but S3 delivers lists within a region: eu-west-1"),
        ({"defaults": False}, "shop-a.inventory rule nightly: bucket shop-lists lets S3 deliver no lists; say delivers: [inventories] there"),
        ({"statements": [{**OF_OTHERS, "Action": "s3:ListBucket"}]}, "shop-lists lets S3 deliver no lists"),
    ],
)  # fmt: skip
def test_lists_that_would_not_arrive_are_refused(target, said):
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        desire(standing(shop_a=NIGHTLY, shop_lists=target))


def test_lists_that_go_where_nobody_looks_are_taken():
    into = {**OF_OTHERS, "Action": "s3:Put*", "Resource": "arn:aws:s3:::shop-lists/*"}
    for target in ({"leave": ["policy"], "defaults": False}, {"statements": [into]}):
        assert desire(standing(shop_a=NIGHTLY, shop_lists=target))
    assert desire(standing(shop_a=NIGHTLY))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"overrides": {"documents": {"tags": {"Stage": "production"}}}}, "buckets_overrides.documents.tags.Stage is 'production', but digitalmarketplace-documents-preview-preview has the tag Stage: preview by what it is; choose another key"),
        ({"overrides": {"documents": {"tags": {"Kind": None}}}}, "buckets_overrides.documents.tags.Kind is None, but"),
        ({"defaults": {**DECLARED["defaults"], "tags": {"Environment": "x"}}}, "buckets_defaults.tags.Environment is 'x', but"),
        ({"standalone": {"shop-a": {"replica": {"name": "shop-b", "tags": {"ReplicaOf": "shop-c"}}}}}, "shop-a.replica.tags.ReplicaOf is 'shop-c', but shop-b"),
    ],
)  # fmt: skip
def test_what_a_bucket_is_no_tag_says_otherwise(changes, said):
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        desire(declared(**changes))


def test_a_bucket_that_is_of_no_kind_may_have_such_tags():
    bucket = by_name(buckets_desired(standing(shop_a={"tags": {"Kind": "uploads", "Stage": "none"}})))["shop-a"]
    assert bucket["tags"]["Kind"] == "uploads"


@pytest.mark.parametrize(
    ("named", "refused"), [(None, False), ("aws:kms", False), ("aws:kms:dsse", False), ("AES256", True)]
)
def test_an_upload_may_leave_its_encryption_to_the_bucket(named, refused):
    key = {"algorithm": "aws:kms", "key": "arn:aws:kms:eu-west-1:222222222222:key/a"}
    bucket = by_name(buckets_desired(standing(shop_a={"require": ["kms"], "encryption": key})))["shop-a"]

    context = {} if named is None else {"s3:x-amz-server-side-encryption": [named]}
    assert conditions_hold(bucket["policy"]["Statement"][0], context) is refused


ROLES = {"developers": {"development": {}}, "jenkins": {"main": {}}}


def reading(**who):
    return {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-a/*", **who}


@pytest.mark.parametrize(
    "who",
    [
        {"Principal": {"AWS": "arn:aws:iam::222222222222:role/develpers"}},
        {"Principal": {"AWS": ["111111111111", "arn:aws:iam::222222222222:role/jenkins"]}},
        {"NotPrincipal": {"AWS": ["arn:aws:iam::222222222222:role/develpers"]}, "Effect": "Deny"},
        {"Principal": {"AWS": "arn:aws:sts::222222222222:assumed-role/develpers/ada.example"}},
    ],
)
def test_a_ready_statement_names_no_role_that_nobody_declares(who):
    with pytest.raises(
        AnsibleFilterError, match=r"buckets_standalone.shop-a.statements statement Read: .* nobody declares"
    ):
        desire(declared(roles=ROLES, standalone={"shop-a": {"statements": [reading(**who)]}}))


@pytest.mark.parametrize(
    "who",
    [
        {"AWS": "arn:aws:iam::222222222222:role/developers"},
        {"AWS": "arn:aws:iam::999999999999:role/partner"},
        {"AWS": ["111111111111", "AIDAEXAMPLE"]},
        {"AWS": "arn:aws:sts::222222222222:assumed-role/developers/ada.example"},
        {"Service": "logs.amazonaws.com"},
    ],
)
def test_declared_roles_others_accounts_and_services_may_be_named(who):
    assert desire(declared(roles=ROLES, standalone={"shop-a": {"statements": [reading(Principal=who)]}}))


class Asked(dict):
    """Vars that know what they were asked for: users are read from a file."""

    def __init__(self, said):
        super().__init__(said)
        self.asked = set()

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)


PEOPLE = {"users": ["ada.example", {"name": "bob.example", "path": "/staff/"}, 5], "users_in": "main"}


def of_user(arn):
    return {"shop-a": {"statements": [reading(Principal={"AWS": arn})], "readers": [arn]}}


@pytest.mark.parametrize("arn", ["111111111111:user/bob.example", "222222222222:user/ada.example"])
def test_a_user_is_of_the_account_of_people_and_declared(arn):
    with pytest.raises(AnsibleFilterError, match=r"shop-a.readers: item 0: .* names a user that nobody declares"):
        desire(declared(roles=ROLES, standalone=of_user(f"arn:aws:iam::{arn}"), **PEOPLE))


@pytest.mark.parametrize("arn", ["111111111111:user/ada.example", "111111111111:user/staff/bob.example"])
def test_people_are_asked_for_only_where_a_policy_names_a_user(arn):
    for standalone, asked in (({}, False), (of_user(f"arn:aws:iam::{arn}"), True)):
        given = Asked(declared(roles={**ROLES}, standalone=standalone, **PEOPLE))
        assert desire(given)
        assert ("users" in given.asked) is asked


def test_an_adopted_bucket_names_whom_it_names_live():
    entry = {"defaults": False, "statements": [reading(Principal={"AWS": "arn:aws:iam::222222222222:role/by-hand"})]}
    assert desire(declared(roles=ROLES, standalone={"shop-a": entry}))


def test_a_kind_may_have_another_name_and_a_stage_another_than_that():
    kinds = {**DECLARED["kinds"], "documents": {"name": "shop-papers-preview"}}
    assert "shop-papers-preview" in by_name(buckets_desired(declared(kinds=kinds, overrides={})))
    overrides = {"documents": {"name": "shop-old-papers"}}
    found = by_name(buckets_desired(declared(kinds=kinds, overrides=overrides)))
    assert "shop-old-papers" in found
    assert "shop-papers-preview" not in found
