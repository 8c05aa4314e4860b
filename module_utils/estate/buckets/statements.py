"""The statements of a bucket's policy, worked out of who may do what. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.limits import SIDS as LIMITS
from ansible.module_utils.estate.buckets.limits import limits

# What each list of principals allows: statement id, actions on the objects, actions on the bucket.
GRANTS: dict[str, tuple[str, list[str], list[str]]] = {
    "readers": ("Read", ["s3:GetObject"], []),
    "writers": ("Write", ["s3:PutObject", "s3:PutObjectAcl"], []),
    "taggers": ("Tag", ["s3:GetObjectTagging", "s3:PutObjectTagging"], []),
    "deleters": ("Delete", ["s3:DeleteObject"], []),
    "listers": ("List", [], ["s3:GetBucketLocation", "s3:ListBucket"]),
    "version_listers": ("ListVersions", [], ["s3:ListBucketVersions"]),
    "replication_writers": (
        "Replicate",
        ["s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
        ["s3:GetBucketVersioning", "s3:ListBucket"],
    ),
    "keepers": ("Keep", [], []),  # whom only_listed does not keep from changing the bucket; it allows nothing
}
# An upload that names none gets the bucket's own: to "not equal" alone it would be one that names another.
_KMS = {
    "StringNotEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "aws:kms:dsse"]},
    "Null": {"s3:x-amz-server-side-encryption": "false"},
}
# Ready statements by what they require: Sid, effect of the condition, actions, whether it is about the bucket, too.
_REQUIRE: dict[str, tuple[str, str, bool, dict[str, Any]]] = {
    "tls": ("DenyInsecureTransport", "s3:*", True, {"Bool": {"aws:SecureTransport": "false"}}),
    "tls12": ("DenyOldTls", "s3:*", True, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    "kms": ("DenyOtherEncryption", "s3:PutObject", False, _KMS),
    "no_customer_keys": (
        "DenyCustomerKeys",
        "s3:PutObject",
        False,
        {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
    ),
}
REQUIRE = tuple(_REQUIRE)
# Services that deliver logs: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html,
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
DELIVERS = {
    "load_balancers": ("DeliverLoadBalancerLogs", "logdelivery.elasticloadbalancing.amazonaws.com"),
    "trails": ("DeliverTrails", "cloudtrail.amazonaws.com"),
    "inventories": ("DeliverInventories", "s3.amazonaws.com"),
}
_OWNER = {"s3:x-amz-acl": "bucket-owner-full-control"}
OWN_SIDS = (
    *(f"{sid}Objects" for sid, on_objects, _ in GRANTS.values() if on_objects),
    *(sid for sid, _, on_bucket in GRANTS.values() if on_bucket),
    *(sid for sid, *_ in _REQUIRE.values()),
    *LIMITS,
    *(sid for sid, _ in DELIVERS.values()),
    "DeliverTrailsCheck",
    "Serve",
    "ServeByEndpoint",
    "DeliverLogs",
)


def _allow(sid: str, principal: Any, actions: list[str], resource: Any, condition: Any = None) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def serve(arn: str, served: Any, sources: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What the routers may get: all objects, or those whose keys match and that have the tag.

    Limited to fixed addresses and endpoints, this is not a public policy to AWS, so that public access stays blocked.
    Who comes by an endpoint has no address: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
    """
    resource: Any = f"{arn}/*"
    tags: dict[str, Any] = {}
    if isinstance(served, Mapping):
        resource = [f"{arn}/{pattern}" for pattern in served.get("keys") or ["*"]]
        tags = {f"s3:ExistingObjectTag/{name}": value for name, value in (served.get("tag") or {}).items()}
    if addresses := [one for one in sources if not one.startswith("vpce-")]:
        condition = {"IpAddress": {"aws:SourceIp": addresses}} | ({"StringEquals": tags} if tags else {})
        yield _allow("Serve", "*", ["s3:GetObject"], resource, condition)
    if endpoints := [one for one in sources if one.startswith("vpce-")]:
        condition = {"StringEquals": {"aws:SourceVpce": endpoints, **tags}}
        yield _allow("ServeByEndpoint", "*", ["s3:GetObject"], resource, condition)


def _deliver(what: str, arn: str, account_id: str) -> Iterator[dict[str, Any]]:
    sid, service = DELIVERS[what]
    ours, owned = {"aws:SourceAccount": account_id}, {} if what == "load_balancers" else _OWNER
    where = f"{arn}/*" if what == "inventories" else f"{arn}/*AWSLogs/{account_id}/*"
    yield _allow(sid, {"Service": service}, ["s3:PutObject"], where, {"StringEquals": ours | owned})
    if what == "trails":
        yield _allow(f"{sid}Check", {"Service": service}, ["s3:GetBucketAcl"], arn, {"StringEquals": ours})


def bucket_policy(name: str, access: Mapping[str, Any], partition: str = "aws") -> dict[str, Any]:
    """A policy document whose statements stand in a fixed order; {} without any. Raises ValueError.

    access: lists of ARNs by GRANTS' words; only_listed, with lists replicators and root; require, a list of REQUIRE;
    served (true, {"keys": []}, {"tag": {}}) and served_to (networks, endpoints); logs_from and listed_from (names of
    buckets), delivers (list of DELIVERS), account_id; statements, as they are.
    """
    arn = f"arn:{partition}:s3:::{name}"
    statements: list[dict[str, Any]] = []
    for word in access.get("require") or ():
        sid, action, whole, condition = _REQUIRE[word]
        resource: Any = [arn, f"{arn}/*"] if whole else f"{arn}/*"
        deny = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
        statements.append({**deny, "Condition": condition})
    if access.get("only_listed"):
        statements += limits(arn, access)
    for key, (sid, on_objects, on_bucket) in GRANTS.items():
        arns = access.get(key) or []
        if key == "writers" and isinstance(access.get("served"), Mapping) and "tag" in access["served"]:
            on_objects = [*on_objects, "s3:PutObjectTagging"]  # a tag is what makes an object public
        if arns and on_objects:
            statements.append(_allow(f"{sid}Objects", {"AWS": list(arns)}, on_objects, f"{arn}/*"))
        if arns and on_bucket:
            statements.append(_allow(sid, {"AWS": list(arns)}, on_bucket, arn))
    if access.get("served"):
        statements += serve(arn, access["served"], access["served_to"])
    account_id = access.get("account_id") or ""
    delivers = access.get("delivers") or ()
    listed_from = [] if "inventories" in delivers else access.get("listed_from") or []
    if (access.get("logs_from") or listed_from or delivers) and not account_id:
        raise ValueError("what is delivered needs account_id, the account of what it is about")
    for sid, service, sources, more in (
        ("DeliverLogs", "logging.s3.amazonaws.com", access.get("logs_from"), {}),
        (*DELIVERS["inventories"], listed_from, _OWNER),
    ):
        if sources:
            condition = {
                "ArnLike": {"aws:SourceArn": [f"arn:{partition}:s3:::{source}" for source in sorted(sources)]},
                "StringEquals": {"aws:SourceAccount": account_id, **more},
            }
            statements.append(_allow(sid, {"Service": service}, ["s3:PutObject"], f"{arn}/*", condition))
    for what in delivers:
        statements += _deliver(what, arn, account_id)
    statements += access.get("statements") or []
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if repeated := next((sid for sid in sids if sids.count(sid) > 1), None):
        raise ValueError(f"statement {repeated!r} is there twice; each needs a Sid of its own")
    return {"Version": "2012-10-17", "Statement": statements} if statements else {}


# What S3 takes for public, however it is limited: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
_WIDEST = {4: 8, 6: 32}
# Where no request to S3 comes from. Ranges for documentation are as good as any other.
_PRIVATE = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3", "::/3", "4000::/2", "8000::/1",  # of IPv6, all but what IANA has given out: 2000::/3
    )
]  # fmt: skip


def network_mistake(given: object, embedded: bool = False) -> str:
    """Why the routers' requests cannot come from there; "" where they can.

    The embedded AWS is asked from this machine itself.
    """
    if isinstance(given, str) and re.fullmatch("vpce-[0-9a-f]{8,17}", given):
        return ""
    if not isinstance(given, str) or "/" not in given:
        return f"{given!r} is no address range; allowed are such as 198.51.100.10/32, or vpce-0123456789abcdef0"
    try:
        network = ipaddress.ip_network(given)
    except ValueError as exc:
        why = str(exc).removeprefix(repr(given)).strip()
        return f"{given!r} is no address range ({why}); allowed are such as 198.51.100.10/32"
    if network.prefixlen < _WIDEST[network.version]:
        return (
            f"{given!r} is so wide that S3 takes it for everybody; allowed is /{_WIDEST[network.version]} or narrower"
        )
    if embedded and network.is_loopback:
        return ""
    if any(network.version == one.version and network.overlaps(one) for one in _PRIVATE):
        return f"{given!r} is private, and S3 sees public addresses only; allowed are those that the routers go out by"
    return ""
