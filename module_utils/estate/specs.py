"""What each role's argument spec says, read once: for the names of vars, and for who checks their values."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml


@functools.cache
def argument_specs(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Role, entry point, and what that says; root is the project's folder."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {
        file.parts[-3]: yaml.load(file.read_text(), loader)["argument_specs"]  # noqa: S506 both are safe
        for file in sorted(root.glob("roles/*/meta/argument_specs.yml"))
    }
