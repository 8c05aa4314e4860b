from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: access_csv
short_description: Write lines of an access review as CSV
description:
  - A column for each key; lists joined by semicolons. A cell that a spreadsheet would take for a formula begins with an
    apostrophe, since IAM names may begin with C(=), C(+), C(-) and C(@).
options:
  _input:
    description: Grants or findings, each with the same keys.
    type: list
    elements: dict
    required: true
  columns:
    description: Keys, in order.
    type: list
    elements: str
    required: true
positional: columns
"""
EXAMPLES = r"""
- name: Show the findings
  ansible.builtin.debug:
    msg: "{{ findings | access_csv(['kind', 'account', 'subject', 'finding']) }}"
"""
RETURN = r"""
_value:
  description: The lines, after one with the columns' names.
  type: str
"""


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "; ".join(value) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def access_csv(lines: list[Mapping[str, Any]], columns: list[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(line[column]) for column in columns] for line in lines)
    return out.getvalue()


def _access_csv_filter(lines: list[Mapping[str, Any]], columns: list[str]) -> str:
    try:
        return access_csv(lines, columns)
    except (KeyError, TypeError) as exc:
        raise AnsibleFilterError(f"access_csv: {exc} is no column of every line.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_csv": _access_csv_filter}
