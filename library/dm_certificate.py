#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_certificate
short_description: Have a public certificate that AWS issues, validates by DNS and renews
description:
  - Finds the certificate for exactly the names given, and requests one when there is none. Never deletes one.
  - Returns the DNS records that prove the names are ours; writing them is left to M(amazon.aws.route53).
  - With O(wait) it waits until the certificate is issued.
  - Exists because M(community.aws.acm_certificate) only imports certificates that somebody else made.
  - Follows U(https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
options:
  domain:
    description: The certificate's first name.
    type: str
    required: true
  alternative_names:
    description: Its other names.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of a new certificate.
    type: dict
    default: {}
  wait:
    description: Wait until it is issued, a quarter of an hour at most. Not in check mode.
    type: bool
    default: false
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Have a certificate for the host
  dm_certificate:
    account: main
    domain: ci.marketplace.example
  register: certificate
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
arn:
  description: The certificate's ARN, empty in check mode when it does not exist yet.
  returned: success
  type: str
  sample: arn:aws:acm:eu-west-1:111111111111:certificate/01234567-89ab-cdef-0123-456789abcdef
status:
  description: AWS's word for how far it is.
  returned: success
  type: str
  sample: ISSUED
records:
  description: The DNS records that prove the names are ours.
  returned: success
  type: list
  elements: dict
  sample: [{name: _x1.ci.marketplace.example., type: CNAME, value: _x2.acm-validations.aws.}]
"""

from typing import Any

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.host.certificate.plan import choose, plan, records, resource_of
from ansible.module_utils.estate.host.certificate.read import issued, read, with_records
from ansible.module_utils.estate.plan import Ref
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given, clients = module.params, Clients(module)
    domain, others, acm = given["domain"], given["alternative_names"], clients["acm"]
    live = clients.ask(lambda: choose(read(acm, domain), domain, others), f"Cannot read the certificate of {domain}")

    def facts(known: Any) -> dict[str, Any]:
        found, arn = live, known.get(Ref(resource_of(domain), "arn"))
        if arn:
            found = clients.ask(lambda: with_records(acm, arn, domain, others))
        if given["wait"] and found and not module.check_mode and found["Status"] != "ISSUED":
            doing = f"The certificate of {domain} was not issued"
            arn = found["CertificateArn"]
            found = clients.ask(lambda: issued(acm, arn), doing)
        return {
            "arn": found["CertificateArn"] if found else "",
            "status": found["Status"] if found else "",
            "records": records(found, domain, others),
        }

    purpose = "certificate issued" if given["wait"] else "certificate"
    run(module, plan(purpose, given["account"], live, domain, others, given["tags"]), clients.call, facts=facts)


if __name__ == "__main__":
    main()
