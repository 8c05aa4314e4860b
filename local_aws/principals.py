"""Whom a policy may name: accounts, users, roles, sessions, providers and services that there are.

AWS looks each up when the policy is put, and keeps the unique id behind a user's or role's ARN: it shows the ARN while
there is somebody with the id, and the id when there is nobody any more, whoever has the name then.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from moto.iam.models import iam_backends

from local_aws import service_reference
from local_aws.accounts import ACCOUNTS
from local_aws.policies import listed

OWN_ACCOUNTS = {account for account, _ in ACCOUNTS.values()}
# Elastic Load Balancing's, that policies of buckets for its access logs name: Ireland's and London's.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
AWS_ACCOUNTS = {"156460612806", "652711504416"}
ARN = re.compile(r"arn:aws:(iam|sts)::(\d{12}):(root|user/.+|role/.+|assumed-role/[^/]+/.+|federated-user/.+)")
ACCOUNT = re.compile(r"\d{12}")
UNIQUE_ID = re.compile(r"A(IDA|ROA)[A-Z0-9]{12,}")
WEB_IDENTITIES = {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
PROVIDER = re.compile(r"arn:aws:iam::(\d{12}):(saml|oidc)-provider/.+")
SERVICE = re.compile(r"(?P<name>[a-z0-9.-]+?)(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?")
# Services whose principal is not the prefix of their actions.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
SERVICES = {
    "batchoperations.s3", "billingreports", "delivery.logs", "ec2.application-autoscaling", "ecs-tasks", "edgelambda",
    "eks-fargate-pods", "email.cognito-idp", "export.rds", "logdelivery.elasticloadbalancing", "logging.s3",
    "malware-protection-plan.guardduty", "monitoring", "monitoring.rds", "ops.apigateway", "pods.eks",
    "replicator.lambda", "spotfleet", "vpc-flow-logs",
}  # fmt: skip


def wrong(principal: Any) -> tuple[str, str] | None:
    """(kind, value) of what a Principal element names that there is not: ("AWS", "arn:…"); None where all exist."""
    if principal == "*":
        return None
    if not isinstance(principal, dict) or not principal:
        return "", str(principal)
    for kind, values in principal.items():
        if not listed(values):
            return kind, ""
        for value in listed(values):
            if kind not in KINDS or not isinstance(value, str) or not KINDS[kind](value):
                return kind, str(value)
    return None


def _is_somebody(value: str) -> bool:
    if value == "*":
        return True
    if UNIQUE_ID.fullmatch(value):
        return by_id(value) is not None
    found = ARN.fullmatch(value)
    account = found.group(2) if found else value
    if account not in OWN_ACCOUNTS | AWS_ACCOUNTS or not (found or ACCOUNT.fullmatch(value)):
        return False
    service, kind = (found.group(1), found.group(3).partition("/")[0]) if found else ("iam", "root")
    if kind in {"root", "federated-user"}:
        return True
    if kind == "assumed-role":
        return service == "sts" and any(role.name == value.split("/")[1] for role in _of(account, "roles"))
    return any(holder.arn == value for holder in _of(account, f"{kind}s"))


def _is_provider(value: str) -> bool:
    found = PROVIDER.fullmatch(value)
    if not found or found.group(1) not in OWN_ACCOUNTS:
        return value in WEB_IDENTITIES
    kind = "saml_providers" if found.group(2) == "saml" else "open_id_providers"
    return any(provider.arn == value for provider in _of(found.group(1), kind))


def _is_service(value: str) -> bool:
    found = SERVICE.fullmatch(value)
    return found is not None and found["name"] in SERVICES | service_reference.prefixes()


KINDS: dict[str, Callable[[str], bool]] = {
    "AWS": _is_somebody,
    "CanonicalUser": lambda value: value.lstrip("0") in OWN_ACCOUNTS,
    "Federated": _is_provider,
    "Service": _is_service,
}


def _of(account: str, kind: str) -> list[Any]:
    return list(getattr(iam_backends[account]["aws"], kind).values()) if account in OWN_ACCOUNTS else []


def by_id(unique_id: str) -> Any:
    """The user or role with that id, of any account."""
    everybody = (one for account in OWN_ACCOUNTS for kind in ("users", "roles") for one in _of(account, kind))
    return next((one for one in everybody if one.id == unique_id), None)


def shown(document: str) -> str:
    """A document as it comes back when it has just been put: ids of those who are there as their ARNs."""
    return renamed(document, lambda value: by_id(value).arn if UNIQUE_ID.fullmatch(value) else value)


def renamed(document: str, name: Callable[[str], str]) -> str:
    """The document with other names for its AWS principals; the same text where none has another."""
    parsed = json.loads(document)
    before = json.dumps(parsed)
    for element in _elements(parsed):
        values = element["AWS"]
        element["AWS"] = [name(value) for value in values] if isinstance(values, list) else name(values)
    return document if json.dumps(parsed) == before else json.dumps(parsed, separators=(",", ":"))


def _elements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for statement in listed(document.get("Statement")):
        for key in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(key), dict) and "AWS" in statement[key]:
                yield statement[key]
