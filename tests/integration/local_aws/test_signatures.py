"""A request is what was signed: its headers, its payload, its moment; each protocol says it in its own words."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws import raw

NAME = "a-bucket"
CALLS = {"s3": "list_buckets", "iam": "list_users", "ec2": "describe_vpcs", "logs": "describe_log_groups",
         "backup": "list_backup_plans", "route53": "list_hosted_zones"}  # fmt: skip


@pytest.fixture
def s3(estate_aws, bucket):
    bucket()
    return estate_aws.client("s3", "production")


def code_and_status(client, service):
    with pytest.raises(ClientError) as refused:
        getattr(client, CALLS[service])()
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_payload_other_than_the_signed_one_is_not_stored(estate_aws, s3):
    headers = raw.sign(
        estate_aws, "PUT", f"/{NAME}/a", {"x-amz-content-sha256": hashlib.sha256(b"good").hexdigest()}, b"good"
    )
    assert raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, b"good").status == 200
    spoilt = raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, b"evil")

    assert (spoilt.status, spoilt.code) == (400, "XAmzContentSHA256Mismatch")
    assert s3.get_object(Bucket=NAME, Key="a")["Body"].read() == b"good"


@pytest.mark.parametrize("value", ["", "abc", "A" * 64])
@pytest.mark.usefixtures("s3")
def test_a_payloads_hash_is_one_or_a_word_for_none(estate_aws, value):
    headers = raw.sign(estate_aws, "PUT", f"/{NAME}/a", {}, b"good") | {"X-Amz-Content-SHA256": value}
    answer = raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, b"good")

    assert (answer.status, answer.code) == (400, "InvalidArgument" if value else "InvalidRequest")


def test_other_services_work_the_hash_out_themselves(estate_aws):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    headers = raw.sign(estate_aws, "POST", "/", form, body, service="sts")
    assert raw.send(estate_aws, "POST", "/", headers, body).status == 200
    answer = raw.send(estate_aws, "POST", "/", headers, body + b"&x=y")

    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("name", ["x-amz-tagging", "x-amz-acl", "x-amz-meta-owner", "x-amz-security-token"])
@pytest.mark.usefixtures("s3")
def test_a_header_that_nobody_signed_is_refused(estate_aws, name):
    key = estate_aws.keys["root"]["333333333333"]
    headers = raw.sign(estate_aws, "PUT", f"/{NAME}/a", {}, b"good", key=key)
    answer = raw.send(estate_aws, "PUT", f"/{NAME}/a", headers | {name: "a=b"}, b"good")

    wanted = (400, "InvalidToken") if name.endswith("token") else (403, "AccessDenied")
    assert (answer.status, answer.code) == wanted
    assert name.endswith("token") or f"<HeadersNotSigned>{name}</HeadersNotSigned>" in answer.body


@pytest.mark.usefixtures("s3")
def test_a_presigned_url_takes_no_more_headers_than_were_signed(estate_aws):
    s3 = estate_aws.client_of("s3", estate_aws.keys["session"]["333333333333"], signature_version="s3v4")
    url = s3.generate_presigned_url("put_object", {"Bucket": NAME, "Key": "a"}).removeprefix(estate_aws.url)

    assert raw.send(estate_aws, "PUT", url, {"x-amz-storage-class": "GLACIER"}, b"x").code == "AccessDenied"
    assert raw.send(estate_aws, "PUT", url, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"x").status == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("AWS4-HMAC-SHA256", "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0", "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws3_request, SignedHeaders=host, Signature=0",
         "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request", "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0",
         "InvalidAccessKeyId"),
        ("Basic YTpi", "InvalidArgument"),
        ("Bearer", "InvalidArgument"),
        ("AWS key:signature", "InvalidRequest"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("s3")
def test_a_malformed_authorization_is_refused_and_never_taken_for_nobodys(estate_aws, header, code):
    answer = raw.send(estate_aws, "GET", f"/{NAME}/a", {"Authorization": header})

    assert answer.code == code
    assert answer.status in {400, 403}


@pytest.mark.usefixtures("s3")
def test_a_credentials_day_is_the_requests(estate_aws):
    headers = raw.sign(estate_aws, "GET", f"/{NAME}/a")
    today = headers["X-Amz-Date"][:8]
    headers["Authorization"] = headers["Authorization"].replace(f"/{today}/", "/20200101/")

    assert raw.send(estate_aws, "GET", f"/{NAME}/a", headers).code == "AuthorizationHeaderMalformed"


@pytest.mark.parametrize(("minutes", "word"), [(-16, "expired"), (16, "not yet current")])
@pytest.mark.parametrize(
    ("service", "target", "body", "wanted"),
    [
        ("s3", "", b"", (403, "RequestTimeTooSkewed")),
        ("iam", "", b"Action=ListUsers&Version=2010-05-08", (403, "SignatureDoesNotMatch")),
        ("ec2", "", b"Action=DescribeVpcs&Version=2016-11-15", (400, "RequestExpired")),
        ("logs", "Logs_20140328.DescribeLogGroups", b"{}", (400, "InvalidSignatureException")),
    ],
)
def test_a_clock_that_is_wrong_is_refused_in_the_protocols_words(
    estate_aws, service, target, body, wanted, minutes, word
):
    method = "POST" if body else "GET"
    kind = "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"
    headers = {"Content-Type": kind, **({"X-Amz-Target": target} if target else {})} if body else {}
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    signed = raw.sign(estate_aws, method, "/", headers, body, service=service, at=moment)
    answer = raw.send(estate_aws, method, "/", signed, body)

    assert (answer.status, answer.code) == wanted
    assert service in {"s3", "ec2"} or f"Signature {word}" in answer.body


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ("s3", ("ExpiredToken", 400)),
        ("iam", ("ExpiredToken", 403)),
        ("route53", ("ExpiredToken", 403)),
        ("ec2", ("RequestExpired", 400)),
        ("logs", ("ExpiredTokenException", 400)),
        ("backup", ("ExpiredTokenException", 403)),
    ],
)
def test_a_session_that_is_over_is_refused_in_the_protocols_words(estate_aws, service, wanted):
    given = estate_aws.client_of("sts", estate_aws.keys["user"]).get_session_token()["Credentials"]
    key = [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]]
    estate_aws.expire_sessions()

    assert code_and_status(estate_aws.client_of(service, key), service) == wanted


@pytest.mark.parametrize(
    ("service", "without", "wrong"),
    [
        ("s3", "InvalidAccessKeyId", "InvalidToken"),
        ("iam", "InvalidClientTokenId", "InvalidClientTokenId"),
        ("ec2", "AuthFailure", "AuthFailure"),
        ("logs", "UnrecognizedClientException", "UnrecognizedClientException"),
        ("backup", "UnrecognizedClientException", "UnrecognizedClientException"),
    ],
)
def test_a_sessions_key_without_its_token_is_no_key(estate_aws, service, without, wrong):
    access_key, secret, _ = estate_aws.keys["session"]["333333333333"]

    assert code_and_status(estate_aws.client_of(service, [access_key, secret, ""]), service)[0] == without
    assert code_and_status(estate_aws.client_of(service, [access_key, secret, "other"]), service)[0] == wrong


def chunk_signed(estate_aws, chunks, trailer=None, spoil=None, length=None):
    """A chunked upload as the page on streaming has it: (headers, body)."""
    word = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    size = sum(map(len, chunks)) if length is None else length
    headers = {
        "x-amz-content-sha256": word,
        "x-amz-decoded-content-length": str(size),
        "Content-Encoding": "aws-chunked",
    }
    headers |= {"x-amz-trailer": trailer[0]} if trailer else {}
    signed = raw.sign(estate_aws, "PUT", f"/{NAME}/a", headers)
    previous = signed["Authorization"].rpartition("=")[2]
    moment, secret = signed["X-Amz-Date"], estate_aws.keys["session"]["333333333333"][1]
    scope = f"{moment[:8]}/eu-west-1/s3/aws4_request"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    empty, body = hashlib.sha256(b"").hexdigest(), b""

    def chained(kind, *hashes):
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", moment, scope, previous, *hashes])
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    for chunk in [*chunks, b""]:
        previous = chained("PAYLOAD", empty, hashlib.sha256(chunk).hexdigest())
        sent = b"evil" if chunk == spoil else chunk
        body += f"{len(sent):x};chunk-signature={previous}\r\n".encode() + sent + (b"\r\n" if chunk else b"")
    if trailer:
        line = f"{trailer[0]}:{trailer[1]}"
        signature = chained("TRAILER", hashlib.sha256(f"{line}\n".encode()).hexdigest())
        body += f"{line}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    return signed, body + b"\r\n"


def test_signed_chunks_are_put_together_and_leave_no_trace(estate_aws, s3):
    headers, body = chunk_signed(estate_aws, [b"a" * 8192, b"b" * 100])
    answer = raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, body)
    found = s3.get_object(Bucket=NAME, Key="a")

    assert answer.status == 200, answer.body
    assert found["Body"].read() == b"a" * 8192 + b"b" * 100
    assert "ContentEncoding" not in found


@pytest.mark.usefixtures("s3")
def test_a_spoilt_chunk_or_a_cut_upload_is_refused(estate_aws):
    headers, body = chunk_signed(estate_aws, [b"good", b"more"], spoil=b"good")
    assert raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, body).code == "SignatureDoesNotMatch"
    headers, body = chunk_signed(estate_aws, [b"good", b"more"], length=9)
    assert raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, body).code == "IncompleteBody"
    headers, body = chunk_signed(estate_aws, [b"good", b"more"])
    for cut in (b"", b"no chunk", body[:90]):
        assert raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, cut).code == "IncompleteBody"


def test_a_trailing_checksum_is_signed_and_compared(estate_aws, s3):
    good, bad = ("x-amz-checksum-crc32", "DUoRhQ=="), ("x-amz-checksum-crc32", "AAAAAA==")
    headers, body = chunk_signed(estate_aws, [b"hello world"], good)
    answer = raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, body)
    assert answer.status == 200, answer.body
    assert s3.head_object(Bucket=NAME, Key="a", ChecksumMode="ENABLED")["ChecksumCRC32"] == "DUoRhQ=="
    headers, body = chunk_signed(estate_aws, [b"hello world"], bad)
    assert raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, body).code == "BadDigest"
    headers, body = chunk_signed(estate_aws, [b"hello world"], good)
    spoilt = body.replace(b"DUoRhQ", b"AAAAAA")
    assert raw.send(estate_aws, "PUT", f"/{NAME}/a", headers, spoilt).code == "SignatureDoesNotMatch"


def test_errors_before_the_service_keep_its_content_type(estate_aws):
    path, nobody = "/backup/plans/", ["AKIAAAAAAAAAAAAAAAAA", "secret", ""]
    answer = raw.send(estate_aws, "GET", path, raw.sign(estate_aws, "GET", path, service="backup", key=nobody))

    assert json.loads(answer.body)["__type"] == answer.headers["x-amzn-ErrorType"] == "UnrecognizedClientException"
