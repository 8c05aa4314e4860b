"""Whom ssh would refuse to connect to, as ssh itself looks hosts up: ssh-keygen -F is asked as well."""

import shutil
import subprocess

import pytest
from ansible.module_utils.estate.jenkins.known_hosts import strangers

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJDXLd9HANXZzAciUV5ga7tyOdD1hIX69eanrs2aPXhZ"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@git.example:estate.git", "git.example"),
        ("git.example:estate.git", "git.example"),
        ("git@git.example:2222/estate.git", "git.example"),  # a path, not a port
        ("ssh://git@git.example/estate.git", "git.example"),
        ("ssh://git.example/estate.git", "git.example"),
        ("ssh://git@git.example:22/estate.git", "git.example"),
        ("ssh://git@git.example:2222/estate.git", "[git.example]:2222"),
        ("git+ssh://git@git.example/estate.git", "git.example"),
        ("ssh://git@[2001:db8::1]:2222/estate.git", "[2001:db8::1]:2222"),
    ],
)
def test_every_way_that_goes_by_ssh_needs_a_line_of_that_host_and_port(url, name):
    assert strangers([url], [], []) == [name]
    assert strangers([url], [], [f"{name} {KEY}"]) == []


@pytest.mark.parametrize("url", ["https://git.example/estate.git", "https://me@git.example:8443/x", "/srv/estate", ""])
def test_what_does_not_go_by_ssh_needs_none(url):
    assert strangers([url], [], []) == []


@pytest.mark.parametrize(
    ("line", "known"),
    [
        (f"router.example {KEY}", True),
        (f"ROUTER.example {KEY}", True),
        (f"other.example,router.example,192.0.2.9 {KEY}", True),
        (f"*.example {KEY}", True),
        (f"route?.example {KEY} a comment", True),
        (f"*.example,!router.example {KEY}", False),
        (f"[router.example]:22 {KEY}", False),
        (f"[router.example]:2222 {KEY}", False),
        (f"outer.example {KEY}", False),
        (f"router.example.org {KEY}", False),
        # By ssh-keygen -H: of router.example, and of its port 2222.
        (f"|1|myvejAmzqz5hqftFOi5ocjduJJ8=|AlDe8uO2OxXFaqQXlCpv0+VIX5E= {KEY}", True),
        (f"|1|snHkh4nS7p1t/sM/BmVYUv/iH0g=|RM85lbMbCgTmIpWUfERjHTZUFWk= {KEY}", False),
        (f"|1|myvejAmzqz5hqftFOi5ocjduJJ8=|router.example {KEY}", False),
    ],
)
def test_a_line_is_for_whom_ssh_takes_it_for(line, known, tmp_path):
    assert strangers(["router.example:x"], [], [line]) == ([] if known else ["router.example"])
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is missing (Debian package openssh-client)")
    (tmp_path / "known_hosts").write_text(f"{line}\n")
    asked = ["ssh-keygen", "-f", tmp_path / "known_hosts", "-F", "router.example"]
    assert (subprocess.run(asked, capture_output=True, check=False).returncode == 0) == known


def test_an_authority_vouches_for_its_hosts_and_what_is_revoked_for_none():
    assert strangers([], ["router.example"], [f"@cert-authority *.example {KEY}"]) == []
    assert strangers([], ["router.example"], [f"@revoked router.example {KEY}"]) == ["router.example"]
    assert strangers([], ["a.example", "a.example"], ["", "@cert-authority"]) == ["a.example"]


def test_a_host_whose_port_the_ssh_configuration_says_is_known_by_its_line():
    assert strangers([], ["router.example"], [f"[router.example]:2222 {KEY}"]) == []
