"""What commands ask of a stored plan."""

import json
import subprocess
from pathlib import Path

import pytest
from commands import plan_file
from commands.words import Refusal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def plan(tmp_path):
    def write(name="plan.json", digest="one", tasks=(), inventory="preview"):
        path = tmp_path / name
        content = {"inventory": inventory, "plans": {"preview": {"buckets": {"digest": digest}}}, "tasks": list(tasks)}
        path.write_text(json.dumps({"dm_plan": content}))
        return str(path)

    return write


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "\xff"])
def test_what_is_no_plan_is_refused(tmp_path, content):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content, encoding="latin-1")

    with pytest.raises(Refusal, match=r"is no plan; make plan writes one"):
        plan_file.read(str(path))


def test_the_same_plan_may_be_applied(plan):
    plan_file.same(plan("old.json"), plan("new.json"))


@pytest.mark.parametrize(
    ("moved", "named"),
    [
        ({"digest": "two"}, "preview buckets"),
        ({"inventory": "production"}, "inventory"),
        ({"tasks": [{"host": "preview", "task": "Make the address", "diff": []}]}, "preview Make the address"),
    ],
)
def test_a_plan_that_differs_is_refused_by_name(plan, moved, named):
    with pytest.raises(Refusal, match=f"the world has moved since .*: {named} would now change otherwise"):
        plan_file.same(plan("old.json"), plan("new.json", **moved))


def summary(path, rows):
    path.write_text(json.dumps({"dm_plan": {"summary": rows}}))
    command = [ROOT / "bin/estate", "summary", f"PLAN={path}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_summary_is_one_line_that_names_only_hosts_with_something_to_do(tmp_path):
    nothing = {"add": 0, "change": 0, "remove": 0, "unmanaged": 4, "failed": 0}
    rows = {"main-account": {**nothing, "add": 1, "remove": 2}, "backups-account": nothing}

    assert summary(tmp_path / "plan.json", rows) == "main-account: 1 to add, 2 to remove\n"


def test_the_summary_of_an_empty_plan_says_so(tmp_path):
    rows = {"preview": {"add": 0, "change": 0, "remove": 0}}

    assert summary(tmp_path / "plan.json", rows) == "nothing to do\n"


def grants(path, content):
    path.write_text(json.dumps({"dm_plan": content}))
    done = subprocess.run([ROOT / "bin/estate", "grants", f"PLAN={path}"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_whoever_asks_for_approval_learns_whether_anything_new_is_granted(tmp_path):
    nothing = {"main-account": {"access": {"grants": False, "effects": ["this grants nobody anything new"]}}}
    gain = {"main-account": {"access": {"grants": True, "effects": ["ada.example gains production:developers"]}}}
    policy = {"preview": {"buckets": {"grants": True, "effects": []}}}
    path = tmp_path / "plan.json"

    assert grants(path, {"grants": False, "plans": nothing}) == (0, ["main-account: this grants nobody anything new"])
    assert grants(path, {"grants": False, "plans": {}}) == (0, ["this grants nobody anything new"])
    assert grants(path, {"grants": True, "plans": gain}) == (
        2,
        ["main-account: ada.example gains production:developers"],
    )
    assert grants(path, {"grants": True, "plans": policy}) == (
        2, ["preview: buckets changes policies; who gains by that was not looked into"],
    )  # fmt: skip
    assert grants(path, {"plans": {}})[0] == 2, "a plan that does not say is one that may"
