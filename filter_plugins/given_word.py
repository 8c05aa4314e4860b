from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import ansible.module_utils
from ansible import context
from ansible.errors import AnsibleFilterError

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate.assets.words import given

DOCUMENTATION = r"""
name: given_word
short_description: Take a word of the command line as it was given
description:
  - Ansible splits C(-e 'key=a b.pdf') at its space and takes C({{ }}) for a template. This reads the option itself, so
    that a key or URL is data to the last character.
positional: words
options:
  _input:
    description: The word's name, as in C(-e name=…).
    type: str
    required: true
  words:
    description: Names of the words that may stand beside it, which must have an C(-e) of their own.
    type: list
    elements: str
"""
EXAMPLES = r"""
- name: Show which key was meant
  ansible.builtin.debug:
    msg: "{{ 'key' | given_word(['kind', 'expires']) }}"
"""
RETURN = r"""
_value:
  description: What was given.
  type: str
"""


def _given_word_filter(name: str, words: Sequence[str] = ()) -> str:
    try:
        return given(name, context.CLIARGS.get("extra_vars") or (), words)
    except ValueError as exc:
        raise AnsibleFilterError(f"{exc}.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"given_word": _given_word_filter}
