from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

DOCUMENTATION = r"""
name: access_table
short_description: Show an access review on a terminal
description:
  - Three tables as text. Who reaches each role, what each person reaches, and what somebody should look at.
positional: findings
options:
  _input:
    description: What P(access_grants#filter) returned.
    type: dict
    required: true
  findings:
    description: What P(access_findings#filter) returned.
    type: list
    elements: dict
    required: true
  width:
    description: Columns of the terminal.
    type: int
    default: 120
  main:
    description: The account of all people, whose name goes without saying.
    type: str
    default: main
  colour:
    description: Whether the terminal shows colours.
    type: bool
    default: false
"""
EXAMPLES = r"""
- name: Show who may get where
  ansible.builtin.debug:
    msg: "{{ __access_review_grants | access_table(__access_review_findings) }}"
"""
RETURN = r"""
_value:
  description: The tables.
  type: str
"""


def _through(grant: Mapping[str, Any]) -> str:
    via = "".join(f", then {role}" for role in grant["via"])
    implied = "" if grant["explicit"] else f" (implied by {grant['policy']})"
    return f"{grant['through']}{via}{implied}"


def _needs(grant: Mapping[str, Any]) -> str:
    return "; ".join(grant["conditions"]) or "always"


def _who(grant: Mapping[str, Any], main: str) -> str:
    """A person by name; a role, or anybody outside the people's account, with what and where it is."""
    name = grant["who"] if grant["account"] == main else f"{grant['account']}:{grant['who']}"
    return name if grant["kind"] == "user" else f"role {name}"


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


def _roles(grants: list[Mapping[str, Any]], main: str) -> Table:
    """Role by role; everybody who comes in the same way in one row; what most ask for is said once, below."""
    usual = next(iter(Counter(_needs(grant) for grant in grants if grant["kind"] == "user").most_common(1)), ("", 0))[0]
    caption = f"usual: {usual}" if usual else ""
    table = _table("Who reaches which role", "account", "role", "through", "if", "who", caption=caption)
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for grant in grants:
        needs = _needs(grant)
        key = (grant["role_account"], grant["role"], _through(grant), "usual" if needs == usual else needs)
        who = _who(grant, main)
        if who not in rows.setdefault(key, []):
            rows[key].append(who)
    last = ("", "")
    for (account, role, through, needs), whoever in rows.items():
        shown = (account if account != last[0] else "", role if (account, role) != last else "")
        table.add_row(*shown, through, needs, f"{len(whoever)}: {', '.join(whoever)}")
        last = (account, role)
    _whole(table, 0)
    _whole(table, 1)
    return table


def _people(grants: list[Mapping[str, Any]], main: str) -> Table:
    """Person by person; what the same people reach the same way in one row."""
    table = _table("What each reaches", "who", "roles")
    reach: dict[str, dict[str, None]] = {}
    for grant in sorted(grants, key=lambda g: (g["kind"] != "user", g["account"] != main, g["account"], g["who"])):
        mark = "" if grant["explicit"] else " (implied)"
        reach.setdefault(_who(grant, main), {})[f"{grant['role_account']}:{grant['role']}{mark}"] = None
    same: dict[tuple[str, ...], list[str]] = {}
    for one, roles in reach.items():
        # what is reached explicitly too need not be told again
        told = tuple(role for role in roles if role.removesuffix(" (implied)") not in roles or "(" not in role)
        same.setdefault(told, []).append(one)
    for told, whoever in same.items():
        table.add_row(", ".join(whoever), ", ".join(told))
    return table


def _findings(findings: list[Mapping[str, Any]]) -> Table:
    table = _table("To look at", "what", "account", "who", "finding")
    for one in findings:
        style = "bold red" if one["kind"] in ("root", "anyone", "no MFA", "dangling") else ""
        table.add_row(Text(one["kind"], style), one["account"], one["subject"], one["finding"])
    return table


def access_table(
    review: Mapping[str, Any],
    findings: list[Mapping[str, Any]],
    width: int = 120,
    colour: bool = False,
    main: str = "main",
) -> str:
    """Pure: the text, with escape codes only where colour is asked for."""
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
    grants = review["grants"]
    console.print(_roles(grants, main), "")
    console.print(_people(grants, main))
    if findings:
        console.print(_findings(findings))
    else:
        console.print("Nothing to look at.")
    text = out.getvalue()
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _access_table_filter(
    review: Mapping[str, Any],
    findings: list[Mapping[str, Any]],
    width: int = 120,
    colour: bool = False,
    main: str = "main",
) -> str:
    try:
        return access_table(review, findings, int(width), colour, main)
    except (KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"access_table: {exc}; the input must be what access_grants returned.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_table": _access_table_filter}
