"""Whoever writes a key's policy must be let by it to write the next one, or says that the check is to be left out.

moto takes a policy that leaves nobody to change it. AWS asks the policy alone: whom it lets the account's own policies
decide about may have these widened.
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html (BypassPolicyLockoutSafetyCheck)
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse

from local_aws import callers, context
from local_aws.backends import asked, current
from local_aws.judgement import Held, judge
from local_aws.replacing import extends

LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


@extends(KmsResponse, "create_key", "put_key_policy")
def written(original: Any, self: KmsResponse) -> str:
    policy = self._get_param("Policy")
    if policy and asked() and not self._get_param("BypassPolicyLockoutSafetyCheck"):
        try:
            document = json.loads(policy)
        except ValueError:
            raise JsonRESTError("MalformedPolicyDocumentException", "The policy is no JSON") from None
        caller = callers.of(current().environ)
        arn = f"arn:aws:kms:{self.region}:{self.current_account}:key/asked-for"
        told = context.of(current().environ, caller)
        lets = judge(
            caller.principal, Held(everything=True), "kms:PutKeyPolicy", arn, told, policy=document,
            same_account=caller.account == self.current_account, policy_decides=True,
        )  # fmt: skip
        if not lets:
            raise JsonRESTError("MalformedPolicyDocumentException", LOCKED_OUT)
    return original(self)
