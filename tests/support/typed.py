"""What a page of the docs says to type, for a test to run it as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Typed(NamedTuple):
    playbook: str
    options: list[str]
    env: dict[str, str]


def lines(page: str, program: str) -> list[str]:
    """The lines of a page's blocks that call this program, without what is said behind #; one that goes on is one."""
    text = re.sub(r" *\\\n *", " ", (ROOT / page).read_text(encoding="utf-8"))
    said = re.findall(rf"^ *((?:[A-Z]+=\S+ )?{re.escape(program)} .*?)(?: +#.*)?$", text, re.M)
    assert said, f"{page} has no line that calls {program}"
    return said


def playbooks(page: str, playbook: str) -> list[Typed]:
    """As typed but for -i: without it, a playbook runs on the embedded AWS, as docs/embedded-aws.md says."""
    found = []
    for line in lines(page, "ansible-playbook"):
        words = shlex.split(line)
        program = words.index("ansible-playbook")
        options = words[program + 1 :]
        while "-i" in options:
            at = options.index("-i")
            del options[at : at + 2]
        called = next(one for one in options if one.startswith("playbooks/"))
        options.remove(called)
        if called == f"playbooks/{playbook}":
            found.append(Typed(playbook, options, dict(one.split("=", 1) for one in words[:program])))
    assert found, f"{page} does not say how {playbook} is run"
    return found
