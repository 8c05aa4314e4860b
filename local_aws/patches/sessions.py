"""AssumeRole gives a session only to whom the role's trust policy and the caller's own policies let in.

moto gives one of any role, also of one that does not exist. Here: the role must exist and its trust policy let the
caller in, by name or through its account (with conditions, among them MFA); through the account, and from another one,
it also takes the caller's own policies. Tags of the session take sts:TagSession. Sessions expire; what a session asks
for lasts an hour at most, and so does root's.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.iam.policy_validation import IAMPolicyDocumentValidator
from moto.sts.models import AssumedRole, STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.sts.utils import random_session_token

from local_aws import callers, context, identities
from local_aws.callers import Caller
from local_aws.errors import AwsError
from local_aws.policies import parsed
from local_aws.replacing import replaces

DEVICE_CODE = 6
LONGEST = 3600  # seconds, of a session that a role's session assumed, and of root's
LONGEST_SESSION_POLICY, MOST_POLICIES = 2048, 10
INSTANCE = "i-0123456789abcdef0"


def _denied(caller: Caller, action: str, arn: str) -> AwsError:
    return AwsError("AccessDenied", f"User: {caller.arn} is not authorized to perform: {action} on resource: {arn}")


def _mfa(response: TokenResponse, caller: Caller) -> bool | None:
    """Whether a device's code came along; a wrong one is refused, here any six digits but 000000 are right."""
    serial, code = response._get_param("SerialNumber"), response._get_param("TokenCode")
    if not serial:
        return caller.mfa
    user = iam_backends[caller.account]["aws"].users.get(caller.name) if caller.kind == "user" else None
    own = user is not None and serial in user.mfa_devices
    if not own or not code or len(code) != DEVICE_CODE or not code.isdigit() or code == "000000":
        raise AwsError("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
    return True


@replaces(TokenResponse)
def assume_role(self: TokenResponse) -> ActionResult:
    environ = self.normalized_request.environ
    given: dict[str, Any] = dict(self.params)
    arn, name, caller = given["RoleArn"], given["RoleSessionName"], callers.of(environ)
    role, seconds = identities.role_of(arn), self._get_int_param("DurationSeconds", LONGEST)
    if caller.kind == "role" and seconds > LONGEST:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise AwsError("ValidationError", message)
    if caller.kind in {"anonymous", "root"} or role is None:
        raise _denied(caller, "sts:AssumeRole", arn)
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags") or []}
    source = caller.source_identity or given.get("SourceIdentity", "")
    if given.get("SourceIdentity", source) != source:  # it is set once, and stays for the whole chain
        raise _denied(caller, "sts:SetSourceIdentity", arn)
    told = context.of(environ, caller) | _asked(given, tags, _mfa(self, caller))
    _check_tags(given, caller)
    wanted = {"sts:TagSession": tags, "sts:SetSourceIdentity": given.get("SourceIdentity")}
    trust = parsed(role.assume_role_policy_document)
    for action in ["sts:AssumeRole", *(name for name, said in wanted.items() if said)]:
        if not identities.decided(caller, action, arn, told, trust, role.account_id):
            raise _denied(caller, action, arn)
    if seconds > int(role.max_session_duration or LONGEST):
        message = f"The requested DurationSeconds exceeds the MaxSessionDuration set for this role: {seconds}"
        raise AwsError("ValidationError", message)
    policies = _session_policies(role, given)
    session = self.backend.assume_role(self.region, name, arn, given.get("Policy"), seconds, given.get("ExternalId"))
    mark(session, role, {**caller.transitive, **tags}, policies)
    going_on = {name: tags[name] for name in given.get("TransitiveTagKeys") or [] if name in tags}
    session.access_key.transitive = {**caller.transitive, **going_on}
    session.access_key.source_identity = source
    user = {"AssumedRoleId": f"{role.id}:{name}", "Arn": session.arn}
    return ActionResult(
        {"Credentials": session, "AssumedRoleUser": user, "PackedPolicySize": 6, "SourceIdentity": source or None}
    )


def _asked(given: dict[str, Any], tags: Mapping[str, str], mfa: bool | None) -> dict[str, list[str]]:
    """What the trust policy may ask about the call itself."""
    found = {"sts:rolesessionname": [given["RoleSessionName"]]}
    if mfa is not None:
        found["aws:multifactorauthpresent"] = ["true" if mfa else "false"]
    if mfa and given.get("SerialNumber"):
        found["aws:multifactorauthage"] = ["0"]
    if given.get("ExternalId"):
        found["sts:externalid"] = [given["ExternalId"]]
    if tags:
        found["aws:tagkeys"] = list(tags)
        found |= {f"aws:requesttag/{key.lower()}": [value] for key, value in tags.items()}
    if given.get("SourceIdentity"):
        found["sts:sourceidentity"] = [given["SourceIdentity"]]
    if given.get("TransitiveTagKeys"):
        found["sts:transitivetagkeys"] = given["TransitiveTagKeys"]
    return found


def _check_tags(given: dict[str, Any], caller: Caller) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know"""
    names = [tag["Key"].lower() for tag in given.get("Tags") or []]
    if len(set(names)) < len(names):
        raise AwsError("InvalidParameterValue", "Duplicate tag keys found. Tag keys are case insensitive.")
    if any(name.startswith("aws:") for name in names):
        raise AwsError("InvalidParameterValue", "Tag keys that begin with aws: are AWS's own")
    if {name.lower() for name in caller.transitive} & set(names):
        raise AwsError("InvalidParameterValue", "A tag conflicts with a transitive tag of the calling session")


def _session_policies(role: Any, given: dict[str, Any]) -> tuple[str, ...] | None:
    """The documents that limit the session; they are checked when they are given."""
    found = [given["Policy"]] if given.get("Policy") else []
    if found and len(found[0]) > LONGEST_SESSION_POLICY:
        raise AwsError("PackedPolicyTooLarge", "The session policy exceeds the maximum allowed size.")
    if found:
        IAMPolicyDocumentValidator(found[0]).validate()
    if len(given.get("PolicyArns") or []) > MOST_POLICIES:
        raise AwsError("ValidationError", f"A session has at most {MOST_POLICIES} managed policies")
    managed = iam_backends[role.account_id]["aws"].managed_policies
    for one in given.get("PolicyArns") or []:
        if one["arn"] not in managed:
            raise AwsError("PolicyNotFound", f"Policy {one['arn']} does not exist.")
        found.append(identities.default_document(managed[one["arn"]]))
    return tuple(found) or None


def of_instance(arn: str) -> AssumedRole:
    """What the metadata service hands to an instance with that role in its profile, which asks nobody's leave."""
    role = identities.role_of(arn)
    if role is None:
        raise ValueError(f"there is no role {arn}")
    session = sts_backends[role.account_id]["aws"].assume_role("eu-west-1", INSTANCE, arn, "", 6 * 3600, "")
    mark(session, role)
    return session


def mark(
    session: AssumedRole, role: Any, tags: Mapping[str, str] | None = None, policies: Iterable[str] | None = None
) -> None:
    """What a request signed with the session's key has to be judged by."""
    key = session.access_key
    key.session_name, key.session_token = session.session_name, session.session_token
    key.role_arn, key.role_id = role.arn, role.id
    key.tags = identities.tags_of(role) | dict(tags or {})
    key.session_policies = None if policies is None else tuple(policies)
    key.expires = session.expiration


@replaces(TokenResponse)
def get_session_token(self: TokenResponse) -> ActionResult:
    caller = callers.of(self.normalized_request.environ)
    if caller.kind not in {"user", "root"}:
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials")
    seconds = self._get_int_param("DurationSeconds", 43200)
    if caller.kind == "root":
        seconds = min(seconds, LONGEST)  # what root asks for beyond an hour is cut to one
    key = iam_backends[caller.account]["aws"].create_temp_access_key()
    key.user_name, key.root = (caller.name, False) if caller.kind == "user" else (None, True)
    key.mfa = bool(_mfa(self, caller))
    key.mfa_at = utcnow() if key.mfa else None
    key.session_token, key.expires = random_session_token(), utcnow() + timedelta(seconds=seconds)
    credentials = {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "SessionToken": key.session_token,
        "Expiration": key.expires,
    }
    return ActionResult({"Credentials": credentials})


@replaces(TokenResponse)
def get_caller_identity(self: TokenResponse) -> ActionResult:
    caller = callers.of(self.normalized_request.environ)
    return ActionResult({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn})


@replaces(STSBackend)
def get_access_key_info(_: STSBackend, access_key_id: str) -> dict[str, str]:
    account, _key = callers.key_of(access_key_id)
    if not account:
        raise AwsError("ValidationError", f"Invalid Access Key ID: {access_key_id}")
    return {"Account": account}


def expire() -> None:
    """Every session that AssumeRole and GetSessionToken gave is over."""
    for partitions in list(iam_backends.values()):
        for key in list(partitions["aws"].access_keys.values()):
            if getattr(key, "expires", None):
                key.expires = utcnow() - timedelta(seconds=1)
    for partitions in list(sts_backends.values()):
        partitions["aws"].assumed_roles.clear()


@replaces(
    TokenResponse, "assume_role_with_saml", "assume_role_with_web_identity", "get_federation_token", "assume_root"
)
def unknown(self: TokenResponse) -> ActionResult:
    """moto gives a session to whoever asks; what judges nobody lets nobody in."""
    raise NotImplementedError("sessions are given by AssumeRole and GetSessionToken only")
