"""Questions about a stored plan, which callback_plugins/dm_report.py wrote."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from commands.words import Refusal


def read(path: str) -> dict[str, Any]:
    try:
        plan: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))["dm_plan"]
        return plan
    except (OSError, ValueError, KeyError, TypeError):
        raise Refusal(f"PLAN={path} is no plan; make plan writes one") from None


def summary(path: str) -> str:
    """One line for people. Unmanaged resources are not mentioned: nothing is done about them."""
    words = {"add": "to add", "change": "to change", "remove": "to remove"}
    counted = {
        host: [f"{row[verb]} {said}" for verb, said in words.items() if row[verb]]
        for host, row in read(path)["summary"].items()
    }
    return "; ".join(f"{host}: {', '.join(said)}" for host, said in counted.items() if said) or "nothing to do"


def effects(path: str) -> tuple[bool, list[str]]:
    """(whether it grants anybody anything new, what it means for people; purposes that do not say are named)."""
    plan = read(path)
    said = [f"all accounts together: {line}" for line in plan.get("together", {}).get("effects", ())]
    for host, purposes in plan["plans"].items():
        for purpose, one in purposes.items():
            said += [f"{host}: {line}" for line in one.get("effects", ())]
            if one.get("grants") and not one.get("effects"):
                said.append(f"{host}: {purpose} changes policies; who gains by that was not looked into")
    return bool(plan.get("grants", True)), said


def confirm(path: str, stage: str) -> None:
    """Refuses unless the person at the terminal types the stage's name."""
    if not _somebody_is_there():
        raise Refusal(
            f"nobody at a terminal to approve the plan; look at it, then: make apply STAGE={stage} PLAN={path}"
        )
    print(f"\nApply these {read(path)['pending']} changes to {stage}? Type {stage} to go on: ", end="", flush=True)
    if sys.stdin.readline().strip() != stage:
        raise Refusal("not approved; nothing was changed")


def _somebody_is_there() -> bool:
    """At a terminal, and in the foreground: asking from the background would stop the command for good."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(0) == os.getpgrp()
    except (OSError, AttributeError):
        return False


def _planned(plan: dict[str, Any]) -> dict[str, object]:
    """What both must agree on: every purpose's plan by digest, every other task's change by its diff."""
    by_purpose = {
        f"{host} {purpose}": p["digest"] for host, plans in plan["plans"].items() for purpose, p in plans.items()
    }
    by_task: dict[str, Any] = {}
    for task in plan["tasks"]:
        by_task.setdefault(f"{task['host']} {task['task']}", []).append(task["diff"])
    return {"inventory": plan["inventory"], **by_purpose, **by_task}


def same(old_path: str, new_path: str) -> None:
    """Refuses, saying where they differ, unless both plan the same."""
    was, now = read(old_path), read(new_path)
    for name, commit in was.get("commits", {}).items():
        if commit != now["commits"][name]:
            raise Refusal(
                f"{old_path} was made with {commit or 'another checkout'} of the {name} repo, and here is "
                f"{now['commits'][name] or 'none'}: check that one out, or plan again; nothing was changed"
            )
    old, new = _planned(was), _planned(now)
    moved = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if moved:
        raise Refusal(
            f"the world has moved since {old_path}: {', '.join(moved)} would now change otherwise; "
            "nothing was changed, plan again"
        )
