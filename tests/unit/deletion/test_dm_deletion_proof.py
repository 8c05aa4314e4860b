"""What the module takes and refuses."""

from __future__ import annotations

from types import SimpleNamespace

import dm_deletion_proof
import pytest

from tests.support.access_world import World, allow, controls, trust


@pytest.fixture
def judge(monkeypatch):
    """Runs the module: its proofs, or what it fails with."""
    made = World()
    made.role("production", "worker", trust("ec2.amazonaws.com", kind="Service"), inline={"p": allow("*", "s3:*")})
    made.accounts["production"]["buckets"] = {"shop": {"policy": None, "restricted": True, "kept": controls()}}

    def fail(msg):
        raise SystemExit(msg)

    def once(attackers, holds):
        params = {"account": "all", "lives": made.lives(), "attackers": attackers, "advised": {}, "holds": holds}
        found = []
        module = SimpleNamespace(params=params, fail_json=fail)
        monkeypatch.setattr(dm_deletion_proof, "estate_module", lambda _: module)
        monkeypatch.setattr(dm_deletion_proof, "run", lambda *_, proofs, **__: found.append(proofs()))
        dm_deletion_proof.main()
        return found[0]

    return once


def test_what_must_hold_against_nobody_that_is_known_is_refused(judge):
    with pytest.raises(SystemExit, match="holds names a worker, which is none of attackers; allowed are the worker"):
        judge({"the worker": ["production:worker"]}, {"a worker": ["*"]})


def test_what_must_hold_is_judged_of_whom_it_names(judge):
    [proof] = judge({"the worker": ["production:worker"], "root": ["root"]}, {"the worker": ["*"]})
    assert (proof["attacker"], proof["verdict"]) == ("the worker", "failed")
