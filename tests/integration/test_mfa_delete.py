"""The ceremony, rehearsed whole: root, its device, a terminal."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.support import typed
from tests.support.terminal import at_a_terminal

pytestmark = pytest.mark.slow
STAGE = "staging"
OVERRIDES = {"documents": {"mfa_delete": True}, "submissions": {"mfa_delete": True}}


@pytest.fixture
def stage(estate_aws, run_playbook):
    """Two of staging's buckets with MFA delete declared."""
    runs = (("access", [], {}), ("monitoring", ["-l", STAGE], {}),
            ("buckets", ["-l", STAGE], {"buckets_overrides": OVERRIDES}))  # fmt: skip
    for part, words, given in runs:
        done = run_playbook(f"converge_{part}.yml", *words, extra_vars=given)
        assert done.rc == 0, done.output[-3000:]
    estate_aws.forget_calls()
    return estate_aws


def bucket(kind):
    return f"digitalmarketplace-{kind}-{STAGE}-{STAGE}"


def is_on(aws, kind):
    return aws.client("s3", "production").get_bucket_versioning(Bucket=bucket(kind)).get("MFADelete") == "Enabled"


def codes(start=100_000, end_after=99):
    count = itertools.count(start)

    def answer(asked):
        if asked.startswith("Serial"):
            return "arn:aws:iam::333333333333:mfa/root-account-mfa-device"
        code = next(count)
        return str(code) if code < start + end_after else ""

    return answer


def test_switched_on_with_a_code_for_each_interrupted_resumed_proved_and_switched_off(stage, tmp_path, run_playbook):
    given = {"buckets_overrides": OVERRIDES, "told": "SEC-12 { by phone", "buckets_records": str(tmp_path / "records")}
    words = ["-l", STAGE]

    nobody = run_playbook(
        "enable_mfa_delete.yml", *words, extra_vars={**given, "buckets_root_profile": "digitalmarketplace-production"}
    )
    assert nobody.rc != 0
    assert "only the root user arn:aws:iam::333333333333:root can switch MFA delete" in nobody.output
    assert not [call for call in stage.calls() if call["service"] == "s3"], "refused before any call"

    look, switch = typed.playbooks("docs/deletion.md", "enable_mfa_delete.yml")
    planned = run_playbook(look.playbook, *words, *look.options, extra_vars=given)
    assert planned.rc == 0, planned.output[-3000:]
    assert planned.report["summary"][STAGE]["change"] == 2
    blind = run_playbook("enable_mfa_delete.yml", *words, extra_vars=given)
    assert "no terminal" in blind.output
    assert stage.writes() == []

    rc, seen, said = at_a_terminal(
        stage, tmp_path, switch.playbook, *words, *switch.options, extra_vars=given, answer=codes(end_after=1)
    )
    assert rc != 0
    assert "nobody gave a code for it" in said
    assert [is_on(stage, "documents"), is_on(stage, "submissions")].count(True) == 1

    stage.fail("HeadObject", matching="mfa-delete-estate-canary", kind="die")
    rc, seen, said = at_a_terminal(
        stage, tmp_path, "enable_mfa_delete.yml", *words, extra_vars=given, answer=codes(200_000),
        killed=lambda: "HeadObject" in {call["operation"] for call in stage.calls()},
    )  # fmt: skip
    stage.heal()
    assert rc == -9, said[-3000:]
    assert seen.count("Code for") == 1, "only what was left"
    assert is_on(stage, "documents")
    assert is_on(stage, "submissions")

    stage.forget_calls()
    owed = run_playbook("enable_mfa_delete.yml", *words, check=True, extra_vars=given)
    proofs = owed.report["plans"][STAGE]["mfa_delete"]["proofs"]
    assert [proof["verdict"] for proof in proofs] == ["waiting", "waiting"]
    assert stage.writes() == []
    resumed = run_playbook("enable_mfa_delete.yml", *words, extra_vars=given)
    assert resumed.rc == 0, resumed.output[-3000:]
    *_, kept = [json.loads(record.read_text()) for record in sorted((tmp_path / "records").iterdir())]
    assert [proof["verdict"] for proof in kept["proofs"]] == ["proved", "proved"]
    assert kept["told"] == "SEC-12 { by phone"
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not {b"200000", b"100000"} & set(path.read_bytes().split()), path
            assert b"root-account-mfa-device" not in path.read_bytes(), path
    assert "200000" not in seen + said

    stage.forget_calls()
    again = run_playbook("enable_mfa_delete.yml", *words, extra_vars=given)
    assert (again.rc, stage.writes()) == (0, [])

    off = {**given, "buckets_overrides": {**OVERRIDES, "documents": {"mfa_delete": False}}}
    rc, seen, said = at_a_terminal(
        stage, tmp_path, "disable_mfa_delete.yml", *words, extra_vars=off, answer=codes(300_000)
    )
    assert rc == 0, said[-3000:]
    assert not is_on(stage, "documents")
    assert is_on(stage, "submissions")
    versions = stage.client("s3", "production").list_object_versions(Bucket=bucket("documents"))
    assert "Versions" not in versions, "what the proof made is gone"
