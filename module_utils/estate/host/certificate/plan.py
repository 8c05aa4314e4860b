"""A public certificate that AWS issues and renews: which live one is it, and must one be requested? Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Plan

# Worth having: issued, or waiting for its DNS records
# (https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html).
ALIVE = ["ISSUED", "PENDING_VALIDATION"]


def names(domain: str, alternative_names: list[str]) -> set[str]:
    return {name.lower() for name in (domain, *alternative_names)}


def choose(certificates: list[dict[str, Any]], domain: str, alternative_names: list[str]) -> dict[str, Any] | None:
    """Among DescribeCertificate's answers the one for exactly these names: issued before pending, then the newest."""
    wanted = names(domain, alternative_names)
    fitting = [
        certificate
        for certificate in certificates
        if certificate["Type"] == "AMAZON_ISSUED"
        and certificate["Status"] in ALIVE
        and certificate["DomainName"].lower() == domain.lower()
        and {name.lower() for name in certificate.get("SubjectAlternativeNames", [])} | {domain.lower()} == wanted
    ]
    fitting.sort(key=lambda c: (ALIVE.index(c["Status"]), -c["CreatedAt"].timestamp()))
    return fitting[0] if fitting else None


def plan(
    purpose: str,
    account: str,
    certificate: dict[str, Any] | None,
    domain: str,
    alternative_names: list[str],
    tags: dict[str, str],
) -> Plan:
    """The only call there ever is asks for a certificate; none is deleted or replaced."""
    if certificate:
        return Plan(purpose, account, ())
    wanted = sorted(names(domain, alternative_names))
    params: dict[str, Any] = {
        "DomainName": domain,
        "ValidationMethod": "DNS",
        # Asking twice within the hour gives the same certificate.
        "IdempotencyToken": hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:32],
    }
    if tags:  # AWS takes no empty list of them
        params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if alternative_names:
        params["SubjectAlternativeNames"] = alternative_names
    resource = resource_of(domain)
    action = Action("add", resource, "acm.request_certificate", params, outputs=(("arn", "CertificateArn"),))
    return Plan(purpose, account, [action], diff_of(resource, None, {"names": wanted, "validation": "DNS"}))


def resource_of(domain: str) -> str:
    return f"certificate {domain}"


def records(certificate: dict[str, Any] | None, domain: str, alternative_names: list[str]) -> list[dict[str, str]]:
    """The DNS records that prove the names are ours: [{"name", "type", "value"}], each once.

    For a certificate that does not exist yet the names are AWS's to choose: a stand-in for each, so that a plan counts
    as many records as the run then writes.
    """
    if certificate is None:
        return [
            {"name": f"_known-after-apply.{name.removeprefix('*.')}", "type": "CNAME", "value": "known-after-apply."}
            for name in sorted({n.removeprefix("*.") for n in names(domain, alternative_names)})
        ]
    found = [option.get("ResourceRecord") for option in certificate.get("DomainValidationOptions", [])]
    unique = {(r["Name"], r["Type"], r["Value"]) for r in found if r}
    return [{"name": name, "type": kind, "value": value} for name, kind, value in sorted(unique)]
