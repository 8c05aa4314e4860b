#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_target_group
short_description: Keep a load balancer's target group and its targets as declared
description:
  - Creates the group, keeps its health check, attributes and tags as declared, and its targets exactly so.
  - Exists because M(community.aws.elb_target_group) knows no check mode, and would thus be missing from every plan.
  - Follows U(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html).
author: [Digital Marketplace developers]
options:
  account:
    description: The account's name, for messages and the plan.
    type: str
    required: true
  name:
    description: The group's name, its identity.
    type: str
    required: true
  vpc_id:
    description: The targets' VPC.
    type: str
    required: true
  port:
    description: The targets' port.
    type: int
    required: true
  protocol:
    description: What the targets speak.
    type: str
    default: HTTP
  health_path:
    description: What is asked for to see whether a target is well.
    type: str
    required: true
  health_codes:
    description: HTTP status codes that mean it is, such as V(200,403).
    type: str
    default: "200"
  health_interval:
    description: Seconds between two checks.
    type: int
    default: 15
  healthy_after:
    description: Good checks until a target counts as well.
    type: int
    default: 2
  unhealthy_after:
    description: Bad checks until a target counts as unwell.
    type: int
    default: 4
  attributes:
    description: Attributes by AWS's own names, values as strings. Others stay.
    type: dict
    default: {}
  tags:
    description: Tags the group must have. Others stay.
    type: dict
    default: {}
  targets:
    description: The ids of the instances, exactly.
    type: list
    elements: str
    required: true
  reviewed:
    description: Digest of the plan that was reviewed; any other plan is refused.
    type: str
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: full
    description: Shows each setting that differs.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Point the load balancer at the host
  dm_target_group:
    account: main
    name: jenkins
    vpc_id: vpc-0123456789abcdef0
    port: 80
    health_path: /login
    targets: [i-0123456789abcdef0]
"""
RETURN = r"""
arn:
  description: The group's ARN, empty in check mode when it does not exist yet.
  returned: success
  type: str
  sample: arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/jenkins/0123456789abcdef
dimension:
  description: What CloudWatch calls the group.
  returned: success
  type: str
  sample: targetgroup/jenkins/0123456789abcdef
plan:
  description: The plan as a value.
  returned: always
  type: dict
outcomes:
  description: What became of each action of the plan.
  returned: always
  type: list
  elements: dict
"""

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from typing import Any

from ansible.module_utils.dm_finish import COMMON_ARGUMENTS, finish, shown
from ansible.module_utils.dm_plan import Action
from ansible.module_utils.dm_target_group import FIXED, Refusal, plan
from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

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


def read(elb: Any, name: str) -> tuple[dict[str, Any] | None, str]:
    """(the live group in the plan's shape or None, its ARN or "")."""
    try:
        group = elb.describe_target_groups(Names=[name])["TargetGroups"][0]
    except botocore.exceptions.ClientError as exc:
        if error_code(exc) != "TargetGroupNotFound":
            raise
        return None, ""
    arn = group["TargetGroupArn"]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    tags = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    live = {
        "settings": {key: group.get(key) for key in FIXED},
        "health": {key: group.get(key) for key in _HEALTH},
        "attributes": {pair["Key"]: pair["Value"] for pair in attributes},
        "tags": {pair["Key"]: pair["Value"] for pair in tags},
        "targets": [t["Target"]["Id"] for t in health if t["TargetHealth"]["State"] not in _LEAVING],
    }
    return live, arn


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **COMMON_ARGUMENTS,
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "protocol": {"type": "str", "default": "HTTP"},
            "health_path": {"type": "str", "required": True},
            "health_codes": {"type": "str", "default": "200"},
            "health_interval": {"type": "int", "default": 15},
            "healthy_after": {"type": "int", "default": 2},
            "unhealthy_after": {"type": "int", "default": 4},
            "attributes": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "default": {}},
            "targets": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    wanted = {
        "settings": {
            "Protocol": given["protocol"],
            "Port": given["port"],
            "VpcId": given["vpc_id"],
            "TargetType": "instance",
        },
        "health": {
            "HealthCheckPath": given["health_path"],
            "HealthCheckProtocol": given["protocol"],
            "HealthCheckPort": "traffic-port",
            "HealthCheckIntervalSeconds": given["health_interval"],
            "HealthyThresholdCount": given["healthy_after"],
            "UnhealthyThresholdCount": given["unhealthy_after"],
            "Matcher": {"HttpCode": given["health_codes"]},
        },
        "attributes": given["attributes"],
        "tags": given["tags"],
        "targets": given["targets"],
    }
    try:
        elb = module.client("elbv2", aws_config=Config(retries={"max_attempts": 8, "mode": "standard"}))
        live, arn = read(elb, given["name"])
        actions, before, after = plan(live, wanted, given["name"])
    except Refusal as exc:
        module.fail_json(msg=f"{exc} Nothing was changed.")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        module.fail_json(msg=sentence(exc, f"Cannot read target group {given['name']}"))
    known = {"arn": arn}

    def call(action: Action) -> None:
        method = action.method.removeprefix("elbv2.")
        params = dict(action.params)
        if method == "add_tags":
            params["ResourceArns"] = [known["arn"]]
        elif method != "create_target_group":
            params["TargetGroupArn"] = known["arn"]
        answer = getattr(elb, method)(**params)
        if method == "create_target_group":
            known["arn"] = answer["TargetGroups"][0]["TargetGroupArn"]

    diff = shown(f"target group {given['name']}", before, after) if actions else []
    finish(
        module,
        "target group",
        actions,
        diff,
        call,
        lambda: {"arn": known["arn"], "dimension": known["arn"].rpartition(":")[2]},
    )


if __name__ == "__main__":
    main()
