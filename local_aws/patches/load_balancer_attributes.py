"""ELBv2: a new application load balancer has all of AWS's attributes, and access logs need a bucket that lets them in.

moto 5.2.5 starts with four of them, so that whoever compares an attribute before setting it finds none, and takes any
bucket. Follows https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html: AWS writes a test
file and refuses the attributes when it may not.
"""

from __future__ import annotations

import json
from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer
from moto.s3.models import s3_backends

from local_aws.policies import Principal, decide, listed
from local_aws.replacing import extends

DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
DELIVERY = Principal(service="logdelivery.elasticloadbalancing.amazonaws.com")


def may_deliver(policy: dict[str, Any], key_arn: str) -> bool:
    """Does a bucket policy let the log delivery put the object? Conditions are left to the policy tests."""
    allows = [one | {"Condition": {}} for one in listed(policy.get("Statement")) if one["Effect"] == "Allow"]
    return bool(decide({"Statement": allows}, DELIVERY, "s3:PutObject", key_arn, {}))


@extends(FakeLoadBalancer, "__init__")
def begin(original: Any, self: FakeLoadBalancer, *args: Any, **words: Any) -> None:
    original(self, *args, **words)
    if self.type == "application":
        self.attrs = {**self.attrs, **DEFAULTS}


@extends(ELBv2Backend)
def modify_load_balancer_attributes(
    original: Any, self: ELBv2Backend, arn: str, attrs: dict[str, Any]
) -> dict[str, Any]:
    if attrs.get("access_logs.s3.enabled") == "true":
        name, prefix = attrs.get("access_logs.s3.bucket", ""), attrs.get("access_logs.s3.prefix", "")
        bucket = s3_backends[self.account_id][self.partition].buckets.get(name)
        path = "/".join(part for part in (name, prefix, "AWSLogs", self.account_id, "ELBAccessLogTestFile") if part)
        if not (bucket and bucket.policy and may_deliver(json.loads(bucket.policy), f"arn:aws:s3:::{path}")):
            raise ELBClientError(
                "InvalidConfigurationRequest", f"Access Denied for bucket: {name}. Please check S3bucket permission"
            )
    return original(self, arn, attrs)


def apply() -> None:
    FakeLoadBalancer.VALID_ATTRS = {*FakeLoadBalancer.VALID_ATTRS, *DEFAULTS}
