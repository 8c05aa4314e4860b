"""gixy, a security analyser of nginx configurations, finds nothing in any combination of switches."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.assets import render

FRONTEND = {"url": "https://frontend.example", "static": True, "not_found": True, "username": "u", "password": "p"}
SWITCHES = {
    "defaults": {},
    "everything": {
        "catch_all": "documents",
        "assets_router_frontend": {**FRONTEND, "connect": "127.0.0.1:9"},
        "assets_router_allowed_addresses": ["192.0.2.0/24"],
        "assets_router_trusted_proxies": ["10.0.0.0/8"],
        "assets_router_trace_addresses": ["192.0.2.0/28"],
        "assets_router_rate": 10,
        "assets_router_rate_connections": 10,
    },
    "maintenance": {"assets_router_maintenance": True},
}


GIVES_NOTHING_BACK = re.compile(r"(?<=[])])[*][+](?!,)")


def gixy(text, tmp_path):
    """gixy's reader of expressions knows no possessive ones; they match the same without being so."""
    (tmp_path / "nginx.conf").write_text(GIVES_NOTHING_BACK.sub("*", text))
    (tmp_path / "frontend_authorization.conf").write_text('proxy_set_header Authorization "Basic eA==";\n')
    command = [Path(sys.executable).parent / "gixy", "--format", "json", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


@pytest.mark.parametrize("switches", SWITCHES)
def test_gixy_finds_nothing(tmp_path, switches):
    text, _ = render(tmp_path, "127.0.0.1:9", tmp_path / "ca.pem", **SWITCHES[switches])

    assert gixy(text, tmp_path) == []


def test_gixy_would_find_the_mistake_that_the_original_design_invites(tmp_path):
    text, _ = render(tmp_path, "127.0.0.1:9", tmp_path / "ca.pem")
    text = text.replace("proxy_pass https://assets_documents/$assets_path;", "proxy_pass https://$http_host$uri;")

    assert gixy(text, tmp_path)
