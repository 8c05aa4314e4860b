"""Answers of AWS that are true for a moment only, and those that are final."""

from __future__ import annotations

import pytest
from ansible.module_utils.estate.call import LONG, call
from ansible.module_utils.estate.plan import Action
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


def tries(action: Action, *errors: Exception, fresh: bool = False) -> list[float]:
    """The pauses it made until it was done."""
    pauses: list[float] = []
    call(action, Client(*errors), fresh, pauses.append)
    return pauses


REPLICATION = act("s3.put_bucket_replication", "replication of a", ("bucket a", "role replication"))


@pytest.mark.parametrize(
    ("action", "error", "fresh"),
    [
        (act("s3.create_bucket"), refused("OperationAborted"), False),
        (act("s3.put_bucket_tagging"), refused("NoSuchBucket"), True),
        (act("s3.put_bucket_policy"), refused("MalformedPolicy", "Invalid principal in policy"), False),
        (act("iam.put_role_policy", "role r"), refused("NoSuchEntity"), True),
        (REPLICATION, refused("InvalidRequest", "Versioning must be 'Enabled' on the bucket"), True),
        (REPLICATION, refused("InvalidRequest", "the role cannot be assumed"), True),
        (REPLICATION, refused("NoSuchBucket"), True),
        (act("s3.put_bucket_notification_configuration"), refused("InvalidArgument", "Unable to validate"), False),
        (act("s3.put_bucket_logging"), refused("InvalidTargetBucketForLogging"), True),
    ],
)
def test_what_passes_is_waited_for(action, error, fresh):
    assert len(tries(action, error, error, fresh=fresh)) == 2


@pytest.mark.parametrize(
    ("action", "error", "fresh"),
    [
        (act("s3.put_bucket_tagging"), refused("NoSuchBucket"), False),
        (act("s3.put_bucket_policy"), refused("MalformedPolicy", "Policy has invalid resource"), True),
        (act("s3.put_bucket_policy"), refused("AccessDenied"), True),
        (REPLICATION, refused("InvalidRequest"), False),
        (REPLICATION, refused("AccessDenied"), True),
    ],
)
def test_what_is_final_is_not(action, error, fresh):
    client = Client(error)
    with pytest.raises(ClientError):
        call(action, client, fresh, pytest.fail)
    assert client.tries == 1


def test_patience_has_an_end_and_grows():
    pauses: list[float] = []
    with pytest.raises(ClientError, match="OperationAborted"):
        call(act("s3.create_bucket"), Client(*[refused("OperationAborted")] * 99), False, pauses.append)

    assert len(pauses) == len(LONG)
    assert 25 < sum(pauses) < 60
    assert pauses[-1] > pauses[0] * 5


def test_a_bucket_that_is_already_ours_is_done():
    assert tries(act("s3.create_bucket"), refused("BucketAlreadyOwnedByYou")) == []
