"""Hostile and odd requests as raw bytes, each with the statuses that are right for it. None of them may reach a private
byte or a subresource of S3; what a few of them legitimately fetch is the public document itself.

0 stands for a connection closed without an answer.
"""

from __future__ import annotations

from typing import NamedTuple

HOST = "assets.preview.example"
PUBLIC = "/fw/documents/public.csv"
REFUSED, BAD = (404,), (400,)
EITHER = (400, 404)
SERVED = (200,)


class Case(NamedTuple):
    name: str
    raw: bytes
    allowed: tuple[int, ...]


def request(
    target: str | bytes, *headers: str, method: str = "GET", version: str = "HTTP/1.1", host: str | None = HOST
) -> bytes:
    raw = target if isinstance(target, bytes) else target.encode("latin-1")
    lines = [f"Host: {host}"] if host is not None else []
    head = "\r\n".join([*lines, *headers, "Connection: close"]).encode("latin-1")
    return method.encode() + b" " + raw + b" " + version.encode() + b"\r\n" + head + b"\r\n\r\n"


def _targets(group: str, allowed: tuple[int, ...], *targets: str | bytes) -> list[Case]:
    return [Case(f"{group} {target!r}", request(target), allowed) for target in targets]


CASES: list[Case] = [
    # private kinds, in every spelling that something downstream might take for one
    *_targets(
        "private",
        REFUSED,
        *(f"/fw/{kind}/secret.pdf" for kind in ("submissions", "agreements", "reports", "logs", "g7-draft-documents")),
        *(f"/g-cloud-7/{kind}/secret.pdf" for kind in ("submissions", "agreements", "reports", "logs")),
        "/fw/agreements",
        "/fw/agreements/",
        "/fw/agreements?x=/documents/",
        "/fw/agreements/documents/secret.pdf",
        "/g-cloud-7-updates/agreements/secret.pdf",
        "/fw/Agreements/secret.pdf",
        "/fw/AGREEMENTS/secret.pdf",
        "/fw/%61greements/secret.pdf",
        "/fw/agreement%73/secret.pdf",
        "/fw/agreements;x/secret.pdf",
        "/fw/agreements%20/secret.pdf",
        "/fw/agreements./secret.pdf",
        "/agreements/secret.pdf",
        "/digitalmarketplace-agreements-preview-preview/secret.pdf",
        "/fw/dev-uploads/secret.pdf",
    ),
    # a kind with any of its letters encoded is that kind
    *_targets(
        "encoded private",
        REFUSED,
        *(
            f"/fw/{kind[:at]}%{ord(kind[at]):02{case}}{kind[at + 1 :]}/secret.pdf"
            for kind, case in (("submissions", "x"), ("agreements", "X"), ("reports", "x"), ("logs", "X"))
            for at in range(len(kind))
        ),
        *(f"/fw/{''.join(f'%{ord(letter):02x}' for letter in kind)}/secret.pdf" for kind in ("agreements", "logs")),
        "/g-cloud-7/%61greements/secret.pdf",
        "/g-cloud%2D7/agreements/secret.pdf",
        "/%66%77/agreements/secret.pdf",
        "/fw/%2561greements/secret.pdf",
        "/fw/agreements+/secret.pdf",
        "/fw/+agreements/secret.pdf",
        "/fw/%EF%BD%81greements/secret.pdf",
    ),
    *_targets(
        "private, odd",
        EITHER,
        "/fw/agreements%2Fsecret.pdf",
        "/fw/agreements/%2e%2e%2fdocuments/public.csv",
        "/fw/agreements%00/secret.pdf",
        "/fw/agre%E2%80%8Bements/secret.pdf",
        "/fw/[agreements]/secret.pdf",
        "/fw/agreements|documents/secret.pdf",
        "/fw/documents^agreements/secret.pdf",
    ),
    # no control character in any element, encoded or not
    *_targets("control", EITHER, *(f"/fw/documents/a%{octet:02X}b" for octet in (*range(0x20), 0x7F))),
    # no element that is a dot or two, however they are spelt, at any depth
    *_targets(
        "dots",
        EITHER,
        *(
            f"/fw/documents/{before}{dots}/agreements/secret.pdf"
            for before in ("", "a/", "a/b/")
            for dots in ("%2e", "%2E", "%2e.", ".%2E", "%2E%2e", ".%2e", "%2e%2E")
        ),
    ),
    # octets that are no UTF-8, and the edges of what is
    *_targets(
        "octets",
        EITHER,
        *(
            f"/fw/documents/%{octet:02x}"
            for octet in (0x80, 0xA0, 0xBF, 0xC0, 0xC1, 0xE0, 0xF0, 0xF5, 0xF8, 0xFC, 0xFE)
        ),
        "/fw/documents/%e0%9f%bf",
        "/fw/documents/%ed%bf%bf",
        "/fw/documents/%f0%8f%bf%bf",
        "/fw/documents/%f4%90%80%80",
        "/fw/documents/%c2",
        "/fw/documents/%e2%82",
        "/fw/documents/%f0%9f%98",
        b"/fw/documents/\xe2\x82\xac",
        b"/fw/documents/\xf0\x9f\x98\x80",
    ),
    *_targets("missing", REFUSED, "/fw/documents/%c2%80", "/fw/documents/%ef%bf%bf", "/fw/documents/%f4%8f%bf%bf"),
    # equal spellings of what is public are what is public
    *_targets(
        "spelt",
        SERVED,
        "/fw/documents/public%2Ecsv",
        "/fw/documents/%70ublic.csv",
        "/fw/%64ocuments/public.csv",
        "/%66w/documents/public.csv",
        "/fw/documents/publi%63.csv",
        "/f%77/document%73/publi%63%2ecs%76",
    ),
    *_targets(
        "internal location",
        REFUSED,
        *(f"/.{way}/{to}" for way in ("whole", "range") for to in ("documents", "refused", "not_public", "frontend")),
        *(f"/.refuse/{code}" for code in ("403", "404", "405", "http", "refused", "not_public")),
        "//draining",
        "//draining/fw/documents/public.csv",
        "/not_found",
        "/down",
        "/@missing",
        "/@stale",
        "/%2Ewhole/documents",
    ),
    *_targets(
        "private", EITHER, "/fw//agreements/secret.pdf", "//fw/agreements/secret.pdf", "/./fw/agreements/secret.pdf"
    ),
    # traversal out of a public kind
    *_targets(
        "traversal",
        EITHER,
        "/fw/documents/../agreements/secret.pdf",
        "/fw/documents/../../fw/agreements/secret.pdf",
        "/fw/documents/./secret.pdf",
        "/fw/documents/..",
        "/fw/documents/../",
        "/fw/documents/.",
        "/../fw/agreements/secret.pdf",
        "/..",
        "/.",
        "/../../../etc/passwd",
        "/fw/documents/../../../../etc/passwd",
        "/fw/documents/%2e%2e/agreements/secret.pdf",
        "/fw/documents/%2E%2E/agreements/secret.pdf",
        "/fw/documents/.%2e/agreements/secret.pdf",
        "/fw/documents/%2e./agreements/secret.pdf",
        "/fw/documents/..%2fagreements/secret.pdf",
        "/fw/documents/..%2Fagreements%2Fsecret.pdf",
        "/fw/documents%2f..%2fagreements/secret.pdf",
        "/fw%2fagreements/documents/secret.pdf",
        "/fw/documents/%252e%252e/agreements/secret.pdf",
        "/fw/documents/%252e%252e%252fagreements/secret.pdf",
        "/fw/documents/%25252e%25252e/secret.pdf",
        "/fw/documents/..\\agreements\\secret.pdf",
        "/fw/documents/..%5cagreements%5csecret.pdf",
        "/fw\\documents\\secret.pdf",
        "/fw/documents/%c0%ae%c0%ae/agreements/secret.pdf",
        "/fw/documents/%e0%80%ae%e0%80%ae/agreements/secret.pdf",
        "/fw/documents/..%c0%afagreements/secret.pdf",
        "/fw/documents/..%ef%bc%8f/../agreements/secret.pdf",
        "/fw/documents/..;/agreements/secret.pdf/..",
        "/fw/documents/%u002e%u002e/secret.pdf",
        "/fw/documents/.../../agreements/secret.pdf",
        "/.route/documents/../agreements",
    ),
    *_targets(
        "internal location",
        REFUSED,
        "/.route/documents",
        "/.route/agreements",
        "/.route/",
        "/@not_found",
        "/.route/not-found",
        "/.route/frontend",
        "/@unavailable",
    ),
    # no listing of a bucket or a prefix
    *_targets(
        "listing",
        EITHER,
        "/",
        "/?list-type=2",
        "/?list-type=2&prefix=fw/agreements/",
        "/fw",
        "/fw/",
        "/fw/documents",
        "/fw/documents/",
        "/fw/documents/?list-type=2",
        "/fw/documents?list-type=2",
        "/fw/documents//",
        "/fw/documents/x/",
        "/fw//documents/public.csv",
        "/fw/documents//public.csv",
        "//fw/documents/public.csv",
        "///",
        "/fw/documents/public.csv/",
        "/fw/documents/public.csv//",
    ),
    # subresources and everything else in a query string: the document itself, and S3 never sees them
    *_targets(
        "query",
        SERVED,
        *(
            f"{PUBLIC}?{query}"
            for query in (
                "acl",
                "policy",
                "policyStatus",
                "versionId=null",
                "versions",
                "list-type=2",
                "uploads",
                "uploadId=x",
                "torrent",
                "tagging",
                "legal-hold",
                "retention",
                "attributes",
                "select&select-type=2",
                "restore",
                "logging",
                "location",
                "lifecycle",
                "cors",
                "website",
                "replication",
                "encryption",
                "notification",
                "partNumber=1",
                "response-content-type=text/html",
                "response-content-disposition=inline",
                "response-cache-control=x",
                "response-expires=x",
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=x",
                "AWSAccessKeyId=x&Signature=y",
                "x-id=GetObject",
                "acl=&acl",
                "%61cl",
                "a?acl",
                "/../../agreements",
                "",
                "\\",
                "x=%00",
                "x=%0d%0aHost:%20x",
                "#",
            )
        ),
    ),
    # encoding that ends strings, lines or names
    *_targets(
        "encoding",
        EITHER,
        "/fw/documents/public.csv%00",
        "/fw/documents/%00/../public.csv",
        "/fw/documents/public.csv%00.html",
        "/fw/documents/public.csv%0a",
        "/fw/documents/public.csv%0d%0aX-Injected:%20yes",
        "/fw/documents/public.csv%0d%0a%0d%0aGET%20/%20HTTP/1.1",
        "/fw/documents/public.csv%20HTTP/1.1%0d%0aHost:%20x",
        "/fw/documents/public.csv%3f%0a",
        "/fw/documents/public.csv%7f",
        "/fw/documents/public.csv%09",
        "/fw/documents/%",
        "/fw/documents/%2",
        "/fw/documents/%zz",
        "/fw/documents/%-1",
        "/fw/documents/%ff%fe",
        "/fw/documents/%ed%a0%80",
        "/fw/documents/%f4%90%80%80",
        "/fw/documents/%80",
        "/fw/documents/%c3",
        "/fw/documents/%c3%28",
        "/fw%2fdocuments%2fpublic.csv",
        "/fw/documents/public.csv#fragment",
        "/fw/documents/#/../agreements/secret.pdf",
        "/fw/documents/<script>",
        '/fw/documents/"x"',
        "/fw/documents/{x}",
        "/fw/documents/x|y",
        "/fw/documents/^",
        "/fw/documents/`id`",
        b"/fw/documents/\xc3\xa9",
        b"/fw/documents/\xff",
        b"/fw/documents/\x7f",
        b"/fw/documents/a\tb",
        b"/fw/documents/a b",
        b"/fw/documents/\x01",
        b"/fw/documents/public.csv\x00",
        b"/fw/documents/public.csv\r",
        b"/fw/documents/\x0bx",
    ),
    *_targets(
        "missing", REFUSED, "/fw/documents/%3Facl", "/fw/documents/%23", "/fw/documents/$request_uri", "/fw/documents/*"
    ),
    *_targets(
        "missing", REFUSED, "/fw/documents/%E2%80%A6", "/fw/documents/...", "/fw/documents/~root", "/fw/documents/a+b"
    ),
    *_targets(
        "missing",
        REFUSED,
        "/fw/documents/http://169.254.169.254/latest",
        "/fw/documents/@x.example/",
        "/g-cloud-7/x?acl",
    ),
    *_targets(
        "not routed",
        REFUSED,
        "/latest/meta-data/iam",
        "/nginx_status",
        "/.git/config",
        "/static/x.css",
        "/404",
        "/_health/x",
    ),
    Case("longest path nginx reads", request("/fw/documents/" + "a" * 7900), REFUSED),
    Case("as many elements as fit", request("/fw/documents" + "/a" * 3900), REFUSED),
    Case("as many encoded octets as fit", request("/fw/documents/" + "%20" * 2600), REFUSED),
    Case("a path that backtracks", request("/fw/documents/" + "%20" * 2600 + "%"), EITHER),
    Case("longer than nginx reads", request("/fw/documents/" + "a" * 9000), (414,)),
    # another authority
    Case("absolute form of ours", request(f"http://{HOST}{PUBLIC}"), SERVED),
    Case("absolute form of ours, private", request(f"http://{HOST}/fw/agreements/secret.pdf"), REFUSED),
    Case(
        "absolute form of a bucket",
        request(
            "http://digitalmarketplace-agreements-preview-preview.s3.eu-west-1.amazonaws.com/fw/documents/secret.pdf"
        ),
        (421,),
    ),
    Case("absolute form with https", request(f"https://{HOST}{PUBLIC}"), SERVED),
    Case("absolute form of the metadata service", request("http://169.254.169.254/latest/meta-data/"), (421,)),
    Case("absolute form with userinfo", request(f"http://{HOST}@x.example{PUBLIC}"), (400, 421)),
    Case("absolute form without path", request(f"http://{HOST}"), EITHER),
    Case("absolute form, unknown scheme", request(f"gopher://{HOST}{PUBLIC}"), (400, 200)),
    Case("absolute form, other Host", request(f"http://{HOST}/fw/agreements/secret.pdf", host="x.example"), REFUSED),
    Case("authority form", request("x.example:443"), BAD),
    Case("asterisk form", request("*"), BAD),
    Case("no slash", request("fw/documents/public.csv"), BAD),
    Case("two slashes name a host", request("//x.example/fw/documents/public.csv"), EITHER),
    Case(
        "Host of a bucket",
        request(PUBLIC, host="digitalmarketplace-agreements-preview-preview.s3.eu-west-1.amazonaws.com"),
        (421,),
    ),
    Case("Host of the machine", request(PUBLIC, host="127.0.0.1"), (421,)),
    Case("Host empty", request(PUBLIC, host=""), BAD),
    Case("Host missing", request(PUBLIC, host=None), BAD),
    Case("Host twice", request(PUBLIC, "Host: x.example"), BAD),
    Case("Host twice the same", request(PUBLIC, f"Host: {HOST}"), BAD),
    Case("Host with a port", request(PUBLIC, host=f"{HOST}:8080"), SERVED),
    Case("Host in capitals", request(PUBLIC, host=HOST.upper()), SERVED),
    Case("Host with a trailing dot", request(PUBLIC, host=f"{HOST}."), SERVED),
    Case("Host with a suffix", request(PUBLIC, host=f"{HOST}.x.example"), (421,)),
    Case("Host with a prefix", request(PUBLIC, host=f"x.{HOST}"), (421,)),
    Case("Host with a slash", request(PUBLIC, host=f"{HOST}/x"), BAD),
    Case("Host with a NUL", request(PUBLIC, host=f"{HOST}\0x"), BAD),
    Case("Host with userinfo", request(PUBLIC, host=f"{HOST}@x.example"), (400, 421)),
    Case("Host with a space", request(PUBLIC, host=f"{HOST} x"), BAD),
    Case("Host in brackets", request(PUBLIC, host="[::1]"), (421,)),
    Case("forwarded host", request("/fw/agreements/secret.pdf", "X-Forwarded-Host: x", "Forwarded: host=x"), REFUSED),
    Case(
        "rewritten path",
        request("/fw/agreements/secret.pdf", "X-Original-URL: " + PUBLIC, "X-Rewrite-URL: " + PUBLIC),
        REFUSED,
    ),
    Case("rewritten path of a public one", request(PUBLIC, "X-Original-URL: /fw/agreements/secret.pdf"), SERVED),
    Case("X-Accel-Redirect from outside", request(PUBLIC, "X-Accel-Redirect: /.route/agreements"), SERVED),
    # methods
    *(
        Case(f"method {method}", request(PUBLIC, "Content-Length: 0", method=method), (400, 405))
        for method in (
            "POST",
            "PUT",
            "DELETE",
            "PATCH",
            "OPTIONS",
            "TRACE",
            "CONNECT",
            "PROPFIND",
            "MKCOL",
            "COPY",
            "MOVE",
            "LOCK",
            "PURGE",
            "get",
            "GETX",
            "XGET",
            "HEAD2",
            "LIST",
            "SEARCH",
            "REPORT",
            "MERGE",
            "M-SEARCH",
            "SUBSCRIBE",
            "ACL",
            "UNLOCK",
            "PROPPATCH",
        )
    ),
    Case("method on a private path", request("/fw/agreements/x", "Content-Length: 0", method="PUT"), (405,)),
    Case("method override", request(PUBLIC, "X-HTTP-Method-Override: DELETE", "X-Method-Override: PUT"), SERVED),
    Case("empty method", b" / HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n\r\n", BAD),
    # bodies, lengths and what a second server might take for a second request
    Case("body", request(PUBLIC, "Content-Length: 5") + b"hello", (413,)),
    Case("body of one octet", request(PUBLIC, "Content-Length: 1") + b"x", SERVED),
    Case("huge length", request(PUBLIC, "Content-Length: 99999999999"), (413,)),
    Case("length overflows", request(PUBLIC, "Content-Length: 99999999999999999999"), BAD),
    Case("negative length", request(PUBLIC, "Content-Length: -1"), BAD),
    Case("length with a plus", request(PUBLIC, "Content-Length: +0"), BAD),
    Case("two lengths", request(PUBLIC, "Content-Length: 0", "Content-Length: 5"), BAD),
    Case("length list", request(PUBLIC, "Content-Length: 0, 5"), BAD),
    Case("chunked", request(PUBLIC, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n", (413,)),
    Case("chunked and empty", request(PUBLIC, "Transfer-Encoding: chunked") + b"0\r\n\r\n", (413,)),
    Case("chunked and length", request(PUBLIC, "Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\n", BAD),
    Case(
        "chunk size overflows",
        request(PUBLIC, "Transfer-Encoding: chunked") + b"ffffffffffffffffff\r\n",
        (413,),
    ),
    Case("chunk size is no number", request(PUBLIC, "Transfer-Encoding: chunked") + b"zz\r\n", (413,)),
    Case("unknown transfer coding", request(PUBLIC, "Transfer-Encoding: xchunked"), (501,)),
    Case("two transfer codings", request(PUBLIC, "Transfer-Encoding: gzip, chunked"), (501,)),
    Case(
        "transfer coding in HTTP/1.0",
        request(PUBLIC, "Transfer-Encoding: chunked", version="HTTP/1.0") + b"0\r\n\r\n",
        (400, 413),
    ),
    Case(
        "smuggled by chunk",
        request(PUBLIC, "Transfer-Encoding: chunked", "Transfer-Encoding: identity")
        + b"0\r\n\r\n"
        + request("/fw/agreements/secret.pdf"),
        (400, 501),
    ),
    Case(
        "smuggled by length",
        request(PUBLIC, "Content-Length: 0").replace(b"Connection: close", b"Connection: keep-alive")
        + request("/fw/agreements/secret.pdf"),
        SERVED,
    ),
    Case(
        "pipelined private",
        request(PUBLIC).replace(b"Connection: close\r\n", b"") + request("/fw/agreements/secret.pdf"),
        SERVED,
    ),
    Case("header folded", request(PUBLIC, "X-A: b\r\n c"), (200, 400)),
    Case("header with a space before its colon", request(PUBLIC, "Transfer-Encoding : chunked"), BAD),
    Case("header without a colon", request(PUBLIC, "Nonsense"), (200, 400)),
    Case("header with a NUL", request(PUBLIC, "X-A: b\0c"), BAD),
    Case("header with underscores", request(PUBLIC, "Transfer_Encoding: chunked"), SERVED),
    Case("header with a bare carriage return", request(PUBLIC, "X-A: b\rTransfer-Encoding: chunked"), (200, 400)),
    Case("header too long", request(PUBLIC, "X-A: " + "b" * 9000), BAD),
    Case("headers too many", request(PUBLIC, *(f"X-{number}: {'b' * 1000}" for number in range(50))), BAD),
    Case("upgrade", request(PUBLIC, "Upgrade: websocket", "Connection: Upgrade"), SERVED),
    Case("upgrade to HTTP/2", request(PUBLIC, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), SERVED),
    Case("connection-listed headers", request(PUBLIC, "Connection: close, Host"), SERVED),
    Case("expects to go on", request(PUBLIC, "Expect: 100-continue"), SERVED),
    Case(
        "credentials",
        request(PUBLIC, "Authorization: AWS4-HMAC-SHA256 x", "Cookie: a=b", "x-amz-security-token: x"),
        SERVED,
    ),
    Case(
        "credentials on a private path",
        request("/fw/agreements/secret.pdf", "Authorization: AWS4-HMAC-SHA256 x"),
        REFUSED,
    ),
    Case("copy source", request(PUBLIC, "x-amz-copy-source: /digitalmarketplace-agreements-preview-preview/x"), SERVED),
    Case("customer key", request(PUBLIC, "x-amz-server-side-encryption-customer-key: x"), SERVED),
    Case("header injection by a condition", request(PUBLIC, 'If-None-Match: "a"\\r\\nX: y'), SERVED),
    Case("header injection by a range", request(PUBLIC, "Range: bytes=0-1%0d%0aX-Amz-Acl: x"), (200, 416)),
    # versions of the protocol; HTTP/0.9 has no Host, so that it is refused, and no status line to say so
    *(Case(f"line ended by {end!r}", request(PUBLIC.encode() + end + b"X: y"), (0,)) for end in (b"\r\n", b"\n")),
    Case("HTTP/0.9", b"GET " + PUBLIC.encode() + b"\r\n", (421, 0)),
    Case("HTTP/0.9 private", b"GET /fw/agreements/secret.pdf\r\n", (421, 0)),
    Case("HTTP/1.0 with Host", request(PUBLIC, version="HTTP/1.0"), SERVED),
    Case("HTTP/1.0 without Host", request(PUBLIC, version="HTTP/1.0", host=None), (421,)),
    Case("HTTP/1.2", request(PUBLIC, version="HTTP/1.2"), (200, 400, 505)),
    Case("HTTP/2.0", request(PUBLIC, version="HTTP/2.0"), (400, 505)),
    Case("HTTP/9.9", request(PUBLIC, version="HTTP/9.9"), (400, 505)),
    Case("HTTP/1.10", request(PUBLIC, version="HTTP/1.10"), (200, 400)),
    Case("no such protocol", request(PUBLIC, version="FTP/1.1"), BAD),
    Case("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 405, 505)),
    Case("TLS to a plain port", bytes.fromhex("16030100050100000100"), (400, 0)),
    Case("line feeds only", request(PUBLIC).replace(b"\r\n", b"\n"), SERVED),
    Case("empty lines first", b"\r\n\r\n" + request(PUBLIC), (200, 400)),
    Case(
        "two spaces",
        b"GET  " + PUBLIC.encode() + b"  HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nConnection: close\r\n\r\n",
        (200, 400),
    ),
    Case("a tab for a space", b"GET\t" + PUBLIC.encode() + b"\tHTTP/1.1\r\nHost: x\r\n\r\n", BAD),
    Case("binary", bytes(range(256)), BAD),
    # ranges
    *(
        Case(f"range {value[:40]}", request(PUBLIC, f"Range: {value}"), (200, 206, 416))
        for value in (
            "bytes=0-0,1-1,2-2",
            "bytes=" + "0-," * 500 + "0-",
            "bytes=-0",
            "bytes=5-1",
            "bytes=--1",
            "bytes=a-b",
            "bytes=0-18446744073709551616",
            "bytes=-18446744073709551615",
            "bytes = 0-1",
            "seconds=0-1",
            "bytes=0-1;x",
        )
    ),
]
