from __future__ import annotations

from ansible.module_utils.estate.buckets.guard import forgotten
from ansible.module_utils.estate.buckets.live import Live, LiveBucket

OURS = {"tags": {"TagSet": [{"Key": "ManagedBy", "Value": "marketplace-estate"}, {"Key": "a", "Value": "b"}]}}
LIVE = Live({"shop-backups": LiveBucket("eu-west-1", OURS), "shop-other": LiveBucket("eu-west-1", {"tags": {}})})
EMPTY = {"buckets": [], "unmanaged_pattern": "shop-*", "managed_tags": {"ManagedBy": "marketplace-estate"}}


def test_a_declaration_that_was_lost_is_no_green_plan():
    [said] = forgotten(EMPTY, LIVE)
    assert said.startswith("no bucket is declared, but shop-backups is tagged as declared here")


def test_an_account_that_never_had_any_is_left_in_peace():
    assert forgotten({**EMPTY, "unmanaged_pattern": "shop-other"}, LIVE) == []
    assert forgotten({**EMPTY, "buckets": [{"name": "shop-new"}]}, LIVE) == []
    assert forgotten({**EMPTY, "managed_tags": {}}, LIVE) == []
