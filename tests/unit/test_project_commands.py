from __future__ import annotations

import pytest
from commands import project
from commands.words import Refusal

from benchmarks import noted


def test_all_benches_end_in_one_table(tmp_path, monkeypatch):
    monkeypatch.setattr(noted, "NOTES", tmp_path / "bench.jsonl")
    noted.note("buckets: 32 unchanged", "0.31 s", beside="stock, 60.00 s", times=193.5, calls=290)
    noted.note("router: open downloads", "", memory_mb=41.4)

    assert noted.table(noted.NOTES).splitlines() == [
        "what                    figure  beside          times  calls  memory",
        "buckets: 32 unchanged   0.31 s  stock, 60.00 s  193.5  290",
        "router: open downloads                                        41 MB",
    ]


def test_a_bench_that_fails_is_named_and_keeps_no_other_from_being_measured(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / f"benchmarks/bench_{name}.py").touch()
    called = []
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(
        project, "call", lambda *words: called.append([str(one) for one in words[1:]]) or "two" in str(words[1])
    )

    assert project.bench({"ARGS": "--runs 1"}) == 1

    ran = [words[0].rpartition("/")[2] for words in called]
    assert ran == ["bench_one.py", "bench_three.py", "bench_two.py", "noted.py"]
    assert called[-1][1:] == ["two"]
    assert called[0][1:] == ["--runs", "1"]
    assert "two   failed" in noted.table(tmp_path / "none.jsonl", ["two"])
    with pytest.raises(Refusal, match="ONLY=thre is unknown; did you mean three"):
        project.bench({"ONLY": "thre"})


def test_the_suite_names_its_slowest_ten(monkeypatch):
    called = []
    monkeypatch.setattr(project, "call", lambda *words: called.append(words) or 0)

    assert project.test({"ARGS": "-k some"}) == 0
    assert "--durations=10" in called[-1]
    assert called[-1][-2:] == ("-k", "some")
