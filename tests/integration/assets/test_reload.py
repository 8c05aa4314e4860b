"""A reload under load: clients that keep their connections, and never ask twice, get every answer."""

from __future__ import annotations

import http.client
import subprocess
import threading

from tests.support.assets import DOMAIN, ROLE

PATH = "/some-framework/documents/asked-all-the-time.csv"


class Client(threading.Thread):
    """Asks over one connection, and opens another only where the answer before has ended it."""

    def __init__(self, port: int, done: threading.Event) -> None:
        super().__init__()
        self.port, self.done = port, done
        self.answers, self.failures = 0, []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.done.wait(0.005):
            try:
                connection.request("GET", PATH, headers={"Host": DOMAIN})
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (200, b"found")
                self.answers += 1
            except (OSError, http.client.HTTPException, AssertionError) as exc:
                self.failures.append(repr(exc))
                connection.close()


def test_a_reload_of_an_older_nginx_costs_no_client_an_answer(start_router, s3):
    s3.put("documents", PATH, b"found")
    router = start_router()
    draining = router.variables["assets_router_pid_path"].replace("nginx.pid", "assets_router_draining")
    assert draining in router.config
    done = threading.Event()
    clients = [Client(router.port, done) for _ in range(4)]
    for client in clients:
        client.start()
    reload = [ROLE / "files" / "reload", router.nginx, router.path, str(router.process.pid), draining, "3"]
    for _ in range(2):
        subprocess.run(reload, check=True)
    done.set()
    for client in clients:
        client.join()

    assert [client.failures for client in clients] == [[]] * len(clients)
    assert all(client.answers > 10 for client in clients)
    assert not (router.directory / "assets_router_draining").exists()


def test_a_reload_with_a_fault_is_refused_before_anybody_notices(start_router):
    router = start_router()
    router.path.write_text(router.config.replace("server_tokens off;", "server_tokens sideways;"))
    reload = [ROLE / "files" / "reload", router.nginx, router.path, str(router.process.pid), "/nowhere/draining", "0"]

    refused = subprocess.run(reload, check=False, capture_output=True, text=True)

    assert refused.returncode != 0
    assert 'invalid value "sideways"' in refused.stderr
    assert router.get("/robots.txt").status == 200
