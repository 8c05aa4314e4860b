from __future__ import annotations

import pytest
from ansible.module_utils.dm_target_group import Refusal, plan

WANTED = {
    "settings": {"Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "instance"},
    "health": {"HealthCheckPath": "/login", "Matcher": {"HttpCode": "200"}},
    "attributes": {"deregistration_delay.timeout_seconds": "30"},
    "tags": {"Service": "jenkins"},
    "targets": ["i-1"],
}


def live(**changes):
    group = {part: dict(value) if isinstance(value, dict) else list(value) for part, value in WANTED.items()}
    return {**group, **changes}


def calls(actions):
    return [(action.method.removeprefix("elbv2."), action.params) for action in actions]


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
        ("register_targets", {"Targets": [{"Id": "i-1"}]}),
        ("deregister_targets", {"Targets": [{"Id": "i-0"}]}),
    ]


def test_what_aws_fixes_for_good_is_refused():
    with pytest.raises(Refusal, match="has Port 8080, declared is 80"):
        plan(live(settings={**WANTED["settings"], "Port": 8080}), WANTED, "jenkins")
