"""Every option of every role's argument specs, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.estate.specs import argument_specs

OPTIONS: dict[str, dict[str, Any]] = {
    name: option
    for role in argument_specs(Path(__file__).parents[2]).values()
    for entry in role.values()
    for name, option in (entry.get("options") or {}).items()
}
