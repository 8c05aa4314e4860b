"""A load balancer's target group: what to do to it. Pure; library/dm_target_group.py calls AWS.

Parameter names are AWS's own (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.dm_plan import Action

# What CreateTargetGroup fixes for good.
FIXED = ("Protocol", "Port", "VpcId", "TargetType")


class Refusal(ValueError):
    """Only a new target group could be as declared."""


def plan(
    live: dict[str, Any] | None, wanted: dict[str, Any], name: str
) -> tuple[list[Action], dict[str, Any], dict[str, Any]]:
    """(actions, before, after), the latter two for the diff.

    live, or None: {"settings", "health", "attributes", "tags": {…}, "targets": [instance ids]}
    wanted: the same shape; a setting that it does not name is left as it is, but targets are exact.
    The caller adds TargetGroupArn, which a new group does not have yet.
    """
    resource = f"target group {name}"
    if live is None:
        actions = [
            Action(
                "add",
                resource,
                "elbv2.create_target_group",
                {"Name": name, **wanted["settings"], **wanted["health"], "Tags": _pairs(wanted["tags"])},
            )
        ]
        live = {"settings": {}, "health": {}, "attributes": {}, "tags": {}, "targets": []}
        verb = "add"
    else:
        verb = "change"
        actions = []
        settings = live["settings"]
        fixed = {key: value for key, value in wanted["settings"].items() if key in FIXED and settings.get(key) != value}
        if fixed:
            found = ", ".join(f"{key} {settings.get(key)}" for key in fixed)
            raise Refusal(
                f"Target group {name} has {found}, declared is {', '.join(map(str, fixed.values()))}: "
                "AWS cannot change that; declare another name."
            )
        health = _differing(live["health"], wanted["health"])
        if health:
            actions.append(Action(verb, resource, "elbv2.modify_target_group", health))
        tags = _differing(live["tags"], wanted["tags"])
        if tags:
            actions.append(Action(verb, resource, "elbv2.add_tags", {"Tags": _pairs(tags)}))
    attributes = _differing(live["attributes"], wanted["attributes"])
    if attributes:
        actions.append(
            Action(verb, resource, "elbv2.modify_target_group_attributes", {"Attributes": _pairs(attributes)})
        )
    joining = [target for target in wanted["targets"] if target not in live["targets"]]
    leaving = [target for target in live["targets"] if target not in wanted["targets"]]
    if joining:
        actions.append(Action(verb, resource, "elbv2.register_targets", {"Targets": [{"Id": t} for t in joining]}))
    if leaving:
        actions.append(Action(verb, resource, "elbv2.deregister_targets", {"Targets": [{"Id": t} for t in leaving]}))
    before = _flat(live)
    after = {**before, **_flat(wanted)}
    return actions, before, after


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def _differing(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if live.get(key) != value}


def _flat(group: dict[str, Any]) -> dict[str, Any]:
    tags = {f"tag {key}": value for key, value in group["tags"].items()}
    flat = {**group["settings"], **group["health"], **group["attributes"], **tags}
    return {**flat, "targets": sorted(group["targets"])} if group["targets"] else flat
