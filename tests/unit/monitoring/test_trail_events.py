"""A trail that somebody made to look away, by either kind of selector, and what makes it look again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.kinds.trail import KIND, _misses

BASIC = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
DATA = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}]
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
OBJECTS = {"Name": "objects", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
WORDS = {"bucket": "b", "prefix": "", "multi_region": True, "global_events": True, "validated": True, "group": "",
         "role": "", "key": ""}  # fmt: skip


def basic(**words: Any) -> dict[str, Any]:
    return {"EventSelectors": [BASIC | words]}


def advanced(*fields: Any) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"Name": "x", "FieldSelectors": [MANAGEMENT, *fields]}, OBJECTS]}


@pytest.mark.parametrize(
    ("live", "misses"),
    [
        (basic(), False),
        (basic(ExcludeManagementEventSources=[]), False),
        (basic(ReadWriteType="WriteOnly"), True),
        (basic(IncludeManagementEvents=False), True),
        (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), True),
        ({"EventSelectors": [BASIC | {"IncludeManagementEvents": False, "DataResources": DATA}, BASIC]}, False),
        (advanced(), False),
        (advanced({"Field": "readOnly", "Equals": ["false"]}), True),
        (advanced({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}), True),
        ({"AdvancedEventSelectors": [OBJECTS]}, True),
    ],
)
def test_what_a_trail_leaves_out_is_seen_and_put_back_without_losing_its_data_events(live: Any, misses: bool) -> None:
    assert _misses(live) is misses
    wanted = {"name": "main", **WORDS, "management": True, "logging": True}
    there = wanted | {"management": live if misses else True}
    assert KIND.differs(wanted, there) == (["management"] if misses else [])
    calls = list(KIND.calls(wanted, there, Place("111111111111", "eu-west-1")))
    assert [call.method for call in calls] == (["cloudtrail.put_event_selectors"] if misses else [])
    for call in calls:
        assert not _misses(call.params)
        assert (OBJECTS in call.params.get("AdvancedEventSelectors", ())) is ("AdvancedEventSelectors" in live)
