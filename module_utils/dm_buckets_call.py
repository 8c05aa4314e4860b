"""One action of the plan, with the patience that AWS's eventual consistency asks for.

Throttling and AWS's own errors (5xx) are botocore's to retry. What is left are answers that are true for a moment only:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel (bucket configurations)
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from typing import Any

from ansible.module_utils.dm_plan import Action
from ansible.module_utils.estate.errors import error_code, sentence

# Seconds between tries: about half a minute in all, three times what a new role usually takes.
PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
# The same for what is more likely a mistake than a matter of time.
FEW_PAUSES = PAUSES[:4]


class Refused(Exception):
    """AWS's final word on an action, as a sentence."""


def is_done(action: Action, exc: Exception) -> bool:
    """Whether the refusal says that an earlier try of this very call has succeeded, though its answer was lost."""
    code = error_code(exc)
    response: Any = getattr(exc, "response", None) or {}
    retried = response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    if action.method == "s3.create_bucket":
        return code == "BucketAlreadyOwnedByYou"
    return action.method == "iam.create_role" and code == "EntityAlreadyExists" and retried


def pauses(action: Action, exc: Exception, fresh: Collection[str]) -> tuple[float, ...]:
    """How long to keep trying; fresh are the resources that are new or changed in this run, or made moments before."""
    code, said = error_code(exc), str(exc)
    if code == "OperationAborted":  # another change of this bucket is under way
        return PAUSES
    if code in ("NoSuchBucket", "NoSuchEntity") and action.resource in fresh:
        return PAUSES
    if code == "MalformedPolicy" and "principal" in said.lower():
        return FEW_PAUSES  # made by whatever ran before this, perhaps
    if action.method == "s3.put_bucket_replication" and {action.resource, *action.needs} & set(fresh):
        # A new role cannot be assumed at once, nor is a new bucket's versioning seen everywhere at once.
        return PAUSES if code in ("InvalidRequest", "InvalidArgument", "NoSuchBucket") else ()
    return ()


def carry_out_one(
    action: Action,
    client: Any,
    fresh: Collection[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns when AWS has it; raises Refused."""
    tried = 0
    while True:
        try:
            getattr(client, action.method.split(".")[1])(**action.params)
            return
        except Exception as exc:
            if is_done(action, exc):
                return
            left = pauses(action, exc, fresh)[tried:]
            if not left:
                raise Refused(sentence(exc, "AWS refuses").rstrip(".")) from exc
            tried += 1
            sleep(left[0] * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the tries, hides nothing
