"""The live target group. The client is passed in."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.errors import or_none
from ansible.module_utils.estate.host.target_group.plan import FIXED

_HEALTH = (
    "HealthCheckPath",
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckIntervalSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)
# A target in these states has already been told to go
# (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html).
_LEAVING = {"draining"}


def read(elb: Any, name: str) -> dict[str, Any] | None:
    """The live group in the plan's shape, or None."""
    group = or_none(lambda: elb.describe_target_groups(Names=[name])["TargetGroups"][0], "TargetGroupNotFound")
    if group is None:
        return None
    arn = group["TargetGroupArn"]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    tags = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {
        "arn": arn,
        "settings": {key: group.get(key) for key in FIXED},
        "health": {key: group.get(key) for key in _HEALTH},
        "attributes": {pair["Key"]: pair["Value"] for pair in attributes},
        "tags": {pair["Key"]: pair["Value"] for pair in tags},
        "targets": [one["Target"]["Id"] for one in health if one["TargetHealth"]["State"] not in _LEAVING],
    }
