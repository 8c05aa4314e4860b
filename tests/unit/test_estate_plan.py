from __future__ import annotations

import json

from ansible.module_utils.estate.plan import Action, Plan, Ref, carry_out, failures

VOLUME = "volume jenkins-data"
MADE = Action("add", VOLUME, "ec2.create_volume", {"Size": 100}, outputs=(("id", "VolumeId"),))
ATTACHED = Action("add", "instance jenkins", "ec2.attach_volume", {"VolumeId": Ref(VOLUME, "id"), "Device": "/dev/sdf"})


def carried_out(actions, answers, known=None):
    called = []

    def call(action):
        called.append((action.method, action.params))
        return answers.get(action.method)

    return called, carry_out(actions, call, str, known=known)


def test_a_ref_is_what_the_earlier_call_answered_wherever_the_two_stand() -> None:
    called, outcomes = carried_out([ATTACHED, MADE], {"ec2.create_volume": {"VolumeId": "vol-1"}})

    assert called == [
        ("ec2.create_volume", {"Size": 100}),
        ("ec2.attach_volume", {"VolumeId": "vol-1", "Device": "/dev/sdf"}),
    ]
    assert [outcome.status for outcome in outcomes] == ["done", "done"]


def test_a_ref_inside_lists_and_mappings_is_found() -> None:
    nested = ATTACHED._replace(params={"Filters": [{"Values": [Ref(VOLUME, "id")]}]})

    called, _ = carried_out([nested, MADE], {"ec2.create_volume": {"VolumeId": "vol-1"}})

    assert called[1][1] == {"Filters": [{"Values": ["vol-1"]}]}


def test_what_the_caller_knows_needs_no_action() -> None:
    known = {Ref(VOLUME, "id"): "vol-7"}

    assert carried_out([ATTACHED], {}, known)[0][0][1]["VolumeId"] == "vol-7"


def test_what_refers_to_a_failed_action_is_not_tried() -> None:
    _, outcomes = carried_out([MADE, ATTACHED], {"ec2.create_volume": {}})

    assert [outcome.status for outcome in outcomes] == ["failed", "not tried"]
    assert "AWS's answer to ec2.create_volume has no id" in outcomes[0].why


def test_the_digest_is_the_same_before_and_after_the_id_is_known_and_differs_with_what_is_referred_to() -> None:
    plan = Plan("volume", "main", [MADE, ATTACHED])

    assert plan.digest == Plan("volume", "main", [MADE, ATTACHED]).digest
    other = ATTACHED._replace(params={"VolumeId": Ref("volume other", "id"), "Device": "/dev/sdf"})
    assert plan.digest != Plan("volume", "main", [MADE, other]).digest


def test_a_told_plan_is_json_and_says_what_it_refers_to() -> None:
    told = json.loads(json.dumps(Plan("volume", "main", [MADE, ATTACHED]).told()))

    assert told["actions"][1]["params"]["VolumeId"] == {"ref": VOLUME, "output": "id"}
    assert told["counts"] == {"add": 2, "change": 0, "remove": 0}


def test_a_reason_is_said_once_for_all_it_befell() -> None:
    actions = [Action("change", f"bucket b{n}", "s3.put_bucket_policy", {}) for n in range(3)]

    def refuse(_action):
        raise ValueError("no")

    said = failures(carry_out(actions, refuse, str), {"bucket z": "it lives elsewhere"})

    assert said == "bucket z: it lives elsewhere; bucket b0, bucket b1, bucket b2: s3.put_bucket_policy: no"
