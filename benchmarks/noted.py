"""What each bench found, for the one table that `make bench` ends with."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

NOTES = Path(__file__).parents[1] / "build" / "bench.jsonl"
COLUMNS = ("what", "figure", "beside", "times", "calls", "memory")


def note(what: str, figure: str, *, beside: str = "", times: float = 0, calls: int = 0, memory_mb: float = 0) -> None:
    """figure as a person reads it; beside is what it is compared with, and times how many times better it is."""
    memory = f"{memory_mb:.0f} MB" if memory_mb else ""
    row = [what, figure, beside, f"{times:.1f}" if times else "", str(calls or ""), memory]
    NOTES.parent.mkdir(exist_ok=True)
    with NOTES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def table(notes: Path = NOTES, failed: Sequence[str] = ()) -> str:
    found = notes.read_text(encoding="utf-8").splitlines() if notes.is_file() else []
    rows = [list(COLUMNS), *(json.loads(line) for line in found)]
    rows += [[name, "failed", "", "", "", ""] for name in failed]
    wide = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    padded = [[cell.ljust(width) for cell, width in zip(row, wide, strict=True)] for row in rows]
    return "\n".join("  ".join(row).rstrip() for row in padded)


if __name__ == "__main__":
    print(table(failed=sys.argv[1:]))
