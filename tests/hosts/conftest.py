"""A scenario's verify/ runs on the hosts of --hosts=podman://…,ssh://…, never on the machine that runs pytest."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    inside = Path(__file__).parent in collection_path.parents
    if inside and "verify" in collection_path.parts and not config.getoption("hosts"):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a host testinfra skips every check, which looks like success."""
    if config.getoption("hosts") and any(item.name.endswith("NOTSET]") for item in items):
        raise pytest.UsageError(
            f"--hosts={config.getoption('hosts')} finds no host: is it running, and does the inventory know it?"
        )
