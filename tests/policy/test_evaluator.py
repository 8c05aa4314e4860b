"""The product's evaluator against an implementation of IAM's rules that is not ours, on random policies."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from ansible.module_utils.estate.evaluator.document import read
from ansible.module_utils.estate.evaluator.evaluate import judge
from ansible.module_utils.estate.evaluator.request import Principal, Source, known_of
from random_policies import ASKED, MAIN, NOW, OTHER, PRINCIPALS, ROLE, SESSION, USER, context, document
from simulator import ALLOWED, DENIED, NOT_ALLOWED, Request, Simulator

from tests.support.requests_of_iam import Whole, in_a_word

SAID = {ALLOWED: "allowed", DENIED: "denied", NOT_ALLOWED: "not allowed"}
BATCH = 2_000


def case(dice: random.Random) -> tuple[Request, str]:
    """A request as the simulator takes it, and our answer."""
    arn, asker = dice.choice([(USER, USER), (ROLE, SESSION)])
    action, resource = dice.choice(ASKED)
    owner = dice.choice([MAIN, OTHER])
    trust = action == "sts:AssumeRole"
    if trust:
        owner = OTHER
    identity = [document(dice) for _ in range(dice.randint(1, 2))]
    policy = document(dice, principals=PRINCIPALS, resource=not trust) if trust or dice.random() < 0.6 else None
    boundary = document(dice) if dice.random() < 0.25 else None
    asked: dict[str, Any] = context(dice)
    if arn == ROLE:  # sessions have none of these
        for key in ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"):
            asked.pop(key, None)
    sources = tuple(Source("them", str(place), read(one)) for place, one in enumerate(identity))
    principal = Principal(arn, MAIN, sources, read(boundary) if boundary else None, {})
    known = Whole(known_of(principal, NOW, owner))
    known |= {"aws:securetransport": ("true",), "sts:rolesessionname": ("any",)}
    known |= {key.lower(): tuple(value) if isinstance(value, list) else (value,) for key, value in asked.items()}
    ours = judge(principal, action, resource, read(policy) if policy else None, owner, known, trust=trust)
    return Request(asker, action, resource, owner, identity, policy, boundary, context=asked), in_a_word(ours)


def compare(simulator: Simulator, seed: str, many: int) -> dict[str, int]:
    dice = random.Random(seed)
    counts: dict[str, int] = {}
    for start in range(0, many, BATCH):
        cases = [case(dice) for _ in range(min(BATCH, many - start))]
        theirs = simulator.judge([request for request, _ in cases])
        for (request, ours), verdict in zip(cases, theirs, strict=True):
            counts[ours] = counts.get(ours, 0) + 1
            # Of what nothing allows, and what perhaps is denied too, we say the former.
            refused = (ours, SAID[verdict]) == ("not allowed", "denied")
            assert refused or ours in (SAID[verdict], "unknown"), (ours, verdict, request)
    return counts


def sound(counts: dict[str, int], many: int) -> None:
    assert all(counts[said] > many / 100 for said in SAID.values()), "each answer must be put to the test"
    assert counts.get("unknown", 0) < many / 20, "an evaluator that does not know is none"


def test_a_thousand_random_requests_are_judged_as_the_simulator_does(simulator: Simulator) -> None:
    sound(compare(simulator, "some", 1_000), 1_000)


@pytest.mark.slow
def test_a_hundred_thousand_random_requests_are_judged_as_the_simulator_does(simulator: Simulator) -> None:
    many = int(os.environ.get("DM_RANDOM_REQUESTS", "100000"))
    sound(compare(simulator, "many", many), many)
