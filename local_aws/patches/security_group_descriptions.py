"""EC2: changing the description of a security group's rule answers Return: true.

moto 5.2.5 answers with an empty body, on which amazon.aws.ec2_security_group fails. Follows
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.security_groups import SecurityGroups


def apply() -> None:
    for name in ("update_security_group_rule_descriptions_ingress", "update_security_group_rule_descriptions_egress"):
        setattr(SecurityGroups, name, _returning_true(getattr(SecurityGroups, name)))


def _returning_true(answer: Callable[[Any], Any]) -> Callable[[Any], ActionResult]:
    def answering(self: Any) -> ActionResult:
        answer(self)
        return ActionResult({"Return": True})

    return answering
