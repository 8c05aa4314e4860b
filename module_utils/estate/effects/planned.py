"""What a plan means before it is carried out: who gains or loses what, and which invariants it would break. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.estate.effects.invariants import judge
from ansible.module_utils.estate.effects.tell import Effects, effects
from ansible.module_utils.estate.evaluator.composed import Estate, Lives


def planned(
    before: Lives, after: Lives, names: Mapping[str, str], invariants: Sequence[Mapping[str, Any]]
) -> tuple[Effects, list[str]]:
    """(what it means for whom, why it must not be carried out): invariants that hold and would no longer.

    Those are given that are about what both states know: of an account without its buckets none of buckets.
    """
    held = {one.name for one in judge(invariants, Estate(before)) if one.verdict == "proved"}
    after_all = [one for one in judge(invariants, Estate(after)) if one.verdict != "proved" and one.name in held]
    meant = effects(before, after, names)
    undecided = tuple(f"invariant {one.name}: {one.why}" for one in after_all if one.verdict == "not proved")
    broken = [f"invariant {one.name} would not hold: {one.why}" for one in after_all if one.verdict == "failed"]
    return meant._replace(undecided=(*meant.undecided, *undecided)), broken


def of_buckets(invariant: Mapping[str, Any]) -> bool:
    of: Sequence[str] = invariant.get("of") or ()
    return any(":s3:" in one for one in of)
