"""Whether a service has an operation at all: what it does not have is refused by name, and never taken for another.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import functools
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_service_model

from local_aws import parameters, requests
from local_aws.refusals import Refused


@functools.cache
def known(service: str) -> frozenset[str]:
    """Of a service by the name in its signatures; empty where botocore has no model by that name."""
    try:
        return frozenset(get_service_model(parameters.MODELS.get(service, service)).operation_names)
    except UnknownServiceError:
        return frozenset()


def check(environ: dict[str, Any], service: str, operation: str) -> None:
    """Raise Refused when a form or a target asks for what the service does not have; S3's are told apart elsewhere."""
    protocol = requests.protocol(environ)
    if protocol not in {"query", "ec2", "json"} or not known(service) or operation in known(service):
        return
    if protocol == "json":
        raise Refused(400, "UnknownOperationException", f"{service} has no operation {operation}")
    message = f"Could not find operation {operation} for version {requests.form_version(environ)}"
    raise Refused(400, "InvalidAction", message)
