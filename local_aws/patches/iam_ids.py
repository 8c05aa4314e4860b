"""Users and roles have ids of AWS's shape, and policies name them by these: who is gone stays as AIDA… or AROA….

moto keeps the ARN in every policy, so that whoever is given the name next is let in.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
"""

from __future__ import annotations

from typing import Any

from moto.iam.models import Group, IAMBackend, ManagedPolicy, User, iam_backends
from moto.s3.models import s3_backends

from local_aws import principals
from local_aws.accounts import ACCOUNTS, BASE32, random_text
from local_aws.replacing import extends

PREFIXES = {User: "AIDA", Group: "AGPA", ManagedPolicy: "ANPA"}


def _begin(original: Any, self: Any, *args: Any, **words: Any) -> None:
    original(self, *args, **words)
    prefix = next(prefix for kind, prefix in PREFIXES.items() if isinstance(self, kind))
    self.id = prefix + random_text(BASE32, 17)


for _kind in PREFIXES:
    extends(_kind, "__init__")(_begin)


@extends(IAMBackend)
def delete_user(original: Any, self: IAMBackend, user_name: str) -> None:
    user = self.get_user(user_name)
    original(self, user_name)
    _rename(user.arn, user.id)


@extends(IAMBackend)
def delete_role(original: Any, self: IAMBackend, role_name: str) -> None:
    role = self.get_role(role_name)
    original(self, role_name)
    _rename(role.arn, role.id)


@extends(IAMBackend)
def update_user(original: Any, self: IAMBackend, user_name: str, *args: Any, **words: Any) -> None:
    """Somebody with another name is the same one."""
    user = self.users.get(user_name)
    before = user.arn if user else ""
    original(self, user_name, *args, **words)
    if user and user.arn != before:
        _rename(before, user.arn)


def _rename(before: str, after: str) -> None:
    """In the policies of all buckets and the trust of all roles, of whichever account."""
    for account, _ in ACCOUNTS.values():
        for bucket in list(s3_backends[account]["aws"].buckets.values()):
            if before.encode() in (bucket.policy or b""):
                bucket.policy = _renamed(bucket.policy.decode(), before, after).encode()
        for role in list(iam_backends[account]["aws"].roles.values()):
            if before in role.assume_role_policy_document:
                role.assume_role_policy_document = _renamed(role.assume_role_policy_document, before, after)


def _renamed(document: str, before: str, after: str) -> str:
    return principals.renamed(document, lambda value: after if value == before else value)
