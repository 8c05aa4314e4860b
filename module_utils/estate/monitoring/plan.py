"""What there is to do: live and declared things, in the same words, to a Plan. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.monitoring.kind import Kind, Thing
from ansible.module_utils.estate.monitoring.kinds import BY_OPTION, topic
from ansible.module_utils.estate.monitoring.read import Live
from ansible.module_utils.estate.plan import Action, Plan, Unmanaged


def wanted(declared: Mapping[str, Any], live: Live) -> dict[str, dict[str, Thing]]:
    """option -> name -> thing; an alarm of each certificate becomes one for each that is there."""
    found: dict[str, dict[str, Thing]] = {}
    for option in BY_OPTION:
        things: list[Thing] = [
            {word: value for word, value in thing.items() if value is not None} for thing in declared[option] or []
        ]
        if option == "alarms":
            things = [one for thing in things for one in _of_each(dict(thing), live.certificates)]
        found[option] = {thing["name"]: thing for thing in things}
    return found


def _of_each(alarm: dict[str, Any], certificates: Mapping[str, str]) -> Iterator[Thing]:
    if alarm.pop("of_each", "") != "certificate":
        yield alarm
        return
    for arn, domain in sorted(certificates.items(), key=lambda pair: pair[1]):
        name = f"{alarm['name']}-{domain.replace('*', 'star')}"
        yield {**alarm, "name": name, "dimensions": {"CertificateArn": arn}}


def plan(declared: Mapping[str, Any], live: Live) -> Plan:
    actions: list[Action] = []
    diff: list[dict[str, Any]] = []
    notes: list[str] = []
    unmanaged: list[Unmanaged] = []
    things = wanted(declared, live)
    for option, kind in BY_OPTION.items():
        there = live.things.get(option, {})
        for name, thing in things[option].items():
            found = there.get(name)
            if found is None or kind.differs(thing, found):
                actions += _actions(kind, thing, found, live)
                before = _shown(kind, thing, found) if found else None
                diff += diff_of(kind.resource(name), before, dict(kind.shown(thing)))
            if kind is topic.KIND:
                notes += topic.notes(thing, found)
        unmanaged += _unmanaged(kind, things[option], there, declared)
    alarms = live.things.get("alarms", {})
    for name in things["alarms"] if any(thing.get("alarm") for thing in things["alarms"].values()) else ():
        if name in alarms and not alarms[name]["enabled"]:
            notes.append(f"alarm {name} was switched off by hand: ask who, and why, before it is switched on again")
    return Plan(declared["purpose"], declared["account"], actions, diff, notes, unmanaged)


def _shown(kind: Kind, thing: Thing, found: Thing) -> dict[str, Any]:
    """Of what is live only the words that are declared, and only what differs as it is; the rest is left alone."""
    live, differs = kind.shown(found), kind.differs(thing, found)
    return {word: live[word] if word in differs else said for word, said in kind.shown(thing).items() if word in live}


def _actions(kind: Kind, thing: Thing, found: Thing | None, live: Live) -> Iterator[Action]:
    verb = "change" if found else "add"
    for call in kind.calls(thing, found, live.place):
        resource = kind.resource(thing["name"])
        yield Action(verb, resource, call.method, call.params, needs=tuple(kind.needs(thing)), outputs=call.outputs)


def _unmanaged(
    kind: Kind, things: Mapping[str, Thing], live: Mapping[str, Thing], declared: Mapping[str, Any]
) -> Iterator[Unmanaged]:
    if not kind.listed or declared[kind.option] is None:
        return
    for name, thing in sorted(live.items()):
        known = any(fnmatch.fnmatchcase(name, pattern) for pattern in declared["known"])
        if name in things or known or not fnmatch.fnmatchcase(name, declared["unmanaged_pattern"]):
            continue
        words = {
            word: value
            for word, value in thing.items()
            if word not in ("name", "age", "enabled", "logging", "management")
        }
        if thing.get("maths"):
            yield Unmanaged(kind.resource(name), "# on several metrics, which cannot be declared here\n", "")
            continue
        text = yaml.safe_dump({"monitoring_extra": {kind.option: {name: words}}}, sort_keys=False)
        yield Unmanaged(kind.resource(name), text, declared["adopt_in"])
