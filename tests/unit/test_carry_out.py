from __future__ import annotations

import random
import threading
import time

import pytest
from ansible.module_utils.estate.plan import Action, Outcome, Plan, Unmanaged, carry_out, failures


def digest(actions):
    return Plan("access", "main", actions).digest


def counts(actions):
    return Plan("access", "main", actions).counts


def result(purpose, account, actions, unmanaged, notes):
    found = [Unmanaged(**one) for one in unmanaged]
    return Plan(purpose, account, actions, notes=notes, unmanaged=found).told()


def act(resource: str, method: str = "iam.do", *needs: str, verb: str = "add") -> Action:
    return Action(verb, resource, method, {}, needs=needs)


def carried_out(
    actions: list[Action], refused: tuple[str, ...] = (), workers: int = 4
) -> tuple[list[str], list[tuple]]:
    """Methods in the order they were done, and what became of each action."""
    done: list[str] = []

    def call(action: Action) -> None:
        if action.method in refused:
            raise RuntimeError("no")
        done.append(action.method)

    outcomes = carry_out(actions, call, str, workers)
    return done, [(outcome.status, outcome.why) for outcome in outcomes]


def test_actions_of_one_resource_keep_their_order() -> None:
    actions = [act("a", f"iam.{n}") for n in range(20)]

    assert carried_out(actions)[0] == [f"iam.{n}" for n in range(20)]


def test_needs_are_done_first_wherever_they_stand() -> None:
    actions = [act("c", "iam.c", "b"), act("b", "iam.b1", "a"), act("b", "iam.b2"), act("a", "iam.a")]

    assert carried_out(actions)[0] == ["iam.a", "iam.b1", "iam.b2", "iam.c"]


def test_what_the_plan_does_not_mention_is_taken_to_be_there() -> None:
    assert carried_out([act("a", "iam.a", "elsewhere")])[1] == [("done", "")]


def test_a_failure_holds_back_only_what_needs_it() -> None:
    actions = [
        act("a", "iam.a1"), act("a", "iam.a2"), act("b", "iam.b", "a"), act("c", "iam.c", "b"), act("d", "iam.d"),
    ]  # fmt: skip

    done, became = carried_out(actions, refused=("iam.a1",))

    assert done == ["iam.d"]
    assert became == [
        ("failed", "no"),
        ("not tried", "a failed"),
        ("not tried", "a failed"),
        ("not tried", "b failed"),
        ("done", ""),
    ]


def test_needs_in_a_circle_end_instead_of_hanging() -> None:
    _, became = carried_out([act("a", "iam.a", "b"), act("b", "iam.b", "a"), act("c", "iam.c")])

    assert [status for status, _ in became] == ["not tried", "not tried", "done"]


def test_different_resources_run_side_by_side_but_no_more_than_the_workers() -> None:
    now, most, lock = 0, 0, threading.Lock()

    def call(_: Action) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    carry_out([act(str(n)) for n in range(40)], call, str, workers=8)

    assert most == 8


def test_whoever_stops_it_waits_for_the_calls_under_way_alone() -> None:
    begun: list[str] = []

    def call(action: Action) -> None:
        begun.append(action.resource)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out([act(str(n)) for n in range(100)], call, str, workers=4)

    assert len(begun) <= 8


@pytest.mark.parametrize("seed", range(20))
def test_any_plan_without_circles_is_done_in_an_order_that_respects_it(seed: int) -> None:
    dice = random.Random(seed)
    names = [f"r{n}" for n in range(12)]
    actions = [act(dice.choice(names), f"iam.{n}", *dice.sample(names, 2)[: dice.randint(0, 2)]) for n in range(40)]
    # a need on a later name only: no circles
    actions = [
        a._replace(needs=tuple(need for need in a.needs if int(need[1:]) > int(a.resource[1:]))) for a in actions
    ]

    done, became = carried_out(actions)

    assert {status for status, _ in became} == {"done"}
    place = {method: n for n, method in enumerate(done)}
    for n, action in enumerate(actions):
        before = [m for m in range(n) if actions[m].resource == action.resource]
        before += [m for m, other in enumerate(actions) if other.resource in action.needs]
        assert all(place[f"iam.{m}"] < place[f"iam.{n}"] for m in before)


def test_twenty_thousand_resources_cost_seconds_not_minutes() -> None:
    actions = [act(f"member {n}", "iam.do", "group", f"user {n}") for n in range(10_000)]
    actions += [act(f"user {n}") for n in range(10_000)] + [act("group")]
    began = time.monotonic()

    outcomes = carry_out(actions, lambda _: None, str)

    assert {outcome.status for outcome in outcomes} == {"done"}
    assert time.monotonic() - began < 20


def test_a_message_names_some_failures_and_counts_the_rest() -> None:
    failed = [Outcome(act(f"user {n}"), "failed", "no.") for n in range(50)]

    assert failures([Outcome(act("a"), "done")]) == ""
    assert failures([*failed[:2], Outcome(act("b"), "not tried", "user 1 failed")]) == (
        "user 0, user 1: iam.do: no (1 more calls were not tried)"
    )
    assert failures(failed) == "user 0, user 1, user 2 and 47 more: iam.do: no"


def test_what_is_stored_of_an_action_is_what_it_does_and_where() -> None:
    there = act("a", "iam.a", "b")
    abroad = act("c", "s3.c", verb="change")._replace(region="eu-west-2", params={"Bucket": "c"})

    assert result("access", "main", [there, abroad], [], [])["actions"] == [
        {"verb": "add", "resource": "a", "method": "iam.a", "params": {}},
        {"verb": "change", "resource": "c", "method": "s3.c", "params": {"Bucket": "c"}, "region": "eu-west-2"},
    ]


def test_resources_are_counted_not_calls_and_creating_wins() -> None:
    actions = [
        act("a"),
        act("a", verb="change"),
        act("b", verb="change"),
        act("b", verb="remove"),
        act("c", verb="remove"),
    ]

    assert counts(actions) == {"add": 1, "change": 0, "remove": 2}


def test_the_digest_tells_plans_apart() -> None:
    assert digest([act("a")]) == digest([act("a")]) != digest([act("a", "iam.other")])
