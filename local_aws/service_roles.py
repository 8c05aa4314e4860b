"""The session that a service of AWS has of a role that it was handed, where the role is there and lets that service in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html
"""

from __future__ import annotations

from local_aws import context
from local_aws.callers import Caller
from local_aws.identities import role_of
from local_aws.policies import Principal, decide, parsed

INSIDE = {"wsgi.url_scheme": "https", "REMOTE_ADDR": "127.0.0.1"}  # the environ of what AWS asks itself


def assumed(arn: str, service: str, session: str, account: str, source: str) -> Caller | None:
    """source is the ARN of what the service works for, account whose that is; the role has to be of that account."""
    name, role = arn.rpartition("/")[2], role_of(arn)
    if role is None or role.account_id != account:
        return None
    caller = Caller("role", account, f"arn:aws:sts::{account}:assumed-role/{name}/{session}", arn, name, role.id)
    given = context.of(INSIDE, caller) | {"aws:sourceaccount": [account], "aws:sourcearn": [source]}
    trust = parsed(role.assume_role_policy_document)
    return caller if decide(trust, Principal(service=service), "sts:AssumeRole", "", given) == "Allow" else None
