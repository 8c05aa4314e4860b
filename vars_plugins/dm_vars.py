"""host_vars and group_vars as ansible-core reads them, but a file that it would pass over or fail on is named."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import re
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import ansible.module_utils
import yaml
from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.host import Host
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.vars.host_group_vars import VarsModule as HostGroupVars

ROOT = Path(__file__).parents[1]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.specs import argument_specs

DOCUMENTATION = r"""
name: dm_vars
short_description: Load group_vars and host_vars, and refuse a file that does not hold vars
description:
  - C(host_vars/_all.yml) of an inventory is read for every host, after the host's own files, so that an inventory that
    comes last can lay something over the others'.
  - As P(ansible.builtin.host_group_vars#vars), but a file that is empty, no mapping, no YAML or cannot be decrypted
    stops the run with a sentence that names it. An empty file would otherwise silently declare nothing.
  - So does a variable that no role takes, or that is empty; a misspelt one would otherwise silently be an empty
    declaration.
options:
  stage:
    ini:
      - key: stage
        section: vars_host_group_vars
    env:
      - name: ANSIBLE_VARS_PLUGIN_STAGE
extends_documentation_fragment:
  - vars_plugin_staging
"""


# What is read by playbooks and by other variables rather than by a role.
PROJECT = {
    "access_entry_role",
    "assets_router_catch_all",
    "assets_router_legacy",
    "assets_router_port",
    "assets_router_public_url",
    "assets_router_urls",
    "buckets_trail",
    "dm_aws_environment",
    "dm_aws_overlay",
    "dm_aws_profile",
    "dm_aws_region",
    "dm_domain",
    "dm_environment",
    "dm_local_state",
    "dm_lock",
    "dm_root",
    "dm_stage",
    "dm_stages",
    "dumps_profile",
}
_OF_ANSIBLE = re.compile(r"ansible_(connection|host|port|user|python_interpreter|remote_tmp|(ssh|become)(_\w+)?)")


@functools.cache
def known_names() -> frozenset[str]:
    """Every variable that the argument spec of a role has, and those of the project."""
    entries = (entry for role in argument_specs(ROOT).values() for entry in role.values())
    return frozenset(PROJECT).union(*(entry.get("options") or () for entry in entries))


def check_names(path: str, content: dict[str, Any]) -> None:
    """Raises where a name of the file is none that anything reads, or is empty: Ansible forgets where that stood."""
    for name, value in content.items():
        if name not in known_names() and not _OF_ANSIBLE.fullmatch(name):
            said = f"has the variable {str(name)!r}, which no role takes{nearest(name, known_names()) or '.'}"
            raise AnsibleParserError(f"{_where(path, name)} {said}")
        if value is None:
            said = "is empty; give it a value, [] or {} where there is none."
            raise AnsibleParserError(f"{_where(path, name)}: {name} {said}")


def _where(path: str, said: Any) -> str:
    line = getattr(Origin.get_tag(said) or said, "line_num", None)
    return f"{shown(path)}{f':{line}' if line else ''}"


# YAML 1.1 reads 12:30 as 750 and 010 as 8: https://yaml.org/type/int.html
_ANOTHER_NUMBER = re.compile(r"0\d+|\d+(:[0-5]?\d)+")


def _read_as(value: str) -> str:
    """What YAML makes of it that nobody means; "" of any other value."""
    if _ANOTHER_NUMBER.fullmatch(value):
        return "another number"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return "a day that there is none of"
    return ""


def check_values(path: str) -> None:
    """Raises where a value looks like a time, has a leading zero or is a day of no month.

    YAML silently reads another number, and does not say where it fails on such a day.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    key, before = "", None
    with contextlib.suppress(yaml.YAMLError):  # JSON is taken, too, and need be no YAML; it has none of these
        for token in yaml.scan(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(token, yaml.ScalarToken):
                if isinstance(before, yaml.KeyToken):
                    key = token.value
                elif token.plain and (read_as := _read_as(token.value)):
                    said = f"{key} is {token.value}, which YAML reads as {read_as}"
                    where = f"{shown(path)}:{token.start_mark.line + 1}"
                    raise AnsibleParserError(f"{where}: {said}; put it in quotes, or write it as it is meant.")
            before = token


def shown(path: str) -> str:
    """As a person would name it, from where they are."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


# Files that a loader has read, and what they say, are asked for with every task of every host.
_KEPT: WeakKeyDictionary[DataLoader, dict[tuple[Any, ...], dict[str, Any]]] = WeakKeyDictionary()
_CHECKED: WeakKeyDictionary[DataLoader, set[str]] = WeakKeyDictionary()


class VarsModule(HostGroupVars):
    REQUIRES_ENABLED = True
    is_stateless = True

    def get_vars(self, loader: DataLoader, path: str, entities: Any, cache: bool = True) -> dict[str, Any]:
        entities = entities if isinstance(entities, list) else [entities]
        kept = _KEPT.setdefault(loader, {})
        key = (path, *((type(entity), entity.name) for entity in entities))
        if not cache or key not in kept:
            own = dict(super().get_vars(loader, path, entities, cache))
            over_all = Path(path, "host_vars", "_all.yml")
            if all(isinstance(entity, Host) for entity in entities) and over_all.is_file():
                own = self.load_found_files(loader, own, [str(over_all)])
            kept[key] = own
        return kept[key]

    def load_found_files(self, loader: DataLoader, data: dict[str, Any], found_files: list[str]) -> dict[str, Any]:
        checked = _CHECKED.setdefault(loader, set())
        # Inventories share files by links: each is read once, and named by where it is to be mended.
        found_files = [os.path.realpath(path) for path in found_files]
        for path in found_files:
            if path in checked:
                continue
            if path.endswith(".sops.yml"):
                raise AnsibleParserError(
                    f"{shown(path)} is a file of sops; those belong in the credentials repo (docs/credentials.md)."
                )
            check_values(path)
            try:
                content = loader.load_from_file(path, cache="all", unsafe=True, trusted_as_template=True)
            except AnsibleError as exc:
                said = " ".join(str(exc).split()).rstrip(".")
                raise AnsibleParserError(
                    f"{_where(path, getattr(exc, 'obj', None))} cannot be read ({said}); allowed is YAML, or a file of "
                    "ansible-vault whose password ANSIBLE_VAULT_PASSWORD_FILE or --ask-vault-pass gives."
                ) from None
            if not isinstance(content, dict) or not content:
                raise AnsibleParserError(
                    f"{shown(path)} is empty or no mapping; allowed are vars, a name and a value each: "
                    "delete the file, or say what it declares."
                )
            check_names(path, content)
            checked.add(path)
        return dict(super().load_found_files(loader, data, found_files))
