"""Metrics, inventories and tiering: lists of configurations, each put and deleted by its id."""

from __future__ import annotations

import botocore.loaders
import pytest
from ansible.module_utils.estate.buckets.setting import World
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.buckets.settings.inventory import FIELDS
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

S3 = ServiceModel(botocore.loaders.create_loader().load_service_model("s3", "service-2"))
RULES = {
    "metrics": ({"id": "all"}, {"id": "some", "prefix": "a/", "tags": {"k": "v"}}, "MetricsConfiguration"),
    "inventory": (
        {"id": "nightly", "bucket": "shop-lists"},
        {"id": "weekly", "bucket": "shop-lists", "to": "x/", "format": "CSV", "frequency": "Weekly", "versions": True,
         "fields": ["Size", "ETag"], "prefix": "a/"},
        "InventoryConfiguration",
    ),
    "intelligent_tiering": (
        {"id": "old", "archive_days": 90},
        {"id": "older", "archive_days": 100, "deep_archive_days": 200, "tags": {"k": "v"}},
        "IntelligentTieringConfiguration",
    ),
}  # fmt: skip


def bucket(name, *rules):
    return {"name": "shop", "region": "eu-west-1", name: list(rules)}


@pytest.mark.parametrize("name", RULES)
def test_what_is_put_is_what_is_read_and_each_call_is_one_that_boto3_knows(name):
    one, two, key = RULES[name]
    setting = BY_NAME[name]
    calls = setting.write(bucket(name, one, two), {})
    live = {f"{key}List": [params[key] for _, params in calls]}

    assert setting.same(setting.live(live), setting.wanted(bucket(name, one, two), live))
    assert setting.write(bucket(name, one, two), live) == []
    assert [rule["id"] for rule in setting.adopt(live)] == [one["id"], two["id"]]
    assert setting.same(setting.live(live), setting.wanted(bucket(name, *setting.adopt(live)), live))
    assert list(setting.check(bucket(name, one, two), World({}, ()))) == []
    for method, params in [*calls, *setting.write(bucket(name), live)]:
        operation = "".join(word.capitalize() for word in method.split("_"))
        shape = S3.operation_model(operation).input_shape
        assert ParamValidator().validate({"Bucket": "shop", **params}, shape).generate_report() == ""


@pytest.mark.parametrize("name", RULES)
def test_only_what_differs_is_written_and_what_is_gone_is_deleted(name):
    one, two, key = RULES[name]
    live = {f"{key}List": [params[key] for _, params in BY_NAME[name].write(bucket(name, one), {})]}
    calls = BY_NAME[name].write(bucket(name, two), live)
    assert [(method.split("_")[0], params["Id"]) for method, params in calls] == [
        ("delete", one["id"]),
        ("put", two["id"]),
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"id": "a"}, "does nothing; it needs one of archive_days, deep_archive_days"),
        ({"id": "a", "archive_days": 89}, "archive_days is 89; allowed are 90 to 730"),
        ({"id": "a", "archive_days": 200, "deep_archive_days": 190}, "archive_days is not before deep_archive_days"),
    ],
)
def test_tiers_that_aws_refuses_are_refused(rule, said):
    assert said in next(BY_NAME["intelligent_tiering"].check(bucket("intelligent_tiering", rule), World({}, ())))


def test_the_fields_of_an_inventory_are_those_that_aws_has():
    assert set(FIELDS) <= set(S3.shape_for("InventoryOptionalField").enum)


def test_an_inventory_goes_to_a_bucket_that_can_be():
    rule = {"id": "a", "bucket": "Shop_lists"}
    [said] = BY_NAME["inventory"].check(bucket("inventory", rule), World({}, ()))
    assert said.startswith(" rule a: bucket Shop_lists has 'S' at position 1")
