"""What a host with the assets router is: on the scenario's hosts, and on a real one (make verify-host STAGE=…)."""

from __future__ import annotations

import json
import re

import pytest

ETC = "/etc/assets_router"
LOG = "/var/log/assets_router/assets.log"


def version(host) -> tuple[int, ...]:
    return tuple(map(int, re.search(r"nginx/([\d.]+)", host.run("nginx -v").stderr)[1].split(".")))


def shown(host, unit: str) -> dict[str, str]:
    lines = host.check_output(f"systemctl show {unit}").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_nginx_runs_starts_at_every_boot_and_comes_back_when_it_fails(host):
    unit = shown(host, "nginx")

    assert (unit["ActiveState"], unit["UnitFileState"]) == ("active", "enabled")
    assert unit["Restart"] == "on-failure"
    assert unit["NeedDaemonReload"] == "no"
    assert host.check_output("systemctl list-units --failed --no-legend") == ""


def test_it_may_open_as_many_files_as_it_has_connections(host, nginx_conf):
    wanted = int(re.search(r"worker_connections (\d+)", nginx_conf)[1]) * 2
    limits = host.file(f"/proc/{shown(host, 'nginx')['MainPID']}/limits").content_string

    assert int(re.search(r"Max open files +(\d+)", limits)[1]) >= min(wanted, 20000)


def test_workers_have_no_privileges(host):
    workers = host.check_output("ps -C nginx -o user=,args= | grep -v master").splitlines()

    assert workers
    assert {line.split()[0] for line in workers} == {"www-data"}


def test_nginx_finds_no_fault_with_what_it_would_start_with(host):
    assert host.run("nginx -t").rc == 0


def test_log_of_errors_has_nothing_grave(host):
    assert host.run("grep -E '\\[(emerg|alert|crit)\\]' /var/log/assets_router/error.log").stdout == ""


@pytest.mark.parametrize(
    ("path", "user", "mode"),
    [
        ("/etc/nginx/nginx.conf", "root", 0o640),
        (ETC, "root", 0o750),
        ("/var/lib/assets_router", "root", 0o755),
        ("/var/cache/assets_router", "www-data", 0o700),
        ("/etc/systemd/system/nginx.service.d/assets_router.conf", "root", 0o644),
        (LOG, "www-data", 0o640),  # it says who asked for what
    ],
)
def test_files_belong_to_whom_they_should(host, path, user, mode):
    file = host.file(path)

    assert (file.user, oct(file.mode)) == (user, oct(mode))


def test_frontends_password_is_read_by_root_alone_and_is_nowhere_else(host, nginx_conf):
    """The host itself compares, so that the password does not pass through the test."""
    path = f"{ETC}/frontend_authorization.conf"
    if f"include {path}" not in nginx_conf:
        pytest.skip("this router has no frontend")
    assert (host.file(path).user, host.file(path).mode) == ("root", 0o600)
    script = f"""
    patterns=$(mktemp); trap 'rm -f $patterns' EXIT
    sed -nE 's/.*Basic ([^"]+)".*/\\1/p' {path} > $patterns
    [ -s $patterns ] || echo "no password"
    base64 -d $patterns | sed 's/^[^:]*://' >> $patterns
    ps -e -ww -o args= | grep -Ff $patterns
    systemctl show nginx assets-router-addresses | grep -Ff $patterns
    journalctl --quiet --no-pager | grep -Ff $patterns
    grep -rlFf $patterns /var/log /etc/systemd /etc/nginx /var/cache/assets_router
    find / -xdev \\( -path /proc -o -path /sys -o -path /usr -o -path /srv \\) -prune -o \\
      -type f -perm -o+r -size -2M -print0 | xargs -0 --no-run-if-empty grep -lFf $patterns
    true"""
    assert host.check_output(script) == ""


def test_nothing_but_the_router_and_ssh_listens_to_the_outside(host):
    lines = host.check_output("ss --no-header --listening --tcp --numeric").splitlines()
    listening = [line.split()[3].rpartition(":")[::2] for line in lines]

    assert {port for at, port in listening if not at.startswith(("127.", "[::1]"))} <= {"22", "80"}


def test_an_older_nginx_has_its_addresses_looked_up(host, nginx_conf):
    if version(host) >= (1, 27, 3):
        assert " resolve " in nginx_conf
        return
    timer, service = shown(host, "assets-router-addresses.timer"), shown(host, "assets-router-addresses.service")
    assert (timer["ActiveState"], timer["UnitFileState"]) == ("active", "enabled")
    assert (service["Result"], service["NeedDaemonReload"]) == ("success", "no")
    files = re.findall(rf"include ({ETC}/addresses/\S+);", nginx_conf)
    assert files
    for path in files:
        assert re.search(r"^server [\d.]+:443 ", host.file(path).content_string)


def test_a_reload_lets_clients_of_an_older_nginx_go_first(host, nginx_conf):
    if version(host) >= (1, 27, 4):
        assert "keepalive_min_timeout" in nginx_conf
    else:
        assert f"{ETC}/reload" in shown(host, "nginx")["ExecReload"]
        assert not host.file("/run/assets_router_draining").exists


def test_each_line_of_the_log_is_json(host, ask):
    ask("/some-framework/submissions/x.pdf?secret=1")
    host.run("sleep 2")  # it is flushed every second
    lines = host.check_output(f"tail -n 100 {LOG}").splitlines()

    entries = [json.loads(line) for line in lines]
    assert {"time", "client", "path", "status", "outcome", "kind", "seconds", "upstream_seconds"} <= set(entries[-1])
    assert "secret" not in "".join(lines)


def test_log_is_rotated_by_size_too(host):
    said = host.run(f"logrotate --debug {ETC}/logrotate.conf")

    assert said.rc == 0
    assert LOG in said.stderr + said.stdout
    assert "maxsize" in host.file(f"{ETC}/logrotate.conf").content_string
    timer, service = shown(host, "assets-router-logs.timer"), shown(host, "assets-router-logs.service")
    assert (timer["ActiveState"], timer["UnitFileState"], service["Result"]) == ("active", "enabled", "success")


def test_room_on_the_disk_is_looked_after(host, ask):
    unit = shown(host, "assets-router-room")

    assert (unit["ActiveState"], unit["UnitFileState"], unit["NeedDaemonReload"]) == ("active", "enabled", "no")
    full = host.file("/run/assets_router_no_room").exists
    assert ("off: its disk" in ask("/_health")[2]) == full


def test_health_is_told_under_any_name(ask, nginx_conf):
    for name in ("127.0.0.1", "elsewhere.example"):
        status, headers, body = ask("/_health", Host=name)
        assert (status, headers["content-type"], json.loads(body)["status"]) == (200, "application/json", "ok")
        assert json.loads(body)["release"] in nginx_conf


def test_private_kinds_are_refused(host, ask):
    kinds = ("submissions", "agreements", "logs")
    assert [ask(f"/some-framework/{kind}/small.csv")[0] for kind in kinds] == [404] * len(kinds)
    host.run("sleep 2")
    for kind in kinds:
        assert (
            json.loads(host.check_output(f'grep \'"path":"/[^/]*/{kind}/\' {LOG} | tail -n 1'))["outcome"] == "refused"
        )


def test_other_methods_names_and_odd_paths_are_refused(ask):
    assert ask("/some-framework/documents/x.pdf", "PUT")[0] == 405
    assert ask("/some-framework/documents/x.pdf", Host="elsewhere.example")[0] == 421
    assert ask("/some-framework/documents/%2e%2e/x.pdf")[0] == 404


def test_answers_have_security_headers_and_say_nothing_of_nginx(ask):
    for path in ("/robots.txt", "/some-framework/submissions/x.pdf"):
        headers = ask(path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert "max-age=" in headers["strict-transport-security"]
        assert not re.search(r"\d", headers.get("server", ""))
