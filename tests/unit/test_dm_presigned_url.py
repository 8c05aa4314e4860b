"""How long a signed URL works, and where it leads on real AWS; what it opens is in tests/integration."""

import datetime
from types import SimpleNamespace

import pytest
from ansible.module_utils.estate.call import Clients
from botocore.exceptions import ClientError
from dm_presigned_url import SIGNING, lasting, why_unreadable

NOW = datetime.datetime(2027, 1, 31, 12, tzinfo=datetime.UTC)
DAY = 24 * 3600


def credentials(token=None, ends_in=None):
    ends = {"_expiry_time": NOW + datetime.timedelta(seconds=ends_in)} if ends_in else {}
    return SimpleNamespace(token=token, **ends)


@pytest.mark.parametrize(
    ("signer", "seconds", "lasts"),
    [
        (credentials(), 2 * DAY, "until 2027-02-02 12:00 UTC"),
        (credentials("x", ends_in=3 * DAY), 2 * DAY, "until 2027-02-02 12:00 UTC"),
        (
            credentials("x", ends_in=3600),
            3600,
            "until 2027-01-31 13:00 UTC and no longer, since the session that signed it ends then",
        ),
        (
            credentials("x"),
            2 * DAY,
            "until 2027-02-02 12:00 UTC at most: "
            "it ends with the session that signed it, whose end cannot be known here",
        ),
    ],
)
def test_a_url_lasts_no_longer_than_the_session_that_signs_it(signer, seconds, lasts):
    assert lasting(2 * DAY, signer, NOW) == (seconds, lasts)


def test_it_is_signed_with_version_4_for_the_buckets_own_name_in_its_region(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    params = {"region": "eu-west-1", "access_key": "AKIAINVENTED", "secret_key": "invented", "validate_certs": True}
    clients = Clients(SimpleNamespace(params={**params, "aws_config": SIGNING}, ansible_version="2.21"))
    given = {"Bucket": "invented", "Key": "a/b c"}
    url = clients["s3"].generate_presigned_url("get_object", Params=given, ExpiresIn=60)

    assert url.startswith("https://invented.s3.eu-west-1.amazonaws.com/a/b%20c?X-Amz-Algorithm=AWS4-HMAC-SHA256&")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "k is not in b: check the key."),
        (
            403,
            "k is not in b, or may not be read with these credentials: check the key, the profile, and that its role",
        ),
        (503, "k of b cannot be read: An error occurred"),
    ],
)
def test_a_document_that_cannot_be_read_is_one_sentence(status, said):
    answer = {"Error": {"Code": str(status)}, "ResponseMetadata": {"HTTPStatusCode": status}}

    assert why_unreadable(ClientError(answer, "HeadObject"), "b", "k").startswith(said)
