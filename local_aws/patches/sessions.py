"""AssumeRole gives a session only to whom the role's trust policy and the caller's own policies let in.

moto gives one of any role, also of one that does not exist. Here: the role must exist, its trust policy must name the
caller (with conditions, among them MFA), and the caller's policies must allow sts:AssumeRole; sessions expire.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.sts.utils import random_session_token

from local_aws import callers, context, identities
from local_aws.errors import AwsError
from local_aws.policies import decide, parsed

DEVICE_CODE = 6


def _denied(caller: callers.Caller, arn: str) -> AwsError:
    return AwsError(
        "AccessDenied", f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    )


def _mfa(response: TokenResponse, caller: callers.Caller) -> bool | None:
    """Whether a device's code came along; a wrong one is refused, here any six digits but 000000 are right."""
    serial, code = response._get_param("SerialNumber"), response._get_param("TokenCode")
    if not serial:
        return caller.mfa
    user = iam_backends[caller.account]["aws"].users.get(caller.name) if caller.kind == "user" else None
    own = user is not None and serial in user.mfa_devices
    if not own or not code or len(code) != DEVICE_CODE or not code.isdigit() or code == "000000":
        raise AwsError("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
    return True


def _lasting(response: TokenResponse, shortest: int, longest: int, default: int) -> int:
    seconds = response._get_int_param("DurationSeconds", default)
    if not shortest <= seconds <= longest:
        message = f"The requested DurationSeconds exceeds the MaxSessionDuration set for this role: {seconds}"
        raise AwsError("ValidationError", message)
    return seconds


def assume_role(self: TokenResponse) -> ActionResult:
    arn, name = self._get_param("RoleArn"), self._get_param("RoleSessionName")
    caller = callers.of(self.normalized_request.environ)
    role = _role(arn)
    if caller.kind in {"anonymous", "root"} or role is None:
        raise _denied(caller, arn)
    mfa = _mfa(self, caller)
    given = context.of(self.normalized_request.environ, caller) | {"sts:rolesessionname": [name]}
    if mfa is not None:
        given["aws:multifactorauthpresent"] = ["true" if mfa else "false"]
    if mfa:
        given["aws:multifactorauthage"] = ["0"]
    external_id = self._get_param("ExternalId")
    if external_id:
        given["sts:externalid"] = [external_id]
    trusted = decide(parsed(role.assume_role_policy_document), caller.principal, "sts:AssumeRole", "", given)
    allowed = identities.judge(caller, "sts:AssumeRole", arn, given)
    if "Deny" in {trusted, allowed} or not allowed or (not trusted and not caller.bootstrap):
        raise _denied(caller, arn)
    longest = 3600 if caller.kind == "role" else int(role.max_session_duration or 3600)
    seconds = _lasting(self, 900, longest, 3600)
    session = self.backend.assume_role(self.region, name, arn, self._get_param("Policy"), seconds, external_id)
    mark(session, role, bool(mfa))
    user = {"AssumedRoleId": f"{role.id}:{name}", "Arn": session.arn}
    return ActionResult({"Credentials": session, "AssumedRoleUser": user, "PackedPolicySize": 6})


def _role(arn: str) -> Any:
    parts = arn.split(":")
    if len(parts) != 6 or parts[4] not in iam_backends:
        return None
    roles = list(iam_backends[parts[4]]["aws"].roles.values())
    return next((role for role in roles if role.arn == arn), None)


def mark(session: AssumedRole, role: Any, mfa: bool) -> None:
    """What a request signed with the session's key has to be judged by."""
    key = session.access_key
    key.session_name, key.session_token, key.mfa = session.session_name, session.session_token, mfa
    key.role_arn, key.role_id = role.arn, role.id
    key.expires = session.expiration


def get_session_token(self: TokenResponse) -> ActionResult:
    caller = callers.of(self.normalized_request.environ)
    if caller.kind not in {"user", "root"}:
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials")
    seconds = _lasting(self, 900, 129600, 43200)
    key = iam_backends[caller.account]["aws"].create_temp_access_key()
    key.user_name, key.root = (caller.name, False) if caller.kind == "user" else (None, True)
    key.mfa = bool(_mfa(self, caller))
    key.session_token, key.expires = random_session_token(), utcnow() + timedelta(seconds=seconds)
    credentials = {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "SessionToken": key.session_token,
        "Expiration": key.expires,
    }
    return ActionResult({"Credentials": credentials})


def get_caller_identity(self: TokenResponse) -> ActionResult:
    caller = callers.of(self.normalized_request.environ)
    return ActionResult({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn})


def get_access_key_info(_: STSBackend, access_key_id: str) -> dict[str, str]:
    for account, partitions in list(iam_backends.items()):
        if access_key_id in partitions["aws"].access_keys:
            return {"Account": account}
    raise AwsError("ValidationError", f"Invalid Access Key ID: {access_key_id}")


def expire() -> None:
    """Every session that AssumeRole and GetSessionToken gave is over."""
    for partitions in list(iam_backends.values()):
        for key in list(partitions["aws"].access_keys.values()):
            if getattr(key, "expires", None):
                key.expires = utcnow() - timedelta(seconds=1)
    for partitions in list(sts_backends.values()):
        partitions["aws"].assumed_roles.clear()


def apply() -> None:
    TokenResponse.assume_role = assume_role
    TokenResponse.get_session_token = get_session_token
    TokenResponse.get_caller_identity = get_caller_identity
    STSBackend.get_access_key_info = get_access_key_info
