#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_jenkins_instance_info
short_description: Read everything there is of the Jenkins host, in one go
description:
  - Reads the VPC and its subnets, the key pair, security groups, instance, address, load balancer, DNS zone and backup
    plan, and the newest image when an instance is to be launched. What does not exist comes back empty.
  - Stops when the account is not as the variables say, naming the variable.
  - Exists because the same takes nine information modules, a second or two each, and because one of them
    (M(amazon.aws.elb_application_lb_info)) breaks on a load balancer that does not exist.
author: [Digital Marketplace developers]
options:
  name:
    description: The name that all of them share.
    type: str
    required: true
  availability_zone:
    description: Where the instance is.
    type: str
    required: true
  vpc_filters:
    description: Filters that only the right VPC fits.
    type: dict
    required: true
  subnets:
    description: Networks of its public subnets.
    type: list
    elements: str
    required: true
  dns_zone:
    description: The public DNS zone.
    type: str
    required: true
  image_owner:
    description: The account id of the image's owner.
    type: str
    required: true
  image_filters:
    description: Filters that the images to choose from fit.
    type: dict
    required: true
  instance_profile:
    description: The instance profile.
    type: str
    required: true
  replace:
    description: An instance is to be launched although there is one.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Only reads.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Read what is there
  dm_jenkins_instance_info:
    name: jenkins
    availability_zone: eu-west-1a
    vpc_filters: {is-default: "true"}
    subnets: [172.31.0.0/20, 172.31.16.0/20]
    dns_zone: marketplace.example
    image_owner: "136693071363"
    image_filters: {name: debian-13-amd64-*}
    instance_profile: jenkins
"""
RETURN = r"""
vpc:
  description: C(id) and C(cidr).
  returned: success
  type: dict
subnet:
  description: The instance's subnet.
  returned: success
  type: str
lb_subnets:
  description: Ids of these subnets, which are the load balancer's.
  returned: success
  type: list
  elements: str
public_key:
  description: The public half of the key pair, or empty.
  returned: success
  type: str
groups:
  description: Ids of the security groups by name.
  returned: success
  type: dict
instance:
  description: C(id), C(state), C(image) and C(profile), or empty.
  returned: success
  type: dict
image:
  description: C(id), C(name) and C(root_device) of the newest image, or empty when no instance is to be launched.
  returned: success
  type: dict
public_ip:
  description: The address, or empty.
  returned: success
  type: str
load_balancer:
  description: C(arn), C(dns_name) and C(zone_id), or empty.
  returned: success
  type: dict
dns_zone_known:
  description: Whether the account has the DNS zone.
  returned: success
  type: bool
profile_known:
  description: Whether the account has the instance profile.
  returned: success
  type: bool
backup_plan_known:
  description: Whether the account has the backup plan.
  returned: success
  type: bool
"""

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.dm_jenkins_instance_info import (
    Refusal,
    has_zone,
    newest_image,
    one_instance,
    one_vpc,
    subnets,
)
from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

_LIVE = ["pending", "running", "stopping", "stopped"]


def filters(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": k, "Values": v if isinstance(v, list) else [str(v)]} for k, v in values.items()]


def network(ec2: Any, given: dict[str, Any]) -> dict[str, Any]:
    vpc = one_vpc(ec2.describe_vpcs(Filters=filters(given["vpc_filters"]))["Vpcs"], given["vpc_filters"])
    in_vpc = {"vpc-id": vpc["id"]}
    found = ec2.describe_subnets(Filters=filters(in_vpc))["Subnets"]
    subnet, lb_subnets = subnets(found, given["subnets"], given["availability_zone"])
    names = [given["name"], f"{given['name']}-lb"]
    groups = ec2.describe_security_groups(Filters=filters({**in_vpc, "group-name": names}))["SecurityGroups"]
    return {
        "vpc": vpc,
        "subnet": subnet,
        "lb_subnets": lb_subnets,
        "groups": {group["GroupName"]: group["GroupId"] for group in groups},
    }


def machine(ec2: Any, given: dict[str, Any]) -> dict[str, Any]:
    name = {"tag:Name": given["name"]}
    reservations = ec2.describe_instances(Filters=filters({**name, "instance-state-name": _LIVE}))["Reservations"]
    instance = one_instance([i for r in reservations for i in r["Instances"]], given["name"])
    image = {}
    if not instance or given["replace"]:
        images = ec2.describe_images(Owners=[given["image_owner"]], Filters=filters(given["image_filters"]))["Images"]
        image = newest_image(images, given["image_owner"], given["image_filters"])
    addresses = ec2.describe_addresses(Filters=filters(name))["Addresses"]
    return {"instance": instance, "image": image, "public_ip": addresses[0]["PublicIp"] if addresses else ""}


def key_pair(ec2: Any, given: dict[str, Any]) -> dict[str, Any]:
    try:
        pairs = ec2.describe_key_pairs(KeyNames=[given["name"]], IncludePublicKey=True)["KeyPairs"]
    except botocore.exceptions.ClientError as exc:
        if error_code(exc) != "InvalidKeyPair.NotFound":
            raise
        pairs = []
    return {"public_key": pairs[0].get("PublicKey", "").strip() if pairs else ""}


def load_balancer(elb: Any, given: dict[str, Any]) -> dict[str, Any]:
    try:
        found = elb.describe_load_balancers(Names=[given["name"]])["LoadBalancers"]
    except botocore.exceptions.ClientError as exc:
        if error_code(exc) != "LoadBalancerNotFound":
            raise
        found = []
    return {
        "load_balancer": {
            key: value
            for lb in found
            for key, value in {
                "arn": lb["LoadBalancerArn"],
                "dns_name": lb["DNSName"],
                "zone_id": lb["CanonicalHostedZoneId"],
            }.items()
        }
    }


def dns(route53: Any, given: dict[str, Any]) -> dict[str, Any]:
    zones = route53.list_hosted_zones_by_name(DNSName=given["dns_zone"], MaxItems="5")["HostedZones"]
    return {"dns_zone_known": has_zone(zones, given["dns_zone"])}


def backups(backup: Any, given: dict[str, Any]) -> dict[str, Any]:
    plans = backup.get_paginator("list_backup_plans").paginate().build_full_result()["BackupPlansList"]
    return {"backup_plan_known": any(plan["BackupPlanName"] == given["name"] for plan in plans)}


def profile(iam: Any, given: dict[str, Any]) -> dict[str, Any]:
    try:
        iam.get_instance_profile(InstanceProfileName=given["instance_profile"])
    except botocore.exceptions.ClientError as exc:
        if error_code(exc) != "NoSuchEntity":
            raise
        return {"profile_known": False}
    return {"profile_known": True}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "availability_zone": {"type": "str", "required": True},
            "vpc_filters": {"type": "dict", "required": True},
            "subnets": {"type": "list", "elements": "str", "required": True},
            "dns_zone": {"type": "str", "required": True},
            "image_owner": {"type": "str", "required": True},
            "image_filters": {"type": "dict", "required": True},
            "instance_profile": {"type": "str", "required": True},
            "replace": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    config = Config(retries={"max_attempts": 8, "mode": "standard"})
    reads = [
        ("ec2", network),
        ("ec2", machine),
        ("ec2", key_pair),
        ("elbv2", load_balancer),
        ("route53", dns),
        ("backup", backups),
        ("iam", profile),
    ]
    result: dict[str, Any] = {}
    try:
        clients = {name: module.client(name, aws_config=config) for name in {name for name, _ in reads}}
        with ThreadPoolExecutor(max_workers=len(reads)) as pool:
            for part in [pool.submit(read, clients[name], given) for name, read in reads]:
                result |= part.result()
    except Refusal as exc:
        module.fail_json(msg=f"{exc} (inventories/common/group_vars/all/jenkins_instance.yml)")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        module.fail_json(msg=sentence(exc, f"Cannot read the Jenkins host {given['name']}"))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
