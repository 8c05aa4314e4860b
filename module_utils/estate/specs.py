"""What each role's argument spec says, read once: for the names of vars, and for who checks their values."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

# Ansible's spec has no word for it, so the option's documentation says it, and is believed.
_RANGE = re.compile(r"[(]from (-?[\d.]+) to (-?[\d.]+)[)]")


class Use(NamedTuple):
    """A play gives a role its arguments."""

    hosts: str  # the play's pattern
    role: str
    entry: str


def _yaml(file: Path) -> Any:
    return yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 both are safe


@functools.cache
def argument_specs(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Role, entry point, and what that says; root is the project's folder."""
    files = sorted(root.glob("roles/*/meta/argument_specs.yml"))
    return {file.parts[-3]: _yaml(file)["argument_specs"] for file in files}


@functools.cache
def uses(root: Path) -> frozenset[Use]:
    """Which roles the playbooks run where. What only the check of the vars runs is looked at wherever that is."""
    check = root / "playbooks" / "check_vars.yml"
    run = {use for file in root.glob("playbooks/*.yml") if file != check for use in _uses(file)}
    return frozenset(run).union(use for use in _uses(check) if use.role not in {one.role for one in run})


def _uses(playbook: Path) -> Iterator[Use]:
    for play in _yaml(playbook):
        for task in _tasks(play.get("tasks", [])):
            if role := task.get("ansible.builtin.import_role") or task.get("ansible.builtin.include_role"):
                yield Use(play["hosts"], role["name"], role.get("tasks_from", "main"))


def _tasks(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in listed:
        yield task
        yield from _tasks(task.get("block", []))


def out_of_range(options: Mapping[str, Any], given: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Numbers beyond what their documentation allows."""
    for name, option in options.items():
        value = given.get(name)
        if "options" in option and value:
            for one in value if isinstance(value, list) else [value]:
                yield from out_of_range(option["options"], one, f"{at}{name}.")
        elif option["type"] in ("int", "float") and value is not None:
            least, most = limits(option)
            if not float(least) <= float(value) <= float(most):
                number = "a whole number" if option["type"] == "int" else "a number"
                yield f"{at}{name} is {value}; allowed is {number} from {least} to {most}"


def limits(option: Mapping[str, Any]) -> tuple[str, str]:
    said = option["description"]
    found = _RANGE.search(said if isinstance(said, str) else " ".join(said))
    return (found[1], found[2]) if found else ("-inf", "inf")
