"""The record, the terminal, and what the lists say of a person."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from pathlib import Path

import dm_terminal
import pytest
from ansible.errors import AnsibleFilterError
from dm_person import Person
from dm_person_record import Record, devices_seen
from dm_plan import Action
from person_declared import FilterModule, person_declared

BY = {"arn": "arn:aws:iam::111111111111:user/bob.example", "user": "bob"}
PHONE = "arn:aws:iam::111111111111:mfa/phone"
ADA = Person("ada.example", "/", (), False, (), (PHONE,), (), (), "")
ACTIONS = [Action("remove", "user ada.example", "iam.delete_user", {})]
DONE = [{"method": "iam.delete_user", "resource": "user ada.example", "status": "done", "why": ""}]
GROUPS = {
    "Everyone": {"members": "users", "everyone": True},
    "Admins": {"members": "admins"},
    "Developers": {"members": "developers"},
}
PEOPLE = {
    "users": ["ada.example", "bob.example", "cy.example"],
    "admins": ["ada.example"],
    "developers": [{"name": "cy.example", "until": "2026-01-01"}],
}


def begin(folder: Path, name: str = "ada.example") -> Record:
    return Record.begin(str(folder), "delete", name, "main", BY, ACTIONS, ADA)


def test_a_record_says_who_did_what_when_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    record = begin(tmp_path / "records")
    begun = json.loads(record.path.read_text())
    ended = json.loads(Path(record.end(DONE)).read_text())

    assert (begun["status"], begun["actions"][0]["status"]) == ("begun", "unknown")
    assert (ended["status"], ended["actions"], ended["signed_off"]["arn"]) == ("done", DONE, BY["arn"])
    assert record.path.stat().st_mode & 0o777 == 0o600
    assert record.path.parent.stat().st_mode & 0o777 == 0o700
    assert begin(tmp_path / "records").path != record.path, "two in one second are two"


def test_earlier_records_tell_whose_a_device_was_and_that_a_user_is_gone(tmp_path: Path) -> None:
    assert devices_seen(str(tmp_path / "none"), "ada.example") == ([], False)
    begin(tmp_path)
    begin(tmp_path, "bob.example").end([DONE[0] | {"status": "not tried"}])
    (tmp_path / "other.json").write_text("[1]")

    assert devices_seen(str(tmp_path), "ada.example") == ([PHONE], True)
    assert devices_seen(str(tmp_path), "bob.example") == ([PHONE], False)


def test_the_terminal_is_found_by_a_process_cut_off_from_it() -> None:
    """As Ansible does to its modules: another session, every stream elsewhere."""
    code = "import dm_terminal; name = dm_terminal.terminal(); dm_terminal.say(name, 'for your eyes\\n')"
    cut_off = [sys.executable, "-c", code]
    parent = (
        "import subprocess, sys; sys.exit(subprocess.run("
        f"{cut_off!r}, start_new_session=True, stdin=-3, stdout=-3, stderr=-3).returncode)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(dm_terminal.__file__).parent)}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(sys.executable, [sys.executable, "-c", parent], environment)  # noqa: S606
    seen = b""
    try:
        while chunk := os.read(terminal, 1024):
            seen += chunk
    except OSError:
        pass  # how Linux says that the other end is gone
    _, status = os.waitpid(pid, 0)

    assert status == 0
    assert seen.replace(b"\r", b"") == b"for your eyes\n"


def test_without_a_terminal_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dm_terminal, "_parent_and_terminal", lambda _: (1, ""))

    assert dm_terminal.terminal() == ""
    with pytest.raises(OSError, match="is no terminal"):
        dm_terminal.say("/dev/null", "lost")


def test_ps_says_the_same_where_there_is_no_proc() -> None:
    if not any((Path(folder) / "ps").exists() for folder in ("/bin", "/usr/bin")):
        pytest.skip("ps is not installed (Debian package procps)")
    assert dm_terminal._by_ps(os.getpid())[0] == os.getppid()


def test_the_lists_say_what_a_person_is_to_be_in() -> None:
    declared = person_declared(PEOPLE, GROUPS, "ada.example", "2026-11-23")

    assert declared == {"path": "/", "groups": ["Everyone", "Admins"], "lists": ["users", "admins"], "missing": ""}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "zoe.example",
            "zoe.example is not in the list users.*add a line '- zoe.example' there and in one of admins, ",
        ),
        ("bbo.example", "did you mean bob.example"),
        ("bob.example", "bob.example is in no list of today's members: add a line '- bob.example' to one of admins"),
        ("cy.example", "in no list of today's members"),
    ],
)
def test_what_is_missing_is_said_with_what_to_add(name: str, said: str) -> None:
    assert re.search(said, person_declared(PEOPLE, GROUPS, name, "2026-11-23")["missing"])


def test_whoever_is_listed_with_other_capitals_or_an_old_date_is_listed() -> None:
    assert person_declared(PEOPLE, GROUPS, "CY.example", "2026-11-23")["lists"] == ["users", "developers"]


@pytest.mark.parametrize(("people", "name"), [(PEOPLE, ""), ({**PEOPLE, "admins": None}, "ada.example")])
def test_no_name_and_broken_lists_stop_with_a_sentence(people: dict, name: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"vars/people.yml of the credentials repo\)"):
        FilterModule().filters()["person_declared"](people, GROUPS, name, "2026-11-23")
