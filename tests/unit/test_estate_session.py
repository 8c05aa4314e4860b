"""What sessions share is what botocore would read for each, and nothing of any configuration."""

import re
from collections.abc import Mapping
from pathlib import Path

import botocore.session
import pytest
from ansible.module_utils.estate.session import SERVICES, _loader, _whatever_is_called, session
from botocore.exceptions import EndpointProviderError, ParamValidationError, UnknownServiceError
from botocore.loaders import create_loader


def test_what_is_made_before_ansible_forks_has_read_no_configuration(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "another"))
    _whatever_is_called.__wrapped__()
    (tmp_path / "config").write_text("[profile shop]\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    assert session(profile_name="shop").region_name == "eu-west-3"


def undocumented(model):
    if isinstance(model, Mapping):
        return {
            name: "" if name == "documentation" and isinstance(value, str) else undocumented(value)
            for name, value in model.items()
        }
    return [*map(undocumented, model)] if isinstance(model, list) else model


@pytest.mark.parametrize("service", ["s3", "iam", "route53", "cloudwatch"])
def test_what_is_read_of_a_service_is_what_botocore_reads_but_for_its_documentation(service):
    ours, botocores = _loader.__wrapped__(), create_loader()  # botocore changes what a client of S3 has used
    for kind in ("service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"):
        assert ours.load_service_model(service, kind) == undocumented(botocores.load_service_model(service, kind))
    assert {*botocores.list_available_services("service-2")} <= {*ours.list_available_services("service-2")}
    with pytest.raises(UnknownServiceError, match="route54"):
        ours.load_service_model("route54", "service-2")


def address(core, service, region):
    nobody = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}
    client = core.create_client(service, region_name=region, **nobody)
    operation = client.meta.service_model.operation_model(client.meta.service_model.operation_names[0])
    try:
        asked = client._resolve_endpoint_ruleset(operation, {}, {})
    except ParamValidationError as exc:  # of an operation that needs to say which bucket
        asked = str(exc)
    signer = client._request_signer
    return client.meta.endpoint_url, client.meta.partition, signer.region_name, signer.signing_name, asked


CALLED = {
    service
    for room in ("module_utils", "library", "action_plugins")
    for file in (Path(__file__).parents[2] / room).rglob("*.py")
    for service in re.findall(r'(?:clients\[|client\()"([a-z0-9]+)"', file.read_text())
} | {*SERVICES}


REGIONS = pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1", "aws-global"])


@REGIONS
def test_every_service_is_where_botocore_says(region):
    ours, botocores = session()._session, botocore.session.Session()
    assert {"s3", "s3control", "iam", "ec2", "cloudfront", "elbv2"} <= CALLED
    for service in sorted(CALLED):
        assert address(ours, service, region) == address(botocores, service, region), service


@REGIONS
@pytest.mark.parametrize("kind", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_requests_go_where_botocore_sends_them_also_to_endpoints_of_another_kind(monkeypatch, kind, region):
    monkeypatch.setenv(kind, "true")
    ours, botocores = session()._session, botocore.session.Session()
    for service in sorted(CALLED):
        assert sent(ours, service, region) == sent(botocores, service, region), service


def sent(core, service, region):
    try:
        return address(core, service, region)[1:]  # the first is a client's own, and no request's
    except EndpointProviderError as exc:  # there is none of that kind
        return str(exc)
