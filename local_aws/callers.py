"""Who makes a request: the user, session or root behind its key, or nobody. Refuses keys as AWS does.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends

from local_aws import requests, signatures
from local_aws.accounts import ACCOUNTS, MAIN, ROLE, USER
from local_aws.policies import Principal
from local_aws.signatures import Refused

ENVIRON = "local_aws.caller"


@dataclass(frozen=True)
class Caller:
    """kind is "user", "role", "root" or "anonymous"; mfa is what aws:MultiFactorAuthPresent says, None where absent."""

    kind: str = "anonymous"
    account: str = ""
    arn: str = ""
    identity: str = ""  # the ARN of the user, or of the role behind a session
    name: str = ""
    user_id: str = ""
    mfa: bool | None = None

    @property
    def principal(self) -> Principal:
        return Principal(self.account, self.arn, self.identity)

    @property
    def bootstrap(self) -> bool:
        """The four accounts' way in: allowed whatever no policy denies."""
        return self.kind == "root" or self.identity in BOOTSTRAP


BOOTSTRAP = {f"arn:aws:iam::{account}:role/{ROLE}" for account, _ in ACCOUNTS.values()} | {
    f"arn:aws:iam::{MAIN}:user/{USER}/{USER}"
}
ANYBODY = Caller()
INVALID = {
    "s3": Refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "ec2": Refused(401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
    "": Refused(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    "json": Refused(400, "UnrecognizedClientException", "The security token included in the request is invalid."),
}
EXPIRED = Refused(400, "ExpiredToken", "The provided token has expired.")
EXPIRED_ELSEWHERE = Refused(403, "ExpiredToken", "The security token included in the request is expired")


def find(environ: dict[str, Any]) -> Caller:
    """The caller, after the key and the signature were checked; raises Refused."""
    signed = requests.scope(environ)
    if signed is None:
        if "AWSAccessKeyId=" in environ.get("QUERY_STRING", "") or environ.get("HTTP_AUTHORIZATION", "").startswith(
            "AWS "
        ):
            message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            raise Refused(400, "InvalidRequest", message)
        return ANYBODY
    kind = signed.service if signed.service in INVALID else "json" if "HTTP_X_AMZ_TARGET" in environ else ""
    account, key = _key(signed.access_key)
    if key is None or key.status != "Active":
        raise INVALID[kind]
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or requests.query(environ).get("X-Amz-Security-Token", [""])[0]
    if token != getattr(key, "session_token", ""):
        raise (
            Refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
            if (kind == "s3")
            else INVALID[kind]
        )
    expires = getattr(key, "expires", None)
    if expires and expires <= utcnow():
        raise EXPIRED if kind == "s3" else EXPIRED_ELSEWHERE
    signatures.check(environ, key.secret_access_key)
    return _caller(account, key)


def _key(access_key: str) -> tuple[str, Any]:
    for account, partitions in list(iam_backends.items()):
        if "aws" in partitions.keys() and access_key in partitions["aws"].access_keys:  # noqa: SIM118
            return account, partitions["aws"].access_keys[access_key]
    return "", None


def _caller(account: str, key: Any) -> Caller:
    iam = iam_backends[account]["aws"]
    mfa = getattr(key, "mfa", None)
    if getattr(key, "root", False):
        arn = f"arn:aws:iam::{account}:root"
        return Caller("root", account, arn, arn, "root", account)
    if key.role_arn:
        session = key.session_name
        name = key.role_arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
        return Caller("role", account, arn, key.role_arn, name, f"{key.role_id}:{session}", bool(mfa))
    user = iam.users.get(key.user_name)
    if user is None:
        raise INVALID[""]
    return Caller("user", account, user.arn, user.arn, user.name, user.id, mfa)


def of(environ: dict[str, Any]) -> Caller:
    """Whom the application found; anybody where it did not look."""
    return environ.get(ENVIRON, ANYBODY)
