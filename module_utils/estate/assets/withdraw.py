"""Which files of a router's cache hold a document, whatever its URL was spelt like and whenever it was stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ansible.module_utils.estate.assets.resolve import read_element

# nginx writes the key as a line behind a binary header (ngx_http_file_cache.h, ngx_http_file_cache_header_t).
_KEY = re.compile(rb"\nKEY: ([^\n]*)\n")
_HEAD = 16_384  # a key is as long as the longest path, and the header is short


class Stored(NamedTuple):
    file: Path
    path: str  # as a client may ask for it


def of_document(cache: Path, kind: str, key: str) -> Iterator[Stored]:
    """Files that hold what this kind's bucket has under this key."""
    for file in cache.rglob("*"):
        try:
            with file.open("rb") as opened:
                found = _KEY.search(opened.read(_HEAD))
        except (IsADirectoryError, FileNotFoundError):  # nginx works on it, too
            continue
        said = found[1].decode(errors="surrogateescape").rpartition(" ")[0] if found else ""
        if not said.startswith(f"{kind}/"):
            continue
        name = said.removeprefix(f"{kind}/")
        raw = name.removeprefix(" ") if name.startswith(" ") else None  # as it was written, since it has a plus sign
        if (read(raw) if raw else name) == key:
            yield Stored(file, "/" + raw if raw else "")


def read(raw: str) -> str | None:
    try:
        return "/".join(read_element(element)[1] for element in raw.split("/"))
    except ValueError:
        return None
