"""A bucket's configurations: kept whole, and refused where S3 refuses them."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from tests.integration.local_aws import raw
from tests.integration.local_aws.conftest import allow, document, refusal

NAME = "a-bucket"
EXPIRES = {"Days": 1}


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    return estate_aws.client("s3", "production")


@pytest.mark.parametrize(
    "name",
    [
        "Capitals", "under_score", "a..b", "-a-b", "a-b-", "192.168.5.4", "xn--a", "sthree-a", "amzn-s3-demo-a",
        "a-s3alias", "a--ol-s3", "a.mrap", "a--x-s3", "a--table-s3", "ab", "a" * 64,
    ],
)  # fmt: skip
def test_a_bucket_has_a_name_that_s3_takes(estate_aws, name):
    body = b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
    codes = [
        raw.send(estate_aws, "PUT", f"/{word}", raw.sign(estate_aws, "PUT", f"/{word}", {}, body), body).code
        for word in (name, "a.b-c.9")
    ]
    assert codes == ["InvalidBucketName", ""]


def rule(**words):
    return {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": EXPIRES, **words}


def without(name, **words):
    return {key: value for key, value in rule(**words).items() if key != name}


def tagged(**words):
    return rule(Filter={"Tag": {"Key": "a", "Value": "b"}}, **words)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([without("Expiration")], "InvalidRequest"),
        ([rule(Expiration={"Days": 0})], "InvalidArgument"),
        ([rule(Expiration={"Days": -1})], "InvalidArgument"),
        ([rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True})], "MalformedXML"),
        ([rule(Expiration={})], "MalformedXML"),
        ([rule(Expiration={"Date": "2030-01-01T12:00:00Z"})], "InvalidArgument"),
        ([rule(), rule()], "InvalidArgument"),
        ([rule(ID="i" * 256)], "InvalidArgument"),
        ([rule(Status="On")], "MalformedXML"),
        ([without("Filter")], "MalformedXML"),
        ([rule(Prefix="a/")], "MalformedXML"),
        ([rule(), without("Filter", ID="two", Prefix="a/")], "InvalidRequest"),
        ([rule(Filter={"Prefix": "a", "Tag": {"Key": "a", "Value": "b"}})], "MalformedXML"),
        ([rule(Filter={"And": {"ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 8}})], "InvalidRequest"),
        ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 0})], "InvalidArgument"),
        ([rule(NoncurrentVersionExpiration={"NewerNoncurrentVersions": 1})], "MalformedXML"),
        ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101})], "InvalidArgument"),
        ([tagged(Expiration={"ExpiredObjectDeleteMarker": True})], "InvalidRequest"),
        ([tagged(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})], "InvalidRequest"),
        ([rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0})], "InvalidArgument"),
        ([rule(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}])], "InvalidArgument"),
        ([rule(Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])], "InvalidArgument"),
        ([rule(Transitions=[{"Days": 0, "StorageClass": "STANDARD"}])], "MalformedXML"),
        ([rule(Transitions=[{"StorageClass": "GLACIER"}])], "MalformedXML"),
        ([rule(ID=str(number)) for number in range(1001)], "InvalidRequest"),
        ([rule(Transitions=[{"Date": "2030-01-01T00:00:00Z", "StorageClass": "GLACIER"}])], "InvalidRequest"),
        ([without("Expiration", Transitions=[{"Days": days, "StorageClass": "GLACIER"} for days in (60, 90)])],
         "InvalidRequest"),
        ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 40},
               NoncurrentVersionTransitions=[{"NoncurrentDays": 40, "StorageClass": "GLACIER"}])], "InvalidArgument"),
    ],
)  # fmt: skip
def test_a_lifecycle_that_s3_would_not_take_is_refused(s3, rules, code):
    words = {"Bucket": NAME, "LifecycleConfiguration": {"Rules": rules}}
    assert refusal(s3.put_bucket_lifecycle_configuration, **words) == code
    assert refusal(s3.get_bucket_lifecycle_configuration, Bucket=NAME) == "NoSuchLifecycleConfiguration"


def test_a_lifecycle_comes_back_whole(s3):
    rules = [
        rule(
            Filter={"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 9,
                            "Tags": [{"Key": "k", "Value": ""}]}},
            Expiration={"Days": 400},
            Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
            NoncurrentVersionExpiration={"NoncurrentDays": 60, "NewerNoncurrentVersions": 5},
            NoncurrentVersionTransitions=[
                {"NoncurrentDays": 30, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 2}
            ],
        ),
        {"ID": "two", "Status": "Disabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
    ]  # fmt: skip
    s3.put_bucket_lifecycle_configuration(
        Bucket=NAME,
        LifecycleConfiguration={"Rules": rules},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )

    found = s3.get_bucket_lifecycle_configuration(Bucket=NAME)
    assert found["Rules"] == rules
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    s3.delete_bucket_lifecycle(Bucket=NAME)
    assert refusal(s3.get_bucket_lifecycle_configuration, Bucket=NAME) == "NoSuchLifecycleConfiguration"


def test_a_rule_without_a_name_gets_one_and_version_1_stays_version_1(s3):
    old = {"Status": "Enabled", "Prefix": "", "Expiration": EXPIRES}
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [old]})

    found = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"][0]
    assert found.pop("ID")
    assert found == old


def tags(**words):
    return {"TagSet": [{"Key": key.replace("__", ":"), "Value": value} for key, value in words.items()]}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (tags(**{f"k{number}": "v" for number in range(51)}), "BadRequest"),
        (tags(aws__owner="me"), "InvalidTag"),
        (tags(**{"k" * 129: "v"}), "InvalidTag"),
        (tags(k="v" * 257), "InvalidTag"),
        (tags(k="a;b"), "InvalidTag"),
        (tags(**{"a?": "v"}), "InvalidTag"),
        ({"TagSet": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}, "InvalidTag"),
    ],
)
def test_tags_that_s3_would_not_take_are_refused(s3, given, code):
    assert refusal(s3.put_bucket_tagging, Bucket=NAME, Tagging=given) == code


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"AllowedOrigins": ["https://*.*.example"]}, "InvalidRequest"),
        ({"AllowedHeaders": ["x-a", "x-*-*"]}, "InvalidRequest"),
        ({"AllowedOrigins": []}, "MalformedXML"),
        ({"ID": "i" * 256}, "InvalidArgument"),
    ],
)
def test_a_cross_origin_rule_that_s3_would_not_take_is_refused(s3, changed, code):
    one = {"ID": "a", "AllowedOrigins": ["https://*.example", "*"], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"]}
    assert refusal(s3.put_bucket_cors, Bucket=NAME, CORSConfiguration={"CORSRules": [{**one, **changed}]}) == code
    s3.put_bucket_cors(Bucket=NAME, CORSConfiguration={"CORSRules": [one]})


def test_aes256_takes_no_key(s3):
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/mine"}}]
    words = {"Bucket": NAME, "ServerSideEncryptionConfiguration": {"Rules": rules}}
    assert refusal(s3.put_bucket_encryption, **words) == "InvalidArgument"
    rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] = "aws:kms"
    s3.put_bucket_encryption(**words)


def test_tags_keep_empty_values_and_have_no_order(s3):
    given = tags(a="", b="2", c="größer: _./=+-@ 3")
    s3.put_bucket_tagging(Bucket=NAME, Tagging=given)
    reads = [s3.get_bucket_tagging(Bucket=NAME)["TagSet"] for _ in range(3)]

    assert all(sorted(read, key=lambda tag: tag["Key"]) == given["TagSet"] for read in reads)
    assert reads[0] != reads[1]


def test_aws_own_tags_are_sent_back_or_nothing_is_changed(estate_aws, s3):
    estate_aws.system_tags("production", NAME, {"aws:cloudformation:stack-name": "old"})
    assert refusal(s3.put_bucket_tagging, Bucket=NAME, Tagging=tags(a="b")) == "InvalidTag"
    assert refusal(s3.delete_bucket_tagging, Bucket=NAME) == "InvalidTag"
    both = tags(a="b", **{"aws:cloudformation:stack-name": "old"})
    s3.put_bucket_tagging(Bucket=NAME, Tagging=both)
    assert len(s3.get_bucket_tagging(Bucket=NAME)["TagSet"]) == 2


METRICS = {"Id": "all", "Filter": {"Prefix": "a/"}}
TIERS = {"Id": "all", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
ANALYTICS = {"Id": "all", "StorageClassAnalysis": {}}
INVENTORY = {
    "Id": "all", "IsEnabled": True, "IncludedObjectVersions": "Current", "Schedule": {"Frequency": "Daily"},
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::to", "Format": "Parquet", "Prefix": "inventory"}},
    "OptionalFields": ["Size", "ReplicationStatus"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "config"),
    [("metrics", METRICS), ("intelligent_tiering", TIERS), ("analytics", ANALYTICS), ("inventory", INVENTORY)],
)
def test_configurations_by_id_come_back_whole(s3, name, config):
    shape = f"{name.title().replace('_', '')}Configuration"
    get, put, delete = (getattr(s3, f"{verb}_bucket_{name}_configuration") for verb in ("get", "put", "delete"))
    listed = getattr(s3, f"list_bucket_{name}_configurations")
    assert refusal(get, Bucket=NAME, Id="all") == "NoSuchConfiguration"
    put(Bucket=NAME, Id="all", **{shape: config})

    assert get(Bucket=NAME, Id="all")[shape] == config
    assert listed(Bucket=NAME)[f"{shape}List"] == [config]
    assert refusal(put, Bucket=NAME, Id="other", **{shape: config}) == "InvalidConfigurationId"
    delete(Bucket=NAME, Id="all")
    assert refusal(delete, Bucket=NAME, Id="all") == "NoSuchConfiguration"


def test_wrong_configurations_are_refused(s3):
    early = {**TIERS, "Tierings": [{"Days": 89, "AccessTier": "ARCHIVE_ACCESS"}]}
    words = {"Bucket": NAME, "Id": "all"}
    assert refusal(
        s3.put_bucket_intelligent_tiering_configuration, **words, IntelligentTieringConfiguration=early
    ) == "InvalidArgument"  # fmt: skip
    to = {"S3BucketDestination": {"Bucket": "to", "Format": "CSV"}}
    wrong = {**INVENTORY, "Destination": to}
    assert refusal(s3.put_bucket_inventory_configuration, **words, InventoryConfiguration=wrong) == (
        "InvalidS3DestinationBucket"
    )
    never = {**INVENTORY, "Schedule": {"Frequency": "Never"}}
    assert refusal(s3.put_bucket_inventory_configuration, **words, InventoryConfiguration=never) == "MalformedXML"
    payer = {"Payer": "Nobody"}
    assert refusal(s3.put_bucket_request_payment, Bucket=NAME, RequestPaymentConfiguration=payer) == "MalformedXML"
    on = {"Status": "On"}
    assert refusal(s3.put_bucket_accelerate_configuration, Bucket=NAME, AccelerateConfiguration=on) == "MalformedXML"


def _put(s3, name, config, **words):
    shape = f"{name.title().replace('_', '')}Configuration"
    return getattr(s3, f"put_bucket_{name}_configuration"), {"Bucket": NAME, "Id": "all", shape: config, **words}


@pytest.mark.parametrize(
    ("name", "config", "code"),
    [
        ("metrics", {"Id": "all", "Filter": {"Prefix": "a", "Tag": {"Key": "a", "Value": "b"}}}, "MalformedXML"),
        ("metrics", {"Id": "all", "Filter": {"And": {"Tags": tags(a="1")["TagSet"] * 2}}}, "InvalidTag"),
        ("analytics", {"Id": "all", "Filter": {}, "StorageClassAnalysis": {}}, "MalformedXML"),
        ("intelligent_tiering", {**TIERS, "Tierings": TIERS["Tierings"] * 2}, "MalformedXML"),
        ("intelligent_tiering", {**TIERS, "Status": "On"}, "MalformedXML"),
        ("inventory", {**INVENTORY, "OptionalFields": ["Colour"]}, "MalformedXML"),
    ],
)
def test_a_configuration_outside_its_schema_is_refused(s3, name, config, code):
    call, words = _put(s3, name, config)
    assert refusal(call, **words) == code


WEBSITE = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument"),
        ({**WEBSITE, "RedirectAllRequestsTo": {"HostName": "a.example"}}, "InvalidRequest"),
        ({"RedirectAllRequestsTo": {"HostName": "a.example", "Protocol": "ftp"}}, "MalformedXML"),
    ],
)
def test_a_website_that_s3_would_not_take_is_refused(s3, config, code):
    assert refusal(s3.put_bucket_website, Bucket=NAME, WebsiteConfiguration=config) == code
    assert refusal(s3.get_bucket_website, Bucket=NAME) == "NoSuchWebsiteConfiguration"
    s3.put_bucket_website(Bucket=NAME, WebsiteConfiguration=WEBSITE)
    found = s3.get_bucket_website(Bucket=NAME)
    assert {name: found[name] for name in WEBSITE} == WEBSITE
    s3.delete_bucket_website(Bucket=NAME)


OWNED = "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("ownershipControls", f"<OwnershipControls>{OWNED * 2}</OwnershipControls>"),
        ("ownershipControls", "<OwnershipControls/>"),
        ("ownershipControls", f"<OwnershipControls>{OWNED}<Colour>red</Colour></OwnershipControls>"),
        ("ownershipControls", f"<OwnershipControls>{OWNED}"),
        ("encryption", "<ServerSideEncryptionConfiguration/>"),
        ("tagging", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"),
        ("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Key>b</Key><Value>c</Value></Tag></TagSet></Tagging>"),
        ("cors", "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"),
        (
            "publicAccessBlock",
            "<PublicAccessBlockConfiguration><All>true</All></PublicAccessBlockConfiguration>",
        ),
        ("logging", "<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>"),
    ],
)
@pytest.mark.usefixtures("s3")
def test_xml_that_is_not_the_schemas_is_malformed(estate_aws, query, body):
    path, data = f"/{NAME}?{query}", body.encode()
    headers = {"content-md5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()}
    signed = raw.sign(estate_aws, "PUT", path, headers, data)
    answer = raw.send(estate_aws, "PUT", path, headers | signed, data)
    assert (answer.status, answer.code) == (400, "MalformedXML")


def test_who_pays_and_acceleration_are_kept(s3):
    assert s3.get_bucket_request_payment(Bucket=NAME)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=NAME, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=NAME)["Payer"] == "Requester"
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=NAME)
    s3.put_bucket_accelerate_configuration(Bucket=NAME, AccelerateConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_accelerate_configuration(Bucket=NAME)["Status"] == "Enabled"


def test_object_lock_is_checked_kept_and_keeps_versioning(s3):
    def lock(**retention):
        config = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
        return {"Bucket": NAME, "ObjectLockConfiguration": config}

    good = lock(Mode="GOVERNANCE", Days=1)
    assert refusal(s3.get_object_lock_configuration, Bucket=NAME) == "ObjectLockConfigurationNotFoundError"
    assert refusal(s3.put_object_lock_configuration, **good) == "InvalidBucketState"
    versioning = {"Bucket": NAME, "VersioningConfiguration": {"Status": "Enabled"}}
    s3.put_bucket_versioning(**versioning)
    s3.put_object(Bucket=NAME, Key="before", Body=b"")
    for wrong, code in (
        ({"Mode": "GOVERNANCE", "Days": 0}, "InvalidArgument"),
        ({"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, "MalformedXML"),
        ({"Mode": "SOME", "Days": 1}, "MalformedXML"),
        ({"Mode": "COMPLIANCE", "Years": 101}, "InvalidArgument"),
    ):
        assert refusal(s3.put_object_lock_configuration, **lock(**wrong)) == code
    s3.put_object_lock_configuration(**good)

    found = s3.get_object_lock_configuration(Bucket=NAME)["ObjectLockConfiguration"]
    assert found == good["ObjectLockConfiguration"]
    versioning["VersioningConfiguration"] = {"Status": "Suspended"}
    assert refusal(s3.put_bucket_versioning, **versioning) == "InvalidBucketState"
    version = s3.put_object(Bucket=NAME, Key="locked", Body=b"")["VersionId"]
    assert refusal(s3.delete_object, Bucket=NAME, Key="locked", VersionId=version) == "AccessDenied"
    s3.delete_object(Bucket=NAME, Key="locked")


def test_a_policy_comes_back_in_awss_spelling_and_no_order(s3):
    accounts = ["111111111111", "222222222222", "444444444444"]
    policy = document(
        allow(["s3:GetObject"], [f"arn:aws:s3:::{NAME}/*"], Principal={"AWS": accounts}),
        allow("s3:ListBucket", f"arn:aws:s3:::{NAME}", Principal={"AWS": ["111111111111"]}),
    )
    s3.put_bucket_policy(Bucket=NAME, Policy=policy)
    reads = [json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"] for _ in range(3)]

    roots = [f"arn:aws:iam::{account}:root" for account in accounts]
    assert all(sorted(read[0]["Principal"]["AWS"]) == roots for read in reads)
    assert reads[0][0]["Principal"]["AWS"] != reads[1][0]["Principal"]["AWS"]
    assert (reads[0][0]["Action"], reads[0][0]["Resource"]) == ("s3:GetObject", f"arn:aws:s3:::{NAME}/*")
    assert reads[0][1]["Principal"] == {"AWS": roots[0]}


@pytest.fixture
def topic(estate_aws):
    sns = estate_aws.client("sns", "production")
    arn = sns.create_topic(Name="uploads")["TopicArn"]
    like = {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{NAME}"}}
    policy = document(allow("SNS:Publish", arn, Principal={"Service": "s3.amazonaws.com"}, Condition=like))
    return arn, lambda: sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def notify(arn, *rules, events=("s3:ObjectCreated:*",), **words):
    filters = {"Filter": {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in rules]}}} if rules else {}
    return {"TopicArn": arn, "Events": list(events), **filters, **words}


def test_notifications_go_where_s3_may_send_them(s3, topic, estate_aws):
    arn, let_in = topic
    config = {"TopicConfigurations": [notify(arn, ("prefix", "in/"), Id="one")], "EventBridgeConfiguration": {}}
    words = {"Bucket": NAME, "NotificationConfiguration": config}
    assert refusal(s3.put_bucket_notification_configuration, **words) == "InvalidArgument"
    s3.put_bucket_notification_configuration(**words, SkipDestinationValidation=True)
    s3.put_bucket_notification_configuration(Bucket=NAME, NotificationConfiguration={})
    let_in()
    s3.put_bucket_notification_configuration(**words)

    found = s3.get_bucket_notification_configuration(Bucket=NAME)
    rules = found["TopicConfigurations"][0]["Filter"]["Key"]["FilterRules"]
    assert rules == [{"Name": "Prefix", "Value": "in/"}]  # S3's capital
    assert found["EventBridgeConfiguration"] == {}
    estate_aws.client("sns", "production").delete_topic(TopicArn=arn)
    assert refusal(s3.put_bucket_notification_configuration, **words) == "InvalidArgument"
    only = {"Bucket": NAME, "NotificationConfiguration": {"EventBridgeConfiguration": {}}}
    s3.put_bucket_notification_configuration(**only)
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=NAME)


def test_queues_and_functions_are_looked_at_too(s3, estate_aws):
    sqs = estate_aws.client("sqs", "production")
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-1:333333333333:uploads"
    queue = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:Put"]}]}
    put, words = s3.put_bucket_notification_configuration, {"Bucket": NAME}
    assert refusal(put, **words, NotificationConfiguration=queue) == "InvalidArgument"
    policy = document(allow("sqs:SendMessage", arn, Principal={"Service": "s3.amazonaws.com"}))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    put(**words, NotificationConfiguration=queue)
    s3.put_object(Bucket=NAME, Key="in/a", Body=b"")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert any('"in/a"' in message["Body"] for message in received)

    function = {
        "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:333333333333:function:scan",
        "Events": ["s3:ObjectCreated:*"],
    }
    wrong = {"LambdaFunctionConfigurations": [function]}
    assert refusal(put, **words, NotificationConfiguration=wrong) == "InvalidArgument"


@pytest.mark.parametrize(
    "entries",
    [
        [notify("ARN", events=["s3:Nothing"])],
        [notify("arn:aws:sns:eu-west-2:333333333333:uploads")],
        [notify("arn:aws:sqs:eu-west-1:333333333333:uploads")],
        [notify("ARN", ("middle", "x"))],
        [notify("ARN", ("prefix", "a"), ("prefix", "b"))],
        [notify("ARN", Id="one"), notify("ARN", Id="two", events=["s3:ObjectCreated:Put"])],
        [notify("ARN", ("prefix", "a"), Id="one"), notify("ARN", ("prefix", "ab"), Id="two")],
        [notify("ARN", ("prefix", "a"), Id="one"), notify("ARN", ("prefix", "b"), Id="one")],
    ],
)
def test_notifications_that_s3_would_not_take_are_refused(s3, topic, entries):
    arn, let_in = topic
    let_in()
    given = [{**entry, "TopicArn": arn if entry["TopicArn"] == "ARN" else entry["TopicArn"]} for entry in entries]
    words = {"Bucket": NAME, "NotificationConfiguration": {"TopicConfigurations": given}}
    assert refusal(s3.put_bucket_notification_configuration, **words) == "InvalidArgument"
    apart = [notify(arn, ("suffix", ".a"), Id="one"), notify(arn, ("suffix", ".b"), Id="two")]
    words["NotificationConfiguration"]["TopicConfigurations"] = apart
    s3.put_bucket_notification_configuration(**words)
