import datetime

import pytest
from dm_replication import MISSING, Canary, canary, verdict

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def source(version="v2", hours=1, status="COMPLETED"):
    return Canary(version, NOW - datetime.timedelta(hours=hours), status)


@pytest.mark.parametrize(
    ("at_source", "at_replica", "said"),
    [
        (source(), Canary("v2", NOW, "REPLICA"), "proven"),
        (source(hours=25), Canary("v2", NOW, "REPLICA"), "stale"),
        (MISSING, MISSING, "stale"),
        (source(status="PENDING"), Canary("v1", NOW, "REPLICA"), "waiting"),
        (source(status=None), MISSING, "waiting"),
        (source(status="FAILED"), MISSING, "failed"),
        (source(status="FAILED", hours=30), MISSING, "stale"),
        (source(), Canary("v2", NOW, None), "waiting"),
    ],
)
def test_only_the_same_version_at_the_replica_is_proof(at_source, at_replica, said):
    assert verdict(at_source, at_replica, NOW, DAY) == said


def test_reads_what_head_object_answers():
    head = {"VersionId": "v1", "LastModified": NOW, "ReplicationStatus": "PENDING"}

    assert canary(head) == Canary("v1", NOW, "PENDING")
    assert canary(None) == MISSING
