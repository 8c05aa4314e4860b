"""The XML of a request is held to S3's schema: what must be there, what may, one of each, and the values of an enum.

moto picks out what it knows, and stumbles or passes over the rest.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (MalformedXML)
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from botocore.model import Shape
from moto.core.utils import get_service_model
from moto.s3.responses import S3Response

from local_aws import operations, requests, xml_bodies
from local_aws.errors import malformed_xml
from local_aws.replacing import extends
from local_aws.validation import violations

# The operations that moto's router still calls by the names of their first version.
LATEST = {
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
# A wrong value of these has a code of its own, and the region of a bucket is looked at by itself.
OWN_CODES = frozenset({"Event", "FilterRuleName", "BucketVersioningStatus"})
ONE_RULE = {"PutBucketOwnershipControls", "PutBucketEncryption"}


def fits(element: ElementTree.Element, shape: Shape) -> bool:
    """Whether the element holds nothing that the shape does not have, and nothing twice that is no list."""
    if shape.type_name == "list" and not shape.serialization.get("flattened"):
        return all(fits(one, shape.member) for one in element)  # type: ignore[attr-defined]
    if shape.type_name != "structure":
        return len(element) == 0
    known = {}
    for name, member in shape.members.items():  # type: ignore[attr-defined]
        flat = member.type_name == "list" and member.serialization.get("flattened")
        own = member.member.serialization.get("name") if flat else None
        known[member.serialization.get("name") or own or name] = (member.member if flat else member, flat)
    seen = set()
    for one in element:
        name = one.tag.rpartition("}")[2]
        if name not in known or (name in seen and not known[name][1]) or not fits(one, known[name][0]):
            return False
        seen.add(name)
    return True


@extends(S3Response, "_bucket_response", "_key_response")
def held(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    asked = request.environ.get(requests.OPERATION, "")
    operation = LATEST.get(asked, asked)
    if self.body and operation != "CreateBucket" and operation in operations.known("s3"):
        shape = get_service_model("s3").operation_model(operation).input_shape
        name = shape.serialization.get("payload") if shape else None
        if name and shape.members[name].type_name == "structure":
            _check(self, operation, name, shape.members[name])
    return original(self, request, full_url)


def _check(response: S3Response, operation: str, name: str, shape: Shape) -> None:
    try:
        whole = fits(ElementTree.fromstring(response.body), shape)  # noqa: S314 (of whoever may write here anyway)
    except ElementTree.ParseError:
        raise malformed_xml() from None
    found = xml_bodies.parsed(response, operation).get(name) or {}
    if (
        not whole
        or any(violations(shape, found, loose=OWN_CODES))
        or (operation in ONE_RULE and len(found["Rules"]) != 1)
    ):
        raise malformed_xml()
