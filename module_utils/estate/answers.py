"""What AWS answered within this run, so that its modules, each a process of its own, ask the same only once.

The parts of an audit look at the same policies and settings, of each bucket up to seven. Only in check mode, in which
nothing changes what was read, and only of reads that no module waits upon; kept by who asks and all that was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from ansible.module_utils.estate.kept import memory

ASKED_AGAIN = {
    "acm": {"ListCertificates"},
    "cloudfront": {"ListDistributions"},
    "cloudtrail": {"DescribeTrails"},
    "iam": {"GetAccountAuthorizationDetails"},
    "route-53": {"GetHostedZone", "ListHostedZones", "ListHostedZonesByName", "ListResourceRecordSets"},
    "s3": {
        "GetBucketEncryption", "GetBucketLifecycleConfiguration", "GetBucketPolicy", "GetBucketReplication",
        "GetBucketVersioning", "GetPublicAccessBlock", "ListBuckets",
    },
}  # fmt: skip
_GOOD = (200, 404)  # of a setting that is absent S3 says 404; what was refused or failed is asked again

_begun = False


def begin() -> None:
    """Called once, before any process is forked: whoever runs modules otherwise has each ask for itself."""
    global _begun
    memory()
    _begun = True


def share(events: Any, whose: tuple[str, ...]) -> None:
    """Have all clients made with these events answer from what is known, and tell what they hear."""
    if not _begun:
        return

    def before(model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_id.hyphenize()
        if model.name not in ASKED_AGAIN[service]:
            return None
        said = [params[name] for name in ("url", "query_string", "body")]
        headers = sorted((name, value) for name, value in params["headers"].items() if name.startswith("x-amz-"))
        region = "" if service == "s3" else context["client_region"]  # names of buckets are worldwide
        key = repr((whose, service, region, model.name, said, headers))
        if (answer := memory().get(key)) is None:
            context["dm_asked"] = key
            return None
        return SimpleNamespace(status_code=answer[0]), answer[1]

    def after(http_response: Any, parsed: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        if "dm_asked" in context and http_response.status_code in _GOOD:
            memory().put(context["dm_asked"], (http_response.status_code, parsed))

    for service in ASKED_AGAIN:
        events.register(f"before-call.{service}", before)
        events.register_first(f"after-call.{service}", after)  # before botocore reads policies out of it
