"""What a mapping or a list of the vars holds, where Ansible's argument specs have no word for it. Pure.

As with a number's range the option's documentation ends with it, and is believed: C((by region, a text)) names what the
keys are and what stands at each, C((each a role)) what a list consists of, C((one account)) what a text is. Whoever
asks says which names there are.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.jenkins.check import cron
from ansible.module_utils.estate.origin import file_and_line
from ansible.module_utils.estate.policy_check import action_mistakes

_SAID = re.compile(r"[(](?:by ([a-z]+), ([a-z ]+)|each an? ([A-Za-z]+)|one ([A-Za-z]+))[)]")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_address(said: Any) -> bool:
    text = str(said)
    host, _, port = text.partition(":") if text.count(":") == 1 else (text, "", "53")
    try:
        ipaddress.ip_address(host)
        return 1 <= int(port) <= 65535
    except ValueError:
        return False


def _is_day(value: Any) -> bool:
    try:
        return bool(datetime.date.fromisoformat(str(value)))
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    try:
        return datetime.datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _like(pattern: str) -> Callable[[Any], bool]:
    return lambda value: bool(re.fullmatch(pattern, str(value)))


def _only(is_one: Callable[[Any], bool], allowed: str) -> Callable[[Any], Iterator[str]]:
    def judged(value: Any) -> Iterator[str]:
        if not is_one(value):
            yield f"is {value!r}; allowed {allowed}"

    return judged


def _schedule(value: Any) -> Iterator[str]:
    yield from _only(_is_text, "is a line of Jenkins' cron such as H 2 * * *")(value)
    yield from (f"has a wrong schedule: {why}" for why in (cron(value) if _is_text(value) else ()))


def _action(value: Any) -> Iterator[str]:
    yield from (f"is wrong: {said.removeprefix(': Action ')}" for said in action_mistakes(value))


FORMS: dict[str, Callable[[Any], Iterator[str]]] = {
    "a text": _only(_is_text, "is a text"),
    "texts": _only(lambda value: isinstance(value, list) and all(map(_is_text, value)), "is a list of texts"),
    "addresses": _only(
        lambda value: isinstance(value, list) and bool(value) and all(map(_is_address, value)),
        "is a list of addresses such as 192.0.2.53, 192.0.2.53:5300 and 2001:db8::53",
    ),
    "a schedule": _schedule,
    "time": _only(_is_time, "is a time such as 2026-11-27T08:05:00+00:00"),
    "day": _only(_is_day, "is a day such as 2026-11-27"),
    "URL": _only(_like(r"https?://[^\s/?#]+(/\S*)?"), "is a URL such as https://ci.marketplace.example"),
    "action": _action,
    "ARN": _only(
        _like(r"\*|arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+"),
        "is an ARN such as arn:aws:s3:::name/*, with patterns in it, and *",
    ),
    "asker": _only(
        _like(r"\*|people|unsigned|[^\s:]+:[^\s:]+"),
        "are people, unsigned, user:name and account:role, with patterns in them, and *",
    ),
}
# Without what takes a table of all that AWS has: half a second.
QUICK = {what: judged for what, judged in FORMS.items() if what != "action"}


class Form(NamedTuple):
    what: str  # each key or item is, or the text itself
    stands: str  # at each key
    alone: bool  # a text


def form(option: Mapping[str, Any]) -> Form | None:
    """None where nothing is said."""
    said = option.get("description", "")
    found = _SAID.search(said if isinstance(said, str) else " ".join(said))
    return Form(found[1] or found[3] or found[4], found[2] or "", bool(found[4])) if found else None


def strangers(
    options: Mapping[str, Any],
    given: Mapping[str, Any],
    names: Callable[[str], Collection[str] | None],
    forms: Mapping[str, Callable[[Any], Iterator[str]]] = FORMS,
) -> Iterator[str]:
    """A sentence with file and line for each. names("region") are those that there are, None where that is unknown."""
    for name, option in options.items():
        value = given.get(name)
        if option.get("elements") == "dict" and option.get("options"):
            for place, item in enumerate(value or ()):
                yield from (f"{name}[{place}].{said}" for said in _of_item(option["options"], item, names, forms))
        if not value or (found := form(option)) is None:
            continue
        known = names(found.what)
        for one in [value] if found.alone else value:
            at = file_and_line(one) or file_and_line(value)
            if known is None and not found.stands and found.what in forms:
                label = name if found.alone else f"{name} has one that"
                yield from (f"{label} {why}{at}" for why in forms[found.what](one))
            elif known is not None and one not in known:
                some = ", ".join(sorted(known)) if len(known) < 20 else ""
                hint = nearest(str(one), known) or (some and f"; allowed are {some}")
                yield f"{name} {'is' if found.alone else 'has'} {one!r}, which is no {found.what}{hint}{at}"
            elif found.stands:
                said = FORMS[found.stands](value[one])
                yield from (f"{name}.{one} {why}{file_and_line(value[one]) or at}" for why in said)


def _of_item(
    options: Mapping[str, Any], item: Mapping[str, Any], names: Any, forms: Mapping[str, Any]
) -> Iterator[str]:
    for name, option in options.items():
        if item.get(name) == [] and option.get("type") == "list":
            yield f"{name} is empty, which nothing and nobody is{file_and_line(item)}"
    yield from strangers(options, item, names, forms)
