#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_target_group
short_description: Keep a load balancer's target group and its targets as declared
description:
  - Creates the group, keeps its health check, attributes and tags as declared, and its targets exactly so.
  - Exists because M(community.aws.elb_target_group) knows no check mode, and would thus be missing from every plan.
  - Follows U(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html).
options:
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
  health_path:
    description: What is asked for to see whether a target is well.
    type: str
    required: true
  attributes:
    description: Attributes by AWS's own names, values as strings. Others stay.
    type: dict
    default: {}
  tags:
    description: Tags the group must have. Others stay.
    type: dict
    default: {}
  targets:
    description: The ids of the instances by their names, exactly; empty in check mode where one does not exist yet.
    type: dict
    required: true
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Point the load balancer at the host
  dm_target_group:
    account: main
    name: jenkins
    vpc_id: vpc-0123456789abcdef0
    port: 80
    health_path: /login
    targets: {jenkins: i-0123456789abcdef0}
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
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
"""

from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.host.instance.choose import instance_of
from ansible.module_utils.estate.host.target_group.plan import plan, resource_of
from ansible.module_utils.estate.host.target_group.read import read
from ansible.module_utils.estate.plan import Ref
from ansible.module_utils.estate.run import estate_module, run


def desired(given: dict[str, Any]) -> dict[str, Any]:
    """In AWS's own words, as the plan takes them."""
    return {
        "settings": {"Protocol": "HTTP", "Port": given["port"], "VpcId": given["vpc_id"], "TargetType": "instance"},
        "health": {
            "HealthCheckPath": given["health_path"],
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckIntervalSeconds": 15,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 4,
            "Matcher": {"HttpCode": "200"},
        },
        "attributes": given["attributes"],
        "tags": given["tags"],
        "targets": given["targets"],
    }


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given, clients = module.params, Clients(module)
    account, name = given["account"], given["name"]
    live = clients.ask(lambda: read(clients["elbv2"], name), f"Cannot read target group {name}")
    made = clients.ask(lambda: plan(account, name, live, desired(given)), "Cannot plan")

    def facts(known: Any) -> dict[str, str]:
        arn = live["arn"] if live else known.get(Ref(resource_of(name), "arn"), "")
        return {"arn": arn, "dimension": arn.rpartition(":")[2]}

    known = {instance_of(one): found for one, found in given["targets"].items() if found}
    run(module, made, clients.call, facts=facts, known=known)


if __name__ == "__main__":
    main()
