"""A run in few lines: what there was to do on each host, what is new in a line, what it means. Pure."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.findings.page import kinds, named
from ansible.module_utils.estate.findings.said import together

WORDS = {"add": ("to add", "added"), "change": ("to change", "changed"), "remove": ("to remove", "removed")}
# What a plan says beside its changes, and the word for it.
TOLD = {"effects": "this means", "drift": "drift", "notes": "note"}
NAMED = 4  # resources of a kind that are named where they are new
MANY = 12  # of more resources than this, names that do not fit a line are a number
WIDE = 100  # after the host's name


def done(plan: Mapping[str, Any]) -> dict[str, int]:
    """How many resources of each verb were finished: the plan's counts without what failed or was not tried."""
    undone = {outcome["resource"] for outcome in plan["outcomes"] if outcome["status"] != "done"}
    tried = {outcome["resource"] for outcome in plan["outcomes"]} - undone
    verbs: dict[str, str] = {}
    for action in plan["actions"]:
        if action["resource"] in tried and verbs.get(action["resource"]) != "add":
            verbs[action["resource"]] = action["verb"]
    return {verb: list(verbs.values()).count(verb) for verb in WORDS}


def row(plans: Sequence[Mapping[str, Any]], check: bool, tasks: int, failed: int) -> dict[str, int]:
    """A host's counts; tasks are those of modules that have no plan and changed something."""
    counts = {verb: sum((plan["counts"] if check else done(plan))[verb] for plan in plans) for verb in WORDS}
    counts["change"] += tasks
    return {**counts, "unmanaged": sum(len(plan["unmanaged"]) for plan in plans), "failed": failed}


def words(counts: Mapping[str, int], check: bool) -> str:
    said = [f"{counts[verb]} {told[0] if check else told[1]}" for verb, told in WORDS.items()]
    failed = [f"{counts['failed']} failed"] if counts["failed"] else []
    return ", ".join([*said, f"{counts['unmanaged']} unmanaged", *failed])


def told(plans: Iterable[Mapping[str, Any]], kind: str, most: int) -> list[str]:
    """A line for each effect, drift or note of the plans, and how many more there are."""
    word = TOLD[kind]
    notes = [note for plan in plans for note in plan.get(kind, ())]
    said = sorted(together(notes, most if most == sys.maxsize else NAMED), key=_of_roles)
    more = [f"{word}: {len(said) - most} more, on the page (-v shows all)"] if len(said) > most else []
    return [f"{word}: {note}" for note in said[:most]] + more


def failures(found: Iterable[Mapping[str, str]]) -> list[str]:
    """A line for each sentence, after the hosts that it is of: a mistake in the vars of all befalls each of them."""
    said: dict[str, set[str]] = {}
    for failure in found:
        said.setdefault(failure["sentence"], set()).add(failure["host"])
    return [f"{', '.join(sorted(hosts))}: {sentence}" for sentence, hosts in said.items()]


def _of_roles(line: str) -> tuple[bool, bool]:
    """People first, then roles, and what was not proved at once: whoever approves reads from the top."""
    return (not line.startswith("not proved"), line.startswith("role "))


def listed(sign: str, diffs: Sequence[Mapping[str, Any]]) -> str:
    """What is new or changed, by kind: few by name, more as a number, of many on one line; a file with its length."""
    lines = {named(one): str(one.get("after", "")).count("\n") for one in diffs}
    parts, numbers = [], {}
    for kind, names in kinds(map(named, diffs)):
        if not kind:
            parts += [f"{name} ({lines[name]} lines)" if lines[name] else name for name in names]
        elif len(names) > NAMED:
            parts.append(_number(len(names), kind))
        else:
            parts.append(f"{kind} {', '.join(names)}")
            if len(names) > 1 or " " not in kind:  # "record NAME NS" is no kind to count
                numbers[parts[-1]] = _number(len(names), kind)
    for part in sorted(numbers, key=len, reverse=True) if len(diffs) > MANY else ():
        if len(f"{sign} {'; '.join(parts)}") > WIDE:
            parts[parts.index(part)] = numbers[part]
    return textwrap.fill(
        "; ".join(parts), WIDE, initial_indent=f"{sign} ", subsequent_indent="  ", break_on_hyphens=False
    )


def _number(count: int, kind: str) -> str:
    """21 log groups, 15 policies, records of 9."""
    if kind.endswith(" of"):
        return f"{kind} {count}"
    if count == 1:
        return f"1 {kind}"
    return f"{count} {kind[:-1]}ies" if kind.endswith("cy") else f"{count} {kind}s"
