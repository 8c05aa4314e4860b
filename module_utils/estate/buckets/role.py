"""The role that replicates: made before the rules that use it, widened before they move and narrowed after. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.buckets.live import LiveRole, role_resource
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action
from ansible.module_utils.estate.policy import as_list, canonical, same_policy, show_policy, statements, written

Role = Mapping[str, Any]


def is_role(arn: str, role: Role | None) -> bool:
    return role is not None and arn.endswith(f":role{role.get('path') or '/'}{role['name']}")


def with_kept(role: Role, kept: Iterable[Mapping[str, Any]]) -> Role:
    """The role that also serves the live rules that stay beside the declared ones."""
    targets = sorted({f"{rule['Destination']['Bucket']}/*" for rule in kept})
    if not targets or not statements(role["policy"]):
        return role
    keep = {
        "Sid": "ReplicateWhatIsKept",
        "Effect": "Allow",
        "Action": ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
        "Resource": targets,
    }
    return {**role, "policy": {**role["policy"], "Statement": [*statements(role["policy"]), keep]}}


def _allows(policy: Mapping[str, Any] | None) -> set[tuple[str, str, str]]:
    """Each action on each resource that the policy speaks of, and under which other words."""
    found = set()
    for statement in statements(policy):
        [meant] = canonical(
            {"Version": "2012-10-17", "Statement": [{**statement, "Sid": "", "Action": [], "Resource": []}]}
        )
        for action in as_list(statement.get("Action") or []):
            found |= {(action.lower(), resource, meant) for resource in as_list(statement.get("Resource") or [])}
    return found


def _both(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What either of the two allows."""
    old = [{**statement, "Sid": f"Before{index}"} for index, statement in enumerate(statements(live))]
    return {**wanted, "Statement": [*statements(wanted), *old]}


def plan_role(role: Role, live: LiveRole | None, moving: Sequence[str]) -> tuple[list[Action], list[Action]]:
    """(what comes before the rules move, what comes after); moving are the resources of those that do.

    The role's other inline policies are another declaration's, and never looked at.
    """
    resource, name, policy_name = role_resource(role), role["name"], role["policy_name"]
    before, after = [], []
    wanted = role["policy"]
    if not statements(wanted):  # nothing is replicated any more
        gone = {"RoleName": name, "PolicyName": policy_name}
        kept = live is None or not live.policy
        return ([] if kept else [Action("remove", resource, "iam.delete_role_policy", gone)]), []
    if live is None:
        trust = {"Path": role.get("path") or "/", "RoleName": name, "AssumeRolePolicyDocument": written(role["trust"])}
        before.append(Action("add", resource, "iam.create_role", trust))
    elif not same_policy(live.trust, role["trust"]):
        trust = {"RoleName": name, "PolicyDocument": written(role["trust"])}
        before.append(Action("change", resource, "iam.update_assume_role_policy", trust))
    if live is None or not same_policy(live.policy, wanted):
        verb = "change" if live else "add"

        def put(document: Mapping[str, Any], at: str = resource, needs: tuple[str, ...] = ()) -> Action:
            params = {"RoleName": name, "PolicyName": policy_name, "PolicyDocument": written(document)}
            return Action(verb, at, "iam.put_role_policy", params, needs=needs)

        lost = _allows(live.policy if live else None) - _allows(wanted)
        gained = _allows(wanted) - _allows(live.policy if live else None)
        if live and live.policy and lost and moving:
            if gained:
                before.append(put(_both(live.policy, wanted)))
            after.append(put(wanted, f"{resource}, narrowed", tuple(moving)))
        else:
            before.append(put(wanted))
    return before, after


def role_diff(role: Role, live: LiveRole | None) -> list[dict[str, Any]]:
    name = role["policy_name"]
    before = {"trust": show_policy(live.trust)} if live else None
    if live and before is not None and live.policy:
        before[name] = show_policy(live.policy)
    after = {"trust": show_policy(role["trust"] if statements(role["policy"]) or not live else live.trust)}
    if statements(role["policy"]):
        after[name] = show_policy(role["policy"])
    return diff_of(role_resource(role), before, after, whole=True)
