"""Waiting until S3 answers what it was told, and not what was before: some settings are read stale for a while.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel; the provider of Terraform waits for
the same (hashicorp/terraform-provider-aws, internal/service/s3/bucket_lifecycle_configuration.go,
waitLifecycleConfigurationEquals).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from ansible.module_utils.estate.buckets.read import answered
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action

# Two answers in a row are enough where none was stale, else so many more.
STABLE, STABLE_AFTER_STALE = 2, 4
PAUSES = (0.5, 1.0, 2.0, *(4.0,) * 20)


def settled(clients: Clients, sleep: Callable[[float], Any] = time.sleep) -> Callable[[Action], Any]:
    """What carry_out calls: a call is done when what it wrote is what is read."""

    def call(action: Action) -> Any:
        answer = clients.call(action)
        setting = BY_NAME.get(action.step or action.resource.partition(" ")[0])
        if setting and setting.settles and action.method.startswith("s3."):
            wait(clients["s3", action.region], action, sleep)
        return answer

    return call


def wait(client: Any, action: Action, sleep: Callable[[float], Any]) -> None:
    """Raises Refusal where S3 goes on answering what was before."""
    setting = BY_NAME[action.step or action.resource.partition(" ")[0]]
    given = dict(action.params)
    wanted = setting.live(given | given.get("LifecycleConfiguration", {}))
    alike, needed, pauses = 0, STABLE, iter(PAUSES)
    for tried in itertools.count():
        if setting.live(answered(client, given["Bucket"], setting)) == wanted:
            alike += 1
            if alike == needed:
                return
        else:
            alike, needed = 0, STABLE_AFTER_STALE
        if needed == STABLE_AFTER_STALE and (pause := next(pauses, None)) is not None:
            sleep(pause)
        elif tried > len(PAUSES):
            raise Refusal(f"S3 has taken {setting.name} of {given['Bucket']}, and still answers what was before")
