#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_scratch
short_description: Remove the instances, volumes and security groups that a drill made
description:
  - Finds everything that carries the tag C(Scratch) with the purpose's name and removes it, also what an earlier drill
    left that was killed. What does not carry the tag is never touched.
  - Follows U(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html).
options:
  purpose:
    description: The value of the tag.
    type: str
    required: true
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Remove what the drill made
  dm_scratch:
    account: main
    purpose: jenkins-restore-drill
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
"""

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.host.scratch.plan import plan
from ansible.module_utils.estate.host.scratch.read import read
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    clients, account, purpose = Clients(module), module.params["account"], module.params["purpose"]
    found = clients.ask(lambda: read(clients["ec2"], purpose), f"Cannot read what is left of {purpose}")
    run(module, clients.ask(lambda: plan(account, purpose, *found), "Cannot clear up"), clients.call)


if __name__ == "__main__":
    main()
