"""nginx as it runs and the routing rule in plain Python agree on any path.

The two were written apart: in nginx one regular expression judges the raw request, Python decodes element by element.
"""

from __future__ import annotations

import contextlib
import fnmatch
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.estate.assets.served import expression
from ansible.module_utils.estate.evaluator.patterns import like
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from resolve_asset import resolve_asset

from tests.support.assets import DOMAIN, KINDS, NGINX, URLS, Router, Spy, authority, running

pytestmark = pytest.mark.skipif(not NGINX, reason="the Debian package nginx is missing")
KIND_OF_HOST = {
    url.removeprefix("https://"): kind for kind in KINDS if (url := URLS[f"{kind.replace('-', '_')}_s3_url"])
}

octets = st.integers(0, 255).map(lambda octet: f"%{octet:02x}")
letters = st.sampled_from("abz09-._~!$&'()*+,;=:@[]|^")
odd = st.sampled_from(
    ["..", ".", "%2e", "%2F", "%5c", "%00", "%25", "%c3%a9", "%E2%82%AC", "%f0%9f%98%80", "%", "%g1", "\\"]
)
unsafe = st.sampled_from(['"', "<", ">", "[", "]", "^", "`", "{", "|", "}", "#", "\x7f", "\xe9", "\xff"])
words = st.sampled_from(
    [*KINDS, "g-cloud-7", "g-cloud-7-updates", "g-cloud-9", "documents%20", "static", "robots.txt", "", "data", "a+b",
     "a%20b", "a%2Bb", "d%61ta", "%61greements", ".whole", ".range", ".refuse"]
)  # fmt: skip
PARTLY = {
    **KINDS,
    "documents": {
        "served": {"keys": ["*/documents/data/*", "*/a b", "g-cloud-9/documents/\u00e9.pdf"]},
        "servable": True,
    },
    "communications": {"served": {"keys": ["*.pdf", "*data*a*"]}, "servable": True},
    "g7-draft-documents": {"served": {"keys": ["g-cloud-7/*/*"]}, "servable": True},
}
element = words | st.lists(letters | octets | odd | unsafe, max_size=6).map("".join) | st.text("abc.%2", max_size=5)
paths = st.lists(element, min_size=1, max_size=5).map(lambda elements: "/" + "/".join(elements))
queries = st.just("") | st.text("?acl=&/.%2e", max_size=8).map(lambda query: f"?{query}")


@contextlib.contextmanager
def _started(directory: Path, catch_all: str, kinds: dict = KINDS) -> Iterator[tuple[Router, Spy]]:
    files = authority(directory / "certificates")
    spy = Spy(files)
    spy.everything = True
    # without a cache every request that is routed reaches the spy
    with running(
        directory / "router",
        spy,
        files,
        catch_all=catch_all,
        kinds=kinds,
        assets_router_cache_digits=0,
    ) as router:
        yield router, spy
    spy.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Router, Spy]]:
    with _started(tmp_path_factory.mktemp("plain"), "") as started:
        yield started


@pytest.fixture(scope="module")
def catching_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Router, Spy]]:
    with _started(tmp_path_factory.mktemp("catching_all"), "documents") as started:
        yield started


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Router, Spy]]:
    with _started(tmp_path_factory.mktemp("partly"), "documents", PARTLY) as started:
        yield started


def routed(router: Router, spy: Spy, target: str) -> tuple[int, str | None, str | None]:
    """The status, and which kind's bucket was asked for which path."""
    spy.requests.clear()
    head = f"GET {target} HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode("latin-1")
    with socket.create_connection(("127.0.0.1", router.port), 5) as connection:
        connection.sendall(head)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    status = int(answer.split(b" ", 2)[1])
    if not spy.requests:
        return status, None, None
    [request] = spy.requests
    return status, KIND_OF_HOST[request.headers["host"]], request.target


def agree(started: tuple[Router, Spy], target: str) -> None:
    router, spy = started
    status, kind, asked = routed(router, spy, target)

    rule = resolve_asset(target, router.variables["assets_router_routes"])

    if rule["by"] in ("kind", "legacy", "catch_all"):
        assert (kind, asked) == (rule["kind"], target.split("?", 1)[0])
        assert rule["url"].endswith(asked)
        assert KINDS[kind]["served"]
    else:
        assert kind is None
        assert status in ((200,) if rule["served"] else (400, 404))


SETTINGS = settings(
    max_examples=700, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(path=paths, query=queries)
@example(path="/g-cloud-9/documents/%c3%a9.pdf", query="?acl")
@example(path="/g-cloud-9/documents/\x7f", query="")
def test_nginx_and_the_rule_in_python_agree_on_any_path(plain, path, query):
    agree(plain, path + query)


@SETTINGS
@given(path=paths, query=queries)
@example(path="/g-cloud-7/agreements/x", query="")
@example(path="/x", query="")
def test_they_agree_with_a_catch_all_too(catching_all, path, query):
    agree(catching_all, path + query)


@SETTINGS
@given(path=paths, query=queries)
@example(path="/g-cloud-9/documents/d%61ta/x", query="")
@example(path="/g-cloud-9/documents/%c3%a9.pdf", query="")
@example(path="/g-cloud-9/documents/a+b", query="")
@example(path="/g-cloud-9/documents/a%2Bb", query="")
@example(path="/g-cloud-7/agreements", query="")
def test_they_agree_where_only_some_keys_are_public(partly, path, query):
    agree(partly, path + query)


KEYS = st.text("ab/*", max_size=8)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(pattern=st.text("ab/*", min_size=1, max_size=6), key=KEYS)
def test_a_pattern_matches_what_s3_says_it_does(pattern, key):
    """fnmatch without brackets and question marks is what IAM's * is: any text, slashes too."""
    assert like(pattern, key) == fnmatch.fnmatchcase(key, pattern)
    assert bool(re.fullmatch(expression(pattern), key)) == fnmatch.fnmatchcase(key, pattern)
