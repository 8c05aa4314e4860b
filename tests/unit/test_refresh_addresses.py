import importlib.util
import json
import socket
import subprocess
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "roles" / "assets_router" / "files" / "refresh_addresses.py"
spec = importlib.util.spec_from_file_location("refresh_addresses", PATH)
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)
HOST = "digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com"


def addresses(*numbers):
    return [f"192.0.2.{number}" for number in numbers]


def test_a_new_answer_alone_changes_nothing_while_every_address_in_use_is_still_seen():
    current = addresses(1, 2, 3, 4)
    seen = {**dict.fromkeys(current, 900.0), **dict.fromkeys(addresses(5, 6, 7, 8), 1000.0)}

    assert refresh.choose(current, seen, now=1000, good_for=3600) == current


def test_an_address_that_was_not_seen_for_too_long_is_replaced_by_the_latest():
    current = addresses(1, 2, 3, 4)
    seen = {**dict.fromkeys(addresses(2, 3, 4), 4000.0), "192.0.2.1": 100.0, "192.0.2.9": 4000.0}

    assert refresh.choose(current, seen, now=4000, good_for=3600) == addresses(2, 3, 4, 9)


def test_too_few_addresses_are_filled_up_as_others_become_known():
    assert refresh.choose(addresses(1), dict.fromkeys(addresses(1, 2), 5.0), 5, 3600) == addresses(1, 2)
    assert len(refresh.choose([], dict.fromkeys(addresses(*range(20)), 5.0), 5, 3600)) == refresh.MANY


def test_the_last_known_addresses_are_never_given_up_for_none():
    assert refresh.choose(addresses(1), {}, 5, 3600) == addresses(1)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def run(answer, *more):
        def look_up(*_):
            if isinstance(answer, Exception):
                raise answer
            return [(None, None, None, None, (address, 443)) for address in answer]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        arguments = ["refresh", "--directory", str(tmp_path), "--state", str(tmp_path / "state.json"), *more, HOST]
        monkeypatch.setattr("sys.argv", arguments)
        return refresh.main(), capsys.readouterr().out.strip()

    return run


def test_the_file_is_one_that_nginx_includes_and_is_written_only_when_it_changes(run, tmp_path):
    assert run(addresses(1)) == (0, "changed")
    assert (tmp_path / f"{HOST}.conf").read_text() == "server 192.0.2.1:443 max_fails=3 fail_timeout=10s;\n"
    assert run(addresses(1)) == (0, "unchanged")


def test_a_look_up_that_fails_keeps_what_is_known_however_old(run, tmp_path):
    run(addresses(1))
    state = json.loads((tmp_path / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps({HOST: dict.fromkeys(state[HOST], 1.0)}))

    assert run(socket.gaierror("no name server")) == (0, "unchanged")
    assert "192.0.2.1" in (tmp_path / f"{HOST}.conf").read_text()


@pytest.mark.parametrize(
    "state",
    [
        b"", b"{", b"[]", b"\xff\xfe", b'{"a": 1}', b'{"%s": {"192.0.2.9": "x"}}', b'{"%s": {"evil; #": 1}}',
        b'{"%s": {"192.0.2.9": null}}', b'{"%s": {"192.0.2.9": NaN}}', b'{"%s": {"2001:db8::1": 1}}', b"null", b'"x"',
    ],
)  # fmt: skip
def test_what_a_crash_or_another_left_in_its_files_is_begun_anew(run, tmp_path, state):
    (tmp_path / "state.json").write_bytes(state.replace(b"%s", HOST.encode()))
    (tmp_path / f"{HOST}.conf").write_bytes(b"server \nserver\n\xff")

    assert run(addresses(1)) == (0, "changed")
    assert "evil" not in (tmp_path / f"{HOST}.conf").read_text()
    assert (tmp_path / f"{HOST}.conf").read_text().startswith("server 192.0.2.1:443 ")
    assert run(addresses(1)) == (0, "unchanged")


def test_a_clock_that_was_ahead_does_not_keep_old_addresses(run, tmp_path):
    (tmp_path / "state.json").write_text(json.dumps({HOST: {"192.0.2.9": 9e12}}))
    (tmp_path / f"{HOST}.conf").write_text("server 192.0.2.9:443;\n")

    assert run(addresses(1, 2, 3, 4)) == (0, "changed")
    assert "192.0.2.1:443" in (tmp_path / f"{HOST}.conf").read_text()


def test_without_any_address_it_fails_and_writes_nothing(run, tmp_path):
    assert run(socket.gaierror("no name server"))[0] == 1
    assert not (tmp_path / f"{HOST}.conf").exists()


def test_reload_is_called_only_on_change(run, tmp_path):
    reload = f"touch {tmp_path / 'reloaded'}"
    run(addresses(1), "--reload", reload)
    assert (tmp_path / "reloaded").exists()
    (tmp_path / "reloaded").unlink()
    run(addresses(1), "--reload", reload)
    assert not (tmp_path / "reloaded").exists()


def test_a_reload_that_failed_or_was_left_to_another_is_made_good_by_the_next_run(run, tmp_path):
    run(addresses(1))  # as the role does, which may break off before its reload
    with pytest.raises(subprocess.CalledProcessError):
        run(addresses(1), "--reload", "false")

    run(addresses(1), "--reload", f"touch {tmp_path / 'reloaded'}")

    assert (tmp_path / "reloaded").exists()
    (tmp_path / "reloaded").unlink()
    run(addresses(1), "--reload", f"touch {tmp_path / 'reloaded'}")
    assert not (tmp_path / "reloaded").exists()


def test_a_host_without_an_address_does_not_hold_the_others_back(run, tmp_path, monkeypatch):
    run(addresses(1))
    known = refresh.look_up

    def look_up(host):
        if host == "frontend.example":
            raise socket.gaierror("unknown")
        return known(host)

    monkeypatch.setattr(refresh, "look_up", look_up)
    assert (
        run(addresses(2), "--good-for", "-1", "--reload", f"touch {tmp_path / 'reloaded'}", "frontend.example")[0] == 1
    )
    assert (tmp_path / "reloaded").exists()
