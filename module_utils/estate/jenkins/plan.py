"""What makes Jenkins' jobs as they were rendered. Pure: no Ansible, no HTTP, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypedDict
from xml.etree import ElementTree

from ansible.module_utils.estate.plan import Action, Plan

# What a person could add to and Jenkins does not: one more child here is a difference.
_COMPLETE = {"triggers", "parameterDefinitions", "branches", "userRemoteConfigs"}


class LiveJob(TypedDict):
    description: str
    config: str  # config.xml, "" where it was not read since the job is not declared


def _parse(config: str) -> ElementTree.Element:
    # Jenkins writes XML 1.1, which expat does not read; a job's file has nothing that differs between the two.
    bare = re.sub(r"^\s*<\?xml[^>]*\?>", "", config)
    return ElementTree.fromstring(bare)  # noqa: S314 our own Jenkins', and expat limits expansion itself


def _lines(element: ElementTree.Element, like: ElementTree.Element | None, depth: int = 0) -> Iterator[str]:
    """tag: text, indented, without what Jenkins adds: its own versions, and elements that `like` does not have."""
    if element.tag == "choices":  # Jenkins writes the same list in more than one form
        text = ", ".join(choice.text or "" for choice in element.iter("string"))
        yield f"{'  ' * depth}choices: {text}"
        return
    text = "\n".join(line.strip() for line in (element.text or "").strip().splitlines())
    yield f"{'  ' * depth}{element.tag}: {text}".rstrip()
    # Elements of one tag are compared in their order, the tags in the declared order: Jenkins sorts them as it likes.
    left: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        left.setdefault(child.tag, []).append(child)
    for wanted in element if like is None else like:
        if left.get(wanted.tag):
            yield from _lines(left[wanted.tag].pop(0), None if like is None else wanted, depth + 1)
    if element.tag in _COMPLETE:
        for child in (child for children in left.values() for child in children):
            yield from _lines(child, None, depth + 1)


def texts(live: str, declared: str) -> tuple[str, str]:
    """Both as text to compare and to show: equal where the live job does what the declared one says."""
    wanted = _parse(declared)
    return "\n".join(_lines(_parse(live), wanted)) + "\n", "\n".join(_lines(wanted, wanted)) + "\n"


def plan(live: dict[str, LiveJob], declared: dict[str, str], marker: str, remove: bool) -> Plan:
    """The calls that make Jenkins' jobs as declared, their diffs, and what to know about the rest.

    declared is {name: config.xml}. A live job with the marker in its description that is not declared is deleted where
    remove says so, and otherwise named; jobs without the marker are not ours.
    """
    actions: list[Action] = []
    diffs: list[dict[str, str]] = []
    notes: list[str] = []

    def act(verb: str, name: str, method: str, params: dict, before: str, after: str) -> None:
        actions.append(Action(verb, f"job {name}", f"jenkins.{method}", {"name": name, **params}))
        diffs.append({"before_header": f"job {name}", "after_header": f"job {name}", "before": before, "after": after})

    for name, config in sorted(declared.items()):
        if name not in live:
            act("add", name, "create_job", {"config_xml": config}, "", texts(config, config)[1])
            continue
        before, after = texts(live[name]["config"], config)
        if before != after:
            act("change", name, "reconfig_job", {"config_xml": config}, before, after)
    for name in sorted(live.keys() - declared.keys()):
        if marker not in live[name]["description"]:
            continue
        if remove:
            act("remove", name, "delete_job", {}, f"job {name}\n", "")
        else:
            notes.append(f"job {name} is no longer declared: make update-jobs REMOVE=yes deletes it")
    return Plan("jobs", "jenkins", actions, diffs, notes)
