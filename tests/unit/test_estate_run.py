from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.module_utils.estate.plan import Action, Plan, Ref
from ansible.module_utils.estate.run import argument_spec, run

ROOT = Path(__file__).parents[2]
ACTION = Action("add", "group a", "iam.create_group", {"GroupName": "a"})
PLAN = Plan("access", "main", [ACTION])


class Ended(Exception):
    pass


def ended(plan=PLAN, *, check=False, reviewed=None, call=lambda _action: {}, **more):
    """(how the module ended, its answer)"""
    seen = {}

    def end(how):
        def exit_(**answer):
            seen.update(how=how, answer=answer)
            raise Ended

        return exit_

    module = SimpleNamespace(
        check_mode=check, params={"reviewed": reviewed}, exit_json=end("exit"), fail_json=end("fail")
    )
    with pytest.raises(Ended):
        run(module, plan, call, **more)
    return seen["how"], seen["answer"]


def never(_action):
    raise AssertionError("called")


def test_check_mode_tells_the_plan_and_calls_nothing():
    how, answer = ended(check=True, call=never)
    assert (how, answer["changed"], answer["outcomes"]) == ("exit", True, [])
    assert answer["plan"]["digest"] == PLAN.digest


def test_what_was_carried_out_is_told():
    how, answer = ended()
    assert how == "exit"
    assert [outcome["status"] for outcome in answer["outcomes"]] == ["done"]


@pytest.mark.parametrize("check", [True, False])
def test_a_refusal_ends_it_before_the_first_call(check):
    how, answer = ended(check=check, call=never, refusals=["group a would be empty."])
    assert (how, answer["changed"]) == ("fail", False)
    assert answer["msg"] == "access of main: nothing was changed: group a would be empty."


@pytest.mark.parametrize(
    ("reviewed", "why"),
    [
        ({}, "has no access here"),
        ({"buckets": PLAN.digest}, "has no access here"),
        ({"access": "0"}, "world has moved"),
    ],
)
def test_a_plan_that_nobody_reviewed_is_refused(reviewed, why):
    how, answer = ended(reviewed=reviewed, call=never)
    assert how == "fail"
    assert why in answer["msg"]
    assert answer["changed"] is False


def test_the_reviewed_plan_is_carried_out():
    assert ended(reviewed={"access": PLAN.digest})[0] == "exit"


def test_what_was_left_out_fails_the_run_but_not_the_rest():
    called = []
    how, answer = ended(PLAN._replace(left_out={"group b": "it cannot be read"}), call=called.append)
    assert called == [ACTION]
    assert how == "fail"
    assert "group b: it cannot be read" in answer["msg"]
    assert answer["changed"] is True


def test_facts_know_what_the_calls_answered():
    action = ACTION._replace(outputs=(("id", "Group.GroupId"),))
    how, answer = ended(
        Plan("access", "main", [action]),
        call=lambda _action: {"Group": {"GroupId": "AGPA1"}},
        facts=lambda known: {"id": known[Ref("group a", "id")]},
    )
    assert (how, answer["id"]) == ("exit", "AGPA1")


def test_a_failed_proof_fails_the_run():
    failed = {"subject": "documents", "verdict": "failed", "why": "it did not arrive"}
    how, answer = ended(proofs=lambda: [failed], facts=lambda _known: {"page": {"tables": {"arrived": []}}})
    assert how == "fail"
    assert "documents: it did not arrive" in answer["msg"]
    assert answer["page"] == {"tables": {"arrived": []}}, "what it goes by is shown then more than ever"


def test_what_is_not_proved_for_one_reason_says_it_once() -> None:
    unanswered = [{"subject": f"/{n}", "verdict": "failed", "why": "no such host"} for n in range(25)]
    _, answer = ended(proofs=lambda: unanswered)

    assert answer["msg"].endswith("not proved: /0, /1, /2 and 22 more: no such host.")
    assert len(answer["proofs"]) == 25


def test_options_are_those_of_the_documentation():
    spec, fragments = argument_spec("""
options:
  rules:
    description: Some.
    type: list
    elements: dict
    suboptions:
      key: {description: Which., type: str, required: true}
extends_documentation_fragment: [dm_estate]
""")
    assert fragments == ("dm_estate",)
    assert spec["rules"]["options"]["key"] == {"type": "str", "required": True, "no_log": False}
    assert spec["account"] == {"type": "str", "required": True, "no_log": False}


def test_what_modules_share_is_what_the_fragment_documents():
    path = ROOT / "doc_fragments" / "dm_estate.py"
    loaded = importlib.util.spec_from_file_location("dm_estate_fragment", path)
    fragment = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(fragment)
    said = yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
    shared, _ = argument_spec("extends_documentation_fragment: [dm_estate]")
    assert {
        name: {k: v for k, v in one.items() if k != "description"} | {"no_log": False} for name, one in said.items()
    } == shared
