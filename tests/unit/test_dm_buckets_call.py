"""Answers of AWS that are true for a moment only, and those that are final."""

from __future__ import annotations

import pytest
from ansible.module_utils.dm_buckets_call import PAUSES, Refused, carry_out_one
from ansible.module_utils.dm_plan import Action
from botocore.exceptions import ClientError


def refused(code: str, message: str = "No.", retries: int = 0) -> ClientError:
    metadata = {"RetryAttempts": retries}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Operation")


class Client:
    """Raises what it is given, one after the other, then says yes."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __getattr__(self, _method: str):
        def call(**_params):
            self.tries += 1
            if self.errors:
                raise self.errors.pop(0)

        return call


def act(method: str, resource: str = "bucket a", needs: tuple = ()) -> Action:
    return Action("add", resource, method, {"Bucket": "a"}, "eu-west-1", needs)


def tries(action: Action, *errors: Exception, fresh: tuple = ()) -> list[float]:
    """The pauses it made until it was done."""
    pauses: list[float] = []
    carry_out_one(action, Client(*errors), fresh, pauses.append)
    return pauses


REPLICATION = act("s3.put_bucket_replication", "replication of a", ("bucket a", "role replication"))


@pytest.mark.parametrize(
    ("action", "error", "fresh"),
    [
        (act("s3.create_bucket"), refused("OperationAborted"), ()),
        (act("s3.put_bucket_tagging"), refused("NoSuchBucket"), ("bucket a",)),
        (act("s3.put_bucket_policy"), refused("MalformedPolicy", "Invalid principal in policy"), ()),
        (act("iam.put_role_policy", "role r"), refused("NoSuchEntity"), ("role r",)),
        (REPLICATION, refused("InvalidRequest", "Versioning must be 'Enabled' on the bucket"), ("bucket a",)),
        (REPLICATION, refused("InvalidRequest", "the role cannot be assumed"), ("role replication",)),
        (REPLICATION, refused("NoSuchBucket"), ("bucket a",)),
    ],
)
def test_what_passes_is_waited_for(action, error, fresh):
    assert len(tries(action, error, error, fresh=fresh)) == 2


@pytest.mark.parametrize(
    ("action", "error", "fresh"),
    [
        (act("s3.put_bucket_tagging"), refused("NoSuchBucket"), ("bucket b",)),
        (act("s3.put_bucket_policy"), refused("MalformedPolicy", "Policy has invalid resource"), ("bucket a",)),
        (act("s3.put_bucket_policy"), refused("AccessDenied"), ("bucket a",)),
        (REPLICATION, refused("InvalidRequest"), ("bucket b",)),
        (REPLICATION, refused("AccessDenied"), ("role replication",)),
        (act("iam.create_role", "role r"), refused("EntityAlreadyExists"), ("role r",)),
    ],
)
def test_what_is_final_is_not(action, error, fresh):
    client = Client(error)
    with pytest.raises(Refused, match="AWS refuses"):
        carry_out_one(action, client, fresh, pytest.fail)
    assert client.tries == 1


def test_patience_has_an_end_and_grows():
    pauses: list[float] = []
    with pytest.raises(Refused, match="OperationAborted"):
        carry_out_one(act("s3.create_bucket"), Client(*[refused("OperationAborted")] * 99), (), pauses.append)

    assert len(pauses) == len(PAUSES)
    assert 25 < sum(pauses) < 45
    assert pauses[-1] > pauses[0] * 5


def test_a_bucket_that_is_already_ours_is_done():
    assert tries(act("s3.create_bucket"), refused("BucketAlreadyOwnedByYou")) == []


def test_a_role_whose_creation_was_only_answered_late_is_done():
    assert tries(act("iam.create_role", "role r"), refused("EntityAlreadyExists", retries=1)) == []


def test_a_refusal_is_one_sentence_with_advice():
    with pytest.raises(Refused) as caught:
        carry_out_one(act("s3.put_bucket_policy"), Client(refused("AccessDenied")))
    assert str(caught.value).startswith("AWS refuses: not allowed: check the role's trust")
