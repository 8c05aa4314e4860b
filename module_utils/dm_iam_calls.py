"""How one action of a plan is carried out on an IAM that is eventually consistent. No Ansible, no boto3.

What was just made may not be found everywhere for some seconds, and somebody may have been here a moment ago:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from ansible.module_utils.dm_plan import Action
from ansible.module_utils.estate.errors import error_code

# Seconds between tries of a call that AWS says it will take later: 46 in all.
WAITS = (0.5, 1.5, 4.0, 8.0, 16.0, 16.0)

# Codes that say the world is already as the call would have made it: after an interruption, or an answer that was lost.
_ALREADY = {
    "create_user": "EntityAlreadyExists",
    "create_group": "EntityAlreadyExists",
    "create_instance_profile": "EntityAlreadyExists",
    "remove_user_from_group": "NoSuchEntity",
    "detach_group_policy": "NoSuchEntity",
    "detach_role_policy": "NoSuchEntity",
    "delete_group_policy": "NoSuchEntity",
    "delete_role_policy": "NoSuchEntity",
    "delete_policy_version": "NoSuchEntity",
    # An instance profile holds one role; it is the declared one, since the profile has its name.
    "add_role_to_instance_profile": "LimitExceeded",
}


class Calls:
    """Calls a boto3 IAM client; fresh are the resources that this plan makes: not finding one of them means waiting."""

    def __init__(
        self, client: Any, account_id: str, fresh: Collection[str], sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._client, self._account_id, self._fresh, self._sleep = client, account_id, fresh, sleep

    def __call__(self, action: Action) -> None:
        method = action.method.removeprefix("iam.")
        for wait in (*WAITS, None):
            try:
                getattr(self._client, method)(**action.params)
                return
            except Exception as exc:
                code = error_code(exc)
                if _ALREADY.get(method) == code:
                    return
                if code == "EntityAlreadyExists" and method in ("create_role", "create_policy"):
                    self._instead(method, action.params)
                    return
                if wait is None or not self._later(code, str(exc), action):
                    raise
                self._sleep(wait)

    def _later(self, code: str, said: str, action: Action) -> bool:
        if code in ("ConcurrentModification", "EntityTemporarilyUnmodifiable"):
            return True
        if code == "MalformedPolicyDocument":
            # A principal made a moment ago, perhaps in another account, is not known everywhere yet.
            return "principal" in said.lower()
        return code == "NoSuchEntity" and any(resource in self._fresh for resource in (action.resource, *action.needs))

    def _instead(self, method: str, params: dict[str, Any]) -> None:
        """It was made since it was looked for: then it is made to say what it should."""
        if method == "create_role":
            self._client.update_assume_role_policy(
                RoleName=params["RoleName"], PolicyDocument=params["AssumeRolePolicyDocument"]
            )
            return
        arn = f"arn:aws:iam::{self._account_id}:policy{params['Path']}{params['PolicyName']}"
        self._client.create_policy_version(PolicyArn=arn, PolicyDocument=params["PolicyDocument"], SetAsDefault=True)
