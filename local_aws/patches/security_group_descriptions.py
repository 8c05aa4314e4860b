"""EC2: changing the description of a security group's rule answers Return: true.

moto 5.2.5 answers with an empty body, on which amazon.aws.ec2_security_group fails. Follows
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.security_groups import SecurityGroups

from local_aws.replacing import extends


@extends(
    SecurityGroups,
    "update_security_group_rule_descriptions_ingress",
    "update_security_group_rule_descriptions_egress",
)
def answer(original: Any, self: SecurityGroups) -> ActionResult:
    original(self)
    return ActionResult({"Return": True})
