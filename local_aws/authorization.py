"""Which permissions a request takes, on what: the action and the resource of AWS's Service Authorization Reference.

S3 has its own, in s3_actions. Where a resource cannot be known it is a star, as for what is yet to be made, so that a
policy about narrower resources does not allow it.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from moto.iam.models import iam_backends

from local_aws import context, control_access, identities, named_resources, parameters, requests, service_reference
from local_aws.callers import Caller
from local_aws.judgement import Verdict, judge
from local_aws.policies import Context
from local_aws.refusals import Refused
from local_aws.service_reference import Action

# The prefix of a service's actions where its signatures have another name.
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}
# What whoever has a key may call, even against a deny:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
FREE = {"GetCallerIdentity", "GetSessionToken"}
OWN_JUDGES = {"s3", "s3express"}
TAGS = {"Tags", "tags", "TagsList", "TagSpecifications", "BackupPlanTags", "BackupVaultTags", "AddTags"}
# The permission that tags of what is being made take.
TAGGING = {
    "acm": "AddTagsToCertificate", "backup": "TagResource", "cloudtrail": "AddTags", "cloudwatch": "TagResource",
    "ec2": "CreateTags", "elasticloadbalancing": "AddTags", "events": "TagResource", "kms": "TagResource",
    "logs": "TagResource", "sns": "TagResource", "ssm": "AddTagsToResource",
}  # fmt: skip
IAM_TAGGING = {"CreateRole": "TagRole", "CreateUser": "TagUser", "CreatePolicy": "TagPolicy"}
ROLE = re.compile(r"arn:aws:iam::\d{12}:role/\S+")
REFUSALS = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}


class Ask(NamedTuple):
    action: str
    resource: str
    context: dict[str, list[str]]


def demand(environ: dict[str, Any], caller: Caller, service: str, operation: str) -> None:
    """Raise Refused unless the caller's own policies allow all that the request takes."""
    if service == "s3" and requests.is_control(environ):
        wanted: Iterable[tuple[str, str, Context]] = control_access.asks(environ, caller, operation)
    elif service in OWN_JUDGES or not caller.account or (service == "sts" and operation in {*FREE, "AssumeRole"}):
        return
    else:
        wanted = asks(environ, caller, service, operation)
    if caller.kind == "user" and caller.mfa is False and service in {"iam", "sts"}:
        raise refusal(environ, service, "A session that GetSessionToken gave without MFA reaches neither IAM nor STS.")
    held = identities.held(caller)
    if held.everything and not held.identity:
        return
    for action, resource, told in wanted:
        verdict = judge(caller.principal, held, action, resource, told)
        if not verdict:
            raise refusal(environ, service, sentence(caller, action, resource, verdict))


def sentence(caller: Caller, action: str, resource: str, verdict: Verdict) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {verdict.reason}"


def refusal(environ: dict[str, Any], service: str, message: str) -> Refused:
    spoken = requests.protocol(environ)
    if service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    code = REFUSALS.get(service) or (
        "AccessDeniedException" if "json" in spoken and service != "monitoring" else "AccessDenied"
    )
    return Refused(400 if spoken == "json" else 403, code, message)


def asks(environ: dict[str, Any], caller: Caller, service: str, operation: str) -> Iterator[Ask]:
    prefix = PREFIXES.get(service, service)
    given = parameters.of(environ, service, operation)
    scope = requests.scope(environ)
    place = caller.account, scope.region if scope else ""
    action = service_reference.action(prefix, operation)
    told = context.of(environ, caller) | _context(prefix, action, given, caller)
    resources = list(named_resources.of(action, given, caller, place)) or ["*"]
    for resource in resources:
        yield Ask(f"{prefix}:{action.name}", resource, told)
    tagging = IAM_TAGGING.get(operation) if prefix == "iam" else TAGGING.get(prefix)
    if tagging and operation != tagging and any(given.get(name) for name in TAGS):
        for resource in resources:
            yield Ask(f"{prefix}:{tagging}", resource, told | {f"{prefix}:createaction": [operation]})
    yield from _passed(prefix, action, given, caller, told)


def _passed(prefix: str, action: Action, given: dict[str, Any], caller: Caller, told: Context) -> Iterator[Ask]:
    """Who hands a role to a service takes iam:PassRole on it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    passes = prefix != "iam" and action.passes_role
    roles = [value for _, value in parameters.texts(given) if passes and ROLE.fullmatch(value)]
    profile = given.get("IamInstanceProfile") or {}
    iam = iam_backends[caller.account]["aws"]
    if profile and prefix == "ec2":
        known = list(iam.instance_profiles.values())
        named = [one for one in known if profile in ({"Name": one.name}, {"Arn": one.arn})]
        roles += [role.arn for one in named for role in one.roles]
    if action.name == "AddRoleToInstanceProfile":
        prefix, roles = "ec2", [named_resources.entity("role", given.get("RoleName", ""), caller.account)]
    for role in roles:
        yield Ask("iam:PassRole", role, {**told, "iam:passedtoservice": [f"{prefix}.amazonaws.com"]})


def _context(prefix: str, action: Action, given: dict[str, Any], caller: Caller) -> dict[str, list[str]]:
    """The condition keys that the request's parameters answer."""
    found = {f"{prefix}:{name.lower()}": [value] for name, value in given.items() if isinstance(value, str)}
    found = {key: value for key, value in found.items() if key in action.keys}
    tags = _tags(given)
    if tags:
        found["aws:tagkeys"] = list(tags)
        found |= {f"aws:requesttag/{key.lower()}": [value] for key, value in tags.items()}
    elif isinstance(given.get("TagKeys"), list):
        found["aws:tagkeys"] = given["TagKeys"]
    if prefix == "iam":
        found |= _iam_context(given, caller)
    if action.name == "ChangeResourceRecordSets":
        changes = (given.get("ChangeBatch") or {}).get("Changes") or []
        key, records = "route53:changeresourcerecordsets", [change["ResourceRecordSet"] for change in changes]
        found[f"{key}actions"] = [change["Action"] for change in changes]
        found[f"{key}recordtypes"] = [record["Type"] for record in records]
        found[f"{key}normalizedrecordnames"] = [record["Name"].rstrip(".").lower() for record in records]
    return found


def _iam_context(given: dict[str, Any], caller: Caller) -> dict[str, list[str]]:
    """A role's or user's boundary is the one it has, or is to have.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    iam = iam_backends[caller.account]["aws"]
    found: dict[str, list[str]] = {}
    roles = (role for role in list(iam.roles.values()) if role.name == given.get("RoleName"))
    holder = next(roles, None) or iam.users.get(given.get("UserName"))
    boundary = given.get("PermissionsBoundary") or identities.boundary_arn(holder)
    if boundary:
        found["iam:permissionsboundary"] = [boundary]
    for tag, value in identities.tags_of(holder).items():
        found[f"iam:resourcetag/{tag.lower()}"] = found[f"aws:resourcetag/{tag.lower()}"] = [value]
    if given.get("PolicyArn"):
        found["iam:policyarn"] = [given["PolicyArn"]]
    return found


def _tags(given: dict[str, Any]) -> dict[str, str]:
    for name in TAGS:
        value = given.get(name)
        if isinstance(value, dict):
            return {str(key): str(tag) for key, tag in value.items()}
        if name == "TagSpecifications" and value:
            value = [tag for one in value for tag in one.get("Tags") or []]
        if isinstance(value, list):
            return {
                tag.get("Key") or tag.get("TagKey", ""): tag.get("Value", "") for tag in value if isinstance(tag, dict)
            }
    return {}
