"""An error as AWS answers it: code, sentence and HTTP status. Raised from patches of any service."""

from __future__ import annotations

from moto.s3.exceptions import S3ClientError

# moto's S3 catches its own class only; elsewhere the common base is enough.
STATUS = {
    "AccessDenied": 403,
    "AccessControlListNotSupported": 400,
    "BucketAlreadyOwnedByYou": 409,
    "DeleteConflict": 409,
    "EntityAlreadyExists": 409,
    "EntityTemporarilyUnmodifiable": 409,
    "InvalidAuthenticationCode": 403,
    "InvalidBucketState": 409,
    "MethodNotAllowed": 405,
    "ObjectLockConfigurationNotFoundError": 404,
    "OperationAborted": 409,
    "PreconditionFailed": 412,
    "LimitExceeded": 409,
    "NoSuchBucket": 404,
    "NoSuchConfiguration": 404,
    "NoSuchJobException": 404,
    "NoSuchWebsiteConfiguration": 404,
    "NoSuchLifecycleConfiguration": 404,
    "NoSuchEntity": 404,
    "NoSuchKey": 404,
    "PermanentRedirect": 301,
    "ReportNotPresent": 410,
    "ServiceNotFound": 404,
}


class AwsError(S3ClientError):
    """elements are what S3 adds to an error's body: {"Region": "eu-west-1"}."""

    def __init__(self, code: str, message: str, **elements: str) -> None:
        super().__init__(code, message)
        self.status = STATUS.get(code, 400)
        self.headers: dict[str, str] = {}
        self.elements = elements


def denied(message: str = "Access Denied") -> AwsError:
    return AwsError("AccessDenied", message)


def malformed_xml() -> AwsError:
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )
