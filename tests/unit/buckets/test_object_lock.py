from __future__ import annotations

import pytest
from ansible.module_utils.estate.buckets.setting import World
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.buckets.settings.object_lock import means

SETTING = BY_NAME["object_lock"]
GOVERNED = {"mode": "GOVERNANCE", "days": 30}


def bucket(lock):
    return {"name": "shop-vault", "region": "eu-west-1", "versioning": True, "object_lock": lock}


@pytest.mark.parametrize("lock", [{}, GOVERNED, {"mode": "COMPLIANCE", "years": 1, "confirm": "shop-vault"}])
def test_what_is_declared_comes_back_as_it_went(lock):
    [(call, params)] = SETTING.write(bucket(lock), {})
    assert call == "put_object_lock_configuration"
    assert SETTING.live(params) == SETTING.wanted(bucket(lock), {})
    assert list(SETTING.check(bucket(lock), World({}, ()))) == []


def test_off_is_not_on_without_a_time():
    assert SETTING.live({}) is None
    assert not SETTING.same(None, SETTING.wanted(bucket({}), {}))


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ({"mode": "GOVERNANCE"}, "allowed are mode with either days or years, or none of them"),
        ({"days": 3}, "allowed are mode with either days or years"),
        ({**GOVERNED, "years": 1}, "allowed are mode with either days or years"),
        ({"mode": "COMPLIANCE", "years": 1}, "root included: say confirm: shop-vault if that is meant"),
        ({"mode": "COMPLIANCE", "years": 1, "confirm": "yes"}, "say confirm: shop-vault"),
    ],
)
def test_what_cannot_be_taken_back_is_asked_for_by_name(lock, said):
    [found] = SETTING.check(bucket(lock), World({}, ()))
    assert said in found


def test_a_locked_bucket_is_copied_into_locked_ones_only():
    copy = {"name": "shop-copy", "region": "eu-west-2", "versioning": True}
    source = {**bucket({}), "replication": {"rules": [{"bucket": "shop-copy"}, {"bucket": "elsewhere"}]}}
    [found] = SETTING.check(source, World({"shop-copy": copy}, ()))
    assert found == " goes with replicas that have one, too; say object_lock: {} for shop-copy"
    assert list(SETTING.check(source, World({"shop-copy": {**copy, "object_lock": {}}}, ()))) == []


def test_no_access_logs_go_into_a_locked_bucket():
    logs = {"name": "shop-logs", "region": "eu-west-1", "versioning": True}
    logged = {"name": "shop", "region": "eu-west-1", "logging": {"bucket": "shop-logs"}}
    assert list(BY_NAME["logging"].check(logged, World({"shop-logs": logs}, ()))) == []
    [found] = BY_NAME["logging"].check(logged, World({"shop-logs": {**logs, "object_lock": {}}}, ()))
    assert found == ".bucket has an object lock, beside which S3 writes no access logs; it must have none"


def test_it_needs_versions():
    [found] = SETTING.check({**bucket({}), "versioning": False}, World({}, ()))
    assert "needs versioning of shop-vault" in found


def test_a_retention_that_nobody_can_take_back_is_not_adopted_unasked():
    live = {
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        }
    }
    assert SETTING.adopt(live) is None


def test_what_cannot_be_taken_back_is_said_with_its_price():
    forever = {"mode": "COMPLIANCE", "years": 1, "confirm": "shop-vault"}
    assert list(means(bucket({}), {})) == [
        "shop-vault: object lock can never be switched off again, nor versioning suspended"
    ]
    [_, cost] = means(bucket(forever), {})
    assert "for 365 days: each GiB costs about USD 0.29 until then" in cost
    [_, params] = SETTING.write(bucket(forever), {})[0]
    assert list(means(bucket(forever), params)) == []
    [cost] = means(bucket({**forever, "years": 2}), params)
    assert "for 730 days" in cost
    assert list(means(bucket(GOVERNED), params)) == []
