"""A hundred faults seeded by hand over a whole estate: an audit finds each, says who did it, and finds nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.seeds import clean, judged, seeds_of

pytestmark = pytest.mark.slow
PARTS = ("access", "dns", "monitoring", "buckets", "trails")


def audited(aws: Any) -> dict[str, Any]:
    run = aws.playbook("audit_estate.yml", "--tags", ",".join(PARTS), check=True, timeout=900)
    assert run.rc == 0, run.output[-4000:]
    return run.report


@pytest.fixture(scope="module")
def seeded(converged_zones):
    aws = converged_zones
    before, seeds = audited(aws), seeds_of(aws)
    try:
        for seed in seeds:
            seed.sow()
        yield seeds, before, audited(aws)
    finally:
        clean(aws)
        for part in PARTS:
            mended = aws.playbook(f"converge_{part}.yml", extra_vars={"access_removals_number": 5})
            assert mended.rc == 0, mended.output[-4000:]


def test_every_seeded_fault_is_found_and_nothing_else(seeded):
    seeds, before, report = seeded
    missed, others = judged(seeds, before, report)

    print(f"seeded {len(seeds)}, missed {len(missed)}, false alarms {len(others)}")
    assert [seed[:3] for seed in missed] == []
    assert others == set()
    assert len(seeds) >= 100
    kinds = {
        "bucket",
        "role",
        "user",
        "group",
        "alarm",
        "log",
        "metric",
        "topic",
        "queue",
        "trail",
        "records",
        "record",
    }
    assert {seed.resource.partition(" ")[0] for seed in seeds} >= kinds


def test_one_cause_is_one_row_and_names_who_did_it_when_and_where_it_is_declared(seeded):
    _, _, report = seeded
    tagged = [one for one in report["findings"] if one["title"] == "tags of bucket differs from what is declared"]
    opened = next(one for one in report["findings"] if one["title"] == "trust of role differs from what is declared")

    assert len(tagged) < 10, "the same tags on twenty buckets are not twenty rows"
    assert opened["severity"] == "high"
    assert opened["who"].endswith("(UpdateAssumeRolePolicy)")
    assert "arn:aws:" in opened["who"]
    assert opened["when"].startswith("20")
    assert opened["file"] == "inventories/common/group_vars/all/access.yml"
    assert opened["line"] > 0


def test_a_first_converge_fits_two_screens_whose_last_lines_are_the_sum(converged_estate):
    told = converged_estate.told
    # Each part has its own sum here; a converge of all of them has one.
    shown = [line for lines in told.values() for line in lines[: lines.index("") if "" in lines else None]]
    assert len(shown) <= 60, "\n".join(shown)  # and 80 with DNS, routers and the sum: test_contributing
    for lines in told.values():
        assert lines[-1].endswith("shows all of it.")
        assert any(" added, " in line for line in lines[-15:])
    assert any("metric filters" in line for line in told["monitoring"])
