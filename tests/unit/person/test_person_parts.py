"""The record, the terminal, and what the lists say of a person."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.estate import terminal
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.person.plan import Person
from ansible.module_utils.estate.person.record import Record, devices_seen
from ansible.module_utils.estate.plan import Action
from person_declared import person_declared

BY = {"arn": "arn:aws:iam::111111111111:user/bob.example", "user": "bob"}
USER = "arn:aws:iam::111111111111:user"
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


def record(folder: Path, name: str = "ada.example", call=lambda _action: None) -> Record:
    return Record(str(folder), "delete", name, "main", BY, ACTIONS, ADA, call)


def test_a_record_says_who_did_what_when_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    seen = []
    one = record(tmp_path / "records", call=lambda _: seen.append(json.loads(one.path.read_text())))
    one(ACTIONS[0])
    [during], ended = seen, json.loads(one.path.read_text())

    assert (during["status"], during["actions"][0]["status"]) == ("begun", "unknown")
    assert (ended["status"], ended["actions"], ended["signed_off"]["arn"]) == ("done", DONE, BY["arn"])
    assert one.path.stat().st_mode & 0o777 == 0o600
    assert one.path.parent.stat().st_mode & 0o777 == 0o700
    other = record(tmp_path / "records")
    other(ACTIONS[0])
    assert other.path != one.path, "two in one second are two"


def test_what_fails_is_written_down_and_without_a_record_nothing_is_called(tmp_path: Path) -> None:
    def fail(_: Action) -> None:
        raise ValueError("no")

    one = record(tmp_path, call=fail)
    with pytest.raises(ValueError, match="no"):
        one(ACTIONS[0])
    assert json.loads(one.path.read_text())["actions"][0] | {"why": "no", "status": "failed"} == DONE[0] | {
        "why": "no", "status": "failed",
    }  # fmt: skip
    assert json.loads(one.path.read_text())["status"] == "half done"

    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match="no record can be kept in"):
        record(tmp_path / "file" / "records", call=lambda _: pytest.fail("called"))(ACTIONS[0])


def test_earlier_records_tell_whose_a_device_was_and_that_a_user_is_gone(tmp_path: Path) -> None:
    assert devices_seen(str(tmp_path / "none"), "ada.example") == ([], False)
    record(tmp_path)(ACTIONS[0])
    record(tmp_path, "bob.example")._write()
    (tmp_path / "other.json").write_text("[1]")

    assert devices_seen(str(tmp_path), "ada.example") == ([PHONE], True)
    assert devices_seen(str(tmp_path), "bob.example") == ([PHONE], False)


def test_the_terminal_is_found_by_a_process_cut_off_from_it() -> None:
    """As Ansible does to its modules: another session, every stream elsewhere."""
    code = "import terminal; name = terminal.terminal(); terminal.say(name, 'for your eyes\\n')"
    cut_off = [sys.executable, "-c", code]
    parent = (
        "import subprocess, sys; sys.exit(subprocess.run("
        f"{cut_off!r}, start_new_session=True, stdin=-3, stdout=-3, stderr=-3).returncode)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(terminal.__file__).parent)}
    pid, ours = pty.fork()
    if pid == 0:
        os.execvpe(sys.executable, [sys.executable, "-c", parent], environment)  # noqa: S606
    seen = b""
    try:
        while chunk := os.read(ours, 1024):
            seen += chunk
    except OSError:
        pass  # how Linux says that the other end is gone
    _, status = os.waitpid(pid, 0)

    assert status == 0
    assert seen.replace(b"\r", b"") == b"for your eyes\n"


def test_without_a_terminal_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_parent_and_terminal", lambda _: (1, ""))

    assert terminal.terminal() == ""
    with pytest.raises(OSError, match="is no terminal"):
        terminal.say("/dev/null", "lost")


def test_ps_says_the_same_where_there_is_no_proc() -> None:
    if not any((Path(folder) / "ps").exists() for folder in ("/bin", "/usr/bin")):
        pytest.skip("ps is not installed (Debian package procps)")
    assert terminal._by_ps(os.getpid())[0] == os.getppid()


def test_the_lists_say_what_a_person_is_to_be_in() -> None:
    declared = person_declared(PEOPLE, GROUPS, "ada.example", "2026-11-23")

    assert declared == {
        "path": "/",
        "groups": ["Everyone", "Admins"],
        "lists": ["users", "admins"],
        "elsewhere": [],
        "missing": "",
    }


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


def test_without_a_name_it_asks_for_one() -> None:
    with pytest.raises(AnsibleFilterError, match=r"-e person=ada\.example"):
        person_declared(PEOPLE, GROUPS, "", "2026-11-23")


def test_somebody_elses_line_does_not_hide_whose_lists_name_a_leaver() -> None:
    """A line that is wrong: it keeps starters out, and nobody in."""
    declared = person_declared({**PEOPLE, "admins": [7, "ada.example"]}, GROUPS, "ada.example", "2026-11-23")

    assert declared["lists"] == ["users", "admins"]
    assert "admins, item 1: YAML reads this as the number 7" in declared["missing"]


def test_a_leaver_is_looked_for_wherever_people_are_named() -> None:
    vars_ = {
        "jenkins_admins": ["ada.example", "bob.example"],
        "ssh_keys": {"ADA.example": "ssh-ed25519 AAAA ada.example"},
        "access_roles": {"odd": {"main": {"trust": {"Statement": [{"Principal": {"AWS": f"{USER}/x/ada.example"}}]}}}},
        "topics": [{"subscribers": ["not-ada.example"]}],
    }

    found = person_declared(PEOPLE, GROUPS, "ada.example", "2026-11-23", vars_)["elsewhere"]

    assert found == [
        "jenkins_admins names ada.example too: take that out",
        "ssh_keys names ada.example too: take that out",
        "access_roles.odd.main.trust.Statement.Principal.AWS names ada.example too: take that out",
    ]
