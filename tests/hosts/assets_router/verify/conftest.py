"""How a test asks the router: from the host itself, with what every host has."""

from __future__ import annotations

import base64
import json
import re

import pytest

ASK = """
import http.client, json, sys
method, path, headers = json.loads(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
connection.putrequest(method, path, skip_host="Host" in headers)
for name, value in headers.items():
    connection.putheader(name, value)
connection.endheaders()
answer = connection.getresponse()
names = {name.lower(): value for name, value in answer.getheaders()}
print(json.dumps([answer.status, names, answer.read().decode("latin-1")]))
"""


@pytest.fixture
def nginx_conf(host) -> str:
    return host.file("/etc/nginx/nginx.conf").content_string


@pytest.fixture
def ask(host, nginx_conf):
    """ask("/robots.txt", "GET", Range="bytes=0-") → (status, headers by small letters, body), as the host gets it."""
    domain = re.search(r"\n +server_name ([^_;\s]+)", nginx_conf)[1]
    script = base64.b64encode(ASK.encode()).decode()

    def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
        headers = {"Host": domain, **headers}
        run = "import base64, sys; exec(base64.b64decode(sys.argv.pop(1)))"
        said = host.run("python3 -c %s %s %s", run, script, json.dumps([method, path, headers]))
        assert said.rc == 0, said.stderr
        return tuple(json.loads(said.stdout))

    return ask
