"""S3 names its answers by x-amz-request-id and x-amz-id-2, which whoever asks for help is asked for.

moto sends the header of AWS's other services.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.s3.responses import S3Response
from moto.s3control.responses import S3ControlResponse

from local_aws import faults
from local_aws.replacing import replaces


@replaces(S3Response)
@replaces(S3ControlResponse)
def _enrich_response(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
    if "status" in headers:
        headers["status"] = str(headers["status"])
    ids = faults.request_ids()
    headers.update(ids)
    if isinstance(body, str):
        body = re.sub(r"(?<=<RequestId>).*(?=</RequestId>)", ids["x-amz-request-id"], body)
    return headers, body
