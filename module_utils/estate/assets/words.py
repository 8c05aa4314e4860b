"""Words of the command line as they were given: a key or URL is data, with its spaces, equals signs and braces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml


def given(name: str, said: Iterable[str], words: Iterable[str]) -> str:
    """What -e NAME=… says, to the last character; words are the names that may stand beside it.

    Ansible itself splits -e 'key=a b' at the space, and takes {{ }} for a template. Raises ValueError.
    """
    found = None
    for text in said:
        if text.startswith("@"):
            continue
        if text.lstrip()[:1] in ("{", "["):
            found = _of_mapping(text, name, found)
        elif text.startswith(f"{name}="):
            found = text.removeprefix(f"{name}=")
            # Quotes around all of it are the shell's habit, as Ansible takes them too.
            if len(found) > 1 and found[0] == found[-1] and found[0] in "'\"":
                found = found[1:-1]
            if found and (beside := next((word for word in words if re.search(rf"\s{word}=", found)), None)):
                raise ValueError(f"{name} and {beside} are in one -e, where a space may end the one or be part of it: "
                                 "give each an -e of its own")  # fmt: skip
        elif re.search(rf"\s{name}=", text):
            raise ValueError(f"{name} follows another word in one -e: give each an -e of its own")
    if not found:
        raise ValueError(f"nothing says {name}; give -e '{name}=…'")
    return found


def _of_mapping(text: str, name: str, found: str | None) -> str | None:
    try:
        read = _json_or_yaml(text)
    except yaml.YAMLError:
        return found
    value = read.get(name) if isinstance(read, dict) else None
    if value is not None and (isinstance(value, bool) or not isinstance(value, (str, int))):
        raise ValueError(f"{name} must be text, got {type(value).__name__}")
    return found if value is None else str(value)


def _json_or_yaml(text: str) -> object:
    """YAML's words stay as they are written: 007 is no 7."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 it makes nothing but text
