"""ACM: a certificate is issued once the records that prove its names are in DNS, and not before.

moto 5.2.5 issues it after a minute, whatever DNS says. Follows
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html; the DNS of the embedded AWS is Route 53's public
zones of all accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto import settings
from moto.acm.models import CertBundle
from moto.route53.models import route53_backends

from local_aws.replacing import extends


def published() -> Iterator[tuple[str, str]]:
    """(name, value) of every CNAME in a public zone, names without the last dot."""
    for account_id in list(route53_backends):
        for zone in list(route53_backends[account_id]["aws"].zones.values()):
            if not zone.private_zone:
                for record in list(zone.rrsets):
                    if record.type == "CNAME":
                        for value in record.records:
                            yield record.name.rstrip(".").lower(), str(value).rstrip(".").lower()


def proven(certificate: CertBundle) -> bool:
    described = certificate.describe()["Certificate"]
    wanted = [option["ResourceRecord"] for option in described["DomainValidationOptions"]]
    there = set(published())
    return all((r["Name"].rstrip(".").lower(), r["Value"].rstrip(".").lower()) in there for r in wanted)


@extends(CertBundle)
def check(original: Any, self: CertBundle) -> None:
    pending = self.type == "AMAZON_ISSUED" and self.status == "PENDING_VALIDATION"
    original(self)
    if pending and self.status in ("PENDING_VALIDATION", "ISSUED"):
        self.status = "ISSUED" if proven(self) else "PENDING_VALIDATION"


def apply() -> None:
    settings.ACM_VALIDATION_WAIT = 10**9
