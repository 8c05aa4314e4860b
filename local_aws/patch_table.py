"""The table of patches in docs/embedded-aws.md, made from their docstrings: python -m local_aws patches writes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PATCHES = Path(__file__).parent / "patches"
DOCS = PATCHES.parents[1] / "docs" / "embedded-aws.md"
PAGE = re.compile(r"https://docs\.aws\.amazon\.com/[^\s;,)]*[^\s;:,.)]")
HEAD = "| patch | closes | after AWS's |\n|---|---|---|\n"


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """(name, what it closes, AWS's pages that it follows) of each patch."""
    for path in sorted(PATCHES.glob("*.py")):
        if path.name != "__init__.py":
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            yield path.stem, " ".join(text.partition("\n\n")[0].split("\n")[0].split()), PAGE.findall(text)


def table() -> str:
    lines = []
    for name, closes, pages in rows():
        links = ", ".join(f"[{_title(page)}]({page})" for page in pages)
        lines.append(f"| `{name}` | {closes.rstrip('.')} | {links} |")
    return HEAD + "\n".join(lines) + "\n"


def write() -> None:
    before, head, rest = DOCS.read_text(encoding="utf-8").partition(HEAD)
    if not head:
        raise ValueError(f"{DOCS} has no table that begins with {HEAD.splitlines()[0]}")
    DOCS.write_text(before + table() + "\n" + rest.partition("\n\n")[2], encoding="utf-8")


def _title(page: str) -> str:
    return page.rpartition("/")[2].partition("#")[0].removesuffix(".html").removeprefix("API_").replace("_", " ")
