"""Elsewhere than in AWS's partition aws every ARN that access writes would name nobody."""

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.estate.errors import Refusal
from dm_access import planned


@pytest.mark.parametrize(("region", "where"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_another_partition_is_refused_before_the_first_call(region: str, where: str) -> None:
    clients: Any = SimpleNamespace(region=region)

    with pytest.raises(Refusal, match=f"{region} is of the partition {where}, and access is written for aws alone"):
        planned({}, clients)
