"""What is wrong with what the vars say of dumps. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.dumps.restore import COLUMN
from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.origin import file_and_line

_KEY = re.compile(r"[0-9A-Fa-f]{16}|[0-9A-Fa-f]{40}")


def problems(stages: Any, recipients: Any, times: Any, known: Sequence[str]) -> Iterator[str]:
    """A sentence for each. times has columns by stage; known are the stages that there are."""
    for name, value, kind, word in (
        ("dumps_stages", stages, list, "a list of stages"),
        ("dumps_recipients", recipients, list, "a list of keys' fingerprints"),
        ("dumps_times", times, Mapping, "a mapping of stages to lists of columns"),
    ):
        if not isinstance(value, kind) or not value:
            yield f"{name} is {value!r}; allowed is {word}{file_and_line(value)}"
            return
    for stage in [*stages, *(one for one in times if one not in stages)]:
        if stage not in known:
            said = f"allowed are {', '.join(known)}{nearest(str(stage), known)}"
            yield f"dumps_stages, dumps_times: {stage!r} is no stage; {said}{file_and_line(stage)}"
        elif stage in stages and times.get(stage) in (None, []):
            yield f"dumps_times has no column of {stage}; allowed is a list of table.column{file_and_line(times)}"
    for key in recipients:
        if not _KEY.fullmatch(str(key)):
            yield f"dumps_recipients: {key!r} is no key; allowed is its fingerprint, 40 hex digits{file_and_line(key)}"
    for stage, columns in times.items():
        for column in columns if isinstance(columns, list) else [columns]:
            if not isinstance(columns, list) or not COLUMN.fullmatch(str(column)):
                allowed = "a list of table.column or schema.table.column"
                yield f"dumps_times.{stage} has {column!r}; allowed is {allowed}{file_and_line(column)}"
