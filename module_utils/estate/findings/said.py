"""What a task returned, in words for a person: one sentence, a diff without what says nothing. Pure."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.origin import file_and_line, place_of

# What Ansible puts before a task's own message.
_PREAMBLE = re.compile(
    r"^(Task failed: |Action failed: |Module failed: |Finalization of task args for \S+ failed: "
    r"|A 'when' expression failed: |Error processing keyword '\w+': )+"
)
_WRAPPED = re.compile(
    r"^Error while resolving value for '\w+': |The filter plugin '[\w.]+' failed: |The lookup plugin 'dm_\w+' failed: "
)
_MISSING = re.compile(r"missing required arguments: (?P<names>.+?)( found in .*)?$")
_WRONG = re.compile(
    r"argument '(?P<name>\w+)' is of type (?P<given>\w+)(?: found in '(?P<of>[^']+)'\.)?"
    r" and we were unable to convert to (?P<type>\w+)"
)
_UNKNOWN = re.compile(r"(?P<name>[\w.]+)\. Supported parameters include: (?P<known>.*)\.$")
_PLACE = re.compile(r"\.ya?ml:\d")  # that the sentence tells itself
_TYPES = {"dict": "a mapping", "list": "a list", "str": "a text", "bool": "true or false", "int": "a whole number"}


def sentence(result: dict[str, Any]) -> str:
    """A failed task's own message on one line, without what Ansible wraps around it."""
    if "argument_errors" in result and (role := result.get("validate_args_context", {}).get("name")):
        return of_arguments(role, result["argument_errors"])
    items = [item for item in result.get("results", []) if isinstance(item, dict) and item.get("failed")]
    message = "; ".join(dict.fromkeys(str(item.get("msg", "")) for item in items)) or str(result.get("msg", "failed"))
    message = _PREAMBLE.sub("", " ".join(message.split()))
    if message == "failed to validate":  # a file that a command checks: it says why
        message += ": " + " ".join((result.get("stderr") or result.get("stdout") or "").split())
    # A plugin's message comes wrapped in the expression that called it.
    message = _WRAPPED.sub("", message)
    return re.sub(r"^'(\w+)' is undefined$", r"\1 is missing (inventories/*/group_vars/all and host_vars).", message)


def of_arguments(role: str, errors: list[str], given: Mapping[str, Any] | None = None) -> str:
    """What a role's argument spec has against its vars: which, what is allowed, and where they are said.

    given: the vars as they are written, where they are at hand, for the file and line of each.
    """
    said = []
    for error in errors:
        if missing := _MISSING.match(error):
            said += [f"{name} is missing" for name in missing["names"].split(", ")]
        elif wrong := _WRONG.match(error):
            form = "empty" if wrong["given"] == "NoneType" else f"of type {wrong['given']}"
            name = ".".join(filter(None, [*(wrong["of"] or "").split(" -> "), wrong["name"]]))
            where = file_and_line((given or {}).get(name.partition(".")[0]))
            said.append(f"{name} is {form}{where}; allowed is {_TYPES.get(wrong['type'], wrong['type'])}")
        else:
            about = next((name for name in re.findall(r"\w+", error) if name in (given or {})), "")
            words = _UNKNOWN.sub(r"\g<name> is unknown; allowed are \g<known>", " ".join(error.split()))
            said.append(words + file_and_line((given or {}).get(about)))
    everywhere = f" (inventories/*/group_vars/all and host_vars; roles/{role}/meta/argument_specs.yml)"
    return f"{', '.join(said)}{'' if all(map(_PLACE.search, said)) else everywhere}."


def placed(said: str, known: Mapping[str, Any], most: int = 5) -> str:
    """The sentence, and where the vars that it names are said, unless it tells itself."""
    if _PLACE.search(said):
        return said
    named = dict.fromkeys(name for name in re.findall(r"\w+", said) if name in known and place_of(known[name]))
    places = [f"{name}{file_and_line(known[name])}" for name in [*named][:most]]
    return f"{said.rstrip('.')}. See {', '.join(places)}." if places else said


def together(notes: Iterable[str], most: int = sys.maxsize) -> list[str]:
    """What is noted of several ("name: what", "topic name tells …") is said once, with that many of their names."""
    said: dict[tuple[str, str], dict[str, None]] = {}
    for note in notes:
        first, space, rest = note.partition(" ")
        if first.endswith(":"):
            start, name, what = "", first[:-1], f": {rest}"
        elif space and (second := re.match(r"[^ :]+", rest)):
            start, name, what = f"{first} ", second[0], rest[second.end() :]
        else:
            start, name, what = note, "", ""
        said.setdefault((start, what), {})[name] = None
    return [f"{start}{_some([*names], most)}{what}" for (start, what), names in said.items()]


def _some(names: list[str], most: int) -> str:
    more = len(names) - most
    return f"{', '.join(names[:most])} and {more} more" if more > 0 else ", ".join(names)


def diffs(result: Mapping[str, Any]) -> list[Any]:
    """What a task would change, of all its items, without the name of the file that Ansible writes a template to first.

    That one is another in every run, and says nothing to whoever reads the diff.
    """
    found = []
    for item in result.get("results") or [result]:
        diff = item.get("diff") or []
        for one in diff if isinstance(diff, list) else [diff]:
            header = one.get("before_header") or (item.get("dest") or item.get("path") if "after" in one else None)
            headers = {"before_header": header, "after_header": header} if header else {}
            found.append({**{name: value for name, value in one.items() if name != "after_header"}, **headers})
    return found
