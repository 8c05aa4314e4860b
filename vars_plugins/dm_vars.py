"""host_vars and group_vars as ansible-core reads them, but a file that it would pass over or fail on is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.vars.host_group_vars import VarsModule as HostGroupVars

DOCUMENTATION = r"""
name: dm_vars
short_description: Load group_vars and host_vars, and refuse a file that does not hold vars
description:
  - As P(ansible.builtin.host_group_vars#vars), but a file that is empty, no mapping, no YAML or cannot be decrypted
    stops the run with a sentence that names it. An empty file would otherwise silently declare nothing.
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


def shown(path: str) -> str:
    """As a person would name it, from where they are."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


class VarsModule(HostGroupVars):
    REQUIRES_ENABLED = True
    is_stateless = True

    def load_found_files(self, loader: DataLoader, data: dict[str, Any], found_files: list[str]) -> dict[str, Any]:
        for path in found_files:
            if path.endswith(".sops.yml"):
                raise AnsibleParserError(
                    f"{shown(path)} is a file of sops; those belong in the credentials repo (docs/credentials.md)."
                )
            try:
                content = loader.load_from_file(path, cache="all", unsafe=True, trusted_as_template=True)
            except AnsibleError as exc:
                said = " ".join(str(exc).split()).rstrip(".")
                raise AnsibleParserError(
                    f"{shown(path)} cannot be read ({said}); allowed is YAML, or a file of ansible-vault "
                    "whose password ANSIBLE_VAULT_PASSWORD_FILE or --ask-vault-pass gives."
                ) from None
            if not isinstance(content, dict) or not content:
                raise AnsibleParserError(
                    f"{shown(path)} is empty or no mapping; allowed are vars, a name and a value each: "
                    "delete the file, or say what it declares."
                )
        return dict(super().load_found_files(loader, data, found_files))
