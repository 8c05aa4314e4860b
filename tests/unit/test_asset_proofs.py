"""What is asked to prove a router, what is shown of it, and what may be signed."""

import fnmatch
import http.server
import threading

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.estate.assets.presign import shown
from ansible.module_utils.estate.assets.prove import proofs
from ansible.module_utils.estate.buckets.limits import CANARIES
from asset_canaries import FilterModule as Canaries
from asset_routes import asset_routes
from asset_table import FilterModule as Table
from presign import FilterModule as Presign

from tests.support.assets import KINDS, LEGACY, URLS

canaries = Canaries().filters()["asset_canaries"]
table = Table().filters()["asset_table"]
presign = Presign().filters()["presign"]
ROUTES = asset_routes(KINDS, URLS, "preview", legacy=LEGACY)


def test_every_kind_is_proved_and_every_way_to_reach_one():
    asked = canaries(ROUTES, "preview")

    assert [canary["path"] for canary in asked["served"]] == [
        "/assets-router-canary/documents/canary.txt",
        "/assets-router-canary/documents/now-canary.txt",
        "/assets-router-canary/communications/canary.txt",
        "/assets-router-canary/communications/now-canary.txt",
        "/g-cloud-7/assets-router-canary.txt",
        "/g-cloud-7/now-assets-router-canary.txt",
        "/g-cloud-7-updates/communications/assets-router-canary.txt",
        "/g-cloud-7-updates/communications/now-assets-router-canary.txt",
    ]
    assert [canary["kind"] for canary in asked["refused"]] == [*ROUTES["refused"], "documents", "communications"]
    assert asked["documents"][1] == {
        "bucket": "digitalmarketplace-documents-preview-preview",
        "key": "assets-router-canary/documents/now-canary.txt",
        "content": "The assets router of preview serves documents.\n",
        "repeat": 2000,
        "tags": {},
        "cache_control": "no-store",
    }


def canaries_of(served):
    kinds = {**KINDS, "communications": {"served": served, "servable": True}}
    asked = canaries(asset_routes(kinds, URLS, "preview", legacy=LEGACY), "preview")
    of_kind = {
        document["key"]: document["tags"] for document in asked["documents"] if "-communications-" in document["bucket"]
    }
    paths = {canary["path"][1:]: canary["served"] for canary in asked["served"] + asked["refused"]}
    return {key: (paths[key], tags) for key, tags in of_kind.items()}


def test_every_canary_says_so_in_its_key_whatever_is_public():
    """The role that writes them may write no other object (CanariesOnly in access.yml)."""
    for served in (
        True,
        {"tag": {"public": "yes"}},
        {"keys": ["fw/communications/data/*", "*/communications/x/*", "*-communications.pdf"]},
    ):
        for key in canaries_of(served):
            assert "assets-router-canary" in key
            assert any(fnmatch.fnmatchcase(key, pattern) for pattern in CANARIES), "and no bucket denies it"


def test_a_kind_that_is_public_in_part_is_proved_in_and_beside_its_public_part():
    assert canaries_of({"keys": ["*/communications/data/*", "fw/communications/one.pdf"]}) == {
        "assets-router-canary/communications/data/canary.txt": (True, {}),
        "assets-router-canary/communications/data/now-canary.txt": (True, {}),
        "assets-router-canary/private-communications/canary.txt": (False, {}),
        "assets-router-canary/communications/private/canary.txt": (False, {}),
        "assets-router-canary/communications/data-private/canary.txt": (False, {}),
    }


def test_a_kind_that_is_public_by_tag_is_proved_with_and_without_it():
    tag = {"public": "yes"}
    assert canaries_of({"tag": tag}) == {
        "assets-router-canary/communications/canary.txt": (True, tag),
        "assets-router-canary/communications/now-canary.txt": (True, tag),
        "assets-router-canary/communications/untagged-canary.txt": (False, {}),
        "assets-router-canary/private-communications/canary.txt": (False, {}),
    }


def test_there_is_a_document_behind_every_refused_url_too():
    asked = canaries(ROUTES, "preview")

    kept = {document["key"]: document for document in asked["documents"]}
    for canary in asked["refused"]:
        document = kept[canary["path"][1:]]
        assert document["bucket"] == f"digitalmarketplace-{canary['kind']}-preview-preview"
        assert document["content"] == f"The assets router of preview must not serve {canary['kind']}.\n"


def test_the_table_has_a_line_for_every_rule_in_their_order():
    heading, *lines = table(ROUTES, "preview", "https://a.example", "https://www.a.example").strip().splitlines()

    assert heading == "preview: https://a.example"
    assert lines[0].split() == ["/static/…", "https://www.a.example"]
    assert lines[1].split() == ["/*/submissions/…", "refused"]
    [line] = [line for line in lines if "communications_s3_url" in line]
    bucket = "digitalmarketplace-communications-preview-preview"
    assert line.split() == ["/*/communications/…", bucket, "communications_s3_url"]
    assert lines[-1].split() == ["/…", "refused"]
    assert len(lines) == 1 + 5 + 2 + 2 + 1
    assert max(map(len, lines)) <= 120


def test_the_table_shows_a_catch_all():
    routes = asset_routes(KINDS, URLS, "preview", catch_all="documents")

    assert table(routes, "preview", "https://a.example").splitlines()[-1].endswith("documents_s3_url")


@pytest.mark.parametrize("proof", [lambda: canaries({}, "preview"), lambda: table({}, "x", "y")])
def test_another_shape_is_refused(proof):
    with pytest.raises(AnsibleFilterError, match="not a routing table"):
        proof()


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [("900", 900), (900, 900), ("15m", 900), ("12h", 43200), ("7d", 604800), ("604800s", 604800)],
)
def test_a_time_is_seconds_or_has_a_unit(expires, seconds):
    assert presign(KINDS, "agreements", "g-cloud-9/agreements/1/signed.pdf", expires) == {
        "kind": "agreements",
        "key": "g-cloud-9/agreements/1/signed.pdf",
        "seconds": seconds,
        "region": "",
    }


def test_what_a_mac_writes_into_a_name_may_be_signed_and_is_seen():
    key = "x/agreements/Screenshot 10.00\u202fAM.png"

    assert presign(KINDS, "agreements", key, "1h")["key"] == key
    assert shown(key) == "x/agreements/Screenshot 10.00\\u202fAM.png"


def test_a_public_kind_is_public_where_its_stage_changes_something_else_of_it():
    with pytest.raises(AnsibleFilterError, match="documents is public and needs no signed URL"):
        presign(KINDS, "documents", "a/documents/b", "1h", overrides={"documents": {"mfa_delete": True}})


def test_of_a_kind_that_is_public_in_part_the_private_documents_may_be_signed():
    kinds = {
        "communications": {"served": {"keys": ["*/communications/data/*"]}, "servable": True, "region": "eu-west-2"}
    }

    signed = presign(kinds, "communications", "fw/communications/updates/x.pdf", "1h", "eu-west-1")
    assert signed["region"] == "eu-west-2"
    with pytest.raises(AnsibleFilterError, match="is one of the public ones of communications and needs no signed URL"):
        presign(kinds, "communications", "fw/communications/data/x.csv", "1h")


@pytest.mark.parametrize(
    ("kind", "key", "expires", "said"),
    [
        (
            "documents",
            "a/documents/b",
            "1h",
            "documents is public and needs no signed URL; allowed are submissions, agree",
        ),
        ("g7-draft-documents", "g-cloud-7/x/y", "1h", "g7-draft-documents is public"),
        ("contracts", "a/contracts/b", "1h", "kind 'contracts' is unknown; allowed are submissions"),
        ("agreements", "a/submissions/b", "1h", "key 'a/submissions/b' is not one of agreements"),
        ("agreements", "a/agreements", "1h", "is not one of agreements; allowed is <framework>/agreements/<rest>"),
        ("agreements", "/a/agreements/b", "1h", "is not one of agreements"),
        ("agreements", "a/agreements/../submissions/b", "1h", "is not one of agreements"),
        ("agreements", "a/agreements/b\n", "1h", "control character"),
        ("agreements", 3, "1h", "key must be a string"),
        (
            "agreements",
            "a/agreements/b",
            "8d",
            "expires is '8d'; allowed is a time such as 900s, 15m, 12h or 2d, at most",
        ),
        ("agreements", "a/agreements/b", "604801", "at most 7d"),
        ("agreements", "a/agreements/b", "0", "at most 7d"),
        ("agreements", "a/agreements/b", "-1", "at most 7d"),
        ("agreements", "a/agreements/b", "soon", "expires is 'soon'"),
    ],
)
def test_what_may_not_be_signed_is_refused_with_what_is_allowed(kind, key, expires, said):
    with pytest.raises(AnsibleFilterError, match=said):
        presign(KINDS, kind, key, expires)


@pytest.fixture
def site():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.headers["Host"] == "assets.example"
            self.send_response(404 if self.path == "/missing" else 200)
            if self.path == "/cut":
                self.send_header("Content-Length", "5")
            self.end_headers()
            if self.path == "/cut":
                self.wfile.write(b"hel")
                return
            self.wfile.write(b"secret" if self.path == "/secret" else self.headers.get("Range", "hello").encode())

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


ANY = {"path": "/", "range": "", "status": 200, "content": "", "repeat": 1, "without": ""}


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"content": "hello"}, ""),
        ({"content": "bytes=0-", "range": "bytes=0-"}, ""),
        ({"path": "/missing", "status": 404}, ""),
        ({"path": "/missing"}, "the answer is 404, wanted is 200"),
        ({"content": "hell"}, "the answer has another content than wanted"),
        ({"content": "he", "repeat": 2}, "the answer has another content than wanted"),
        (
            {"path": "/cut", "content": "hello"},
            "no whole answer: Connection broken: IncompleteRead(3 bytes read, 2 more expected)",
        ),
        ({"path": "/secret", "without": "secret"}, "the answer has what must stay private"),
    ],
)
def test_an_answer_is_kept_as_data_with_what_is_wrong_in_one_sentence(site, check, said):
    [proof] = proofs(site, "assets.example", [{**ANY, **check}], 5)

    assert proof["subject"] == f"{site}{check.get('path', '/')} {check.get('range', '')}".strip()
    assert (proof["verdict"], proof["why"]) == ("failed" if said else "proved", said)
    assert proof["expected"] == check.get("status", 200)
    assert said or proof["seen"] == proof["expected"]
    assert 0 <= proof["seconds"] < 5


def test_nobody_there_is_a_wrong_answer_too():
    [proof] = proofs("http://127.0.0.1:1", "assets.example", [ANY], 1)

    assert (proof["verdict"], proof["seen"]) == ("failed", None)
    assert proof["why"].startswith("no whole answer: ")
