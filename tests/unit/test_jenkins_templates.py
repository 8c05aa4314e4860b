"""What the Jenkins host's files mean to who reads them: botocore itself, the CloudWatch agent by its documentation."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from pathlib import Path
from typing import Any

import botocore.session
import jinja2
import pytest
import yaml

TEMPLATES = Path(__file__).parents[2] / "roles/jenkins/templates"
ACCOUNTS = {
    "main": {"id": "111111111111", "alias": "digitalmarketplace"},
    "production": {"id": "333333333333", "alias": "digitalmarketplace-production"},
}
VARIABLES = {
    "ansible_managed": "Ansible managed", "jenkins_aws_region": "eu-west-1", "jenkins_aws_role": "infrastructure",
    "jenkins_data_path": "/data", "jenkins_cloudwatch_log_group": "jenkins", "__jenkins_logs": {"audit": "/var/log/a"},
}  # fmt: skip


def rendered(name: str, accounts: dict[str, Any]) -> str:
    template = jinja2.Template((TEMPLATES / name).read_text(), trim_blocks=True, undefined=jinja2.StrictUndefined)
    return template.render(**VARIABLES, jenkins_aws_accounts=accounts)


@pytest.fixture
def cloud(monkeypatch):
    """An instance's metadata service and STS; what STS was asked is kept."""
    asked: list[dict[str, str]] = []
    ends = "2037-01-01T00:00:00Z"

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, body: str) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_PUT(self):
            self.answer("token")

        def do_GET(self):
            assert self.headers["x-aws-ec2-metadata-token"] == "token"  # IMDSv2 only
            key = {
                "Code": "Success",
                "AccessKeyId": "AKIAOFTHEINSTANCE",
                "SecretAccessKey": "s",
                "Token": "t",
                "Expiration": ends,
            }
            self.answer(json.dumps(key) if self.path.endswith("/jenkins") else "jenkins")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append({**dict(urllib.parse.parse_qsl(body)), "by": self.headers["Authorization"]})
            key = {"AccessKeyId": "AKIAOFTHEROLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
            key = "".join(f"<{name}>{value}</{name}>" for name, value in key.items())
            self.answer(
                f"<AssumeRoleResponse><AssumeRoleResult><Credentials>{key}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
            )

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name in ("AWS_EC2_METADATA_DISABLED", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    yield asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_build_becomes_the_role_of_each_account_and_holds_no_key_of_its_own(cloud, tmp_path, monkeypatch, name):
    path = tmp_path / "config"
    path.write_text(rendered("aws_config.j2", ACCOUNTS))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    session = botocore.session.Session(profile=ACCOUNTS[name]["alias"])

    assert session.get_credentials().get_frozen_credentials().access_key == "AKIAOFTHEROLE"
    [one] = cloud
    assert one["RoleArn"] == f"arn:aws:iam::{ACCOUNTS[name]['id']}:role/infrastructure"
    assert one["RoleSessionName"] == "jenkins"
    assert "AKIAOFTHEINSTANCE" in one["by"]
    assert session.get_config_variable("region") == "eu-west-1"


@pytest.mark.parametrize("accounts", [ACCOUNTS, {}])
def test_the_cloudwatch_agent_writes_as_the_role_since_the_instances_own_may_nothing_else(accounts):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html"""
    agent = json.loads(rendered("cloudwatch.json.j2", accounts))["agent"]

    role = "arn:aws:iam::111111111111:role/infrastructure"
    assert agent.get("credentials") == ({"role_arn": role} if accounts else None)


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ("-Xms512m -Xmx3g", "-Xms512m -Xmx3g"),
        ("-Xms512m\n-Xmx3g\n", "-Xms512m -Xmx3g"),  # a block of YAML
        ("-XX:ErrorFile=/data/err_%p.log", "-XX:ErrorFile=/data/err_%%p.log"),
        ('-Dname="a b" -Dpattern=\\d', '-Dname=\\"a b\\" -Dpattern=\\\\d'),
    ],
)
def test_options_of_java_are_one_line_that_systemd_reads_as_it_is_written(options, read):
    template = jinja2.Template((TEMPLATES / "jenkins.service.j2").read_text(), trim_blocks=True)
    [line] = [line for line in template.render(jenkins_java_options=options).splitlines() if "JAVA_OPTS" in line]

    assert line == (f'Environment="JAVA_OPTS=-Djava.awt.headless=true -Djenkins.install.runSetupWizard=false {read}"')


CHECKS = {
    task["name"]: task
    for task in yaml.safe_load((TEMPLATES.parent / "tasks/check_host.yml").read_text())
    if "ansible.builtin.assert" in task
}
SNAP = "snap.amazon-ssm-agent.amazon-ssm-agent.service enabled enabled"  # what Ubuntu's images have
DEB = "amazon-ssm-agent.service                       enabled enabled"


@pytest.mark.parametrize(
    ("listed", "networks", "url", "reached"),
    [
        (SNAP, [], "", True),
        (DEB, [], "", True),
        ("amazon-cloudwatch-agent.service enabled enabled", [], "", False),
        ("", [], "", False),
        ("", [], "https://packages.example/agent.deb", True),
        ("", ["192.0.2.0/24"], "", True),
    ],
)
def test_a_host_without_ssh_has_an_agent_whether_a_package_or_a_snap_brought_it(listed, networks, url, reached):
    said = CHECKS["Check that the host is reached by SSM where it is not by SSH"]["ansible.builtin.assert"]["that"]
    given = {"jenkins_ssh_addresses": networks, "jenkins_ssm_package_url": url, "__jenkins_agents": {"stdout": listed}}

    assert bool(jinja2.Environment(autoescape=True).compile_expression(said)(**given)) == reached


def test_the_host_is_asked_for_the_units_of_the_package_and_of_the_snap():
    tasks = yaml.safe_load((TEMPLATES.parent / "tasks/check_host.yml").read_text())
    [asked] = [task for task in tasks if task.get("register") == "__jenkins_agents"]

    assert {SNAP.split()[0], DEB.split()[0]} <= set(asked["ansible.builtin.command"]["argv"])
