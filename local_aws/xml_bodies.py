"""The body of an S3 request as boto3's own parameters, by botocore's model of the operation: nothing gets lost."""

from __future__ import annotations

from typing import Any

from moto.core.utils import get_service_model
from moto.s3.responses import S3Response

from local_aws import parameters
from local_aws.errors import malformed_xml


def parsed(response: S3Response, operation: str) -> dict[str, Any]:
    """{"Bucket": …, "ReplicationConfiguration": {…}, …}; raises MalformedXML."""
    model = get_service_model("s3").operation_model(operation)
    in_path = {"Bucket": response.bucket_name}
    try:
        return parameters.parsed(response.request, "rest-xml", model, response.body, in_path)
    except Exception as exc:  # whatever the parser stumbles over, AWS calls it this
        raise malformed_xml() from exc
