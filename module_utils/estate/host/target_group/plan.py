"""A load balancer's target group: what to do to it. Pure; library/dm_target_group.py calls AWS.

Parameter names are AWS's own (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.diff import KNOWN_AFTER_APPLY, diff_of
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.host.instance.choose import instance_of
from ansible.module_utils.estate.plan import Action, Plan, Ref

# What CreateTargetGroup fixes for good.
FIXED = ("Protocol", "Port", "VpcId", "TargetType")


def resource_of(name: str) -> str:
    return f"target group {name}"


def plan(account: str, name: str, live: dict[str, Any] | None, wanted: dict[str, Any]) -> Plan:
    """What makes the group as declared.

    live, or None: {"arn", "settings", "health", "attributes", "tags": {…}, "targets": [instance ids]}
    wanted: the same shape but for the ARN, and targets as {instance name: id, "" where it is not there yet}. A setting
        that it does not name is left as it is, but targets are exact.
    """
    resource = resource_of(name)
    arn = live["arn"] if live else Ref(resource, "arn")
    before = live or {"settings": {}, "health": {}, "attributes": {}, "tags": {}, "targets": []}
    verb = "change" if live else "add"
    actions: list[Action] = []

    def act(method: str, **params: Any) -> None:
        actions.append(Action(verb, resource, f"elbv2.{method}", params))

    if live is None:
        params = {"Name": name, **wanted["settings"], **wanted["health"], "Tags": _pairs(wanted["tags"])}
        output = (("arn", "TargetGroups[0].TargetGroupArn"),)
        actions.append(Action(verb, resource, "elbv2.create_target_group", params, outputs=output))
    else:
        _refuse_what_is_fixed(name, live["settings"], wanted["settings"])
        if health := _differing(live["health"], wanted["health"]):
            act("modify_target_group", TargetGroupArn=arn, **health)
        if tags := _differing(live["tags"], wanted["tags"]):
            act("add_tags", ResourceArns=[arn], Tags=_pairs(tags))
    if attributes := _differing(before["attributes"], wanted["attributes"]):
        act("modify_target_group_attributes", TargetGroupArn=arn, Attributes=_pairs(attributes))
    joining = [{"Id": instance_of(one)} for one, found in wanted["targets"].items() if found not in before["targets"]]
    leaving = [{"Id": found} for found in before["targets"] if found not in wanted["targets"].values()]
    if joining:
        act("register_targets", TargetGroupArn=arn, Targets=joining)
    if leaving:
        act("deregister_targets", TargetGroupArn=arn, Targets=leaving)
    targets = [found or KNOWN_AFTER_APPLY for found in wanted["targets"].values()]
    shown = {**_flat(before), **_flat({**wanted, "targets": targets})}
    diff = diff_of(resource, _flat(before) if live else None, shown) if actions else []
    return Plan("target group", account, actions, diff)


def _refuse_what_is_fixed(name: str, live: dict[str, Any], wanted: dict[str, Any]) -> None:
    fixed = {key: value for key, value in wanted.items() if key in FIXED and live.get(key) != value}
    if fixed:
        found = ", ".join(f"{key} {live.get(key)}" for key in fixed)
        raise Refusal(
            f"Target group {name} has {found}, declared is {', '.join(map(str, fixed.values()))}: "
            "AWS cannot change that; declare another name."
        )


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def _differing(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if live.get(key) != value}


def _flat(group: dict[str, Any]) -> dict[str, Any]:
    tags = {f"tag {key}": value for key, value in group["tags"].items()}
    flat = {**group["settings"], **group["health"], **group["attributes"], **tags}
    return {**flat, "targets": sorted(group["targets"])} if group["targets"] else flat
