"""A session that a session asks for lasts an hour at most, and root's does.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from __future__ import annotations

from typing import Any

from moto.sts.responses import TokenResponse

from local_aws import callers
from local_aws.errors import AwsError
from local_aws.replacing import extends

CHAINED = ROOTS = 3600


@extends(TokenResponse)
def assume_role(original: Any, self: TokenResponse) -> Any:
    seconds = self._get_int_param("DurationSeconds")
    if seconds and seconds > CHAINED and callers.of(self.normalized_request.environ).kind == "role":
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise AwsError("ValidationError", message)
    return original(self)


@extends(TokenResponse)
def get_session_token(original: Any, self: TokenResponse) -> Any:
    root = callers.of(self.normalized_request.environ).kind == "root"
    seconds = self._get_int_param("DurationSeconds")
    if root and (seconds is None or seconds > ROOTS):
        # What root asks for beyond an hour is cut to one.
        self.params = {**self.params, "DurationSeconds": ROOTS}
    return original(self)
