"""A change is done when what was written is what is read: S3 answers some settings stale for a while."""

from __future__ import annotations

import pytest
from ansible.module_utils.estate.buckets.settle import STABLE, STABLE_AFTER_STALE, wait
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action
from botocore.exceptions import ClientError

NEW = {"Rules": [{"ID": "retention", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 200}}]}
OLD = {"Rules": [{**NEW["Rules"][0], "Expiration": {"Days": 180}}]}
NONE = ClientError({"Error": {"Code": "NoSuchLifecycleConfiguration"}}, "GetBucketLifecycleConfiguration")
PUT = Action("change", "bucket shop", "s3.put_bucket_lifecycle_configuration",
             {"Bucket": "shop", "LifecycleConfiguration": NEW}, step="lifecycle")  # fmt: skip
DELETE = Action("change", "bucket shop", "s3.delete_bucket_lifecycle", {"Bucket": "shop"}, step="lifecycle")


class Client:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def get_bucket_lifecycle_configuration(self, Bucket):  # noqa: ARG002
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(("action", "seen"), [(PUT, NEW), (DELETE, NONE)])
def test_what_is_read_at_once_costs_two_looks_and_no_pause(action, seen):
    client = Client(seen)
    wait(client, action, pytest.fail)
    assert client.asked == STABLE


def test_old_and_new_in_turn_are_waited_out():
    pauses = []
    client = Client(NEW, OLD, NEW, NONE, NEW)
    wait(client, PUT, pauses.append)
    assert client.asked == 4 + STABLE_AFTER_STALE
    assert pauses


def test_what_never_settles_is_said():
    with pytest.raises(Refusal, match="S3 has taken lifecycle of shop, and still answers what was before"):
        wait(Client(OLD), PUT, lambda _seconds: None)
