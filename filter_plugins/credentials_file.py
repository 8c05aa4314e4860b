from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ansible.module_utils
import yaml
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.parsing.utils.yaml import from_yaml

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "module_utils"))
from ansible.module_utils.estate.errors import nearest

DOCUMENTATION = r"""
name: credentials_file
short_description: Read the text of a file of the credentials repo, as data
description:
  - Nothing in it is ever evaluated as a template, whoever wrote it. A mistake is told by its line and column, without
    what stands there, since that may be secret.
options:
  _input:
    description: The file's text, decrypted.
    type: str
    required: true
  known:
    description: The names that the file may have; empty where any may stand there.
    type: list
    elements: str
    default: []
"""
EXAMPLES = r"""
- name: Read the lists of people
  ansible.builtin.set_fact:
    people: "{{ lookup('ansible.builtin.unvault', 'vars/people.yml') | credentials_file }}"
"""
RETURN = r"""
_value:
  description: C(vars), what the file says, and C(problem), what is wrong with it; one of the two is empty.
  type: dict
"""


def _position(text: str) -> str:
    """What is wrong with the YAML, in the parser's own words, which name no value."""
    try:
        _Positions(text).get_single_data()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        why = exc.problem if exc.problem in _HARMLESS else (exc.context or "not understood")
        return f"is no YAML{at} ({why})"
    except (yaml.YAMLError, ValueError):
        return "is no YAML: it has characters that YAML does not allow"
    return ""


# Words of PyYAML that quote nothing of the file.
_HARMLESS = (
    "could not find expected ':'",
    "mapping values are not allowed here",
    "expected <block end>, but found '<block mapping start>'",
    "found a tab character that violates indentation",
    "the same name stands there twice",
    "no such day or time",
    "no value of ansible-vault",
)


class _Positions(yaml.SafeLoader):
    """Sees what YAML alone does not: a name that stands there twice, a day that no month has."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value.__hash__ and str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, "the same name stands there twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as exc:
            raise yaml.constructor.ConstructorError(None, None, "no such day or time", node.start_mark) from exc


def _vault(loader: _Positions, node: Any) -> Any:
    value = loader.construct_scalar(node)
    if not str(value).startswith("$ANSIBLE_VAULT;"):
        raise yaml.constructor.ConstructorError(None, None, "no value of ansible-vault", node.start_mark)
    return value


_Positions.add_constructor("!vault", _vault)
_Positions.add_constructor("!unsafe", lambda loader, node: str(node.value))  # noqa: ARG005


def credentials_file(text: str, known: Sequence[str] = ()) -> dict[str, Any]:
    """{"vars", "problem"}. Raises TypeError."""
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a file, got {type(text).__name__}")
    if problem := _position(text):
        return {"vars": {}, "problem": problem}
    try:
        found = from_yaml(text)
    except (AnsibleError, ValueError):
        return {"vars": {}, "problem": "has a value that cannot be read or decrypted"}
    if not isinstance(found, dict) or not found:
        return {"vars": {}, "problem": "is empty or no mapping"}
    if isinstance(found.get("sops"), dict):
        said = (
            "is encrypted by sops, which nothing here opens; allowed is YAML, with values or the file by ansible-vault"
        )
        return {"vars": {}, "problem": said}
    for name in found:
        if known and name not in known:
            allowed = f"allowed are {', '.join(known)}{nearest(str(name), known)}"
            return {"vars": {}, "problem": f"has the unknown name {str(name)!r}; {allowed}"}
    return {"vars": found, "problem": ""}


def _credentials_file_filter(text: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    try:
        return credentials_file(text, *args, **kwargs)
    except TypeError as exc:
        raise AnsibleFilterError(f"credentials_file: {exc}.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"credentials_file": _credentials_file_filter}
