"""Trust policies name users, roles, accounts, providers and services that exist; documents and attachments have quotas.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse

from local_aws import principals
from local_aws.errors import AwsError
from local_aws.policies import listed, network
from local_aws.replacing import extends

# Characters, not counting white space; of inline policies all of a holder's together.
LONGEST = {"user": 2048, "group": 5120, "role": 10240}
LONGEST_MANAGED, LONGEST_TRUST = 6144, 2048
MOST_ATTACHED, MOST_GROUPS = 10, 10


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", message)


def length(document: str) -> int:
    return len(re.sub(r"\s", "", document))


def check_trust(document: str) -> None:
    IAMTrustPolicyDocumentValidator(document).validate()
    if length(document) > LONGEST_TRUST:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST}")
    for statement in listed(json.loads(document).get("Statement")):
        if "Principal" not in statement:
            raise malformed("Missing required field Principal")
        wrong = principals.wrong(statement["Principal"])
        if wrong:
            raise malformed(f'Invalid principal in policy: "{wrong[0].upper()}":"{wrong[1]}"')


def check_identity(document: str) -> None:
    """What moto's validator passes over: it is about nobody, its statements' names and its addresses are such."""
    for statement in listed(json.loads(document).get("Statement")):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise malformed("Policy document should not specify a principal.")
        if not re.fullmatch(r"[A-Za-z0-9]*", statement.get("Sid", "")):
            raise malformed(f"Statement IDs (SID) must be alpha-numeric: {statement['Sid']}")
        for operator, keys in (statement.get("Condition") or {}).items():
            if operator.rpartition(":")[2].removesuffix("IfExists") in {"IpAddress", "NotIpAddress"}:
                for value in [one for values in keys.values() for one in listed(values)]:
                    if network(value) is None:
                        raise malformed(f"Invalid IP address in Conditions: {value}")


@extends(IAMPolicyDocumentValidator)
def validate(original: Any, self: IAMPolicyDocumentValidator) -> None:
    original(self)
    check_identity(self._policy_document)


@extends(IamResponse, "create_role", "create_user", "put_role_permissions_boundary")
def bounded(original: Any, self: IamResponse) -> Any:
    boundary = self._get_param("PermissionsBoundary")
    if boundary and boundary not in self.backend.managed_policies:
        raise AwsError("NoSuchEntity", f"Scope ARN: {boundary} does not exist or is not attachable.")
    return original(self)


@extends(IAMBackend)
def create_role(
    original: Any, self: IAMBackend, role_name: str, assume_role_policy_document: str, *rest: Any, **words: Any
) -> Any:
    check_trust(assume_role_policy_document)
    return original(self, role_name, principals.shown(assume_role_policy_document), *rest, **words)


@extends(IAMBackend)
def update_assume_role_policy(original: Any, self: IAMBackend, role_name: str, policy_document: str) -> None:
    self.get_role(role_name)
    check_trust(policy_document)
    original(self, role_name, principals.shown(policy_document))


def _putter(kind: str) -> Any:
    def put(original: Any, self: IAMBackend, holder_name: str, policy_name: str, policy_json: str) -> None:
        holder = getattr(self, f"get_{kind}")(holder_name)
        others = sum(length(text) for name, text in holder.policies.items() if name != policy_name)
        if others + length(policy_json) > LONGEST[kind]:
            message = f"Maximum policy size of {LONGEST[kind]} bytes exceeded for {kind} {holder_name}"
            raise AwsError("LimitExceeded", message)
        original(self, holder_name, policy_name, policy_json)

    return put


def _attacher(kind: str) -> Any:
    def attach(original: Any, self: IAMBackend, policy_arn: str, *names: str, **named: str) -> None:
        holder = getattr(self, f"get_{kind}")(*names, *named.values())
        if policy_arn not in holder.managed_policies and len(holder.managed_policies) >= MOST_ATTACHED:
            quota = f"PoliciesPer{kind.capitalize()}"
            raise AwsError("LimitExceeded", f"Cannot exceed quota for {quota}: {MOST_ATTACHED}")
        original(self, policy_arn, *names, **named)

    return attach


@extends(IAMBackend, "create_policy", "create_policy_version")
def put_managed(original: Any, self: IAMBackend, *args: Any, **words: Any) -> Any:
    document = words.get("policy_document") or next(one for one in args if isinstance(one, str) and "{" in one)
    if length(document) > LONGEST_MANAGED:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for PolicySize: {LONGEST_MANAGED}")
    return original(self, *args, **words)


@extends(IAMBackend)
def add_user_to_group(original: Any, self: IAMBackend, group_name: str, user_name: str) -> None:
    groups = self.get_groups_for_user(user_name)
    if len(groups) >= MOST_GROUPS and group_name not in {group.name for group in groups}:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for GroupsPerUser: {MOST_GROUPS}")
    original(self, group_name, user_name)


for _kind in LONGEST:
    extends(IAMBackend, f"put_{_kind}_policy")(_putter(_kind))
    extends(IAMBackend, f"attach_{_kind}_policy")(_attacher(_kind))
