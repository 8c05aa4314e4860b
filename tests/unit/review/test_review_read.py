from __future__ import annotations

import datetime

import pytest
from ansible.module_utils.estate.review.read import (
    NoReport,
    Report,
    buckets,
    central_root,
    credentials,
    other_keys,
    report,
)

from tests.support.paged import paginator

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


def test_a_report_that_was_complete_when_it_was_asked_for_first_is_fetched_at_once() -> None:
    client = Client([], [f"{HEADER}\nada,x"])
    assert report(client, 60, lambda _: None, "COMPLETE").rows[0]["user"] == "ada"


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

    ada |= {"cert_1_active": "true", "cert_1_last_rotated": "2026-02-01T00:00:00+00:00", "cert_2_active": "false"}
    ssh = {"kind": "ssh", "slot": 1, "active": True, "rotated": "2026-03-01T00:00:00+00:00", "used": None}
    summary = {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 0}

    said = credentials(Report("now", [root, ada]), summary, {"ada.example": [ssh]})

    assert said["root"] == {
        "keys": True, "certificates": False, "mfa": True, "password": False,
        "password_last_used": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    row = said["users"]["ada.example"]
    assert (row["password"], row["mfa"], row["password_last_used"]) == (True, False, "")
    assert row["keys"] == [
        {"kind": "key", "slot": 2, "active": True, "rotated": "2026-01-01T00:00:00+00:00", "used": ""},
        {"kind": "certificate", "slot": 1, "active": True, "rotated": "2026-02-01T00:00:00+00:00", "used": None},
        ssh,
    ]


class Keys:
    def list_ssh_public_keys(self, UserName: str) -> dict:
        keys = [{"SSHPublicKeyId": "APKA1", "Status": "Active", "UploadDate": CREATED}]
        return {"SSHPublicKeys": keys if UserName == "ada.example" else []}

    def list_service_specific_credentials(self, AllUsers: bool, Marker: str = "") -> dict:
        """AWS cuts pages where it likes, also before the first credential."""
        assert AllUsers
        one = {"ServiceName": "codecommit.amazonaws.com", "Status": "Inactive", "CreateDate": CREATED}
        if not Marker:
            return {"ServiceSpecificCredentials": [], "IsTruncated": True, "Marker": "1"}
        return {"ServiceSpecificCredentials": [one | {"UserName": "ada.example"}], "IsTruncated": False}


def test_keys_that_no_report_has_are_read_and_their_ids_are_not_kept() -> None:
    assert other_keys(Keys(), ["ada.example", "bob.example"]) == {
        "ada.example": [
            {"kind": "ssh", "slot": 1, "active": True, "rotated": CREATED.isoformat(), "used": None},
            {"kind": "service", "slot": "for codecommit.amazonaws.com", "active": False,
             "rotated": CREATED.isoformat(), "used": None},
        ]
    }  # fmt: skip


class S3:
    def __init__(self, policy: object, block: object) -> None:
        self.policy, self.block = policy, block

    def get_paginator(self, method: str) -> object:
        return paginator(self, method)

    def list_buckets(self, MaxBuckets: int) -> dict:
        return {"Buckets": [{"Name": "docs", "BucketRegion": "eu-west-2"}][:MaxBuckets]}

    def get_bucket_policy(self, **_: str) -> dict:
        if isinstance(self.policy, Exception):
            raise self.policy
        return {"Policy": self.policy}

    def get_bucket_versioning(self, **_: str) -> dict:
        raise Refused("AccessDenied")

    def get_public_access_block(self, **_: str) -> dict:
        if isinstance(self.block, Exception):
            raise self.block
        return {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": self.block}}


NONE = Refused("NoSuchPublicAccessBlockConfiguration")


@pytest.mark.parametrize(
    ("own", "whole", "restricted"),
    [(True, False, True), (False, True, True), (NONE, NONE, False), (False, Refused("AccessDenied"), None)],
)
def test_a_bucket_is_read_with_its_policy_and_what_blocks_it(
    own: object, whole: object, restricted: bool | None
) -> None:
    [(name, found)] = buckets(S3("{}", own), S3("", whole), "111111111111").items()
    assert (name, found) == ("docs", {"policy": {}, "restricted": restricted, "kept": None})


def test_a_bucket_is_asked_for_in_its_own_region() -> None:
    london = {"eu-west-2": S3('{"its": "own"}', True)}
    read = buckets(S3(Refused("PermanentRedirect"), True), S3("", True), "1", there=london.__getitem__)
    assert read["docs"]["policy"] == {"its": "own"}


def test_a_bucket_without_a_policy_has_none_and_one_that_cannot_be_read_stops_the_review() -> None:
    assert buckets(S3(Refused("NoSuchBucketPolicy"), True), S3("", True), "1")["docs"]["policy"] is None
    with pytest.raises(Refused, match="AccessDenied"):
        buckets(S3(Refused("AccessDenied"), True), S3("", True), "1")


class Organizations:
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def list_organizations_features(self) -> dict:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"EnabledFeatures": self.answer}


def test_whether_root_is_kept_centrally_is_asked_and_whoever_may_not_ask_says_nothing() -> None:
    assert central_root(Organizations(["RootSessions", "RootCredentialsManagement"])) == [
        "RootCredentialsManagement",
        "RootSessions",
    ]
    assert central_root(Organizations(Refused("AccountNotManagementOrDelegatedAdministratorException"))) is None
    assert central_root(Organizations(Refused("OrganizationNotFoundException"))) is None
    with pytest.raises(Refused, match="AccessDenied"):
        central_root(Organizations(Refused("AccessDenied")))
