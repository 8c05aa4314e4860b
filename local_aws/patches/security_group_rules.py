"""EC2: ports, protocols, names and descriptions of security groups are ones that EC2 takes; tags are not AWS's own.

moto 5.2.5 keeps whatever it is given, and answers a changed description with an empty body, on which
amazon.aws.ec2_security_group fails.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Tag.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.tags import TagResponse

from local_aws.replacing import extends

TEXT = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
NAMED = {"tcp", "udp", "icmp", "icmpv6", "-1", "6", "17", "1", "58"}
WITH_PORTS = {"tcp", "udp", "6", "17"}
HIGHEST = 65_535


def invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)


@extends(SecurityGroups)
def create_security_group(original: Any, self: SecurityGroups) -> Any:
    name, description = self._get_param("GroupName") or "", self._get_param("Description") or ""
    if name.startswith("sg-"):
        raise invalid("Invalid value for groupName: a name may not begin with sg-")
    for what, value in (("groupName", name), ("groupDescription", description)):
        if not value or not TEXT.fullmatch(value):
            raise invalid(f"Invalid value '{value}' for {what}")
    return original(self)


DESCRIBED = ("update_security_group_rule_descriptions_ingress", "update_security_group_rule_descriptions_egress")


@extends(SecurityGroups, "authorize_security_group_ingress", "authorize_security_group_egress", *DESCRIBED)
def ruled(original: Any, self: SecurityGroups) -> Any:
    for rule in self._get_param("IpPermissions", []):
        _check(rule)
    return original(self)


@extends(SecurityGroups, *DESCRIBED)
def described(original: Any, self: SecurityGroups) -> ActionResult:
    original(self)
    return ActionResult({"Return": True})


def _check(rule: dict[str, Any]) -> None:
    protocol, low, high = str(rule.get("IpProtocol")), rule.get("FromPort"), rule.get("ToPort")
    if protocol not in NAMED and not (protocol.isdigit() and int(protocol) <= 255):
        raise invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
    if protocol in WITH_PORTS:
        for port in (low, high):
            if port is None or not 0 <= int(port) <= HIGHEST:
                raise invalid(f"Invalid value '{port}' for portRange.")
        if int(low or 0) > int(high or 0):
            raise invalid(f"Invalid TCP/UDP port range ({low},{high})")
    for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
        for one in rule.get(kind) or []:
            if not TEXT.fullmatch(one.get("Description") or ""):
                raise invalid("Invalid rule description. Valid descriptions are strings less than 256 characters from "
                              "the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")  # fmt: skip


@extends(TagResponse)
def create_tags(original: Any, self: TagResponse) -> Any:
    for tag in self._get_param("Tags", []):
        if tag["Key"].lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
    return original(self)
