"""Finds the account of an access key without creating IAM for every account and partition on the way.

Who has a key is the account's that made it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
moto's get_account_id_from makes seven partitions' IAM of every account, each with AWS's thousand managed policies.
"""

from __future__ import annotations

from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam import models

from local_aws import callers
from local_aws.replacing import replaces


@replaces(models)
def get_account_id_from(access_key: str) -> str:
    return callers.key_of(access_key)[0] or DEFAULT_ACCOUNT_ID
