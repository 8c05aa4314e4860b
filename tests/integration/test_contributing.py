"""What the docs say to type, as somebody new would follow it: in a copy of the tree, word for word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support import secrets, typed

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
TEXT = "".join((ROOT / page).read_text(encoding="utf-8") for page in ("CONTRIBUTING.md", "docs/tasks.md"))
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
RECIPES = {title: text for title, text in SECTIONS.items() if "```sh" in text and not title.startswith("Change some")}
TWO_SCREENS = 80  # lines
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def tree(tmp_path):
    return copied(tmp_path)


@pytest.fixture
def short_tree():
    """Where a person would check it out; a socket in pytest's own folders has too long a path."""
    with tempfile.TemporaryDirectory() as folder:
        yield copied(Path(folder))


def copied(folder):
    """A copy of what git knows, with the same .venv."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_symlink() or (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def follow(tree: Path, kind: str, text: str, environment: dict[str, str], known: set[str]) -> None:
    if kind == "sh":
        # A plan ends with 2 where there is something to do, which is what a recipe is about.
        lines = [f"{line} || [ $? = 2 ]" if line.startswith("bin/estate") else line for line in text.splitlines()]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)], cwd=tree, env=environment, capture_output=True,
            text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert secrets.found(done.stdout + done.stderr, known) == [], f"{text} shows secrets"
        assert done.returncode == 0, f"{text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    elif file := re.match(r"# file: (\S+)\n", text):
        (tree / file[1]).parent.mkdir(parents=True, exist_ok=True)
        (tree / file[1]).write_text(text[file.end() :])
    elif place := re.match(r"# in (\S+), below ( *\S.*)\n", text):
        path, line = tree / place[1], place[2] + "\n"
        before, found, after = path.read_text().partition(line)
        assert found, f"{place[1]} has no line {place[2]!r}"
        path.write_text(before + line + text[place.end() :] + after)
    else:
        raise AssertionError(f"a block that says neither its file nor its place: {text[:60]!r}")


def test_the_first_page_works_as_it_stands(short_tree):
    """`make converge`, and `make stop` after it. `make test` is what runs this; set-up from nothing is test_setup's."""
    tree = short_tree
    converge, test = typed.lines("README.md", "make")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DM_", "LOCAL_"))}

    def type_in(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command], cwd=tree, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    try:
        done = type_in(converge)
    finally:
        stopped = type_in("make stop")

    assert test == "make test"
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert stopped.returncode == 0, stopped.stderr
    assert not list((tree / "build").rglob("*.pid")), "nothing is left running"
    said = done.stdout.splitlines()
    first = said[: said.index("build/run-local.html shows all of it.") + 1]
    assert len(first) <= TWO_SCREENS, "\n".join(first)
    assert (tree / "build/report/index.html").is_file()


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_works_as_it_stands(title, tree, estate_aws, run_playbook):
    if "plan STAGE=" in RECIPES[title]:  # of an estate whose people and roles are there
        assert run_playbook("converge_access.yml").rc == 0
    environment = {
        **estate_aws.env,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AWS_PROFILE": "digitalmarketplace",
        "DM_CREDENTIALS_REPO": str(tree / "credentials.example"),
        "ANSIBLE_LOCAL_TEMP": str(tree / "build" / "ansible"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    for kind, text in BLOCK.findall(RECIPES[title]):
        follow(tree, kind, text, environment, secrets.known(estate_aws))


def test_every_recipe_of_the_design_is_there():
    assert {title.rpartition(" ")[2] for title in RECIPES} >= {
        "kind",
        "bucket",
        "filter",
        "module",
        "starter",
        "leaver",
        "stage",
        "public",
        "keys",
        "Upgrade",
    }
