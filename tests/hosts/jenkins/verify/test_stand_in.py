"""What only the stand-in for Jenkins can show: what arrives behind nginx. Skipped on a real host."""

from __future__ import annotations

import base64
import json

import pytest

WEB_SOCKET = """
import os, socket
s = socket.create_connection(("127.0.0.1", 80), 10)
s.sendall(b"GET /wsecho/ HTTP/1.1\\r\\nHost: ci.marketplace.example\\r\\nUpgrade: websocket\\r\\n"
          b"Connection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n"
          b"Sec-WebSocket-Version: 13\\r\\n\\r\\n")
text, mask = b"both directions", os.urandom(4)
s.sendall(bytes([0x81, 0x80 | len(text)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(text)))
answer = b""
while not answer.endswith(text):
    more = s.recv(4096)
    if not more:
        break
    answer += more
print(answer.split(b"\\r\\n")[0].decode(), answer.endswith(b"\\x81" + bytes([len(text)]) + text))
"""


@pytest.fixture(autouse=True)
def stand_in(host):
    if not host.file("/srv/repository").exists:
        pytest.skip("a real Jenkins runs on this host")


def python(host, script: str) -> str:
    return host.check_output(f"echo {base64.b64encode(script.encode()).decode()} | base64 -d | python3 -")


def headers(host, options: str = "") -> dict[str, str]:
    return json.loads(host.check_output(f"curl -s {options} localhost/stand-in/headers"))


def test_web_socket_goes_through_nginx_in_both_directions(host):
    assert python(host, WEB_SOCKET) == "HTTP/1.1 101 Switching Protocols True"


def test_load_balancer_is_believed_about_tls_and_the_client(host):
    said = "-H 'X-Forwarded-Proto: https' -H 'X-Forwarded-For: 192.0.2.7'"
    seen = headers(host, said)

    assert (seen["X-Forwarded-Proto"], seen["X-Forwarded-Port"], seen["X-Forwarded-For"]) == (
        "https",
        "443",
        "192.0.2.7",
    )


def test_nobody_else_is_believed(host):
    host.check_output("ip address add 10.99.0.1/32 dev lo || true")
    said = "--interface 10.99.0.1 -H 'X-Forwarded-Proto: https' -H 'X-Forwarded-For: 192.0.2.7'"
    seen = headers(host, said)

    assert (seen["X-Forwarded-Proto"], seen["X-Forwarded-For"]) == ("http", "10.99.0.1")


def test_large_upload_goes_through(host):
    make = "head -c 50000000 /dev/zero > /tmp/large"
    send = "curl -s -T /tmp/large -X POST localhost/stand-in/upload"
    sent, summed = host.check_output(f"{make} && {send} && sha256sum /tmp/large").split("}")

    assert json.loads(sent + "}")["sha256"] == summed.split()[0]


def test_it_never_ran_before_it_was_configured(host):
    log = host.file("/var/log/jenkins/jenkins.log").content_string

    assert "holding jobs" in log.splitlines()[0]
    assert "/var/lib/jenkins" not in host.check_output("systemctl show --property Environment jenkins")


def test_java_runs_it_with_the_declared_options(host):
    assert "-Xmx64m" in host.check_output("ps -u jenkins -o args=")


def test_exactly_the_listed_people_sign_in(host):
    assert host.check_output("awk '{print $3}' ~admin/.ssh/authorized_keys") == "ada@example"


def test_firewall_admits_exactly_the_listed_networks(host):
    rules = host.check_output("nft list table inet marketplace")
    for admitted in (
        "saddr 192.0.2.0/24 accept",
        "saddr 2001:db8::/32 accept",
        "saddr { 10.88.0.1, 127.0.0.1 } accept",
    ):
        assert admitted in rules
    assert rules.count("saddr") == 3


def test_no_secret_is_left_that_is_not_declared(host):
    declared = {"SMTP_PASSWORD", "ROUTERS_KEY", "PASSWORD_AUTOMATION", "PASSWORD_ADA_EXAMPLE", "PASSWORD_BEN_EXAMPLE"}
    assert set(host.check_output("ls -A /etc/jenkins/secrets").split()) == declared | {"AGENT_KEY", "AGENT_KEY.pub"}


def test_nobody_signs_up_alone_and_jenkins_has_read_what_says_so(host):
    assert host.file("/etc/jenkins/casc.d/10-jenkins.yaml").contains("allowsSignup: false")
    unread = "find /etc/jenkins/casc.d /etc/jenkins/secrets -cnewer /run/jenkins/configured"
    assert host.check_output(unread) == ""
