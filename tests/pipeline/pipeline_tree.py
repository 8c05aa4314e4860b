"""Where things are, and how the Groovy harness and Ansible are started; the fixtures are in conftest.py."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BIN = Path(sys.executable).parent
# Debian's groovy looks for a default Java where not every machine has one.
JAVA = shutil.which("java")
JAVA_HOME = {"JAVA_HOME": str(Path(JAVA).resolve().parents[1])} if JAVA else {}


def inventories(*more: Path) -> list[str]:
    """-i options: every stage and the accounts, as bin/estate finds them."""
    found = [path.parent for path in sorted(ROOT.glob("inventories/*/hosts.yml"))]
    return [word for path in [*found, *more] for word in ("-i", str(path))]
