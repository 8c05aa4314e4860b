from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.estate.buckets.live import LiveBucket
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.mfa_delete.device import Device
from ansible.module_utils.estate.mfa_delete.plan import plan
from ansible.module_utils.estate.mfa_delete.read import owed, prove, proved
from ansible.module_utils.estate.plan import Action, carry_out, failures
from botocore.exceptions import ClientError

ON, OFF = {"Status": "Enabled", "MFADelete": "Enabled"}, {"Status": "Enabled"}
A = {"name": "a", "region": "eu-west-1", "mfa_delete": True}
B = {"name": "b", "region": "eu-west-2", "mfa_delete": False}
ACTION = Action("change", "bucket a", "s3.put_bucket_versioning", {"Bucket": "a"})


def found(versioning, rules):
    return LiveBucket("eu-west-1", {"versioning": versioning, "lifecycle": {"Rules": [{}]} if rules else {}})


def denied(message="Mfa Authentication must be used for this request"):
    return ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "X")


def test_only_what_is_declared_on_and_is_off_is_switched_on():
    made = plan("production", True, [A, B], {"a": found(OFF, False), "b": found(ON, False)}, {})

    [action] = made.actions
    assert action.params == {"Bucket": "a", "VersioningConfiguration": ON}
    assert made.drift == ["b: MFA delete is on but declared off"]
    assert not plan("production", True, [A], {"a": found(ON, False)}, {}).actions


def test_switching_off_goes_by_the_vars_too():
    [action] = plan("production", False, [A, B], {"a": found(ON, False), "b": found(ON, False)}, {}).actions
    assert (action.params["Bucket"], action.region) == ("b", "eu-west-2")
    assert action.params["VersioningConfiguration"]["MFADelete"] == "Disabled"


def test_a_bucket_with_lifecycle_rules_is_left_out():
    made = plan("production", True, [A], {"a": found(OFF, True)}, {})
    assert not made.actions
    assert "lifecycle rules" in made.left_out["bucket a"]


class World:
    def __init__(self, answers, refuse=()):
        self.answers, self.refuse = list(answers), set(refuse)
        self.said, self.asked, self.called = [], [], []

    def ask(self, question):
        self.asked.append(question)
        return self.answers.pop(0)

    def call(self, action):
        self.called.append(action.params["MFA"])
        if action.params["MFA"].split()[1] in self.refuse:
            raise denied()

    @property
    def device(self):
        return Device(self.call, self.ask, self.said.append)


def test_each_call_takes_a_code_of_its_own_and_the_serial_is_asked_for_once():
    world = World(["123456789012", "111111", "222222"])
    device = world.device
    device(ACTION)
    device(ACTION)

    assert world.called == ["123456789012 111111", "123456789012 222222"]
    assert device.hidden("x 111111 y 123456789012") == "x … y …"


def test_a_code_that_was_used_or_is_none_is_asked_for_again():
    world = World(["123456789012", "111111", "111111", "abc", "222222"])
    device = world.device
    device(ACTION)
    device(ACTION)

    assert len(world.called) == 2
    assert any("once" in said for said in world.said)


def test_what_no_header_can_carry_is_asked_for_again_and_not_sent():
    world = World(["é123456789012", "123456789012", "١٢٣٤٥٦", "123456"])
    world.device(ACTION)
    assert (world.called, world.said) == (["123456789012 123456"], ["That is none.\n"] * 2)


def test_a_code_that_aws_refuses_is_asked_for_again_and_no_more_than_three_times():
    world = World(["123456789012", "111111", "123456789013", "222222"], refuse=["111111"])
    world.device(ACTION)
    assert world.called[-1] == "123456789013 222222"

    world = World(
        ["123456789012", "1" * 6, "123456789013", "2" * 6, "123456789014", "3" * 6], ["1" * 6, "2" * 6, "3" * 6]
    )
    with pytest.raises(ClientError):
        world.device(ACTION)


def test_nothing_ends_it_for_all_that_is_left():
    world = World(["123456789012", "111111", ""])
    outcomes = carry_out([ACTION, ACTION._replace(resource="bucket b"), ACTION._replace(resource="bucket c")],
                         world.device, str, workers=1)  # fmt: skip

    assert [outcome.status for outcome in outcomes] == ["done", "failed", "failed"]
    assert failures(outcomes) == "bucket b, bucket c: s3.put_bucket_versioning: nobody gave a code for it"
    assert issubclass(Refusal, ValueError)


class S3:
    def __init__(self, raises=None):
        self.raises, self.put = raises, 0

    def __getitem__(self, _):
        return self

    def head_object(self, **_):
        raise ClientError({"Error": {"Code": "404"}}, "HeadObject")

    def put_object(self, **_):
        self.put += 1
        return {"VersionId": "1"}

    def delete_object(self, **_):
        if self.raises:
            raise self.raises


@pytest.mark.parametrize(
    ("raises", "enable", "verdict"),
    [
        (denied(), True, "proved"),
        (denied("explicit deny in a service control policy"), True, "failed"),
        (None, True, "failed"),
        (None, False, "proved"),
        (denied(), False, "failed"),
    ],
)
def test_the_proof_is_a_deletion_without_a_code(raises, enable, verdict):
    [proof] = prove(S3(raises), [A], enable)
    assert proof["verdict"] == verdict
    assert bool(proof["why"]) == (verdict == "failed")


@pytest.mark.parametrize(
    ("enable", "records", "names"),
    [
        (True, [], ["a"]),  # the run was killed before there was one
        (True, [("refused", "proved")], []),
        (True, [("deleted", "failed")], ["a"]),
        (True, [("refused", "proved"), ("deleted", "proved")], ["a"]),
        (False, [], []),  # nobody ever switched it
        (False, [("refused", "proved")], ["b"]),
        (False, [("refused", "proved"), ("deleted", "proved")], []),
    ],
)
def test_a_proof_is_owed_until_a_record_has_it(tmp_path, enable, records, names):
    for at, (seen, verdict) in enumerate(records):
        told = {"at": f"2026-11-{at:02}", "seen": seen, "verdict": verdict}
        proofs = [{"subject": f"MFA delete of {name}", **told} for name in "ab"]
        (tmp_path / f"mfa-delete-{9 - at}.json").write_text(json.dumps({"proofs": proofs}))
    (tmp_path / "mfa-delete-cut.json").write_text('{"proofs": [')
    (tmp_path / "mfa-delete-list.json").write_text("[1]")
    (tmp_path / "mfa-delete-half.json").write_text(
        '{"proofs": [{"subject": "MFA delete of a", "verdict": "proved"}, 1]}'
    )
    live = {"a": found(ON, False), "b": found(OFF, False)}
    assert [one["name"] for one in owed([A, B], live, proved(tmp_path), enable)] == names


def test_what_is_not_as_declared_is_to_be_switched_and_owes_no_proof(tmp_path):
    assert not list(owed([A], {"a": found(OFF, False)}, proved(tmp_path / "none yet"), enable=True))


def test_the_vars_say_it_of_the_originals_26_buckets():
    inventories = Path(__file__).parents[3] / "inventories"

    def said(path):
        return yaml.safe_load((inventories / path).read_text())

    kinds = said("common/group_vars/all/buckets.yml")["buckets_kinds"]
    found = []
    for stage in ("preview", "production", "staging"):
        overrides = said(f"{stage}/host_vars/{stage}/buckets.yml").get("buckets_overrides") or {}
        copies = [one["replica"] for one in overrides.values() if one.get("replica")]
        on = [kind for kind, one in overrides.items() if one.get("mfa_delete")]
        assert stage == "staging" or (sorted(on), len(copies)) == (sorted(kinds), 4)
        found += [*on, *(copy["name"] for copy in copies if copy.get("mfa_delete"))]
    assert said("common/group_vars/accounts/buckets.yml")["buckets_trail"]["mfa_delete"]
    for account in ("main", "development", "production", "backups"):
        own = said(f"accounts/host_vars/{account}-account/buckets.yml")["buckets_standalone"]
        found += [name for name, one in own.items() if "buckets_trail" in one or (one or {}).get("mfa_delete")]
    assert len(found) == 26


def test_the_ceremony_says_first_whom_to_tell_and_what_keeps_root_away():
    tasks = yaml.safe_load((Path(__file__).parents[3] / "roles/buckets/tasks/mfa_delete.yml").read_text())
    said = " ".join(tasks[0]["ansible.builtin.debug"]["msg"].split())
    assert said.startswith("Only the root user of")
    assert "Cyber Security watches root: tell them before its password is reset" in said
    assert "Where AWS Organizations keeps root locked there is no password: it must be recovered there first" in said
