"""What the small modules of one AWS resource share: refuse, show, carry out and report a plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.dm_plan import Action, carry_out, digest, result
from ansible.module_utils.estate.errors import sentence

# Every such module takes these; the rest of its arguments is the resource's desired state.
COMMON_ARGUMENTS: dict[str, Any] = {
    "account": {"type": "str", "required": True},
    "reviewed": {"type": "str"},
}


def shown(header: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict]:
    """The diff of one resource, only where it differs; [] when it does not."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not keys:
        return []

    def text(side: Mapping[str, Any]) -> str:
        return "".join(f"{key}: {json.dumps(side[key], sort_keys=True, default=str)}\n" for key in keys if key in side)

    return [{"before_header": header, "after_header": header, "before": text(before), "after": text(after)}]


def finish(
    module: Any,
    purpose: str,
    actions: list[Action],
    diff: list[dict],
    call: Callable[[Action], object],
    facts: Callable[[], dict[str, Any]],
    notes: list[str] | None = None,
) -> None:
    """Exit the module: with the plan in check mode, else with what became of each of its actions.

    facts is asked last, so that it tells the state after the plan; in check mode it tells the live one.
    """
    plan = result(purpose, module.params["account"], actions, [], notes or [])
    told = {"changed": bool(actions), "diff": diff, "plan": plan, "outcomes": []}
    reviewed = module.params.get("reviewed")
    if reviewed and reviewed != digest(actions):
        module.fail_json(
            msg=f"{purpose}: the world has moved since the plan was reviewed: plan again.", **{**told, "changed": False}
        )
    if not module.check_mode:
        outcomes = carry_out(actions, call, lambda exc: sentence(exc, "AWS refused"))
        told["outcomes"] = [outcome.told() for outcome in outcomes]
        failed = [o for o in outcomes if o.status != "done"]
        if failed:
            told["changed"] = any(o.status == "done" for o in outcomes)
            msg = "; ".join(f"{o.action.resource}: {o.action.method} {o.status}: {o.why}" for o in failed)
            module.fail_json(msg=f"{purpose}: {msg}", **told)
    module.exit_json(**told, **facts())
