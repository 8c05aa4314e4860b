"""Public documents through the running router and private ones by signed URLs, all by the playbooks themselves."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.support import typed
from tests.support.assets import NGINX
from tests.support.terminal import at_a_terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NGINX, reason="the Debian package nginx is missing"),
]
ROOT = Path(__file__).parents[2]
STAGE = ("--limit", "production,assets-router-production")
CSV = "/digital-outcomes-and-specialists-3/communications/data/opportunity-data.csv"
SIGNED = "g-cloud-9/agreements/1/a signed é.pdf"
AGREEMENTS = "digitalmarketplace-agreements-production-production"


class Running(NamedTuple):
    directory: Path
    port: int

    def get(self, path: str, host: str = "assets.digitalmarketplace.example") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture(scope="module", autouse=True)
def listed(converged_estate) -> Iterator[None]:
    """Agreements let in nobody who is not listed: here whoever runs the playbooks is, as a reader and a writer."""
    s3 = converged_estate.client("s3", "production")
    declared = s3.get_bucket_policy(Bucket=AGREEMENTS)["Policy"]
    policy = json.loads(declared)
    for statement in policy["Statement"]:
        if statement["Sid"] in ("DenyOtherReaders", "DenyOtherWriters"):
            named = statement["Condition"]["ArnNotLike"]
            who = named["aws:PrincipalArn"]
            others = [who] if isinstance(who, str) else who
            named["aws:PrincipalArn"] = [*others, "arn:aws:iam::333333333333:role/OrganizationAccountAccessRole"]
    s3.put_bucket_policy(Bucket=AGREEMENTS, Policy=json.dumps(policy))
    yield
    s3.put_bucket_policy(Bucket=AGREEMENTS, Policy=declared)


@pytest.fixture(scope="module")
def router(converged_estate) -> Iterator[Running]:
    directory = converged_estate.state.parent / "assets_router" / "production"
    try:
        done = converged_estate.playbook("converge_assets.yml", *STAGE)
        assert done.rc == 0, done.output[-4000:]
        yield Running(directory, int((directory / "port").read_text()))
    finally:
        script = ROOT / "roles" / "assets_router" / "files" / "local_router.py"
        subprocess.run([sys.executable, script, "stop", directory], check=True)


@pytest.mark.parametrize("host", ["assets.digitalmarketplace.example", "assets.production.localhost"])
def test_the_seeds_csv_comes_from_its_bucket_byte_for_byte(converged_estate, router, host):
    body = "id,title\r\n1,Ünïcode\r\n".encode() + bytes(range(256))
    bucket = "digitalmarketplace-communications-production-production"
    converged_estate.client("s3", "production").put_object(Bucket=bucket, Key=CSV[1:], Body=body)

    assert router.get(CSV, host) == (200, body)


def test_a_document_of_a_private_bucket_does_not_come_back(converged_estate, router):
    converged_estate.client("s3", "production").put_object(Bucket=AGREEMENTS, Key=SIGNED, Body=b"a contract")

    status, body = router.get("/g-cloud-9/agreements/1/a%20signed%20%C3%A9.pdf")

    assert status == 404
    assert b"a contract" not in body


def test_a_second_converge_leaves_the_running_router_alone(converged_estate, router):
    before = (router.directory / "nginx.pid").read_text()

    again = converged_estate.playbook("converge_assets.yml", *STAGE)

    assert again.rc == 0, again.output
    assert again.report["pending"] == 0
    assert (router.directory / "nginx.pid").read_text() == before


def test_the_proof_asks_for_a_canary_of_each_kind_and_writes_none_the_second_time(converged_estate, router):
    first = converged_estate.playbook("verify_assets.yml", *STAGE)
    converged_estate.forget_calls()
    second = converged_estate.playbook("verify_assets.yml", *STAGE)

    assert (first.rc, second.rc) == (0, 0), first.output + second.output
    assert re.search(r"serves documents, communications, g7-draft-documents\s+and refuses submissions", second.stdout)
    assert f"http://assets.production.localhost:{router.port}" in second.stdout
    assert converged_estate.writes() == []
    plan = second.report["plans"]["production"]["proof of assets"]
    assert (plan["actions"], plan["drift"]) == ([], [])
    assert {(proof["verdict"], proof["expected"] == proof["seen"]) for proof in plan["proofs"]} == {("proved", True)}
    assert {proof["expected"] for proof in plan["proofs"]} == {200, 206, 404}


@pytest.mark.usefixtures("router")
def test_the_proof_fails_when_a_buckets_policy_no_longer_lets_the_router_in(converged_estate):
    s3, bucket = converged_estate.client("s3", "production"), "digitalmarketplace-documents-production-production"
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    statements = json.loads(policy)["Statement"]
    without = [statement for statement in statements if "aws:SourceIp" not in json.dumps(statement)]
    assert len(without) == len(statements) - 1
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": without}))
    try:
        broken = converged_estate.playbook("verify_assets.yml", *STAGE)
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)

    assert broken.rc != 0
    assert "/assets-router-canary/documents/now-canary.txt: the answer is 404, wanted is 200" in broken.output
    assert "Traceback" not in broken.output


def test_the_proof_fails_when_a_private_kind_comes_back(converged_estate, router):
    """By mistake in both places, since either alone still keeps it back."""
    s3, public = converged_estate.client("s3", "production"), "digitalmarketplace-documents-production-production"
    policy = s3.get_bucket_policy(Bucket=AGREEMENTS)["Policy"]
    opened = s3.get_bucket_policy(Bucket=public)["Policy"].replace("-documents-", "-agreements-")
    config = (router.directory / "nginx.conf").read_text()
    refused = re.findall(r"^ *rewrite .*[|]agreements[|].* /.refuse/refused last;$", config, re.M)
    assert refused
    mistaken = config.replace(public, AGREEMENTS)
    for line in refused:
        let_in = 'rewrite "^(?:%2B)?/[^/]+/agreements/" /.$assets_way/documents last;'
        mistaken = mistaken.replace(line, f"{let_in}\n{line.replace('agreements', 'nobody')}")
    script = ROOT / "roles" / "assets_router" / "files" / "local_router.py"
    try:
        (router.directory / "nginx.conf").write_text(mistaken)
        subprocess.run([sys.executable, script, "stop", router.directory], check=True)
        subprocess.run([sys.executable, script, "start", router.directory, NGINX], check=True)
        kept_back = router.get("/assets-router-canary/agreements/canary.txt")
        time.sleep(2.1)  # as long as the router remembers that (assets_router_cache_missing_seconds, in whole seconds)
        s3.put_bucket_policy(Bucket=AGREEMENTS, Policy=opened)
        broken = converged_estate.playbook("verify_assets.yml", *STAGE)
    finally:
        s3.put_bucket_policy(Bucket=AGREEMENTS, Policy=policy)
        mended = converged_estate.playbook("converge_assets.yml", *STAGE)

    assert kept_back[0] == 404
    assert broken.rc != 0
    assert "/assets-router-canary/agreements/canary.txt: the answer is 200, wanted is 404" in broken.output
    assert mended.rc == 0, mended.output
    assert router.get("/assets-router-canary/agreements/canary.txt")[0] == 404


def fetch(aws, url: str) -> tuple[int, bytes]:
    """What a browser gets that is signed in to nothing."""
    context = ssl.create_default_context(cafile=aws.ca)
    try:
        with urllib.request.urlopen(url, context=context) as answer:  # noqa: S310 the playbook's own URL
            return answer.status, answer.read()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read()


def test_a_signed_url_is_shown_on_the_terminal_alone_and_opens_one_document(converged_estate, tmp_path):
    given = {"kind": "agreements", "key": SIGNED, "expires": "2d"}
    other = "g-cloud-9/agreements/2/other.pdf"
    for key, body in ((SIGNED, b"a contract"), (other, b"another's")):
        converged_estate.client("s3", "production").put_object(Bucket=AGREEMENTS, Key=key, Body=body)

    rc, seen, said = at_a_terminal(
        converged_estate, tmp_path, "presign_document.yml", "--limit", "production", extra_vars=given
    )

    assert rc == 0, said[-3000:]
    [url] = re.findall(r"^(https://\S+)\r?$", seen, re.MULTILINE)
    assert fetch(converged_estate, url) == (200, b"a contract")
    # nobody signed, another document, a longer life: nothing
    assert fetch(converged_estate, url.partition("?")[0])[0] == 403
    assert fetch(converged_estate, url.replace("/1/a%20signed%20%C3%A9.pdf", "/2/other.pdf"))[0] == 403
    expires = re.search(r"X-Amz-Expires=(\d+)", url)
    assert fetch(converged_estate, url.replace(expires[0], "X-Amz-Expires=604800"))[0] == 403
    # a role's session lasts an hour, and so does what it signs
    assert int(expires[1]) <= 3600
    assert "and no longer, since the session that signed it ends then" in seen
    signature = re.search(r"X-Amz-Signature=(\w+)", url)[1]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"said.log", "ansible.log"} <= {path.name for path in kept}
    assert not [path for path in kept if signature in path.read_text()]


def test_a_signed_url_ends_when_it_says(converged_estate, tmp_path):
    converged_estate.client("s3", "production").put_object(Bucket=AGREEMENTS, Key=SIGNED, Body=b"a contract")
    given = {"kind": "agreements", "key": SIGNED, "expires": "1s"}
    _, seen, said = at_a_terminal(
        converged_estate, tmp_path, "presign_document.yml", "--limit", "production", extra_vars=given
    )
    [url] = re.findall(r"^(https://\S+)\r?$", seen, re.MULTILINE)
    for _ in range(2):  # the run itself has taken longer than that by now, all but its very end
        status, body = fetch(converged_estate, url)
        if status == 403:
            break
        subprocess.run(["sleep", "2"], check=True)

    assert (status, b"Request has expired" in body) == (403, True), said[-1000:]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "documents", "key": "a/documents/b", "expires": "1h"}, "documents is public and needs no signed URL"),
        ({"kind": "agreements"}, "nothing says key; give -e 'key=…'"),
        ({"kind": "agreements", "key": "a/agreements/b", "expires": "1h"}, "There is no terminal to show the URL on"),
    ],
)
def test_what_may_not_be_signed_is_one_sentence(converged_estate, given, said):
    converged_estate.forget_calls()
    run = converged_estate.playbook("presign_document.yml", "--limit", "production", extra_vars=given)

    assert run.rc != 0
    assert said in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert converged_estate.calls() == [call for call in converged_estate.calls() if call["service"] == "sts"]


def test_a_document_that_is_not_there_is_one_sentence(converged_estate, tmp_path):
    given = {"kind": "agreements", "key": "g-cloud-9/agreements/none.pdf", "expires": "1h"}
    rc, seen, said = at_a_terminal(
        converged_estate, tmp_path, "presign_document.yml", "--limit", "production", extra_vars=given
    )

    assert rc != 0
    assert f"g-cloud-9/agreements/none.pdf is not in {AGREEMENTS}: check the key." in said
    assert "https://" not in seen


ODD = "g-cloud-9/agreements/1/a b=c {{ 7*7 }} \u202fAM.pdf"


def test_a_key_is_data_to_its_last_character_and_is_said_first(converged_estate, tmp_path):
    """As its page says to type it. Ansible alone would split it at its first space, which may be another document."""
    (typed_so,) = typed.playbooks("docs/assets.md", "presign_document.yml")
    words = [f"key={ODD}" if word.startswith("key=") else word for word in typed_so.options]
    assert f"key={ODD}" in words
    s3 = converged_estate.client("s3", "production")
    s3.put_object(Bucket=AGREEMENTS, Key=ODD, Body=b"the odd one")
    s3.put_object(Bucket=AGREEMENTS, Key="g-cloud-9/agreements/1/a", Body=b"another's")

    rc, seen, said = at_a_terminal(
        converged_estate, tmp_path, "presign_document.yml", "--limit", "production", *words, extra_vars={}
    )

    assert rc == 0, said[-3000:]
    [url] = re.findall(r"^(https://\S+)\r?$", seen, re.MULTILINE)
    assert fetch(converged_estate, url) == (200, b"the odd one")
    shown = ODD.replace("\u202f", "\\u202f")
    assert 0 <= seen.index(f"{shown}\r\nof {AGREEMENTS}") < seen.index("https://")


def test_a_url_is_explained_as_it_was_given(converged_estate):
    (said,) = typed.playbooks("docs/assets.md", "resolve_asset.yml")
    as_it_stands = converged_estate.playbook(said.playbook, "--limit", "production", *said.options)
    assert as_it_stands.rc == 0, as_it_stands.output
    assert "digitalmarketplace-documents-production-production" in as_it_stands.stdout

    given = "https://assets.digitalmarketplace.example/fw/documents/a%20b=c{{ 7*7 }}.pdf"
    run = converged_estate.playbook("resolve_asset.yml", "--limit", "production", "-e", f"url={given}")

    assert run.rc == 0, run.output
    assert given in run.stdout
    assert "'{' must be encoded" in run.stdout


PDF = "/g-cloud-9/documents/with%20drawn.pdf"


def test_a_document_is_withdrawn_by_what_its_page_says_to_type(converged_estate, router, tmp_path):
    """STAGE=production is a real account's; of the same hosts' part of local all is the same but whose AWS it is."""
    s3, bucket = converged_estate.client("s3", "production"), "digitalmarketplace-documents-production-production"
    (said,) = typed.lines("docs/assets.md", "make withdraw")
    command, key = (
        said.replace("STAGE=production", f"STAGE=local LIMIT={STAGE[1]} BUILD={tmp_path}"),
        urlsplit(said.rpartition("URL=")[2]).path[1:],
    )
    s3.put_object(Bucket=bucket, Key=key, Body=b"shown to everybody")
    assert command != said
    assert router.get(f"/{key}")[0] == 200

    def make() -> subprocess.CompletedProcess[str]:
        environment = {**converged_estate.env, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible")}
        return subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    early = make()
    s3.delete_object(Bucket=bucket, Key=key)  # "Take it out of its bucket"
    done = make()

    assert early.returncode == 2
    assert "S3 still has it" in early.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert router.get(f"/{key}")[0] == 404


def test_a_withdrawn_document_is_emptied_from_the_router_at_once_and_that_is_proved(converged_estate, router):
    s3, bucket = converged_estate.client("s3", "production"), "digitalmarketplace-documents-production-production"
    s3.put_object(
        Bucket=bucket, Key="g-cloud-9/documents/with drawn.pdf", Body=b"withdrawn bytes", CacheControl="max-age=9999"
    )
    assert router.get(PDF)[0] == 200
    words = ("-e", json.dumps({"url": f"https://assets.digitalmarketplace.example{PDF}?x"}))
    early = converged_estate.playbook("withdraw_document.yml", *STAGE, *words)
    s3.delete_object(Bucket=bucket, Key="g-cloud-9/documents/with drawn.pdf")
    assert router.get(PDF)[0] == 200  # its minute is not over
    done = converged_estate.playbook("withdraw_document.yml", *STAGE, *words)

    assert early.rc != 0
    assert "S3 still has it" in early.output
    assert done.rc == 0, done.output
    assert "g-cloud-9/documents/with drawn.pdf of" in done.stdout
    assert router.get(PDF)[0] == 404
    kept = [file.read_bytes() for file in (router.directory / "cache").rglob("*") if file.is_file()]
    assert not [content for content in kept if b"withdrawn bytes" in content]


@pytest.mark.usefixtures("router")
def test_what_no_bucket_serves_cannot_be_withdrawn(converged_estate):
    words = ("-e", "url=/g-cloud-9/agreements/x.pdf")
    run = converged_estate.playbook("withdraw_document.yml", *STAGE, *words)

    assert run.rc != 0
    assert "production does not serve /g-cloud-9/agreements/x.pdf: agreements is not served" in run.output


def test_the_audit_names_public_documents_that_no_url_leads_to(converged_estate):
    s3, bucket = converged_estate.client("s3", "production"), "digitalmarketplace-documents-production-production"
    s3.put_object(Bucket=bucket, Key="g-cloud-9/documents/a\\b.pdf", Body=b"x")
    try:
        run = converged_estate.playbook("audit_documents.yml", "--limit", "production", "--check")
    finally:
        s3.delete_object(Bucket=bucket, Key="g-cloud-9/documents/a\\b.pdf")

    assert run.rc == 0, run.output
    plan = run.report["plans"]["production"]["documents without a URL"]
    assert plan["drift"] == [
        rf"g-cloud-9/documents/a\b.pdf of {bucket} is public and has no URL: "
        r"the path has no one reading: '\\' is encoded"
    ]
    assert {
        "path": "/*/submissions/…", "leads to": "refused", "by": "",
    } in run.report["tables"]["Which URL of production leads where"]  # fmt: skip
