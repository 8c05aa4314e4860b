"""An error keeps its HTTP status, headers and elements where botocore's model of the service does not know it.

moto answers 400 to what the model leaves out, which for S3 is nearly everything; and it works out the model's errors
anew for each, which costs more than the rest of the call.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from moto.core.errors import ErrorLookupFactory
from moto.core.responses import ActionResult, BaseResponse

from local_aws.errors import AwsError
from local_aws.replacing import extends, replaces


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


_known: dict[str, Any] = {}


@replaces(ErrorLookupFactory, "__init__")
def _remember(self: ErrorLookupFactory) -> None:
    self._error_lut_cache = _known
