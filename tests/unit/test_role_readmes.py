"""Each role's README is what its argument spec says: `bin/estate docs` writes them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_roles_readme_is_what_its_spec_says(role, tmp_path):
    copy = tmp_path / role.name
    shutil.copytree(role, copy)
    (copy / "README.md").unlink()
    subprocess.run([Path(sys.executable).parent / "aar-doc", copy, "markdown"], check=True, capture_output=True)
    assert (copy / "README.md").read_text() == (role / "README.md").read_text(), "bin/estate docs writes it anew"
