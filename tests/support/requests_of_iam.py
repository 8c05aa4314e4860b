"""One request of IAM, asked to its last key, and the evaluator's answer in a word."""

from __future__ import annotations

from ansible.module_utils.estate.evaluator.evaluate import Verdict
from ansible.module_utils.estate.evaluator.request import Known


class Whole(Known):
    """One request to the last key: what is not in it is missing."""

    whole = True

    def __contains__(self, _key: object) -> bool:
        return True


def in_a_word(verdict: Verdict) -> str:
    """Of a whole request: "allowed", "denied", "not allowed" or "unknown"."""
    if verdict.ways:
        return "unknown" if all(way.conditions for way in verdict.ways) else "allowed"
    return "denied" if verdict.why_not.startswith("denied by ") else "not allowed"
