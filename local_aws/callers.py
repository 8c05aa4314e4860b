"""Who makes a request: the user, session or root behind its key, or nobody. Refuses keys as AWS does.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends

from local_aws import requests, signatures
from local_aws.accounts import ACCOUNTS, MAIN, ROLE, USER
from local_aws.policies import Principal
from local_aws.refusals import refusal

ENVIRON = "local_aws.caller"


@dataclass(frozen=True)
class Caller:
    """kind is "user", "role", "root" or "anonymous"; mfa is what aws:MultiFactorAuthPresent says, None where absent.

    A role's session has none, however it was assumed: "Secure API access with MFA" of the IAM user guide,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """

    kind: str = "anonymous"
    account: str = ""
    arn: str = ""
    identity: str = ""  # the ARN of the user, or of the role behind a session
    name: str = ""
    user_id: str = ""
    mfa: bool | None = None
    mfa_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)  # of the user, or of the role and its session
    source_identity: str = ""
    transitive: Mapping[str, str] = field(default_factory=dict)  # tags that go on to what the session assumes
    session_policies: tuple[str, ...] | None = None  # what limits a session besides its role

    @property
    def role_id(self) -> str:
        """Whoever has the role's name later has another one."""
        return self.user_id.partition(":")[0]

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


def find(environ: dict[str, Any]) -> Caller:
    """The caller, after the key and the signature were checked; raises Refused."""
    signatures.read(environ)
    signed = requests.scope(environ)
    if signed is None:
        return ANYBODY
    account, key = key_of(signed.access_key)
    token = signatures.token(environ)
    if key is None or key.status != "Active" or (not token and hasattr(key, "session_token")):
        raise refusal(environ, "unknown key")
    if token != getattr(key, "session_token", ""):
        raise refusal(environ, "wrong token")
    expires = getattr(key, "expires", None)
    if expires and expires <= utcnow():
        raise refusal(environ, "expired")
    signatures.check(environ, key.secret_access_key)
    if key.user_name and key.user_name not in iam_backends[account]["aws"].users:
        raise refusal(environ, "unknown key")
    return _caller(account, key)


def key_of(access_key: str) -> tuple[str, Any]:
    """(account, key); ("", None) where nobody has it."""
    for account, partitions in list(iam_backends.items()):
        if "aws" in partitions.keys() and access_key in partitions["aws"].access_keys:  # noqa: SIM118
            return account, partitions["aws"].access_keys[access_key]
    return "", None


def _caller(account: str, key: Any) -> Caller:
    iam = iam_backends[account]["aws"]
    if getattr(key, "root", False):
        arn = f"arn:aws:iam::{account}:root"
        return Caller("root", account, arn, arn, "root", account)
    if key.role_arn:
        session = key.session_name
        name = key.role_arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
        return Caller(
            "role", account, arn, key.role_arn, name, f"{key.role_id}:{session}", tags=key.tags,
            session_policies=key.session_policies, source_identity=getattr(key, "source_identity", ""),
            transitive=getattr(key, "transitive", {}),
        )  # fmt: skip
    user = iam.users[key.user_name]
    tags = iam.tagger.get_tag_dict_for_resource(user.arn)
    mfa, mfa_at = getattr(key, "mfa", None), getattr(key, "mfa_at", None)
    return Caller("user", account, user.arn, user.arn, user.name, user.id, mfa, mfa_at, tags)


def of(environ: dict[str, Any]) -> Caller:
    """Whom the application found; anybody where it did not look."""
    return environ.get(ENVIRON, ANYBODY)
