import botocore.exceptions
import pytest
from ansible.module_utils.estate.errors import or_none, sentence


def client_error(code, message="said AWS"):
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("exception", "advice"),
    [
        (client_error("ExpiredToken"), "the session has expired: sign in again"),
        (client_error("InvalidClientTokenId"), "does not know the access key"),
        (botocore.exceptions.NoCredentialsError(), "no AWS credentials found: sign in"),
        (botocore.exceptions.ProfileNotFound(profile="p"), "not in the AWS config file: add it"),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="https://sts.example"), "check the network"),
    ],
)
def test_says_what_to_do_in_one_sentence(exception, advice):
    said = sentence(exception, "Cannot get into account main")

    assert said.startswith("Cannot get into account main: ")
    assert advice in said
    assert "\n" not in said
    assert said.endswith(".")


def test_a_refusal_by_the_bucket_itself_does_not_point_at_the_session():
    said = "because public policies are blocked by the BlockPublicPolicy setting"
    assert "public access block refuses a policy" in sentence(client_error("AccessDenied", said), "AWS refused")
    said = "is not authorized with an explicit deny in a resource-based policy"
    assert "the bucket's own policy denies it" in sentence(client_error("AccessDenied", said), "AWS refused")


def test_which_principal_aws_does_not_know_is_said():
    error = {"Code": "MalformedPolicy", "Message": "Invalid principal in policy", "Detail": "arn:aws:iam::1:role/gone"}
    said = sentence(botocore.exceptions.ClientError({"Error": error}, "PutBucketPolicy"), "AWS refused")
    assert said.endswith("Invalid principal in policy arn:aws:iam::1:role/gone.")


def test_looks_through_what_wraps_the_failure():
    wrapper = RuntimeError("boto3 connection failed")
    wrapper.__cause__ = client_error("ExpiredToken")

    assert "sign in again" in sentence(wrapper, "Cannot")


def test_says_what_aws_said_where_there_is_no_advice():
    assert sentence(client_error("Unheard", "odd\nthing."), "Cannot put x").endswith("odd thing.")


def test_what_is_not_there_is_none_and_any_other_refusal_is_raised():
    def refuse():
        raise client_error("NoSuchEntity")

    assert or_none(lambda: "there", "NoSuchEntity") == "there"
    assert or_none(refuse, "404", "NoSuchEntity") is None
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchEntity"):
        or_none(refuse, "404")
