"""The four accounts as AWS hands them over, put into moto's empty IAM."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.models import AccessKey, iam_backends
from moto.sts.models import AssumedRole

from local_aws.accounts import ACCOUNTS, MAIN, REGION, ROLE, SESSION, USER, Key, Keys
from local_aws.patches import sessions

A_YEAR = 365 * 24 * 3600


def found(keys: Keys) -> None:
    """The user, its key, and in each account the role."""
    main = iam_backends[MAIN]["aws"]
    user = main.create_user("aws", USER, f"/{USER}/", [])
    user.access_keys.append(_register(MAIN, keys.user, USER))
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MAIN}:root"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for account, alias in ACCOUNTS.values():
        iam = iam_backends[account]["aws"]
        iam.account_aliases.append(alias)
        role = iam.create_role(ROLE, trust, "/", None, "", [], "3600")
        _register(account, keys.root[account]).root = True
        key = _register(account, keys.session[account])
        session = AssumedRole(account, REGION, key, SESSION, role.arn, "", A_YEAR, "")
        session.session_token = keys.session[account].token
        sessions.mark(session, role)
        key.expires = None  # what a test holds outlives any expiry


def _register(account: str, key: Key, user: str | None = None) -> Any:
    known = AccessKey(user, prefix=key.access_key[:4], account_id=account)
    known.access_key_id, known.secret_access_key = key.access_key, key.secret
    iam_backends[account]["aws"].access_keys[key.access_key] = known
    return known
