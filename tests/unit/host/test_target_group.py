from __future__ import annotations

import pytest
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.host.target_group.plan import plan as planned
from ansible.module_utils.estate.plan import Ref

WANTED = {
    "settings": {"Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "instance"},
    "health": {"HealthCheckPath": "/login", "Matcher": {"HttpCode": "200"}},
    "attributes": {"deregistration_delay.timeout_seconds": "30"},
    "tags": {"Service": "jenkins"},
    "targets": {"jenkins": "i-1"},
}
JENKINS = Ref("instance jenkins", "id")


def live(**changes):
    group = {part: dict(value) for part, value in WANTED.items() if part != "targets"}
    return {**group, "arn": "arn:group", "targets": ["i-1"], **changes}


def plan(live, wanted, name):
    """(actions, before, after) as shown, {} where nothing changes"""
    made = planned("main", name, live, wanted)
    shown = made.diff[0] if made.diff else {"before": "", "after": ""}
    return made.actions, shown["before"] or {}, shown["after"] or {}


def calls(actions):
    drop = ("TargetGroupArn", "ResourceArns")
    return [
        (action.method.removeprefix("elbv2."), {key: value for key, value in action.params.items() if key not in drop})
        for action in actions
    ]


def test_a_new_group_gets_everything_in_order():
    actions, before, after = plan(None, WANTED, "jenkins")
    assert [method for method, _ in calls(actions)] == [
        "create_target_group",
        "modify_target_group_attributes",
        "register_targets",
    ]
    assert {action.verb for action in actions} == {"add"}
    assert before == {}
    assert after["HealthCheckPath"] == "/login"


def test_as_declared_there_is_nothing_to_do():
    actions, before, after = plan(live(), WANTED, "jenkins")
    assert actions == []
    assert before == after


def test_only_what_differs_is_set():
    drifted = live(
        health={"HealthCheckPath": "/", "Matcher": {"HttpCode": "200"}, "HealthCheckPort": "traffic-port"},
        attributes={"deregistration_delay.timeout_seconds": "300", "stickiness.enabled": "false"},
        tags={"Hand": "made"},
    )
    assert calls(plan(drifted, WANTED, "jenkins")[0]) == [
        ("modify_target_group", {"HealthCheckPath": "/login"}),
        ("add_tags", {"Tags": [{"Key": "Service", "Value": "jenkins"}]}),
        (
            "modify_target_group_attributes",
            {"Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]},
        ),
    ]


def test_targets_are_exact():
    assert calls(plan(live(targets=["i-0"]), WANTED, "jenkins")[0]) == [
        ("register_targets", {"Targets": [{"Id": JENKINS}]}),
        ("deregister_targets", {"Targets": [{"Id": "i-0"}]}),
    ]


def test_what_aws_fixes_for_good_is_refused():
    with pytest.raises(Refusal, match="has Port 8080, declared is 80"):
        plan(live(settings={**WANTED["settings"], "Port": 8080}), WANTED, "jenkins")
