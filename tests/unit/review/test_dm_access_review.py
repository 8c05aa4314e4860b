"""A report's files are there whole, readable by all, or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from library.dm_access_review import write


def test_the_directory_is_made_and_each_file_replaced(tmp_path: Path) -> None:
    where = tmp_path / "build/review"
    write(where, {"a.csv": "old", "b.svg": "b"})
    write(where, {"a.csv": "café\n"})
    assert (where / "a.csv").read_text(encoding="utf-8") == "café\n"
    assert sorted(file.name for file in where.iterdir()) == ["a.csv", "b.svg"]
    assert (where / "a.csv").stat().st_mode & 0o777 == 0o644


def test_half_a_file_is_never_seen(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "old"})
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path, {"a.csv": "half \ud800"})
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"
