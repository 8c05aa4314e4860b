from __future__ import annotations

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
