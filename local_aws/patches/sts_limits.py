"""Names and lengths of sessions are checked before anything else.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from __future__ import annotations

import re
from typing import Any

from moto.sts.responses import TokenResponse

from local_aws import callers
from local_aws.errors import AwsError
from local_aws.replacing import extends

NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
SHORTEST, LONGEST, CHAINED, ROOTS, USERS = 900, 43200, 3600, 3600, 129600


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def outside(value: Any, member: str, rule: str) -> AwsError:
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    )


def _length(response: TokenResponse, longest: int) -> int | None:
    seconds = response._get_int_param("DurationSeconds")
    if seconds is not None and seconds < SHORTEST:
        raise outside(seconds, "durationSeconds", f"have value greater than or equal to {SHORTEST}")
    if seconds is not None and seconds > longest:
        raise outside(seconds, "durationSeconds", f"have value less than or equal to {longest}")
    return seconds


@extends(TokenResponse)
def assume_role(original: Any, self: TokenResponse) -> Any:
    name = self._get_param("RoleSessionName") or ""
    if not NAME.fullmatch(name):
        raise outside(name, "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*, length 2 to 64")
    seconds = _length(self, LONGEST)
    if seconds and seconds > CHAINED and callers.of(self.normalized_request.environ).kind == "role":
        raise invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    return original(self)


@extends(TokenResponse)
def get_session_token(original: Any, self: TokenResponse) -> Any:
    root = callers.of(self.normalized_request.environ).kind == "root"
    seconds = _length(self, USERS)
    if root and (seconds is None or seconds > ROOTS):
        # What root asks for beyond an hour is cut to one.
        self.params = {**self.params, "DurationSeconds": ROOTS}
    return original(self)
