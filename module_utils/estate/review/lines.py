"""Lines of a review as CSV, for spreadsheets and for whoever asks for evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

COLUMNS = {
    "grants": ("who", "kind", "account", "role_account", "role", "through", "policy", "explicit", "conditions", "via"),
    "findings": ("kind", "account", "subject", "finding"),
    "buckets": ("account", "bucket", "may", "who", "conditions"),
}


def _cell(value: Any) -> str:
    """A cell that a spreadsheet would take for a formula begins with an apostrophe: IAM's names may begin so."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "; ".join(value) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def written(lines: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(line[column]) for column in columns] for line in lines)
    return out.getvalue()
