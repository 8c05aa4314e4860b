"""How each protocol words what is wrong with a request's credentials.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import Any

from local_aws import requests


class Refused(Exception):
    """elements are what S3 adds to an error's body."""

    def __init__(self, status: int, code: str, message: str, **elements: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.elements = status, code, message, elements


NO_KEY = "The AWS Access Key Id you provided does not exist in our records."
NO_TOKEN = "The security token included in the request is invalid."  # noqa: S105 (a sentence)
NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
OVER = "The security token included in the request is expired"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
SKEWED = "The difference between the request time and the current time is too large."
# By protocol: s3, ec2, query (and other XML), json, rest-json (where not as json); a message of "" is the caller's.
WORDS: dict[str, dict[str, tuple[int, str, str]]] = {
    "unknown key": {
        "s3": (403, "InvalidAccessKeyId", NO_KEY),
        "ec2": (401, "AuthFailure", NOT_VALIDATED),
        "query": (403, "InvalidClientTokenId", NO_TOKEN),
        "json": (400, "UnrecognizedClientException", NO_TOKEN),
        "rest-json": (403, "UnrecognizedClientException", NO_TOKEN),
    },
    "wrong token": {"s3": (400, "InvalidToken", "The provided token is malformed or otherwise invalid.")},
    "expired": {
        "s3": (400, "ExpiredToken", "The provided token has expired."),
        "ec2": (400, "RequestExpired", "Request has expired."),
        "query": (403, "ExpiredToken", OVER),
        "json": (400, "ExpiredTokenException", OVER),
        "rest-json": (403, "ExpiredTokenException", OVER),
    },
    "skewed": {
        "s3": (403, "RequestTimeTooSkewed", SKEWED),
        "ec2": (400, "RequestExpired", "Request has expired."),
        "query": (403, "SignatureDoesNotMatch", ""),
        "json": (400, "InvalidSignatureException", ""),
        "rest-json": (403, "InvalidSignatureException", ""),
    },
    "wrong signature": {
        "s3": (403, "SignatureDoesNotMatch", MISMATCH),
        "ec2": (401, "AuthFailure", NOT_VALIDATED),
        "query": (403, "SignatureDoesNotMatch", MISMATCH),
        "json": (400, "InvalidSignatureException", MISMATCH),
        "rest-json": (403, "InvalidSignatureException", MISMATCH),
    },
    "malformed": {
        "s3": (400, "AuthorizationHeaderMalformed", ""),
        "query": (400, "IncompleteSignature", ""),
        "json": (400, "IncompleteSignatureException", ""),
    },
}


def refusal(environ: dict[str, Any], what: str, message: str = "") -> Refused:
    protocol = requests.protocol(environ)
    words = WORDS[what] if what != "wrong token" or protocol == "s3" else WORDS["unknown key"]
    fallback = "json" if "json" in protocol else "query"
    status, code, standard = words.get(protocol) or words[fallback]
    return Refused(status, code, standard or message)
