"""The live certificates of a name, and how long to wait for what AWS says of one. The client is passed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible.module_utils.estate.host.certificate.plan import ALIVE, records

# Without keyTypes ListCertificates leaves out every key but RSA of 1024 and 2048 bits
# (https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html).
_KEYS = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def listed(acm: Any) -> list[dict[str, Any]]:
    """Every live certificate, as ListCertificates tells of it."""
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=ALIVE, Includes={"keyTypes": _KEYS})
    return list(pages.search("CertificateSummaryList[]"))


def read(acm: Any, domain: str) -> list[dict[str, Any]]:
    """DescribeCertificate's answers for every live certificate whose first name is domain."""
    return [describe(acm, one["CertificateArn"]) for one in listed(acm) if one["DomainName"].lower() == domain.lower()]


def describe(acm: Any, arn: str) -> dict[str, Any]:
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


def with_records(
    acm: Any, arn: str, domain: str, others: list[str], sleep: Callable[[float], object] = time.sleep
) -> dict[str, Any]:
    """The certificate once AWS names its DNS records, some seconds after it was requested; half a minute at most."""
    for _ in range(30):
        found = describe(acm, arn)
        if len(records(found, domain, others)) >= len(records(None, domain, others)):
            break
        sleep(1)
    return found


def issued(acm: Any, arn: str) -> dict[str, Any]:
    """The certificate once it is issued, within a quarter of an hour; raises boto3's WaiterError."""
    acm.get_waiter("certificate_validated").wait(CertificateArn=arn, WaiterConfig={"Delay": 5, "MaxAttempts": 180})
    return describe(acm, arn)
