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
  backup_role:
    description: The role that AWS Backup takes snapshots with.
    type: str
    required: true
  log_bucket:
    description: The bucket that takes the load balancer's access logs.
    type: str
    required: true
  replace:
    description: An instance is to be launched although there is one.
    type: bool
    default: false
extends_documentation_fragment: [dm_aws]
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
    backup_role: jenkins_backup
    log_bucket: digitalmarketplace-load-balancer-logs
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
backup_role_known:
  description: Whether the account has the role of AWS Backup.
  returned: success
  type: bool
log_bucket_known:
  description: Whether the account has the bucket for access logs.
  returned: success
  type: bool
backup_plan_known:
  description: Whether the account has the backup plan.
  returned: success
  type: bool
"""

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.host.instance.read import read
from ansible.module_utils.estate.run import estate_module

VARS = "inventories/common/group_vars/all/jenkins_instance.yml"


def main() -> None:
    module = estate_module(DOCUMENTATION)
    clients = Clients(module)
    found = clients.ask(lambda: read(clients, module.params), f"Cannot read the Jenkins host ({VARS})")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
