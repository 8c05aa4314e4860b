"""What only the stand-in for S3 can show: what comes back of it. Skipped on a real host."""

from __future__ import annotations

import json

import pytest

LOG = "/var/log/assets_router/assets.log"
PATH = "/some-framework/{}/small.csv"
PUBLIC = {"documents": PATH, "communications": "/some-framework/{}/data/small.csv"}


@pytest.fixture(autouse=True)
def stand_in(host):
    if not host.file("/srv/s3").exists:
        pytest.skip("S3 itself is behind this router")


def stored(host, kind: str) -> str:
    return host.check_output(f"cat /srv/s3/objects/*-{kind}-preview-preview.s3.*{PUBLIC[kind].format(kind)}") + "\n"


@pytest.mark.parametrize("kind", ["documents", "communications"])
def test_public_kinds_come_back_byte_for_byte_without_what_is_s3s(host, ask, kind):
    path = PUBLIC[kind].format(kind)
    status, headers, body = ask(path)

    assert (status, body) == (200, stored(host, kind))
    assert headers["cache-control"] == "no-cache"
    assert not [name for name in headers if name.startswith("x-amz")]
    assert "amazon" not in json.dumps(headers).lower()
    assert ask(path, Range="bytes=2-5")[::2] == (206, body[2:6])
    assert ask(path, If_None_Match=headers["etag"])[0] == 200  # no such header
    assert ask(path, **{"If-None-Match": headers["etag"]})[::2] == (304, "")


def test_of_communications_only_what_is_declared_public_comes_back(ask):
    assert ask(PATH.format("communications"))[0] == 404


def test_bucket_without_a_certificate_that_somebody_vouches_for_is_not_believed(host, ask):
    status, _, body = ask("/g-cloud-7/some-framework/g7-draft-documents/small.csv")

    assert status == 503
    assert "documents are unavailable" in " ".join(body.split())
    assert "certificate verify error" in host.check_output("tail -n 50 /var/log/assets_router/error.log")


def test_frontend_serves_what_is_static_and_its_page_for_what_is_not_found(ask):
    assert ask("/static/site.css")[::2] == (200, "body { }\n")
    # which it gives only to whoever has the password
    assert ask(PATH.format("agreements"))[::2] == (404, "The site's own page for what is not found.\n")
    assert ask("/some-framework/documents/none.csv")[::2] == (404, "The site's own page for what is not found.\n")


def test_rotated_log_is_whole_and_the_next_one_goes_on(host, ask):
    host.check_output("logrotate --force --state /srv/logrotate.state /etc/assets_router/logrotate.conf")
    ask("/after/the/rotation")
    host.run("sleep 2")

    for line in host.check_output(f"tail -n 3 {LOG}.1; cat {LOG}").splitlines():
        json.loads(line)
    assert "/after/the/rotation" in host.check_output(f"tail -n 5 {LOG}")
    assert (host.file(LOG).user, host.file(LOG).mode) == ("www-data", 0o640)


def test_it_comes_back_when_it_is_killed(host, ask):
    was = host.check_output("systemctl show -P MainPID nginx")
    host.check_output(f"kill -KILL {was}")
    host.check_output(f"for try in $(seq 100); do now=$(systemctl show -P MainPID nginx); "
                      f"[ $now != 0 ] && [ $now != {was} ] && [ $(systemctl is-active nginx) = active ] && break; "
                      "sleep 0.1; done")  # fmt: skip

    assert ask("/robots.txt")[0] == 200
