"""What a job needs, tried from where it runs: by jenkins-agent, with the keys that Jenkins lends. Real hosts only."""

from __future__ import annotations

import json
from typing import Any

import pytest

SECRETS = "/etc/jenkins/secrets"


@pytest.fixture
def needs(host) -> dict[str, Any]:
    if host.file("/srv/repository").exists:
        pytest.skip("what the stand-in's host would connect to is not there")
    return json.loads(host.file("/etc/jenkins/builds.json").content_string)


def with_key(host, secret: str, command: str):
    """The key goes through an agent of ssh's own, so that it is written nowhere."""
    script = f"ssh-agent sh -c 'ssh-add -q - && {command}'"
    return host.run(f'runuser -l jenkins-agent -c "{script}" < {SECRETS}/{secret}')


def test_the_agent_has_what_the_commands_need(host):
    if host.file("/srv/repository").exists:
        pytest.skip("no job runs on the stand-in's host")
    wanted = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"
    assert host.run(f"runuser -l jenkins-agent -c 'python3 -c \"{wanted}\" && git --version && make --version'").rc == 0
    # what prove-backups opens and restores dumps with
    assert host.run("runuser -l jenkins-agent -c 'gpg --version && ls /usr/lib/postgresql/*/bin/initdb'").rc == 0


def test_both_repositories_can_be_read(host, needs):
    assert needs["repositories"]
    for url in needs["repositories"]:
        read = with_key(host, "CREDENTIALS_DEPLOY_KEY", f"git ls-remote --exit-code {url} HEAD")
        assert read.rc == 0, f"{url}: {read.stderr}"


def test_each_router_lets_the_agent_in(host, needs):
    for name in needs["hosts"]:
        came = with_key(host, "ROUTERS_KEY", f"ssh -o BatchMode=yes -l {needs['router_user']} {name} sudo -n true")
        assert came.rc == 0, f"{name}: {came.stderr}"


def test_the_mail_server_answers(host, needs):
    smtp = needs["smtp"]
    if not smtp:
        pytest.skip("nobody is told anything: jenkins_smtp is empty")
    kind = "SMTP_SSL" if smtp.get("tls") == "tls" else "SMTP"
    script = f"import smtplib; s = smtplib.{kind}({smtp['host']!r}, {smtp.get('port', 587)}, timeout=20); s.ehlo()"
    script += "; s.starttls()" if smtp.get("tls", "starttls") == "starttls" else ""
    answer = host.run(f'python3 -c "{script}"')
    assert answer.rc == 0, answer.stderr.splitlines()[-1]
