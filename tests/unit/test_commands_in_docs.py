"""Every command that a page of the docs tells somebody to type is one that there is, with words that it takes.

Those of docs/tasks.md and CONTRIBUTING.md are carried out as well (tests/integration/test_contributing.py).
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from commands.main import COMMANDS, _check
from commands.words import Refusal, parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SAID = re.compile(
    r"(?:^|`|- )(?:[A-Z_]+=\S+ )*((?:bin/estate|make|ansible-playbook) [^`\n]+?) *(?=`|$| #| >| \|\|)", re.MULTILINE
)
SPECS = [
    yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")
]
OPTIONS = {name for spec in SPECS for entry in spec["argument_specs"].values() for name in entry.get("options", ())}


def commands(page: Path) -> list[list[str]]:
    """In blocks and between backticks, wherever a line ends in one; without what is left to the reader ("…")."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)).replace("\\\n", " ")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    spans = "\n".join(" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))
    said = re.sub(r"\$\([^)]*\)", "…", f"{blocks}\n{spans}")
    return [shlex.split(command) for command in SAID.findall(said)]


def wrong(words: list[str]) -> str:
    """Why nobody can type it; "" where somebody can."""
    program, name, *more = words
    if program == "ansible-playbook":
        return wrong_playbook(words[1:])
    if name in ("help", "COMMAND"):
        return ""
    if name not in COMMANDS:
        return f"there is no command {name}"
    known = [word for word in more if "…" not in word]
    for word in more:
        if word.partition("=")[0] not in COMMANDS[name].takes:
            return f"{name} takes no {word}"
    try:
        _check(COMMANDS[name], parse(known, COMMANDS[name].takes))
    except Refusal as why:
        return str(why)
    return ""


def wrong_playbook(words: list[str]) -> str:
    playbook = next((ROOT / word for word in words if word.startswith("playbooks/")), None)
    if playbook is None or not playbook.is_file():
        return "there is no such playbook"
    inventories = [ROOT / word for word in words if word.startswith("inventories/") and "…" not in word]
    read = [playbook, *(ROOT / "roles").glob("*/defaults/main.yml")]
    used = "".join(path.read_text(encoding="utf-8") for path in read)
    given = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-e" and "=" in words[at + 1]]
    names = [one.partition("=")[0] for one in given]
    unknown = [name for name in names if name not in OPTIONS and not re.search(rf"\{{\{{[^}}]*\b{name}\b", used)]
    missing = [str(path) for path in inventories if not path.is_dir()]
    return ", ".join([*unknown, *missing])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_to_type_can_be_typed(page):
    assert [(" ".join(words), why) for words in commands(page) if (why := wrong(words))] == []


def test_and_they_are_many_and_a_typo_would_be_seen():
    assert sum(len(commands(page)) for page in PAGES) > 100
    for typo in ("bin/estate plna", "make plan STAGE=prod", "make withdraw TAGS=x", "make plan TAGS=bucket",
                 "ansible-playbook playbooks/converge_bucket.yml",
                 "ansible-playbook playbooks/onboard_person.yml -e name=ada"):  # fmt: skip
        assert wrong(shlex.split(typo)), typo
