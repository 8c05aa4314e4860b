"""What the Makefile asks of a stored plan."""

import json
import subprocess
from pathlib import Path

import pytest

PLAN_FILE = Path(__file__).parents[2] / "bin" / "plan_file"


def ask(*words):
    return subprocess.run(
        [PLAN_FILE, *map(str, words)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def plan(tmp_path):
    def write(name="plan.json", pending=1, digest="one", tasks=(), inventory="preview"):
        path = tmp_path / name
        content = {
            "pending": pending,
            "inventory": inventory,
            "plans": {"preview": {"buckets": {"digest": digest}}},
            "tasks": list(tasks),
        }
        path.write_text(json.dumps({"dm_plan": content}))
        return path

    return write


@pytest.mark.parametrize(("pending", "ansible", "status"), [(0, 0, 0), (3, 0, 2), (3, 2, 1), (0, 4, 1)])
def test_status_is_0_nothing_2_pending_1_error(plan, pending, ansible, status):
    assert ask("status", plan(pending=pending), ansible).returncode == status


def test_a_missing_plan_is_an_error(tmp_path):
    asked = ask("status", tmp_path / "none.json", 0)

    assert asked.returncode == 1
    assert "is no plan; make plan writes one" in asked.stderr


def test_nobody_at_a_terminal_approves_nothing(plan):
    asked = ask("confirm", plan(), "preview")

    assert asked.returncode == 1
    assert "make apply STAGE=preview PLAN=" in asked.stderr


def test_nothing_pending_needs_no_approval(plan):
    assert ask("confirm", plan(pending=0), "preview").returncode == 0


def test_the_same_plan_may_be_applied(plan):
    assert ask("same", plan("old.json"), plan("new.json")).returncode == 0


@pytest.mark.parametrize(
    ("moved", "named"),
    [
        ({"digest": "two"}, "preview buckets"),
        ({"inventory": "production"}, "inventory"),
        ({"tasks": [{"host": "preview", "task": "Make the address", "diff": []}]}, "preview Make the address"),
    ],
)
def test_a_plan_that_differs_is_refused_by_name(plan, moved, named):
    asked = ask("same", plan("old.json"), plan("new.json", **moved))

    assert asked.returncode == 1
    assert "the world has moved" in asked.stderr
    assert named in asked.stderr


def test_the_summary_is_one_line_that_names_only_hosts_with_something_to_do(tmp_path):
    path = tmp_path / "plan.json"
    nothing = {"add": 0, "change": 0, "remove": 0, "unmanaged": 4, "failed": 0}
    rows = {"main-account": {**nothing, "add": 1, "remove": 2}, "backups-account": nothing}
    path.write_text(json.dumps({"dm_plan": {"summary": rows}}))

    assert ask("summary", path).stdout == "main-account: 1 to add, 2 to remove\n"


def test_the_summary_of_an_empty_plan_says_so(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"dm_plan": {"summary": {"preview": {"add": 0, "change": 0, "remove": 0}}}}))

    assert ask("summary", path).stdout == "nothing to do\n"
