"""Modules import each other as inside Ansible: ansible.module_utils.dm_plan is module_utils/dm_plan.py here too."""

from __future__ import annotations

from pathlib import Path

import ansible.module_utils

ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
