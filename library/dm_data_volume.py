#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_data_volume
short_description: Keep the volume that outlives its instance
description:
  - Finds a volume by its C(Name) tag, creates it encrypted when there is none, keeps its size, type, tags and
    attachment as declared and keeps it from being deleted together with the instance.
  - Never deletes, formats, shrinks or replaces a volume. Where only that would help it stops and says what a person
    has to decide.
  - Exists because M(amazon.aws.ec2_vol) reports an attached volume as unchanged in check mode whatever differs, does
    not set C(DeleteOnTermination) back, and stays silent when another volume sits on the device.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html) and
    U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html).
options:
  name:
    description: The volume's C(Name) tag, its identity.
    type: str
    required: true
  size:
    description: GiB. A larger volume is left as it is, with a note.
    type: int
    required: true
  type:
    description: The volume type.
    type: str
    default: gp3
  iops:
    description: Provisioned IOPS; the type's default when not set.
    type: int
  throughput:
    description: MiB per second; the type's default when not set.
    type: int
  zone:
    description: The availability zone.
    type: str
    required: true
  kms_key:
    description: The key's ARN; the account's default key for EBS when not set.
    type: str
  snapshot:
    description: What a new volume is made from. An existing volume is never touched by it.
    type: str
  tags:
    description: Tags the volume must have. Others stay.
    type: dict
    default: {}
  instance:
    description: Name of the instance to attach it to; an empty string detaches it; not set leaves it as it is.
    type: str
  instance_id:
    description: That instance's id; empty in check mode where the instance does not exist yet.
    type: str
    default: ""
  device:
    description: The device name on that instance.
    type: str
    default: /dev/sdf
  leaving:
    description: In check mode, an instance that would be gone by now.
    type: str
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Attach the data volume
  dm_data_volume:
    account: main
    name: jenkins-data
    size: 100
    zone: eu-west-1a
    instance: jenkins
    instance_id: i-0123456789abcdef0
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
"""

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.host.instance.choose import instance_of
from ansible.module_utils.estate.host.volume.plan import choose, plan
from ansible.module_utils.estate.host.volume.read import read
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given, clients = module.params, Clients(module)
    wanted = {**given, "tags": {**given["tags"], "Name": given["name"]}}
    name, instance = given["name"], given["instance_id"]
    volumes, devices = clients.ask(lambda: read(clients["ec2"], name, instance), f"Cannot read volume {name}")
    volume = clients.ask(lambda: choose(volumes, name), "Cannot choose a volume")
    made = clients.ask(lambda: plan(given["account"], volume, wanted, devices, given["leaving"]), "Cannot plan")
    known = {instance_of(given["instance"]): instance} if instance else {}
    run(module, made, clients.call, known=known)


if __name__ == "__main__":
    main()
