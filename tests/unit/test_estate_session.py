"""What sessions share is what botocore would read for each, and nothing of any configuration."""

import pytest
from ansible.module_utils.estate.session import _loader, _whatever_is_called, session
from botocore.exceptions import UnknownServiceError
from botocore.loaders import create_loader


def test_what_is_made_before_ansible_forks_has_read_no_configuration(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "another"))
    _whatever_is_called.__wrapped__()
    (tmp_path / "config").write_text("[profile shop]\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    assert session(profile_name="shop").region_name == "eu-west-3"


@pytest.mark.parametrize("service", ["s3", "iam", "route53", "cloudwatch"])
def test_what_is_read_of_a_service_is_what_botocore_reads(service):
    ours, botocores = _loader.__wrapped__(), create_loader()  # botocore changes what a client of S3 has used
    for kind in ("service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"):
        assert ours.load_service_model(service, kind) == botocores.load_service_model(service, kind)
    assert {*botocores.list_available_services("service-2")} <= {*ours.list_available_services("service-2")}
    with pytest.raises(UnknownServiceError, match="route54"):
        ours.load_service_model("route54", "service-2")
