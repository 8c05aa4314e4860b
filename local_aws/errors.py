"""An error as AWS answers it: code, sentence and HTTP status. Raised from patches of any service."""

from __future__ import annotations

import functools

from moto.s3.exceptions import S3ClientError

# By HTTP status; every other code has 400.
CODES = {
    301: ("PermanentRedirect",),
    403: ("AccessDenied", "InvalidAuthenticationCode"),
    404: ("NoSuchBucket", "NoSuchConfiguration", "NoSuchEntity", "NoSuchJobException", "NoSuchKey",
          "NoSuchLifecycleConfiguration", "NoSuchWebsiteConfiguration", "ObjectLockConfigurationNotFoundError",
          "ReplicationConfigurationNotFoundError", "ServiceNotFound"),
    405: ("MethodNotAllowed",),
    409: ("BucketAlreadyOwnedByYou", "DeleteConflict", "EntityAlreadyExists", "EntityTemporarilyUnmodifiable",
          "InvalidBucketState", "LimitExceeded", "OperationAborted"),
    410: ("ReportNotPresent",),
    412: ("PreconditionFailed",),
}  # fmt: skip
STATUS = {code: status for status, codes in CODES.items() for code in codes}


# moto's S3 catches its own class only; elsewhere the common base is enough.
class AwsError(S3ClientError):
    """elements are what S3 adds to an error's body: {"Region": "eu-west-1"}."""

    def __init__(self, code: str, message: str, **elements: str) -> None:
        super().__init__(code, message)
        self.status = STATUS.get(code, 400)
        self.headers: dict[str, str] = {}
        self.elements = elements


invalid_argument = functools.partial(AwsError, "InvalidArgument")
invalid_request = functools.partial(AwsError, "InvalidRequest")


def denied(message: str = "Access Denied") -> AwsError:
    return AwsError("AccessDenied", message)


def malformed_xml() -> AwsError:
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )
