"""A review on a terminal: who reaches each role, what each reaches, buckets, and what somebody should look at."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from ansible.module_utils.estate.review import Review
from ansible.module_utils.estate.review.ways import needs, ways, who
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def _table(title: str, *columns: str, caption: str = "") -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, expand=True, title_style="bold", pad_edge=False,
        caption=caption or None, caption_justify="left", caption_style="",
    )  # fmt: skip
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _whole(table: Table, column: int) -> None:
    """Names are easier to read whole, as far as there is room."""
    table.columns[column].min_width = min(30, max((len(str(cell)) for cell in table.columns[column].cells), default=0))


def _roles(grants: list[dict[str, Any]], main: str) -> Table:
    """What most ask for is said once, below."""
    usual = next(iter(Counter(needs(grant) for grant in grants if grant["kind"] == "user").most_common(1)), ("", 0))[0]
    caption = f"usual: {usual}" if usual else ""
    table = _table("Who reaches which role", "account", "role", "through", "if", "who", caption=caption)
    last = ("", "")
    for row in ways(grants, main):
        account, role, who = row["account"], row["role"], row["who"]
        shown = (account if account != last[0] else "", role if (account, role) != last else "")
        table.add_row(
            *shown, row["through"], "usual" if row["if"] == usual else row["if"], f"{len(who)}: {', '.join(who)}"
        )
        last = (account, role)
    _whole(table, 0)
    _whole(table, 1)
    return table


def _people(grants: list[dict[str, Any]], main: str) -> Table:
    """Person by person; what the same people reach the same way in one row."""
    table = _table("What each reaches", "who", "roles")
    reach: dict[str, dict[str, None]] = {}
    for grant in sorted(grants, key=lambda g: (g["kind"] != "user", g["account"] != main, g["account"], g["who"])):
        mark = "" if grant["explicit"] else " (implied)"
        reach.setdefault(who(grant, main), {})[f"{grant['role_account']}:{grant['role']}{mark}"] = None
    same: dict[tuple[str, ...], list[str]] = {}
    for one, roles in reach.items():
        # what is reached explicitly too need not be told again
        told = tuple(role for role in roles if role.removesuffix(" (implied)") not in roles or "(" not in role)
        same.setdefault(told, []).append(one)
    for told, whoever in same.items():
        table.add_row(", ".join(whoever), ", ".join(told))
    return table


def _buckets(lines: list[dict[str, Any]]) -> Table:
    """Bucket by bucket, where that is more than administrators; the same people in one row."""
    table = _table("Who may do what in buckets", "bucket", "may", "if", "who")
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in lines:
        key = (one["bucket"], "; ".join(one["conditions"]) or "always", ", ".join(one["who"]))
        rows.setdefault(key, []).append(one["may"])
    last = ""
    for (bucket, condition, whoever), may in rows.items():
        table.add_row(bucket if bucket != last else "", ", ".join(may), condition, whoever)
        last = bucket
    return table


def _findings(findings: list[dict[str, str]]) -> Table:
    table = _table("To look at", "what", "account", "who", "finding")
    for one in findings:
        style = "bold red" if one["kind"] in ("invariant", "root", "anyone", "able", "no MFA", "dangling") else ""
        table.add_row(Text(one["kind"], style), one["account"], one["subject"], one["finding"])
    return table


def table(review: Review, width: int = 120, colour: bool = False, main: str = "main") -> str:
    """The tables as text, with escape codes only where colour is asked for."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(60, width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    console.print(_roles(review.grants, main), "")
    console.print(_people(review.grants, main))
    if review.buckets:
        console.print(_buckets(review.buckets))
    if review.findings:
        console.print(_findings(review.findings))
    else:
        console.print("Nothing to look at.")
    text = out.getvalue()
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
