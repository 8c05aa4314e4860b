"""A browser's upload: as the signed policy document allows it, and not otherwise."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.local_aws import raw
from tests.integration.local_aws.conftest import allow, document

NAME = "a-bucket"


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    return estate_aws.client_of("s3", estate_aws.keys["session"]["333333333333"], signature_version="s3v4")


def send(aws, fields, data=b"hello", filename="report.pdf"):
    boundary = "--form"
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
    body = "".join(lines).encode() + head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return raw.send(aws, "POST", f"/{NAME}", headers, body)


def form(s3, key="in/${filename}", conditions=(), **fields):
    given = [*conditions, *({name: value} for name, value in fields.items())]
    return s3.generate_presigned_post(NAME, key, Fields=fields, Conditions=given)["fields"]


def test_what_the_policy_allows_is_stored_as_the_form_says(estate_aws, s3):
    fields = form(s3, acl="bucket-owner-full-control", **{"Content-Type": "text/plain", "x-amz-meta-owner": "me"})
    answer = send(estate_aws, fields)
    assert answer.status == 204, answer.body

    found = s3.get_object(Bucket=NAME, Key="in/report.pdf")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (b"hello", "text/plain", {"owner": "me"})
    assert answer.lower["etag"] == found["ETag"]


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"success_action_status": "200"}, 200, ""),
        ({"success_action_status": "201"}, 201, "<Key>in/report.pdf</Key>"),
        ({"success_action_redirect": "https://www.example/done"}, 303, ""),
    ],
)
def test_the_form_says_how_it_is_answered(estate_aws, s3, asked, status, said):
    answer = send(estate_aws, form(s3, **asked))

    assert answer.status == status
    assert said in answer.body
    to = answer.lower.get("location", "")
    assert status != 303 or to.startswith("https://www.example/done?bucket=a-bucket&key=in%2Freport.pdf")


def changed(fields, **words):
    return {**fields, **words}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "out/x"}, 403, "AccessDenied"),
        ({"x-amz-meta-more": "x"}, 403, "AccessDenied"),
        ({"x-amz-signature": "0" * 64}, 403, "SignatureDoesNotMatch"),
        ({"policy": base64.b64encode(b"{}").decode()}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-algorithm": "none"}, 400, "InvalidArgument"),
        ({"x-amz-security-token": "other"}, 400, "InvalidToken"),
        ({"x-ignore-me": "x"}, 204, ""),
    ],
)
def test_what_the_policy_does_not_say_is_refused(estate_aws, s3, change, status, code):
    answer = send(estate_aws, changed(form(s3), **change))

    assert (answer.status, answer.code) == (status, code)
    assert ("Contents" in s3.list_objects_v2(Bucket=NAME)) == (status == 204)


@pytest.mark.parametrize(
    ("conditions", "data", "code"),
    [
        ([["content-length-range", 1, 4]], b"hello", "EntityTooLarge"),
        ([["content-length-range", 6, 9]], b"hello", "EntityTooSmall"),
        ([["content-length-range", 5, 5]], b"hello", ""),
        ([{"bucket": "b-bucket"}], b"hello", "AccessDenied"),
        ([["starts-with", "$key", "in/r"]], b"hello", ""),
        ([["eq", "$key", "in/other"]], b"hello", "AccessDenied"),
        ([["like", "$key", "in"]], b"hello", "InvalidPolicyDocument"),
    ],
)
def test_conditions_hold_or_the_upload_is_refused(estate_aws, s3, conditions, data, code):
    assert send(estate_aws, form(s3, conditions=conditions), data).code == code


def signed(s3, policy):
    """The fields of a form with that policy document."""
    import hashlib
    import hmac

    fields = form(s3)
    text = base64.b64encode(json.dumps(policy).encode() if isinstance(policy, dict) else policy).decode()
    key = f"AWS4{s3._request_signer._credentials.secret_key}".encode()
    for word in fields["x-amz-credential"].split("/")[1:]:
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return changed(fields, policy=text, **{"x-amz-signature": hmac.new(key, text.encode(), hashlib.sha256).hexdigest()})


def test_a_policy_that_is_over_or_none_is_refused(estate_aws, s3):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert send(estate_aws, signed(s3, {"expiration": yesterday, "conditions": []})).code == "AccessDenied"
    assert send(estate_aws, signed(s3, {"conditions": []})).code == "InvalidPolicyDocument"
    assert send(estate_aws, signed(s3, b"no json")).code == "InvalidPolicyDocument"


def test_nobody_needs_no_policy_where_everybody_may_write_and_may_not_elsewhere(estate_aws, s3):
    assert send(estate_aws, {"key": "in/a"}).code == "AccessDenied"
    s3.delete_public_access_block(Bucket=NAME)
    s3.put_bucket_policy(
        Bucket=NAME, Policy=document(allow("s3:PutObject", f"arn:aws:s3:::{NAME}/in/*", Principal="*"))
    )
    assert send(estate_aws, {"key": "in/a"}).status == 204
    assert send(estate_aws, {"key": "out/a"}).code == "AccessDenied"


@pytest.mark.usefixtures("s3")
def test_the_signer_needs_the_right_at_the_time_of_the_upload(estate_aws, become):
    key = become("uploader", "production", allow("s3:PutObject", f"arn:aws:s3:::{NAME}/in/*"))
    theirs = estate_aws.client_of("s3", key, signature_version="s3v4")
    good, elsewhere = form(theirs), form(theirs, "out/${filename}")
    assert send(estate_aws, good).status == 204
    assert send(estate_aws, elsewhere).code == "AccessDenied"
    estate_aws.client("iam", "production").delete_role_policy(RoleName="uploader", PolicyName="own")
    assert send(estate_aws, good).code == "AccessDenied"
