"""An error keeps its HTTP status, headers and elements where botocore's model of the service does not know it.

moto answers 400 to what the model leaves out, which for S3 is nearly everything.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from moto.core.responses import ActionResult, BaseResponse

from local_aws.errors import AwsError
from local_aws.replacing import extends


@extends(BaseResponse)
def serialized(original: Any, self: BaseResponse, action_result: ActionResult) -> Any:
    status, headers, body = original(self, action_result)
    error = action_result.result
    if isinstance(error, AwsError):
        status = error.status
        headers.update(error.headers)
        more = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in error.elements.items())
        if more:
            text = body.decode() if isinstance(body, bytes) else body
            body = text.replace("</Error>", f"{more}</Error>")
    return status, headers, body
