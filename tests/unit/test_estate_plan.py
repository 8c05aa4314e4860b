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


def step(resource: str, name: str, *needs: str) -> Action:
    return Action("change", resource, f"s3.put_{name}", {}, needs=needs, step=name)


def became(actions: list[Action], *failing: str) -> dict[str, str]:
    """What became of each step, where the failing ones ("logs policy") fail."""

    def call(action: Action) -> None:
        if f"{action.resource} {action.step}".strip() in failing:
            raise ValueError("no")

    found = carry_out(actions, call, str, workers=3)
    return {f"{one.action.resource} {one.action.step}".strip(): one.status for one in found}


def test_a_step_that_fails_stops_no_other_but_what_needs_it() -> None:
    actions = [
        step("logs", "ownership"),
        step("logs", "policy"),
        step("logs", "tags"),
        step("shop", "logging", "logs: policy"),
        step("shop", "tags"),
        step("shop", "cors", "logs: tags"),
    ]

    assert became(actions, "logs ownership", "logs policy") == {
        "logs ownership": "failed",
        "logs policy": "failed",
        "logs tags": "done",
        "shop logging": "not tried",
        "shop tags": "done",
        "shop cors": "done",
    }


def test_nothing_of_a_resource_is_done_that_could_not_be_made() -> None:
    create = Action("add", "logs", "s3.create_bucket", {})
    actions = [
        step("shop", "logging", "logs: policy"),
        create,
        step("logs", "tags"),
        step("copy", "policy", "logs: tags"),
    ]

    assert became(actions, "logs") == {
        "logs": "failed",
        "logs tags": "not tried",
        "shop logging": "not tried",
        "copy policy": "not tried",
    }
    assert set(became(actions).values()) == {"done"}


def test_who_needs_the_whole_resource_waits_for_each_of_its_steps() -> None:
    actions = [Action("add", "copies", "s3.x", {}, needs=("logs",)), step("logs", "policy"), step("logs", "tags")]

    assert became(actions, "logs policy") == {"copies": "not tried", "logs policy": "failed", "logs tags": "done"}
    assert set(became(actions).values()) == {"done"}


def test_an_action_that_waits_is_not_seen_done_before_what_it_needs() -> None:
    order: list[str] = []
    actions = [step("shop", "logging", "logs: policy"), step("logs", "tags"), step("logs", "policy")]
    carry_out(actions, lambda action: order.append(action.step), str)
    assert order == ["tags", "policy", "logging"]
