from __future__ import annotations

import datetime

import pytest
from dm_access_read import NoReport, Report, credentials, report

HEADER = "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date"  # noqa: E501 (AWS's own line)
CREATED = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


class Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class Client:
    """Answers generate_credential_report with each state in turn, get_credential_report with each answer in turn."""

    def __init__(self, states: list[str], answers: list[object]) -> None:
        self.states, self.answers = states, answers

    def generate_credential_report(self) -> dict:
        return {"State": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    def get_credential_report(self) -> dict:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Content": str(answer).encode(), "GeneratedTime": CREATED}


def test_the_report_is_asked_for_until_it_is_there() -> None:
    waited: list[float] = []
    client = Client(
        ["STARTED", "INPROGRESS", "COMPLETE"],
        [Refused("ReportInProgress"), Refused("ReportExpired"), Refused("ReportNotPresent"), f"{HEADER}\nada,x"],
    )

    made = report(client, 60, waited.append)

    assert made.generated == "2026-11-23T12:00:00+00:00"
    assert [row["user"] for row in made.rows] == ["ada"]
    assert len(waited) == 5


def test_a_report_that_never_comes_ends_in_a_sentence_and_another_error_at_once() -> None:
    with pytest.raises(NoReport, match="still INPROGRESS after 6 s"):
        report(Client(["INPROGRESS"], []), 6, lambda _: None)
    with pytest.raises(Refused, match="AccessDenied"):
        report(Client(["COMPLETE"], [Refused("AccessDenied")]), 6, lambda _: None)


def test_what_the_report_says_of_root_and_people() -> None:
    root = {
        "user": "<root_account>", "password_enabled": "not_supported",
        "password_last_used": "2026-01-01T00:00:00+00:00",
        "mfa_active": "true", "access_key_1_active": "true", "access_key_1_last_rotated": "2020-01-01T00:00:00+00:00",
    }  # fmt: skip
    ada = {
        "user": "ada.example", "password_enabled": "true", "password_last_used": "no_information",
        "mfa_active": "false",
        "access_key_1_active": "false", "access_key_1_last_rotated": "N/A",
        "access_key_2_active": "true", "access_key_2_last_rotated": "2026-01-01T00:00:00+00:00",
        "access_key_2_last_used_date": "N/A",
    }  # fmt: skip

    said = credentials(Report("now", [root, ada]), {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0})

    assert said["root"] == {"keys": True, "mfa": True, "password_last_used": "2026-01-01T00:00:00+00:00"}
    row = said["users"]["ada.example"]
    assert (row["password"], row["mfa"], row["password_last_used"]) == (True, False, "")
    assert row["keys"] == [{"slot": 2, "active": True, "rotated": "2026-01-01T00:00:00+00:00", "used": ""}]
