"""The role assets_router as its playbook runs it, without privileges: what stops it, and what it leaves alone."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import plan_file

from tests.support.assets import NGINX

ROOT = Path(__file__).parents[2]
ROUTER = "assets-router-preview"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not NGINX, reason="the Debian package nginx is missing")]


@pytest.fixture
def directory(estate_aws):
    """Where this router of preview lives; it is ended with the test."""
    path = Path(estate_aws.env["LOCAL_AWS_STATE"]).parent / "assets_router" / "preview"
    shutil.rmtree(path, ignore_errors=True)
    yield path
    script = ROOT / "roles" / "assets_router" / "files" / "local_router.py"
    subprocess.run([sys.executable, script, "stop", path], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def converge(run_playbook, directory):  # noqa: ARG001 the router is ended with the test
    def run(*args, credentials=None, **changes):
        env = {"DM_CREDENTIALS_REPO": str(credentials)} if credentials else None
        return run_playbook("converge_assets.yml", "-l", f"{ROUTER},preview", *args, extra_vars=changes, env=env)

    return run


@pytest.fixture
def credentials(tmp_path):
    """credentials(documents_s3_url="…") → a credentials repo where preview's vars say that."""

    def write(**changes):
        repo = tmp_path / "credentials"
        shutil.copytree(ROOT / "credentials.example", repo, dirs_exist_ok=True)
        path = repo / "vars" / "preview.yml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))
        return repo

    return write


def ask(directory: Path, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", int((directory / "port").read_text()), timeout=10)
    connection.request("GET", path, headers={"Host": "assets.preview.marketplace.example"})
    return connection.getresponse().read().decode()


def running(directory: Path) -> str:
    return (directory / "nginx.pid").read_text()


def test_second_run_changes_nothing_and_a_fault_leaves_the_running_router_alone(converge, directory):
    first = converge()
    assert first.rc == 0, first.output
    was, pid = (directory / "nginx.conf").read_text(), running(directory)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (directory, directory / "nginx.conf")}
    assert modes == {"preview": "0o700", "nginx.conf": "0o640"}

    second = converge()
    assert second.rc == 0, second.output
    assert second.report["pending"] == 0, second.report["tasks"]

    broken = converge(assets_router_allowed_addresses=["192.0.2.300"])
    assert broken.rc == 2
    assert (
        "assets_router_allowed_addresses is ['192.0.2.300']; allowed is networks such as 192.0.2.0/24" in broken.output
    )
    undefined = converge(assets_router_robots="{{ nobody_said }}")
    assert undefined.rc == 2
    assert "nobody_said is missing (inventories" in undefined.output
    assert (directory / "nginx.conf").read_text() == was
    assert running(directory) == pid
    assert json.loads(ask(directory, "/_health"))["release"] in was

    changed = converge(assets_router_robots="User-agent: another\n")
    assert changed.rc == 0, changed.output
    assert ask(directory, "/robots.txt") == "User-agent: another\n"
    assert running(directory) == pid  # reloaded


def test_a_checkout_may_be_so_deep_that_its_sockets_path_is_too_long(converge, directory):
    deep = {"assets_router_state_dir": str(directory / ("a" * 60) / ("b" * 60))}
    first = converge(**deep)
    assert first.rc == 0, first.output
    said = (directory / "nginx.conf").read_text()
    [socket_dir] = re.findall(r"listen unix:(/tmp/assets-router-\w+)/own.sock default", said)
    assert oct(Path(socket_dir).stat().st_mode & 0o777) == "0o700"
    assert ask(directory, "/g-cloud-9/agreements/a.pdf").startswith("<!doctype html>")  # which it asks of itself
    assert converge(**deep).report["pending"] == 0

    script = ROOT / "roles" / "assets_router" / "files" / "local_router.py"
    subprocess.run([sys.executable, script, "stop", directory], check=True, stdout=subprocess.DEVNULL)
    assert not Path(socket_dir).exists()


def test_a_configuration_that_does_not_answer_is_taken_back_and_the_run_says_so(converge, directory):
    """nginx -t finds no fault with a port that somebody else has."""
    assert converge().rc == 0
    was, pid = (directory / "nginx.conf").read_text(), running(directory)
    port = (directory / "port").read_text().strip()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = [f"127.0.0.1:{port}", f"127.0.0.1:{taken.getsockname()[1]}"]
        broken = converge(assets_router_listen=listen, assets_router_reload_seconds=2)

    assert broken.rc == 2
    assert "did not answer within 2 s. The one before it is put back and serves." in " ".join(broken.output.split())
    assert (directory / "nginx.conf").read_text() == was
    assert running(directory) == pid
    assert json.loads(ask(directory, "/_health"))["release"] in was
    assert converge().report["pending"] == 0


def test_a_run_that_broke_off_before_its_reload_is_made_good_by_the_next(converge, directory):
    assert converge().rc == 0
    before = (directory / "nginx.conf").read_text()
    robots = "User-agent: another\n"
    assert converge(assets_router_robots=robots).rc == 0
    after = (directory / "nginx.conf").read_text()
    # as if the configuration had landed and nobody had reloaded
    (directory / "nginx.conf").write_text(before)
    subprocess.run([NGINX, "-c", directory / "nginx.conf", "-s", "reload"], check=True)
    (directory / "nginx.conf").write_text(after)

    run = converge(assets_router_robots=robots)

    assert run.rc == 0, run.output
    assert ask(directory, "/robots.txt") == robots


def test_another_password_is_another_configuration_and_is_shown_nowhere(converge, directory, tmp_path):
    def frontend(password):
        said = {"url": "https://www.preview.example", "static": True, "not_found": True, "connect": "127.0.0.1:9"}
        return {"assets_router_frontend": {**said, "username": "invented", "password": password}}

    assert converge(**frontend("first-password")).rc == 0
    release = json.loads(ask(directory, "/_health"))["release"]
    rests = converge(**frontend("first-password"))
    assert rests.report["pending"] == 0, rests.report["tasks"]

    plan = converge("--check", "--diff", **frontend("second-password"))
    run = converge(**frontend("second-password"))

    assert [task["task"].split(" : ")[1] for task in plan.report["tasks"]] == [
        "Keep the frontend's password in a file of its own",
        "Configure nginx, if nginx finds no fault with it",
    ]
    assert run.rc == 0, run.output
    assert json.loads(ask(directory, "/_health"))["release"] != release
    encoded = "aW52ZW50ZWQ6c2Vjb25kLXBhc3N3b3Jk"
    assert encoded in (directory / "frontend_authorization.conf").read_text()
    stored = [path.read_text() for path in tmp_path.rglob("plan.*")]
    assert len(stored) == 8  # JSON and HTML of each run
    for text in (plan.output, run.output, *stored, (directory / "nginx.conf").read_text()):
        assert "second-password" not in text
        assert encoded not in text


def test_a_wrong_url_stops_before_anything_is_rendered(converge, directory, credentials):
    url = "https://digitalmarketplace-documents-production-production.s3.eu-west-1.amazonaws.com"
    run = converge(credentials=credentials(documents_s3_url=url))

    assert run.rc == 2
    assert (
        "documents_s3_url is not the address of this stage's bucket digitalmarketplace-documents-preview-preview; "
        "allowed is https://digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com "
        "(in vars/preview.yml of the credentials repo)"
    ) in run.stderr
    assert not directory.exists()


def test_a_private_kind_that_is_marked_served_stops_before_anything_is_rendered(converge, directory):
    run = converge(buckets_overrides={"agreements": {"served": True}})

    assert run.rc == 2
    assert "agreements_s3_url belongs to agreements, which is private but marked as served" in run.stderr
    assert not directory.exists()


def test_check_mode_on_an_empty_machine_does_nothing_and_says_what_would_be_done(converge, directory):
    plan = converge("--check", "--diff")

    assert plan.rc == 0, plan.output
    assert not directory.exists()
    said = {task["task"].split(" : ")[1] for task in plan.report["tasks"]}
    run = converge()
    assert run.rc == 0, run.output
    assert {task["task"].split(" : ")[1] for task in run.report["tasks"]} == said


def test_a_machine_without_nginx_is_told_so(converge, directory):
    for mode in ((), ("--check",)):
        run = converge(*mode, assets_router_nginx="/nowhere/nginx")

        assert run.rc == 2
        assert "/nowhere/nginx -V says nothing: nginx is not installed, or does not start" in run.stderr
        assert not (directory / "nginx.conf").exists()


def test_make_apply_carries_out_the_planned_change_of_the_router(converge, estate_aws, directory, tmp_path):
    def make(*words, build):
        command = [ROOT / "bin/estate", *words, f"LIMIT={ROUTER},preview", "TAGS=assets_router"]
        command += [f"BUILD={tmp_path / build}", "ARGS=-e assets_router_maintenance=true"]
        env = {**estate_aws.env, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible"), "ANSIBLE_NOCOLOR": "true"}
        return subprocess.run(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    assert converge().rc == 0
    plan = make("plan", build="plan")
    assert plan.returncode == 2, plan.stdout + plan.stderr
    assert f"{ROUTER}: 0 to add, 1 to change" in plan.stdout
    assert str(tmp_path / "ansible") not in plan.stdout  # the diff names the file that changes
    again = make("plan", build="again")
    assert again.returncode == 2
    plan_file.same(tmp_path / "plan/plan-local.json", tmp_path / "again/plan-local.json")

    applied = make("apply", f"PLAN={tmp_path / 'plan/plan-local.json'}", build="apply")

    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert f"{ROUTER}: 0 added, 1 changed" in applied.stdout
    assert "return 503" in (directory / "nginx.conf").read_text()


def test_cloudfronts_networks_are_those_of_the_list_that_is_given(converge, directory, tmp_path):
    rows = [{"ip_prefix": f"203.0.113.{16 * n}/28", "service": "CLOUDFRONT_ORIGIN_FACING"} for n in range(0, 16, 2)]
    rows += [{"ip_prefix": f"198.51.100.{16 * n}/28", "service": "CLOUDFRONT_ORIGIN_FACING"} for n in (1, 3)]
    listed = tmp_path / "ip-ranges.json"
    listed.write_text(
        json.dumps({"prefixes": [*rows, {"ip_prefix": "192.0.2.0/24", "service": "S3"}], "ipv6_prefixes": []})
    )
    behind = {"assets_router_cloudfront": True, "assets_router_cloudfront_url": f"file://{listed}"}

    done = converge(**behind)

    assert done.rc == 0, done.output
    config = (directory / "nginx.conf").read_text()
    assert "set_real_ip_from 198.51.100.48/28;" in config
    assert config.count("set_real_ip_from") == 10
    listed.write_text("[]")
    wrong = converge(**behind)
    assert (wrong.rc, "is not AWS's list of networks" in wrong.output) == (2, True)
