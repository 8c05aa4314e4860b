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
author: [Digital Marketplace developers]
options:
  account:
    description: The account's name, for messages and the plan.
    type: str
    required: true
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
    description: Wait until it is issued. Not in check mode.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most.
    type: int
    default: 900
  reviewed:
    description: Digest of the plan that was reviewed; any other plan is refused.
    type: str
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: full
    description: Shows the certificate that would be requested.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Have a certificate for the host
  dm_certificate:
    account: main
    domain: ci.marketplace.example
  register: certificate
"""
RETURN = r"""
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

import time
from typing import Any

from ansible.module_utils.dm_certificate import ALIVE, choose, plan, records
from ansible.module_utils.dm_finish import COMMON_ARGUMENTS, finish, shown
from ansible.module_utils.dm_plan import Action
from ansible.module_utils.estate.errors import sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def read(acm: Any, domain: str) -> list[dict[str, Any]]:
    """DescribeCertificate's answers for every live certificate whose first name is domain."""
    # Without keyTypes ListCertificates leaves out every key but RSA of 1024 and 2048 bits.
    includes = {"keyTypes": ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]}
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=list(ALIVE), Includes=includes)
    listed = [
        c for c in pages.build_full_result()["CertificateSummaryList"] if c["DomainName"].lower() == domain.lower()
    ]
    return [acm.describe_certificate(CertificateArn=c["CertificateArn"])["Certificate"] for c in listed]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **COMMON_ARGUMENTS,
            "domain": {"type": "str", "required": True},
            "alternative_names": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    given = module.params
    domain, others = given["domain"], given["alternative_names"]
    try:
        acm = module.client("acm", aws_config=Config(retries={"max_attempts": 8, "mode": "standard"}))
        certificate = choose(read(acm, domain), domain, others)
        actions, before, after = plan(certificate, domain, others, given["tags"])
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        module.fail_json(msg=sentence(exc, f"Cannot read the certificate of {domain}"))
    known: dict[str, Any] = {"certificate": certificate}

    def look(arn: str) -> None:
        known["certificate"] = acm.describe_certificate(CertificateArn=arn)["Certificate"]

    def call(action: Action) -> None:
        arn = acm.request_certificate(**action.params)["CertificateArn"]
        look(arn)
        # AWS names the records some seconds after it has answered.
        for _ in range(30):
            if len(records(known["certificate"], domain, others)) >= len(records(None, domain, others)):
                return
            time.sleep(1)
            look(arn)

    def facts() -> dict[str, Any]:
        found = known["certificate"]
        if given["wait"] and not module.check_mode and found["Status"] != "ISSUED":
            attempts = {"Delay": 5, "MaxAttempts": max(1, given["wait_timeout"] // 5)}
            try:
                acm.get_waiter("certificate_validated").wait(
                    CertificateArn=found["CertificateArn"], WaiterConfig=attempts
                )
                look(found["CertificateArn"])
            except botocore.exceptions.WaiterError as exc:
                module.fail_json(msg=sentence(exc, f"The certificate of {domain} was not issued"))
            found = known["certificate"]
        return {
            "arn": found["CertificateArn"] if found else "",
            "status": found["Status"] if found else "",
            "records": records(found, domain, others),
        }

    diff = shown(f"certificate {domain}", before, after) if actions else []
    finish(module, "certificate issued" if given["wait"] else "certificate", actions, diff, call, facts)


if __name__ == "__main__":
    main()
