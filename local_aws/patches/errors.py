"""An error keeps its HTTP status and headers where botocore's model of the service does not know it.

moto answers 400 to what the model leaves out, which for S3 is nearly everything.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from local_aws.errors import AwsError

serialized = BaseResponse.serialized


def with_status(self: BaseResponse, action_result: ActionResult) -> Any:
    status, headers, body = serialized(self, action_result)
    error = action_result.result
    if isinstance(error, AwsError):
        status = error.status
        headers.update(error.headers)
    return status, headers, body


def apply() -> None:
    BaseResponse.serialized = with_status
